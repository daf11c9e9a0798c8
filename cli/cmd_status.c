/* rlhf status: what is there, and which command comes next. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/project.h"
#include "store/store.h"

enum { LABEL_COLUMN = 15, NUMBER_COLUMN = 9, ENOUGH_PAIRS = 60 };

typedef struct {
    const Context *ctx;
    StoreStatus store;
    bool base, reward, aligned;
    char next[64]; /* the command that comes next, "" when none is known */
    char why[96];
} Status;

static void propose(Status *s, const char *command, const char *arguments, const char *why)
{
    if (s->next[0] || !command_find(command)) return;
    snprintf(s->next, sizeof s->next, "rlhf %s%s%s", command, arguments[0] ? " " : "", arguments);
    snprintf(s->why, sizeof s->why, "%s", why);
}

/* The chain from nothing to an aligned model; the first link that is missing comes next. */
static void find_next(Status *s)
{
    const StoreStatus *d = &s->store;
    if (d->prompts[SPLIT_ANY] == 0)
        propose(s, "import", "FILE", "prompts or comparisons, one JSON object a line");
    if (!s->base) propose(s, "pretrain", "", "a base model of your own");
    if (!s->base) propose(s, "init", "--base DIR", "or name the folder of a base model");
    if (d->comparisons == 0) propose(s, "sample", "", "two answers to each prompt");
    if (d->labeled < d->comparisons && d->preferences[SPLIT_ANY] < ENOUGH_PAIRS)
        propose(s, "label", "", "choose the better answers");
    if (!s->reward && d->preferences[SPLIT_ANY] > 0)
        propose(s, "reward", "", "learn what the labels prefer");
    if (s->reward && !s->aligned) propose(s, "ppo", "", "train the policy towards it");
    if (s->aligned) propose(s, "compare", "", "base against aligned");
}

static void row(const char *label, int64_t number, const char *rest)
{
    printf("  %-*s%*s   %s\n", LABEL_COLUMN, label, NUMBER_COLUMN, text_thousands(number), rest);
}

static void print_prompts(const StoreStatus *d)
{
    Text t = {0};
    text_format(&t, "%s train, %s valid, %s test", text_thousands(d->prompts[SPLIT_TRAIN]),
                text_thousands(d->prompts[SPLIT_VALID]), text_thousands(d->prompts[SPLIT_TEST]));
    row("prompts", d->prompts[SPLIT_ANY], t.bytes);
    text_free(&t);
    if (d->demonstrations) row("demonstrations", d->demonstrations, "");
    if (d->responses) row("responses", d->responses, "");
}

static void print_comparisons(const StoreStatus *d)
{
    Text t = {0};
    text_format(&t, "%s labeled, %s to do", text_thousands(d->labeled),
                text_thousands(d->comparisons - d->labeled));
    for (size_t i = 0; i < d->n_annotators; i++)
        if (d->annotator[i].labels)
            text_format(&t, "%s%s %s", i ? ", " : ": ", d->annotator[i].handle,
                        text_thousands(d->annotator[i].labels));
    row("comparisons", d->comparisons, t.bytes);
    text_free(&t);
}

static void print_runs(const Status *s, char *const *names, int n)
{
    for (int i = 0; i < n; i++) {
        char root[FILE_PATH_MAX], folder[FILE_PATH_MAX], state[RUN_STATE_MAX];
        Error ignored;
        int64_t step = -1;
        if (project_path(s->ctx, root, "runs", &ignored) != 0) return;
        if (path_join(folder, root, names[i], &ignored) != 0) continue;
        project_run_state(state, &step, folder);
        printf("  %-*s%*s   ", LABEL_COLUMN, names[i], NUMBER_COLUMN, state);
        if (step >= 0) printf("%s steps", text_thousands(step));
        printf("\n");
    }
}

