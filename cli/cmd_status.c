/* rlhf status: what is there, and which command comes next. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/next_line.h"
#include "cli/project_status.h"
#include "cli/wrap.h"

enum { LABEL_COLUMN = 15, NUMBER_COLUMN = 9 };

static void row(const char *label, int64_t number, const char *rest)
{
    wrap_print(LABEL_COLUMN + NUMBER_COLUMN + 3, "  %-*s%*s%s%s\n", LABEL_COLUMN, label,
               NUMBER_COLUMN, text_thousands(number), rest[0] ? "   " : "", rest);
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

static void print_class_texts(const StoreStatus *d)
{
    const int64_t *n = d->class_texts;
    Text t = {0};
    if (n[SPLIT_ANY] == 0) return;
    text_format(&t, "%s %s: %s train, %s valid, %s test; rlhf classify learns from them",
                text_thousands(d->classes), d->classes == 1 ? "class" : "classes",
                text_thousands(n[SPLIT_TRAIN]), text_thousands(n[SPLIT_VALID]),
                text_thousands(n[SPLIT_TEST]));
    row("texts", n[SPLIT_ANY], t.bytes);
    text_free(&t);
}

static void print_comparisons(const ProjectStatus *s)
{
    const StoreStatus *d = &s->store;
    Text t = {0};
    text_format(&t, "%s labeled, ", text_thousands(d->labeled));
    if (d->skipped) text_format(&t, "%s skipped, ", text_thousands(d->skipped));
    text_format(&t, "%s to do", text_thousands(s->left.to_do));
    if (s->by_rule_alone > 0)
        text_format(&t, " (%s judged by a rule alone)", text_thousands(s->by_rule_alone));
    bool first = true;
    for (size_t i = 0; i < d->n_annotators; i++) {
        if (d->annotator[i].labels == 0) continue;
        text_format(&t, "%s%s %s", first ? ": " : ", ", d->annotator[i].handle,
                    text_thousands(d->annotator[i].labels));
        first = false;
    }
    row("comparisons", d->comparisons, t.bytes);
    if (d->judgements) row("judgements", d->judgements, "");
    text_free(&t);
}

/* ---- the models ----------------------------------------------------------------------------------- */

static cJSON *parse(const char *json)
{
    cJSON *tree = NULL;
    Error ignored;
    return json && json_parse_row(&tree, json, strlen(json), &ignored) == 0 ? tree : NULL;
}

/* "0.80 [0.76, 0.83]" */
static void put_share(Text *t, const cJSON *found, const char *name)
{
    const cJSON *ci = cJSON_GetObjectItemCaseSensitive(found, "ci");
    text_format(t, "%.2f [%.2f, %.2f]", json_number(found, name, 0),
                cJSON_GetNumberValue(cJSON_GetArrayItem(ci, 0)),
                cJSON_GetNumberValue(cJSON_GetArrayItem(ci, 1)));
}

static void put_reward(Text *t, const cJSON *found, int64_t newer)
{
    if (found) {
        text_add(t, "right on ");
        put_share(t, found, "accuracy");
        text_format(t, " of %s",
                    text_count((long long)json_number(found, "n", 0), "held-out pair"));
    }
    if (newer > 0) text_format(t, "%s%s newer", found ? "; " : "", text_count(newer, "label"));
}

static void put_aligned(Text *t, const cJSON *found)
{
    if (!found) return;
    text_format(t, "%s: ", json_text(found, "verdict", ""));
    put_share(t, found, "win_rate");
    text_format(t, " against the base on %s",
                text_count((long long)json_number(found, "n", 0), "test prompt"));
    if (strcmp(json_text(found, "judge", ""), "reward") == 0)
        text_add(t, ", by the reward model: no evidence");
}

static void print_model(const char *label, const StatusModel *m, const char *measured)
{
    Text t = {0};
    text_format(&t, "  %-*s%s", LABEL_COLUMN, label, m->path[0] ? m->name : "none yet");
    if (m->path[0] && !m->there) text_format(&t, "   gone: no config.json in %s", m->path);
    else if (measured && measured[0]) text_format(&t, "   %s", measured);
    text_add(&t, "\n");
    wrap_text(LABEL_COLUMN, t.bytes);
    text_free(&t);
}

static void print_models(const ProjectStatus *s)
{
    cJSON *reward = parse(s->reward.found), *aligned = parse(s->aligned.found);
    Text of_reward = {0}, of_aligned = {0};
    put_reward(&of_reward, reward, s->newer);
    put_aligned(&of_aligned, aligned);
    print_model("base", &s->base, NULL);
    print_model("reward", &s->reward, of_reward.bytes);
    print_model("aligned", &s->aligned, of_aligned.bytes);
    text_free(&of_reward);
    text_free(&of_aligned);
    cJSON_Delete(reward);
    cJSON_Delete(aligned);
}

/* ---- the screen ----------------------------------------------------------------------------------- */

