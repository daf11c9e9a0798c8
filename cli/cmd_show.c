/* rlhf show: everything known of one label, pair, prompt or run. */
#include "cli/commands.h"
#include "cli/loaded.h"
#include "cli/options.h"
#include "cli/show.h"

static int show_numbered(Context *ctx, int argc, char **argv,
                         int (*show)(const Context *ctx, Store *store, int64_t id, Error *err),
                         Error *err)
{
    Words words = {0};
    Store *store = NULL;
    int64_t id = 0;
    if (options_parse(ctx, NULL, NULL, &words, 1, 1, argc, argv, err) != 0) return -1;
    if (options_parse_id(&id, words.word[0], ctx->command->name, err) != 0) return -1;
    if (open_store(&store, ctx, err) != 0) return -1;
    const int rc = show(ctx, store, id, err);
    store_close(store);
    return rc;
}

static int run_label(Context *ctx, int argc, char **argv, Error *err)
{
    return show_numbered(ctx, argc, argv, show_label, err);
}

static int run_pair(Context *ctx, int argc, char **argv, Error *err)
{
    return show_numbered(ctx, argc, argv, show_pair, err);
}

static int run_prompt(Context *ctx, int argc, char **argv, Error *err)
{
    return show_numbered(ctx, argc, argv, show_prompt, err);
}

static int run_run(Context *ctx, int argc, char **argv, Error *err)
{
    Words words = {0};
    Store *store = NULL;
    if (options_parse(ctx, NULL, NULL, &words, 0, 1, argc, argv, err) != 0) return -1;
    if (open_store(&store, ctx, err) != 0) return -1;
    const int rc = show_run(ctx, store, words.n ? words.word[0] : NULL, err);
    store_close(store);
    return rc;
}

static const Command label = {
    .name = "label",
    .summary = "who decided what of which pair, when, and its place in the chain, checked",
    .usage = "N [--json]",
    .details = "The hash of the label is computed anew, with the link to the one before and to the "
               "one after and the\nhashes of the texts; exit status 1 when one does not fit.  All "
               "of them: rlhf verify.\n",
    .project = PROJECT_NEEDED,
    .run = run_label,
};
static const Command pair = {
    .name = "pair",
    .summary = "prompt, both answers and what made them, every label with its history",
    .usage = "N [--json]",
    .project = PROJECT_NEEDED,
    .run = run_pair,
};
static const Command prompt = {
    .name = "prompt",
    .summary = "text, source, split, template, redaction, and its pairs",
    .usage = "N [--json]",
    .project = PROJECT_NEEDED,
    .run = run_prompt,
};
static const Command run = {
    .name = "run",
    .summary = "settings that differ from the defaults, inputs by hash, result, checkpoints",
    .usage = "[NAME] [--json]",
    .details = "Without a name the newest.\n",
    .project = PROJECT_NEEDED,
    .run = run_run,
};
static const Command *const SECONDS[] = {&label, &pair, &prompt, &run, NULL};

const Command cmd_show = {
    .name = "show",
    .heading = "watch",
    .summary = "everything known of one label, pair, prompt or run",
    .details = "The numbers are those that rlhf label, rlhf export labels and rlhf redact tell.  "
               "What a terminal would obey\nis spelled out.\n",
    .seconds = SECONDS,
    .project = PROJECT_NEEDED,
};