static void print(const Status *s, char *const *runs, int n_runs)
{
    const char *slash = strrchr(s->ctx->project, '/');
    char database[FILE_PATH_MAX];
    Error ignored;
    printf("%s", slash && slash[1] ? slash + 1 : s->ctx->project);
    if (project_path(s->ctx, database, "rlhf.db", &ignored) == 0)
        printf("   rlhf.db %.1f MB", (double)file_size(database) / 1e6);
    printf("   models:%s%s%s%s\n", s->base ? " base" : "", s->reward ? " reward" : "",
           s->aligned ? " aligned" : "", s->base || s->reward || s->aligned ? "" : " none yet");
    print_prompts(&s->store);
    print_comparisons(&s->store);
    print_runs(s, runs, n_runs);
    if (s->next[0]) printf("next: %-22s %s\n", s->next, s->why);
}

static void put_count(Text *t, const char *name, int64_t count)
{
    text_format(t, "\"%s\":%" PRId64 ",", name, count);
}

static void print_json(const Status *s, int n_runs)
{
    const StoreStatus *d = &s->store;
    Text t = {0};
    text_add(&t, "{\"project\":");
    json_put_text(&t, s->ctx->project, strlen(s->ctx->project));
    text_add(&t, ",\"prompts\":{");
    put_count(&t, "train", d->prompts[SPLIT_TRAIN]);
    put_count(&t, "valid", d->prompts[SPLIT_VALID]);
    text_format(&t, "\"test\":%" PRId64 "},", d->prompts[SPLIT_TEST]);
    put_count(&t, "demonstrations", d->demonstrations);
    put_count(&t, "responses", d->responses);
    put_count(&t, "comparisons", d->comparisons);
    put_count(&t, "labeled", d->labeled);
    put_count(&t, "preferences", d->preferences[SPLIT_ANY]);
    put_count(&t, "runs", n_runs);
    text_format(&t, "\"models\":{\"base\":%s,\"reward\":%s,\"aligned\":%s},",
                s->base ? "true" : "false", s->reward ? "true" : "false",
                s->aligned ? "true" : "false");
    text_add(&t, "\"annotators\":{");
    for (size_t i = 0; i < d->n_annotators; i++) {
        if (i) text_add(&t, ",");
        json_put_text(&t, d->annotator[i].handle, strlen(d->annotator[i].handle));
        text_format(&t, ":%" PRId64, d->annotator[i].labels);
    }
    text_add(&t, "},\"next\":");
    if (s->next[0]) json_put_text(&t, s->next, strlen(s->next));
    else text_add(&t, "null");
    printf("%s}\n", t.bytes);
    text_free(&t);
}

static int status(Context *ctx, int argc, char **argv, Error *err)
{
    Status s = {.ctx = ctx};
    Store *store = NULL;
    cJSON *project = NULL;
    char path[FILE_PATH_MAX], **runs = NULL;
    int n_runs = 0, rc = -1;
    if (options_parse(ctx, NULL, NULL, NULL, 0, 0, argc, argv, err) != 0) return -1;
    if (project_path(ctx, path, "rlhf.db", err) != 0) return -1;
    if (store_open(&store, path, err) != 0) goto done;
    if (store_status(store, &s.store, err) != 0) goto done;
    if (project_read(ctx, &project, err) != 0) goto done;
    if (project_list_runs(ctx, &runs, &n_runs, err) != 0) goto done;
    s.base = project_has_model(ctx, "base");
    s.reward = project_has_model(ctx, "reward");
    s.aligned = project_has_model(ctx, "aligned");
    find_next(&s);
    if (ctx->json) print_json(&s, n_runs);
    else print(&s, runs, n_runs);
    rc = 0;

done:
    cJSON_Delete(project);
    folder_list_free(runs, n_runs);
    store_status_free(&s.store);
    store_close(store);
    return rc;
}

const Command cmd_status = {
    .name = "status",
    .heading = "data",
    .summary = "what is there, and which command comes next",
    .usage = "[--json]",
    .project = PROJECT_NEEDED,
    .run = status,
};