static void print_runs(const Context *ctx, char *const *names, int n)
{
    for (int i = 0; i < n; i++) {
        char root[FILE_PATH_MAX], folder[FILE_PATH_MAX], state[RUN_STATE_MAX];
        Error ignored;
        int64_t step = -1;
        if (project_path(ctx, root, "runs", &ignored) != 0) return;
        if (path_join(folder, root, names[i], &ignored) != 0) continue;
        project_run_state(state, &step, folder);
        printf("  %-*s%*s", LABEL_COLUMN, names[i], NUMBER_COLUMN, state);
        if (step >= 0) printf("   %s", text_count(step, "step"));
        printf("\n");
    }
}

static void print(const Context *ctx, const ProjectStatus *s, char *const *runs, int n_runs)
{
    const char *slash = strrchr(ctx->project, '/');
    char database[FILE_PATH_MAX];
    Error ignored;
    printf("%s", slash && slash[1] ? slash + 1 : ctx->project);
    if (project_path(ctx, database, "rlhf.db", &ignored) == 0)
        printf("   rlhf.db %.1f MB", (double)file_size(database) / 1e6);
    printf("\n");
    print_prompts(&s->store);
    print_comparisons(s);
    print_class_texts(&s->store);
    print_models(s);
    print_runs(ctx, runs, n_runs);
    next_line_put(s);
}

/* ---- JSON ----------------------------------------------------------------------------------------- */

static void put_count(Text *t, const char *name, int64_t count)
{
    text_format(t, "\"%s\":%" PRId64 ",", name, count);
}

static void put_model(Text *t, const char *name, const StatusModel *m)
{
    text_format(t, "\"%s\":", name);
    if (!m->path[0]) {
        text_add(t, "null");
        return;
    }
    text_add(t, "{\"name\":");
    json_put_text(t, m->name, strlen(m->name));
    text_add(t, ",\"path\":");
    json_put_text(t, m->path, strlen(m->path));
    text_format(t, ",\"there\":%s}", m->there ? "true" : "false");
}

static void print_json(const Context *ctx, const ProjectStatus *s, int n_runs)
{
    const StoreStatus *d = &s->store;
    Text t = {0};
    text_add(&t, "{\"project\":");
    json_put_text(&t, ctx->project, strlen(ctx->project));
    text_add(&t, ",\"prompts\":{");
    put_count(&t, "train", d->prompts[SPLIT_TRAIN]);
    put_count(&t, "valid", d->prompts[SPLIT_VALID]);
    text_format(&t, "\"test\":%" PRId64 "},", d->prompts[SPLIT_TEST]);
    put_count(&t, "demonstrations", d->demonstrations);
    put_count(&t, "responses", d->responses);
    put_count(&t, "comparisons", d->comparisons);
    put_count(&t, "labeled", d->labeled);
    put_count(&t, "to_do", s->left.to_do);
    put_count(&t, "by_rule_alone", s->by_rule_alone);
    put_count(&t, "preferences", d->preferences[SPLIT_ANY]);
    put_count(&t, "judgements", d->judgements);
    text_add(&t, "\"texts\":{");
    put_count(&t, "train", d->class_texts[SPLIT_TRAIN]);
    put_count(&t, "valid", d->class_texts[SPLIT_VALID]);
    put_count(&t, "test", d->class_texts[SPLIT_TEST]);
    text_format(&t, "\"classes\":%" PRId64 "},", d->classes);
    put_count(&t, "runs", n_runs);
    put_count(&t, "newer_labels", s->newer);
    text_add(&t, "\"models\":{");
    put_model(&t, "base", &s->base);
    text_add(&t, ",");
    put_model(&t, "reward", &s->reward);
    text_add(&t, ",");
    put_model(&t, "aligned", &s->aligned);
    text_add(&t, "},\"annotators\":{");
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
    ProjectStatus s = {0};
    Store *store = NULL;
    char path[FILE_PATH_MAX], **runs = NULL;
    int n_runs = 0, rc = -1;
    if (options_parse(ctx, NULL, NULL, NULL, 0, 0, argc, argv, err) != 0) return -1;
    if (project_path(ctx, path, "rlhf.db", err) != 0) return -1;
    if (store_open_to_read(&store, path, err) != 0) goto done;
    if (project_status_read(&s, ctx, store, err) != 0) goto done;
    if (project_list_runs(ctx, &runs, &n_runs, err) != 0) goto done;
    if (ctx->json) print_json(ctx, &s, n_runs);
    else print(ctx, &s, runs, n_runs);
    rc = 0;

done:
    folder_list_free(runs, n_runs);
    project_status_free(&s);
    store_close(store);
    return rc;
}

const Command cmd_status = {
    .name = "status",
    .heading = "data",
    .summary = "what is there, and which command comes next",
    .usage = "[--json]",
    .details = "Beside what is stored stand the models that are base, reward and aligned now, as "
               "RUN@STEP, with what the\n"
               "last evaluation of each found; then all runs, oldest first.",
    .project = PROJECT_NEEDED,
    .run = status,
};
