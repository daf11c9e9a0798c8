/* rlhf campaign: how pairs are put to people, and what the labels are for. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/loaded.h"
#include "cli/options.h"

enum { GUIDELINES_MAX = 1 << 20, MINUTE = 60 };

typedef struct {
    const char *title, *guidelines, *purpose;
    int scale, overlap, lease, goal; /* 0: as it is */
    bool tie, no_tie, both_bad, no_both_bad;
} CampaignOptions;

/* clang-format off */
#define SETTINGS                                                                                  \
    {"title", OPTION_TEXT, offsetof(CampaignOptions, title), 0, 0, "TEXT", "what it is, in words"}, \
    {"guidelines", OPTION_TEXT, offsetof(CampaignOptions, guidelines), 0, 0, "FILE",              \
     "what annotators are told; a text that differs is the next version"},                        \
    {"scale", OPTION_INT, offsetof(CampaignOptions, scale), 1, 4, "N",                            \
     "grades of strength to a side: 1 better, 3 slightly, clearly, much better; 1 to 4 (1)"},                 \
    {"overlap", OPTION_INT, offsetof(CampaignOptions, overlap), 1, 1000, "N", "people per pair, 1 to 1000 (1)"}, \
    {"goal", OPTION_INT, offsetof(CampaignOptions, goal), 1, 1e6, "N",                            \
     "labels a day for one person, 1 to 1000000 (none)"},                                                              \
    {"lease", OPTION_INT, offsetof(CampaignOptions, lease), 1, 10080, "MINUTES",                  \
     "how long a pair is held for one person, 1 to 10080 (10)"},                                                   \
    {"tie", OPTION_SWITCH, offsetof(CampaignOptions, tie), 0, 0, NULL, "offer equally good"},     \
    {"no-tie", OPTION_SWITCH, offsetof(CampaignOptions, no_tie), 0, 0, NULL, "do not"},           \
    {"both-bad", OPTION_SWITCH, offsetof(CampaignOptions, both_bad), 0, 0, NULL,                  \
     "offer both bad"},                                                                           \
    {"no-both-bad", OPTION_SWITCH, offsetof(CampaignOptions, no_both_bad), 0, 0, NULL, "do not"}
/* clang-format on */
static const Option EDIT_OPTIONS[] = {SETTINGS, {0}};
static const Option NEW_OPTIONS[] = {
    {"purpose", OPTION_TEXT, offsetof(CampaignOptions, purpose), 0, 0, "PURPOSE",
     "train; evaluate or practice, whose labels are never trained on; for good (train)"},
    SETTINGS,
    {0},
};

/* What was asked for, over what is there.  `*text` is the file's, to be freed. */
static int take_over(StoreCampaign *c, const CampaignOptions *o, char **text, Error *err)
{
    if (o->tie && o->no_tie) return error_usage(err, "--tie or --no-tie?");
    if (o->both_bad && o->no_both_bad) return error_usage(err, "--both-bad or --no-both-bad?");
    if (o->title) c->title = o->title;
    if (o->scale) c->scale = o->scale;
    if (o->overlap) c->overlap = o->overlap;
    if (o->lease) c->lease_s = o->lease * MINUTE;
    if (o->goal) c->goal = o->goal;
    c->tie = o->tie || (c->tie && !o->no_tie);
    c->both_bad = o->both_bad || (c->both_bad && !o->no_both_bad);
    if (!o->guidelines) return 0;
    size_t n = 0;
    if (file_read(text, &n, o->guidelines, GUIDELINES_MAX, err) != 0) return -1;
    if (!text_is_utf8(*text, n, NULL))
        return error_set(err, "%s: is not a text in UTF-8", o->guidelines);
    if (n == 0) return error_set(err, "%s: is empty", o->guidelines);
    c->guidelines = *text;
    return 0;
}

