/* rlhf redact: take a text out of the project for good, a prompt or one that has a class. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/annotator.h"
#include "cli/commands.h"
#include "cli/loaded.h"
#include "cli/options.h"
#include "cli/project.h"

enum { BEGINNING = 60, FILE_LIMIT = 1 << 30 };

typedef struct {
    const char *find, *why, *as;
    bool answers, yes;
} RedactOptions;

/* clang-format off */
#define REDACT_OPTIONS(them)                                                                     \
    {"find", OPTION_TEXT, offsetof(RedactOptions, find), 0, 0, "TEXT",                           \
     "list the " them " that hold it, with their numbers"},                                      \
    {"why", OPTION_TEXT, offsetof(RedactOptions, why), 0, 0, "TEXT", "kept with the tombstone"}, \
    {"as", OPTION_TEXT, offsetof(RedactOptions, as), 0, 0, "NAME",                               \
     "who asks for it; else RLHF_ANNOTATOR, else the name of this login"},                       \
    {"yes", OPTION_SWITCH, offsetof(RedactOptions, yes), 0, 0, NULL,                             \
     "do it; without, only what would be done is said"}
/* clang-format on */
static const Option PROMPT_OPTIONS[] = {
    REDACT_OPTIONS("prompts"),
    {"answers", OPTION_SWITCH, offsetof(RedactOptions, answers), 0, 0, NULL,
     "its answers and demonstrations too, but for those that other prompts have as well"},
    {0},
};
static const Option TEXT_OPTIONS[] = {REDACT_OPTIONS("texts"), {0}};

static void print_if_holds(int64_t id, const char *text, const char *words, long long *n)
{
    Text t = {0};
    if (!strstr(text, words)) return;
    json_put_text(&t, text, strlen(text));
    printf("%8lld  %.*s%s\n", (long long)id, BEGINNING, t.bytes, t.n > BEGINNING ? "..." : "");
    text_free(&t);
    *n += 1;
}

static int find_prompts(Store *store, const char *words, Error *err)
{
    StorePromptList list = {0};
    long long n = 0;
    if (store_list_prompts(store, NULL, &list, err) != 0) return -1;
    for (size_t i = 0; i < list.n; i++) print_if_holds(list.row[i].id, list.row[i].text, words, &n);
    store_prompts_free(&list);
    log_line("%s", text_count(n, "prompt"));
    return 0;
}

static int find_texts(Store *store, const char *words, Error *err)
{
    StoreClassTextList list = {0};
    long long n = 0;
    if (store_list_class_texts(store, SPLIT_ANY, &list, err) != 0) return -1;
    for (size_t i = 0; i < list.n; i++) print_if_holds(list.row[i].id, list.row[i].text, words, &n);
    store_class_texts_free(&list);
    log_line("%s", text_count(n, "text"));
    return 0;
}

/* ---- what else has it ------------------------------------------------------------------------------ */

/* Files of runs/ that hold `needle`, as JSON spells it: the answers that a run kept. */
static int search(const char *path, const char *needle, long long *n, Error *err)
{
    char **names = NULL, inner[FILE_PATH_MAX];
    int count = 0, rc = 0;
    if (!file_is_folder(path)) {
        char *bytes = NULL;
        size_t size = 0;
        if (!text_ends(path, ".jsonl")) return 0;
        if (file_read(&bytes, &size, path, FILE_LIMIT, err) != 0) return -1;
        if (memmem(bytes, size, needle, strlen(needle))) {
            printf("%s holds it; delete the file or the line\n", path);
            *n += 1;
        }
        free(bytes);
        return 0;
    }
    if (folder_list(&names, &count, path, err) != 0) return -1;
    for (int i = 0; i < count && rc == 0; i++) {
        rc = path_join(inner, path, names[i], err);
        if (rc == 0) rc = search(inner, needle, n, err);
    }
    folder_list_free(names, count);
    return rc;
}

/* Nothing says which prompts a run read: those that began after it came in may have. */
static int print_runs(Store *store, int64_t since_us, Error *err)
{
    StoreRunList runs = {0};
    Text t = {0};
    if (store_list_runs(store, NULL, &runs, err) != 0) return -1;
    for (size_t i = runs.n; i-- > 0;)
        if (runs.row[i].started_us >= since_us && strcmp(runs.row[i].kind, "pretrain") != 0)
            text_format(&t, "%s%s", t.n ? ", " : "", runs.row[i].name);
    if (t.n) printf("runs that may have learned from it: %s\n", t.bytes);
    printf("exports, reports and backups that were made since may hold it\n");
    text_free(&t);
    store_runs_free(&runs);
    return 0;
}

