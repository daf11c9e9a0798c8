/* rlhf write: people write prompts and answers, which sft learns to imitate. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/annotator.h"
#include "cli/commands.h"
#include "cli/loaded.h"
#include "cli/options.h"
#include "cli/project.h"
#include "labeling/writing.h"
#include "labeling/writing_screen.h"

typedef struct {
    const char *as, *split;
    bool answers, raw, line;
} WriteOptions;

static const Option OPTIONS[] = {
    {"as", OPTION_TEXT, offsetof(WriteOptions, as), 0, 0, "NAME",
     "who writes (rlhf annotators); else RLHF_ANNOTATOR, else the name of this login"},
    {"answers", OPTION_SWITCH, offsetof(WriteOptions, answers), 0, 0, NULL,
     "answer prompts of the project that nobody has answered by hand"},
    {"raw", OPTION_SWITCH, offsetof(WriteOptions, raw), 0, 0, NULL,
     "a prompt is what the model reads, as it is typed, and not a person's turn"},
    {"split", OPTION_TEXT, offsetof(WriteOptions, split), 0, 0, "SPLIT",
     "put written prompts into train, valid or test (drawn by a hash, as for import)"},
    {"line", OPTION_SWITCH, offsetof(WriteOptions, line), 0, 0, NULL,
     "line by line, as without a terminal"},
    {0},
};

/* As the chat template `plain` writes it, so that rlhf chat asks what was learned here. */
static const WritingForm DIALOGUE = {"\n\nHuman: ", "\n\nAssistant:", " "}, RAW = {"", "", " "};

/* sft learns from the train split alone, and from a base. */
static void advise(const Context *ctx, const WritingCounts *c)
{
    if (c->by_split[SPLIT_TRAIN] > 0)
        printf("; to learn from them: %srlhf sft\n",
               project_has_model(ctx, "base") ? "" : "rlhf init --base MODEL, then ");
    else
        printf(", none in the train split, which rlhf sft learns from; for that one: rlhf write "
               "--split train\n");
}

static void report(const Context *ctx, const char *who, const WritingCounts *c)
{
    if (ctx->json) {
        Text t = {0};
        json_put_text(&t, who, strlen(who));
        printf("{\"annotator\":%s,\"written\":%lld,\"train\":%lld,\"there\":%lld}\n", t.bytes,
               (long long)c->written, (long long)c->by_split[SPLIT_TRAIN], (long long)c->there);
        text_free(&t);
        return;
    }
    printf("%s written as %s", text_count(c->written, "demonstration"), who);
    if (c->written) advise(ctx, c);
    else printf("\n");
}

/* Each writer's own, one for each kind of writing. */
static int draft_path(const Context *ctx, char out[FILE_PATH_MAX], const WriteOptions *o,
                      int64_t annotator_id, Error *err)
{
    char name[64];
    snprintf(name, sizeof name, ".draft-%s-%lld.json",
             o->answers ? "answers"
             : o->raw   ? "raw"
                        : "dialogue",
             (long long)annotator_id);
    return project_path(ctx, out, name, err);
}

static int write_down(const Context *ctx, const WriteOptions *o, Store *store, Error *err)
{
    const char *who = annotator_name(o->as), *reason = "error";
    WritingOptions options = {
        .writer = who, .answers_only = o->answers, .form = o->raw ? RAW : DIALOGUE};
    WritingCounts counts = {0};
    Error late = {0};
    if (o->split && split_parse(&options.split, o->split, err) != 0) return -1;
    if (annotator_take(who, store, &options.annotator_id, err) != 0) return -1;
    const bool screen = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !o->line;
    char draft[FILE_PATH_MAX];
    struct winsize size = {0};
    if (screen) ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    if (draft_path(ctx, draft, o, options.annotator_id, err) != 0) return -1;
    const StoreSession row = {.annotator_id = options.annotator_id,
                              .ui = screen ? "tui" : "line",
                              .terminal = getenv("TERM"),
                              .columns = size.ws_col,
                              .rows = size.ws_row};
    if (store_begin_session(store, &row, &options.session_id, err) != 0) return -1;
    int rc = screen ? writing_screen_run(&counts, store, &options, draft, &reason, err)
                    : writing_run(&counts, store, &options, STDIN_FILENO,
                                  ctx->json ? stderr : stdout, &reason, err);
    if (store_end_session(store, options.session_id, reason, &late) != 0 && rc == 0) {
        *err = late;
        rc = -1;
    }
    if (rc != 0) return -1;
    /* A terminal that is gone reads no report; the exit status says so too. */
    if (strcmp(reason, STORE_HANG_UP) == 0) interrupt_raise(SIGHUP);
    else report(ctx, who, &counts);
    return 0;
}

static int run(Context *ctx, int argc, char **argv, Error *err)
{
    WriteOptions o = {0};
    Store *store = NULL;
    if (options_parse(ctx, OPTIONS, &o, NULL, 0, 0, argc, argv, err) != 0) return -1;
    if (o.answers && o.raw)
        return error_usage(err, "--raw is about written prompts; --answers has its own");
    if (o.answers && o.split)
        return error_usage(err, "--split is about written prompts; --answers has its own");
    if (open_store(&store, ctx, err) != 0) return -1;
    const int rc = write_down(ctx, &o, store, err);
    store_close(store);
    return rc;
}

const Command cmd_write = {
    .name = "write",
    .heading = "people",
    .summary = "write prompts and answers by hand, for sft",
    .usage = "[--as NAME] [--answers] [--raw] [--split SPLIT] [--line]",
    .details =
        "On the full screen of a terminal, else line by line.  Each pair is a demonstration of "
        "whoever wrote it, on the\ndisk when it says saved.  A prompt is a person's turn as rlhf "
        "chat --template plain puts it to the model, unless --raw.\n",
    .options = OPTIONS,
    .project = PROJECT_NEEDED,
    .run = run,
};