/* "scale 3, tie; 2 people per pair; a pair is held 10 min; goal 20 a day" */
static void put_terms(Text *t, const StoreCampaign *c)
{
    text_format(t, "scale %d%s%s; %d %s per pair; a pair is held %d min", c->scale,
                c->tie ? ", tie" : "", c->both_bad ? ", both bad" : "", c->overlap,
                c->overlap == 1 ? "person" : "people", (c->lease_s + MINUTE - 1) / MINUTE);
    if (c->goal) text_format(t, "; goal %s a day", text_thousands(c->goal));
}

/* ---- new and edit ---------------------------------------------------------------------------------- */

static int add(Store *store, const char *name, const CampaignOptions *o, Error *err)
{
    StoreCampaign c = {.name = name,
                       .title = "",
                       .scale = 1,
                       .tie = true,
                       .both_bad = true,
                       .overlap = 1,
                       .lease_s = 10 * MINUTE};
    char *text = NULL;
    int64_t id = 0;
    int rc = o->purpose ? purpose_parse(&c.purpose, o->purpose, err) : 0;
    if (rc == 0) rc = take_over(&c, o, &text, err);
    if (rc == 0) rc = store_add_campaign(store, &c, &id, err);
    if (rc == 0)
        log_line("pairs for it: rlhf sample --campaign %s, then: rlhf label --campaign %s", name,
                 name);
    free(text);
    return rc;
}

static int say_terms(Store *store, const char *name, Error *err)
{
    StoreCampaign c = {0};
    Text t = {0};
    if (store_get_campaign(store, name, &c, err) != 0) return -1;
    put_terms(&t, &c);
    if (c.guidelines) text_format(&t, "; guidelines, version %d", c.guidelines_version);
    log_line("%s from here on: %s", name, t.bytes);
    text_free(&t);
    store_campaign_free(&c);
    return 0;
}

static int edit(Store *store, const char *name, const CampaignOptions *o, Error *err)
{
    StoreCampaign there = {0};
    char *text = NULL;
    if (store_get_campaign(store, name, &there, err) != 0) return -1;
    StoreCampaign c = there;
    c.guidelines = NULL;
    int rc = take_over(&c, o, &text, err);
    if (rc == 0) rc = store_edit_campaign(store, &c, err);
    store_campaign_free(&there);
    free(text);
    return rc == 0 ? say_terms(store, name, err) : -1;
}

static int set_closed(Store *store, const char *name, bool closed, Error *err)
{
    StoreCampaign c = {0};
    if (store_get_campaign(store, name, &c, err) != 0) return -1;
    const bool was = c.closed;
    c.closed = closed;
    const int rc = store_edit_campaign(store, &c, err);
    if (rc == 0)
        log_line("campaign %s %s %s", name, was == closed ? "was" : "is now",
                 closed ? "closed" : "open");
    store_campaign_free(&c);
    return rc;
}

static int run_change(Context *ctx, int argc, char **argv, Error *err)
{
    CampaignOptions o = {0};
    Words words = {0};
    Store *store = NULL;
    const char *what = ctx->command->name;
    if (options_parse(ctx, ctx->command->options, &o, &words, 1, 1, argc, argv, err) != 0)
        return -1;
    const char *name = words.word[0];
    if (open_store(&store, ctx, err) != 0) return -1;
    const int rc = strcmp(what, "new") == 0    ? add(store, name, &o, err)
                   : strcmp(what, "edit") == 0 ? edit(store, name, &o, err)
                                               : set_closed(store, name, *what == 'c', err);
    store_close(store);
    return rc;
}

/* ---- list and show --------------------------------------------------------------------------------- */

