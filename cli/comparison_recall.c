#include "cli/comparison_recall.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/people_result.h"
#include "cli/project.h"
#include "cli/ranking.h"

/* ---- answers ---------------------------------------------------------------------------------------- */

static void allocate(Answers *a, int n)
{
    *a = (Answers){.n = n,
                   .text = mem_calloc((size_t)n + 1, sizeof *a->text),
                   .finished = mem_calloc((size_t)n + 1, sizeof *a->finished),
                   .logp = mem_calloc((size_t)n + 1, sizeof *a->logp),
                   .score = mem_calloc((size_t)n + 1, sizeof *a->score)};
}

/* Answer i, as the row of the record has it: its id as `name`, its score as `score_name`. */
static int read_answer(Answers *a, int i, Store *store, const cJSON *row, const char *name,
                       const char *score_name, Error *err)
{
    const int64_t id = (int64_t)json_number(row, name, 0);
    StoreResponseList list = {0};
    if (store_list_responses(store, &(StoreResponseFilter){.after = id - 1, .limit = 1}, &list,
                             err) != 0)
        return -1;
    const StoreResponse *found = list.n == 1 && list.row[0].id == id ? &list.row[0] : NULL;
    if (found) {
        a->text[i] = mem_strdup(found->text);
        a->finished[i] = found->finish && strcmp(found->finish, "stop") == 0;
        a->logp[i] = found->sum_logprob;
        a->score[i] = json_number(row, score_name, 0);
    } else error_set(err, "the comparison's answer %lld is not in the database", (long long)id);
    store_responses_free(&list);
    return found ? 0 : -1;
}

static void take_prompt(Comparison *c, int i, const StorePromptList *prompts)
{
    for (size_t k = 0; k < prompts->n; k++) {
        const StorePrompt *p = &prompts->row[k];
        if (p->id != c->prompt_id[i]) continue;
        comparison_take_prompt(c, i, p->text, p->template);
        return;
    }
    c->prompt[i] = mem_strdup("[redacted]");
}

static int read_rows(Comparison *c, Store *store, const cJSON *rows, bool best, Error *err)
{
    StorePromptList prompts = {0};
    const cJSON *row;
    const int n = cJSON_GetArraySize(rows);
    int i = 0;
    if (store_list_prompts(store, &(StorePromptFilter){.split = SPLIT_TEST}, &prompts, err) != 0)
        return -1;
    c->n = n;
    c->prompt = mem_calloc((size_t)n + 1, sizeof *c->prompt);
    c->turns = mem_calloc((size_t)n + 1, sizeof *c->turns);
    c->prompt_id = mem_calloc((size_t)n + 1, sizeof *c->prompt_id);
    allocate(&c->base, n), allocate(&c->aligned, n);
    if (best) allocate(&c->best, n);
    int rc = 0;
    cJSON_ArrayForEach(row, rows)
    {
        c->prompt_id[i] = (int64_t)json_number(row, "prompt", 0);
        take_prompt(c, i, &prompts);
        rc = read_answer(&c->base, i, store, row, "base", "base_score", err);
        if (rc == 0) rc = read_answer(&c->aligned, i, store, row, "aligned", "aligned_score", err);
        if (rc == 0 && best) rc = read_answer(&c->best, i, store, row, "best", "best_score", err);
        if (rc != 0) break;
        i++;
    }
    store_prompts_free(&prompts);
    return rc;
}

/* ---- the record ------------------------------------------------------------------------------------- */

/* Of a model that is no longer there the name stands for the folder: it has no curves. */
static void recall_model(Loaded *l, const Context *ctx, const cJSON *record, const char *role)
{
    const cJSON *hash = cJSON_GetObjectItemCaseSensitive(record, "sha256");
    Error ignored;
    snprintf(l->name, sizeof l->name, "%.127s", json_text(record, role, role));
    snprintf(l->hash, sizeof l->hash, "%s", json_text(hash, role, ""));
    if (project_model(ctx, l->folder, NULL, l->name, &ignored) != 0)
        snprintf(l->folder, sizeof l->folder, "%s", l->name);
}

static int recall_options(ComparisonOptions *o, const cJSON *record, Error *err)
{
    const cJSON *options = cJSON_GetObjectItemCaseSensitive(record, "options");
    const char *rule = json_text(options, "rule", NULL);
    *o = (ComparisonOptions){.source = json_text(options, "source", NULL),
                             .best_of = (int)json_number(options, "best_of", 0),
                             .max_new_tokens = (int)json_number(options, "max_new_tokens", 0),
                             .temperature = json_number(options, "temperature", 1),
                             .seed = (uint64_t)json_number(options, "seed", 1)};
    return rule ? rule_choose(&o->rule, rule, err) : 0;
}