static int print_holders(const Context *ctx, Store *store, const StoreRedacted *r, Error *err)
{
    char runs[FILE_PATH_MAX];
    Text spelled = {0};
    long long n = 0;
    if (print_runs(store, r->created_us, err) != 0) return -1;
    if (project_path(ctx, runs, "runs", err) != 0) return -1;
    json_put_text(&spelled, r->text, strlen(r->text));
    spelled.bytes[spelled.n - 1] = 0; /* without the quotes */
    const int rc = file_is_folder(runs) ? search(runs, spelled.bytes + 1, &n, err) : 0;
    text_free(&spelled);
    return rc;
}

/* ---- the commands ---------------------------------------------------------------------------------- */

/* What one can name. */
typedef struct {
    const char *what;
    int (*find)(Store *store, const char *words, Error *err);
    int (*redact)(Store *s, int64_t id, const StoreRedaction *how, StoreRedacted *out, Error *err);
} Redactable;

static int redact(const Context *ctx, const Redactable *of, const RedactOptions *o, Store *store,
                  int64_t id, Error *err)
{
    StoreRedacted r = {0};
    const StoreRedaction how = {
        .who = o->yes ? annotator_name(o->as) : NULL, .why = o->why, .answers = o->answers};
    if (of->redact(store, id, &how, &r, err) != 0) return -1;
    printf("%s %lld %s", of->what, (long long)id, o->yes ? "is redacted" : "would be redacted");
    if (r.answers)
        printf(o->answers ? ", with %s" : "; %s stay as they are (--answers)",
               text_count(r.answers, "answer text"));
    printf("\n");
    const int rc = print_holders(ctx, store, &r, err);
    fflush(stdout); /* what would be done comes before how */
    if (rc == 0 && !o->yes) log_line("nothing was changed; to do it, once and for all: --yes");
    store_redacted_free(&r);
    return rc;
}

static int run(Context *ctx, const Redactable *of, int argc, char **argv, Error *err)
{
    RedactOptions o = {0};
    Words words = {0};
    Store *store = NULL;
    int64_t id = 0;
    if (options_parse(ctx, ctx->command->options, &o, &words, 0, 1, argc, argv, err) != 0)
        return -1;
    if (!o.find == !words.n)
        return error_usage(err, "which %s? its number, or --find TEXT", of->what);
    if (words.n && options_parse_id(&id, words.word[0], of->what, err) != 0) return -1;
    if (open_store(&store, ctx, err) != 0) return -1;
    const int rc = o.find ? of->find(store, o.find, err) : redact(ctx, of, &o, store, id, err);
    store_close(store);
    return rc;
}

static int run_prompt(Context *ctx, int argc, char **argv, Error *err)
{
    static const Redactable PROMPT = {"prompt", find_prompts, store_redact_prompt};
    return run(ctx, &PROMPT, argc, argv, err);
}

static int run_text(Context *ctx, int argc, char **argv, Error *err)
{
    static const Redactable TEXT = {"text", find_texts, store_redact_class_text};
    return run(ctx, &TEXT, argc, argv, err);
}

static const Command redact_prompt = {
    .name = "prompt",
    .summary = "put a tombstone in the place of a prompt's text",
    .usage = "ID [--answers] [--why TEXT] [--yes]\n"
             "--find TEXT",
    .options = PROMPT_OPTIONS,
    .project = PROJECT_NEEDED,
    .run = run_prompt,
};
static const Command redact_text = {
    .name = "text",
    .summary = "likewise of a text with a class",
    .usage = "ID [--why TEXT] [--yes]\n"
             "--find TEXT",
    .options = TEXT_OPTIONS,
    .project = PROJECT_NEEDED,
    .run = run_text,
};
static const Command *const SECONDS[] = {&redact_prompt, &redact_text, NULL};

const Command cmd_redact = {
    .name = "redact",
    .heading = "data",
    .summary = "take a prompt's text, or one that has a class, out of the project for good",
    .details = "The text goes; its number, its hash and the chain of labels stay, so that rlhf "
               "verify still holds.  The prompt\n"
               "is asked, labeled and trained on no more, and an import does not bring it back.  "
               "Said is also which runs\n"
               "began after it came in, and which files of theirs hold it.\n",
    .seconds = SECONDS,
    .project = PROJECT_NEEDED,
};