static void put_json(Text *t, const StoreCampaign *c, int64_t wanting)
{
    text_add(t, "{\"campaign\":");
    json_put_text(t, c->name, strlen(c->name));
    text_add(t, ",\"title\":");
    json_put_text(t, c->title, strlen(c->title));
    text_format(t,
                ",\"purpose\":\"%s\",\"closed\":%s,\"scale\":%d,\"tie\":%s,\"both_bad\":%s,"
                "\"overlap\":%d,\"lease_seconds\":%d,\"goal\":%d,\"comparisons\":%" PRId64
                ",\"labels\":%" PRId64 ",\"to_do\":%" PRId64
                ",\"guidelines_version\":%d,\"guidelines\":",
                purpose_name(c->purpose), c->closed ? "true" : "false", c->scale,
                c->tie ? "true" : "false", c->both_bad ? "true" : "false", c->overlap, c->lease_s,
                c->goal, c->comparisons, c->labels, wanting, c->guidelines_version);
    if (c->guidelines) json_put_text(t, c->guidelines, strlen(c->guidelines));
    else text_add(t, "null");
    text_add(t, "}");
}

/* "2,500 pairs, 1,390 labels by people, 1,110 to do" */
static void print_work(const StoreCampaign *c, int width, int64_t wanting)
{
    printf("%*s, %s by people", width, text_count(c->comparisons, "pair"),
           text_count(c->labels, "label"));
    if (wanting > 0) printf(", %s to do", text_thousands(wanting));
}

static void print_list(const Context *ctx, const StoreCampaignList *list, const int64_t *wanting)
{
    Text t = {0};
    if (ctx->json) {
        for (size_t i = 0; i < list->n; i++) {
            text_add(&t, i ? "," : "{\"campaigns\":[");
            put_json(&t, &list->row[i], wanting[i]);
        }
        printf("%s]}\n", t.bytes);
        text_free(&t);
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        const StoreCampaign *c = &list->row[i];
        printf("%-16s %-9s %-7s ", c->name, purpose_name(c->purpose),
               c->closed ? "closed" : "open");
        print_work(c, 12, wanting[i]);
        printf("%s%s\n", *c->title ? "  " : "", c->title);
    }
}

static void print_one(const Context *ctx, const StoreCampaign *c, int64_t wanting)
{
    Text t = {0};
    if (ctx->json) {
        put_json(&t, c, wanting);
        printf("%s\n", t.bytes);
        text_free(&t);
        return;
    }
    printf("%s%s%s: %s, %s\n", c->name, *c->title ? ", " : "", c->title,
           c->purpose == PURPOSE_TRAIN      ? "to train on"
           : c->purpose == PURPOSE_EVALUATE ? "to evaluate, never trained on"
                                            : "to practise, never trained on",
           c->closed ? "closed" : "open");
    print_work(c, 0, wanting);
    printf("\n");
    put_terms(&t, c);
    printf("%s", t.bytes);
    text_free(&t);
    if (!c->guidelines) {
        printf("\nno guidelines; from a file: rlhf campaign edit %s --guidelines FILE\n", c->name);
        return;
    }
    printf("\nguidelines, version %d:\n\n%s", c->guidelines_version, c->guidelines);
    if (!text_ends(c->guidelines, "\n")) printf("\n");
}

static int run_list(Context *ctx, int argc, char **argv, Error *err)
{
    Store *store = NULL;
    StoreCampaignList list = {0};
    if (options_parse(ctx, NULL, NULL, NULL, 0, 0, argc, argv, err) != 0) return -1;
    if (open_store_to_read(&store, ctx, err) != 0) return -1;
    int rc = store_list_campaigns(store, &list, err);
    int64_t *wanting = mem_calloc(list.n + 1, sizeof *wanting);
    for (size_t i = 0; i < list.n && rc == 0; i++)
        rc = store_count_wanting(store, list.row[i].id, &wanting[i], err);
    if (rc == 0) print_list(ctx, &list, wanting);
    free(wanting);
    store_campaigns_free(&list);
    store_close(store);
    return rc;
}