static void recall_frontier(Comparison *c, const cJSON *record)
{
    const cJSON *frontier = cJSON_GetObjectItemCaseSensitive(record, "frontier"), *point;
    cJSON_ArrayForEach(point, frontier) if (c->n_frontier < COMPARISON_FRONTIER)
        c->frontier[c->n_frontier++] =
        (FrontierPoint){(int)json_number(point, "n", 1), json_number(point, "score", NAN)};
}

/* An answer is known by its model, prompt, seed and settings.  A version of this program that rounds otherwise may have
 * left another one under the same seed. */
static void warn_of_others(const Comparison *c, const cJSON *record)
{
    const WinRate *w = c->aligned_points ? &c->by_rule : &c->by_reward;
    if (fabs(w->rate - json_number(record, "win_rate", w->rate)) > 1e-5)
        log_line("the answers in the database are not those that were compared: another version of "
                 "the program gave them; with another --seed compare makes new ones");
}

/* What follows from the texts and scores is measured again; the rest is read. */
static int recall(RecalledComparison *r, const Context *ctx, Store *store, const cJSON *record,
                  Error *err)
{
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(record, "answers");
    Comparison *c = &r->result;
    recall_model(&r->base, ctx, record, "base");
    recall_model(&r->aligned, ctx, record, "aligned");
    r->has_reward = json_text(record, "reward", NULL) != NULL;
    if (r->has_reward) recall_model(&r->reward, ctx, record, "reward");
    if (cJSON_GetArraySize(rows) == 0)
        return error_set(err,
                         "the newest comparison of %s and %s was noted without its answers; "
                         "run it again: rlhf compare",
                         r->base.name, r->aligned.name);
    if (recall_options(&r->options, record, err) != 0) return -1;
    if (read_rows(c, store, rows, r->options.best_of > 0, err) != 0) return -1;
    recall_frontier(c, record);
    c->scored = r->has_reward;
    c->kl = json_number(record, "kl", NAN);
    c->kl_error = json_number(record, "kl_error", NAN);
    c->best_chosen = (int)json_number(record, "best_chosen", 0);
    comparison_measure_texts(c, &r->options);
    c->verbatim = json_number(record, "verbatim", NAN);
    c->base_verbatim = json_number(record, "base_verbatim", NAN);
    c->base_logp_own = json_number(record, "base_logp_own", NAN);
    c->base_logp_of_aligned = json_number(record, "base_logp_of_aligned", NAN);
    comparison_judge(c, &r->options);
    warn_of_others(c, record);
    return 0;
}

/* What people found and a ranking stand on the page of a comparison. */
static void nothing_yet(Store *store, Error *err)
{
    static const struct {
        const char *record, *who;
    } OTHERS[] = {{PEOPLE_RECORD, "people"}, {RANKING_RECORD, "the ranking of several models"}};
    Error ignored;
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        char *json = NULL;
        int64_t created_us;
        if (store_last_evaluation(store, OTHERS[i].record, NULL, &json, &created_us, &ignored) !=
                0 ||
            !json)
            continue;
        free(json);
        error_set(err,
                  "nothing to report yet but what %s found, which stands on the page of a "
                  "comparison of two models by a rule or the reward model: rlhf compare",
                  OTHERS[i].who);
        return;
    }
    error_set(err, "nothing to report yet; begin with: rlhf compare");
}

int comparison_recall(RecalledComparison *out, const Context *ctx, Store *store, const char *base,
                      const char *aligned, Error *err)
{
    RecalledComparison r = {0};
    Text members = {0};
    char *json = NULL;
    cJSON *record = NULL;
    int rc = -1;
    text_add(&members, "{");
    if (base) {
        text_add(&members, "\"base\":");
        json_put_text(&members, base, strlen(base));
        text_add(&members, ",\"aligned\":");
        json_put_text(&members, aligned, strlen(aligned));
    }
    text_add(&members, "}");
    if (store_last_evaluation(store, "compare", members.bytes, &json, &r.created_us, err) != 0)
        goto done;
    if (!json) {
        if (base) error_set(err, "no comparison of %s and %s yet: rlhf compare", base, aligned);
        else nothing_yet(store, err);
        goto done;
    }
    if (json_parse_row(&record, json, strlen(json), err) != 0) goto done;
    r.record = record;
    rc = recall(&r, ctx, store, record, err);

done:
    free(json);
    text_free(&members);
    if (rc == 0) *out = r;
    else comparison_recall_free(&r);
    return rc;
}

void comparison_recall_free(RecalledComparison *r)
{
    comparison_free(&r->result);
    cJSON_Delete(r->record);
    *r = (RecalledComparison){0};
}