static int run_show(Context *ctx, int argc, char **argv, Error *err)
{
    Words words = {0};
    Store *store = NULL;
    StoreCampaign c = {0};
    if (options_parse(ctx, NULL, NULL, &words, 0, 1, argc, argv, err) != 0) return -1;
    if (open_store_to_read(&store, ctx, err) != 0) return -1;
    int64_t wanting = 0;
    int rc = store_get_campaign(store, words.n ? words.word[0] : NULL, &c, err);
    if (rc == 0) rc = store_count_wanting(store, c.id, &wanting, err);
    if (rc == 0) print_one(ctx, &c, wanting);
    store_campaign_free(&c);
    store_close(store);
    return rc;
}

/* ---- gold ------------------------------------------------------------------------------------------ */

typedef struct {
    const char *from;
} GoldOptions;
static const Option GOLD_OPTIONS[] = {
    {"from", OPTION_TEXT, offsetof(GoldOptions, from), 0, 0, "NAME",
     "whose labels with a note become expected answers"},
    {0},
};

static int run_gold(Context *ctx, int argc, char **argv, Error *err)
{
    GoldOptions o = {0};
    Store *store = NULL;
    int64_t n = 0;
    if (options_parse(ctx, GOLD_OPTIONS, &o, NULL, 0, 0, argc, argv, err) != 0) return -1;
    if (!o.from) return error_usage(err, "whose labels? --from NAME");
    if (open_store(&store, ctx, err) != 0) return -1;
    int rc = store_add_gold_of(store, o.from, &n, err);
    if (rc == 0 && n == 0) {
        error_set(err, "%.60s has no label with a note", o.from);
        rc = error_hint(err, "label some pairs, and note for each why it is so");
    }
    if (rc == 0)
        printf("%s expected; to practise: rlhf label --practice\n", text_count(n, "answer"));
    store_close(store);
    return rc;
}

/* ---- the commands ---------------------------------------------------------------------------------- */

static const Command campaign_new = {
    .name = "new",
    .summary = "a set of pairs with guidelines, a scale and a purpose of its own",
    .usage = "NAME [--purpose train|evaluate|practice] [--guidelines FILE] [--scale N] "
             "[--overlap N]",
    .options = NEW_OPTIONS,
    .project = PROJECT_NEEDED,
    .run = run_change,
};
static const Command campaign_edit = {
    .name = "edit",
    .summary = "change what is given; the purpose stays",
    .usage = "NAME [--guidelines FILE] [--scale N] [--overlap N] [--goal N]",
    .options = EDIT_OPTIONS,
    .project = PROJECT_NEEDED,
    .run = run_change,
};
static const Command campaign_show = {
    .name = "show",
    .summary = "one campaign with its guidelines (default)",
    .usage = "[NAME] [--json]",
    .project = PROJECT_NEEDED,
    .run = run_show,
};
static const Command campaign_close = {
    .name = "close",
    .summary = "nothing more is labeled in it; its labels stay",
    .usage = "NAME",
    .project = PROJECT_NEEDED,
    .run = run_change,
};
static const Command campaign_open = {
    .name = "open",
    .summary = "take up again one that was closed",
    .usage = "NAME",
    .project = PROJECT_NEEDED,
    .run = run_change,
};
static const Command campaign_gold = {
    .name = "gold",
    .summary = "make somebody's labels with a note the answers expected in practice",
    .usage = "--from NAME",
    .details = "label --practice asks these pairs and tells the answer and the note afterwards; "
               "what is chosen there is\nno label.\n",
    .options = GOLD_OPTIONS,
    .project = PROJECT_NEEDED,
    .run = run_gold,
};
static const Command *const SECONDS[] = {
    &campaign_new, &campaign_edit, &campaign_show, &campaign_close, &campaign_open, &campaign_gold,
    NULL};

const Command cmd_campaign = {
    .name = "campaign",
    .heading = "people",
    .summary = "guidelines, scale, people per pair, and what labels are for",
    .usage = "[--json]",
    .details =
        "There is always one, called default: sample and label use it unless --campaign says "
        "otherwise.  Labels of a\n"
        "campaign to evaluate or to practise are never trained on.\n",
    .seconds = SECONDS,
    .project = PROJECT_NEEDED,
    .run = run_list,
};
