#include "cli/comparison.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "cli/memory_plan.h"
#include "cli/prompts.h"
#include "cli/readable.h"
#include "compare/best_of_n.h"
#include "compare/text_stats.h"

/* Numbers of the samples of one prompt, so that no two share random numbers. */
enum { SAMPLE_BASE = 0, SAMPLE_CANDIDATE = 1, SAMPLE_ALIGNED = 4000, SAMPLES_PER_PROMPT = 4096 };

/* ---- prompts -------------------------------------------------------------------------------------- */

void comparison_take_prompt(Comparison *c, int i, const char *text, const char *template)
{
    Text turns = {0};
    c->prompt[i] = mem_strdup(text);
    if (template && readable_turns(&turns, text, template)) c->turns[i] = text_take(&turns);
    text_free(&turns);
}

static int read_prompts(Comparison *c, PromptTokens *p, Store *store, const Loaded *l,
                        const ComparisonOptions *o, Error *err)
{
    const Split split = o->split == SPLIT_VALID ? SPLIT_VALID : SPLIT_TEST;
    const StorePromptFilter filter = {.split = split, .source = o->source, .limit = o->n};
    if (prompts_read(p, store, &filter, l, o->max_new_tokens, err) != 0) return -1;
    if (p->n == 0 && p->left_out > 0)
        return prompts_too_long(p->left_out, l, o->max_new_tokens, err);
    prompts_log(p->left_out, l, o->max_new_tokens);
    c->n = p->n;
    c->prompt = mem_calloc((size_t)p->n + 1, sizeof *c->prompt);
    c->turns = mem_calloc((size_t)p->n + 1, sizeof *c->turns);
    c->prompt_id = mem_calloc((size_t)p->n + 1, sizeof *c->prompt_id);
    c->base_id = mem_calloc((size_t)p->n + 1, sizeof *c->base_id);
    c->aligned_id = mem_calloc((size_t)p->n + 1, sizeof *c->aligned_id);
    c->best_id = mem_calloc((size_t)p->n + 1, sizeof *c->best_id);
    for (int i = 0; i < p->n; i++) {
        c->prompt_id[i] = p->row[i]->id;
        comparison_take_prompt(c, i, p->row[i]->text, p->row[i]->template);
    }
    if (c->n > 0) return 0;
    return error_set(err, "no %s prompts%s%s; rlhf import puts one prompt in ten into the %s split",
                     split_name(split), o->source ? " of source " : "", o->source ? o->source : "",
                     split_name(split));
}

/* ---- answers -------------------------------------------------------------------------------------- */

typedef struct {
    Progress bar;
    int done, quiet;
} Watch;

static int watch(void *context, int finished)
{
    Watch *w = context;
    if (!w->quiet) progress_update(&w->bar, w->done + finished, "%s", "");
    return interrupt_pending();
}

/* `of` answers to every prompt, side by side. */
static int sample(Answers *out, Loaded *l, const PromptTokens *p, int of, int first,
                  const ComparisonOptions *o, Watch *w, Error *err)
{
    const Sequences *prompts = &p->tokens;
    Sequences repeated = {0};
    uint64_t *key = mem_calloc((size_t)prompts->n * (size_t)of, sizeof *key);
    SamplingConfig s = {.temperature = o->temperature,
                        .top_p = 1,
                        .max_new_tokens = o->max_new_tokens,
                        .n_stop = p->n_stop,
                        .seed = o->seed,
                        .batch = o->batch,
                        .on_progress = watch,
                        .context = w};
    memcpy(s.stop, p->stop, sizeof s.stop);
    for (int i = 0; i < prompts->n; i++)
        for (int k = 0; k < of; k++) {
            sequences_add(&repeated, prompts->token + prompts->start[i],
                          prompts->start[i + 1] - prompts->start[i]);
            sequences_end(&repeated);
            key[i * of + k] =
                rng_item(RNG_FOR_COMPARE,
                         (uint64_t)p->row[i]->id * SAMPLES_PER_PROMPT + (uint64_t)(first + k));
        }
    const int rc = answers_sample(out, l->policy, l->tokenizer, &repeated, key, &s, err);
    w->done += repeated.n;
    sequences_free(&repeated);
    free(key);
    return rc;
}

/* Answers as rows of the store, whose ids go to id (a->n). */
static int store_answers(int64_t *id, Store *store, const PromptTokens *p, const Answers *a, int of,
                         int first, const Loaded *l, const ComparisonOptions *o, Error *err)
{
    int64_t model_id;
    if (o->split == SPLIT_VALID) return 0;
    char *sampling = prompts_sampling_json(p, o->temperature, o->max_new_tokens, "compare");
    StoreResponse *row = mem_calloc((size_t)a->n, sizeof *row);
    int rc = loaded_record(l, store, &model_id, err);
    for (int i = 0; i < a->n && rc == 0; i++)
        row[i] = (StoreResponse){.prompt_id = p->row[i / of]->id,
                                 .model_id = model_id,
                                 .text = a->text[i],
                                 .tokens = a->token + a->start[i],
                                 .n_tokens = a->start[i + 1] - a->start[i],
                                 .sum_logprob = a->logp[i],
                                 .finish = a->finished[i] ? "stop" : "length",
                                 .seed = o->seed,
                                 .sample_no = first + i % of,
                                 .sampling_json = sampling};
    if (rc == 0) rc = store_add_responses(store, row, (size_t)a->n, NULL, err);
    for (int i = 0; i < a->n; i++) id[i] = row[i].id;
    free(row);
    free(sampling);
    return rc;
}

/* The mean over prompts of what the best of n of their candidates score. */
static void measure_frontier(Comparison *c, const Answers *candidates, int of)
{
    for (int n = 1; c->n_frontier < COMPARISON_FRONTIER; n = 2 * n < of ? 2 * n : of) {
        double sum = 0;
        for (int i = 0; i < c->n; i++) sum += best_of_n_mean(candidates->score + i * of, of, n);
        c->frontier[c->n_frontier++] = (FrontierPoint){n, sum / c->n};
        if (n == of) break;
    }
}

static int sample_best(Comparison *c, Store *store, Loaded *base, Loaded *reward,
                       const PromptTokens *p, const ComparisonOptions *o, Watch *w, Error *err)
{
    const Sequences *prompts = &p->tokens;
    Answers all = {0};
    Sequences repeated = {0};
    if (sample(&all, base, p, o->best_of, SAMPLE_CANDIDATE, o, w, err) != 0) return -1;
    for (int i = 0; i < all.n; i++) {
        const int k = i / o->best_of;
        sequences_add(&repeated, prompts->token + prompts->start[k],
                      prompts->start[k + 1] - prompts->start[k]);
        sequences_end(&repeated);
    }
    progress_pulse("scoring");
    answers_score(&all, reward->policy, &repeated);
    int *chosen = mem_calloc((size_t)c->n, sizeof *chosen);
    int64_t *id = mem_calloc((size_t)all.n, sizeof *id);
    c->best_chosen = answers_best(&c->best, chosen, &all, o->best_of);
    const int rc = store_answers(id, store, p, &all, o->best_of, SAMPLE_CANDIDATE, base, o, err);
    for (int i = 0; i < c->n; i++) c->best_id[i] = id[chosen[i]];
    measure_frontier(c, &all, o->best_of); /* last: it sorts the scores */
    free(chosen);
    free(id);
    sequences_free(&repeated);
    answers_free(&all);
    return rc;
}

/* KL of the aligned model from the base on its own answers, and how likely the base finds both. */
static void measure_likelihood(Comparison *c, Loaded *base, const Sequences *prompts,
                               double temperature)
{
    double *under_base = mem_calloc((size_t)c->n, sizeof *under_base);
    double *ratio = mem_calloc((size_t)c->n, sizeof *ratio);
    double sum = 0, own = 0, of_aligned = 0;
    answers_logp(under_base, &c->aligned, base->policy, prompts, temperature);
    for (int i = 0; i < c->n; i++) {
        ratio[i] = c->aligned.logp[i] - under_base[i];
        sum += ratio[i];
        own += c->base.logp[i], of_aligned += under_base[i];
    }
    c->kl = sum / c->n;
    c->kl_error = mean_standard_error(ratio, c->n);
    c->base_logp_own = own / c->base.start[c->n];
    c->base_logp_of_aligned = of_aligned / c->aligned.start[c->n];
    free(under_base);
    free(ratio);
}

static int answer_all(Comparison *c, Store *store, Loaded *base, Loaded *aligned, Loaded *reward,
                      const PromptTokens *p, const ComparisonOptions *o, Error *err)
{
    const Sequences *prompts = &p->tokens;
    Watch w = {.quiet = o->quiet || log_is_quiet()};
    if (!w.quiet) progress_begin(&w.bar, "compare", prompts->n * (2 + o->best_of), "answer");
    int rc = sample(&c->base, base, p, 1, SAMPLE_BASE, o, &w, err);
    if (rc == 0) rc = sample(&c->aligned, aligned, p, 1, SAMPLE_ALIGNED, o, &w, err);
    if (rc == 0) rc = store_answers(c->base_id, store, p, &c->base, 1, SAMPLE_BASE, base, o, err);
    if (rc == 0)
        rc =
            store_answers(c->aligned_id, store, p, &c->aligned, 1, SAMPLE_ALIGNED, aligned, o, err);
    progress_pulse("scoring");
    if (rc == 0) measure_likelihood(c, base, prompts, o->temperature);
    if (rc == 0 && reward) {
        answers_score(&c->base, reward->policy, prompts);
        answers_score(&c->aligned, reward->policy, prompts);
        c->scored = true;
    }
    if (rc == 0 && o->best_of > 0) rc = sample_best(c, store, base, reward, p, o, &w, err);
    if (!w.quiet) progress_end(&w.bar);
    return rc;
}

/* ---- measures ------------------------------------------------------------------------------------- */

static double share_finished(const Answers *a)
{
    int n = 0;
    for (int i = 0; i < a->n; i++) n += a->finished[i];
    return (double)n / a->n;
}

void comparison_measure_texts(Comparison *c, const ComparisonOptions *o)
{
    const char *const *base = (const char *const *)c->base.text;
    const char *const *aligned = (const char *const *)c->aligned.text;
    c->finished = share_finished(&c->aligned), c->base_finished = share_finished(&c->base);
    c->distinct = text_stats_distinct(aligned, c->n),
    c->base_distinct = text_stats_distinct(base, c->n);
    c->verbatim = o->corpus ? text_stats_verbatim(aligned, c->n, o->corpus, o->n_corpus) : NAN;
    c->base_verbatim = o->corpus ? text_stats_verbatim(base, c->n, o->corpus, o->n_corpus) : NAN;
    for (int k = 0; k < COMPARISON_RUNS; k++) {
        c->distinct_runs[k] = text_stats_distinct_runs(aligned, c->n, k + 1);
        c->base_distinct_runs[k] = text_stats_distinct_runs(base, c->n, k + 1);
    }
    c->words = text_stats_mean_words(aligned, c->n),
    c->base_words = text_stats_mean_words(base, c->n);
    c->length_ratio = c->base_words > 0 ? c->words / c->base_words : NAN;
}

/* Points of each answer by the rule; how many are all right, and how many have each trait. */
static double *judge(int *all_right, int *held, const Comparison *c, const Answers *a,
                     const Rule *rule)
{
    double *points = mem_calloc((size_t)a->n, sizeof *points);
    *all_right = 0;
    for (int t = 0; t < c->n_traits; t++) held[t] = 0;
    for (int i = 0; i < a->n; i++) {
        points[i] = rule->score(c->prompt[i], a->text[i]);
        if (!rule->traits) continue;
        RepairFacts facts;
        repair_facts(&facts, c->prompt[i], a->text[i]);
        *all_right += rule_all_right(rule, &facts);
        for (int t = 0; t < c->n_traits; t++) held[t] += rule->traits[t].holds(&facts);
    }
    return points;
}

static void measure_rule(Comparison *c, const Rule *rule)
{
    int base[COMPARISON_TRAITS], aligned[COMPARISON_TRAITS], best[COMPARISON_TRAITS] = {0};
    c->n_traits = rule->n_traits < COMPARISON_TRAITS ? rule->n_traits : COMPARISON_TRAITS;
    c->base_points = judge(&c->base_all_right, base, c, &c->base, rule);
    c->aligned_points = judge(&c->all_right, aligned, c, &c->aligned, rule);
    if (c->best.n) c->best_points = judge(&c->best_all_right, best, c, &c->best, rule);
    for (int t = 0; t < c->n_traits; t++)
        c->trait[t] = (ComparisonTrait){.name = rule->traits[t].name,
                                        .wanted = rule->traits[t].points > 0,
                                        .base = base[t],
                                        .best = best[t],
                                        .aligned = aligned[t]};
    c->by_rule = win_rate_of_scores(c->aligned_points, c->base_points, c->n);
}

static void decide(Comparison *c, const Rule *rule)
{
    const double *aligned = rule ? c->aligned_points : c->aligned.score;
    const double *base = rule ? c->base_points : c->base.score;
    const double *best = rule ? c->best_points : c->best.score;
    if (c->scored) c->by_reward = win_rate_of_scores(c->aligned.score, c->base.score, c->n);
    if (c->best.n) {
        c->against_best = win_rate_of_scores(aligned, best, c->n);
        c->best_against_base = win_rate_of_scores(best, base, c->n);
    }
    const VerdictFacts facts = {.wins = rule ? c->by_rule : c->by_reward,
                                .finished = c->finished,
                                .base_finished = c->base_finished,
                                .distinct = c->distinct,
                                .base_distinct = c->base_distinct,
                                .verbatim = c->verbatim,
                                .base_verbatim = c->base_verbatim};
    c->verdict = verdict_of(&facts, &c->reasons);
}

void comparison_judge(Comparison *c, const ComparisonOptions *o)
{
    if (o->rule) measure_rule(c, o->rule);
    if (!o->people) decide(c, o->rule);
}

/* They read the same tokens: an answer of one is scored by the other. */
static bool check_tokenizer(const Loaded *base, const Loaded *other, Error *err)
{
    if (loaded_same_tokenizer(base, other)) return true;
    error_set(err, "%s has another tokenizer than %s: it does not come from this base", other->name,
              base->name);
    return false;
}

static int check_memory(const Loaded *base, const Loaded *aligned, const Loaded *reward,
                        const PromptTokens *p, const ComparisonOptions *o, Error *err)
{
    const Loaded *all[] = {base, aligned, reward};
    const int answers = p->n * (o->best_of > 0 ? o->best_of : 1);
    MemoryPlan plan = {0};
    for (int i = 0; i < 3 && all[i]; i++) {
        memory_plan_add_weights(&plan, all[i], &(ModelUse){.predicts = all[i] != reward});
        memory_plan_add_scoring(&plan, all[i]);
    }
    memory_plan_add_sampling(&plan, aligned, answers < o->batch ? answers : o->batch,
                             sequences_longest(&p->tokens) + o->max_new_tokens);
    return memory_plan_check(&plan, "a smaller --batch takes less", err);
}

static int same_model(const Loaded *base, const Loaded *aligned, Error *err)
{
    return error_set(err, "nothing to compare: %s and %s are the same model", base->name,
                     aligned->name);
}

static int read_models(Loaded *base, Loaded *aligned, Loaded *reward, Error *err)
{
    if (loaded_read(base, err) != 0 || loaded_read(aligned, err) != 0 ||
        (reward && loaded_read(reward, err) != 0))
        return -1;
    if (strcmp(base->hash, aligned->hash) == 0) return same_model(base, aligned, err);
    loaded_policy(base);
    loaded_policy(aligned);
    if (reward) loaded_policy(reward);
    return 0;
}

int comparison_run(Comparison *out, Store *store, Loaded *base, Loaded *aligned, Loaded *reward,
                   const ComparisonOptions *o, Error *err)
{
    Comparison c = {0};
    PromptTokens prompts = {0};
    int rc = -1;
    if (strcmp(base->folder, aligned->folder) == 0) {
        same_model(base, aligned, err);
        goto done;
    }
    if (!check_tokenizer(base, aligned, err) || (reward && !check_tokenizer(base, reward, err)))
        goto done;
    if (!reward && !o->people && (o->best_of > 0 || !o->rule)) {
        error_set(err, "no reward model to judge with; give --rule NAME --best-of 0, or train one: "
                       "rlhf reward");
        goto done;
    }
    if (read_prompts(&c, &prompts, store, base, o, err) != 0) goto done;
    if (check_memory(base, aligned, reward, &prompts, o, err) != 0 ||
        read_models(base, aligned, reward, err) != 0)
        goto done;
    if (answer_all(&c, store, base, aligned, reward, &prompts, o, err) != 0) goto done;
    comparison_measure_texts(&c, o);
    comparison_judge(&c, o);
    rc = 0;

done:
    prompts_free(&prompts);
    if (rc == 0) *out = c;
    else comparison_free(&c);
    return rc;
}

void comparison_free(Comparison *c)
{
    for (int i = 0; c->prompt && i < c->n; i++) free(c->prompt[i]);
    for (int i = 0; c->turns && i < c->n; i++) free(c->turns[i]);
    free(c->prompt), free(c->turns), free(c->prompt_id);
    free(c->base_id), free(c->aligned_id), free(c->best_id);
    answers_free(&c->base), answers_free(&c->aligned), answers_free(&c->best);
    free(c->base_points), free(c->aligned_points), free(c->best_points);
    text_free(&c->reasons);
    *c = (Comparison){0};
}

const char *comparison_prompt(const Comparison *c, int i)
{
    return c->turns && c->turns[i] ? c->turns[i] : c->prompt[i];
}

const double *comparison_points(const Comparison *c, const Answers *a)
{
    if (!c->aligned_points) return a->score;
    return a == &c->base ? c->base_points : a == &c->best ? c->best_points : c->aligned_points;
}

double comparison_gain(const Comparison *c, int i)
{
    return comparison_points(c, &c->aligned)[i] - comparison_points(c, &c->base)[i];
}

const char *comparison_caution(const WinRate *by_reward, Contest contest)
{
    static const char *const CAUTION[] = {
        [CONTEST_ALIGNED_BASE] =
            "Judged by the model it was trained on: an upper bound, not evidence.",
        [CONTEST_ALIGNED_BEST] =
            "Judged by the model that one was trained on and that picked the other: not evidence.",
        [CONTEST_BEST_BASE] = "Judged by the model that picked it: an upper bound, not evidence.",
    };
    if (by_reward->ties == by_reward->n)
        return "It gives every pair of answers equal scores, and so says nothing.";
    return CAUTION[contest];
}

const char *comparison_kl_text(char out[48], double kl, double error)
{
    const double half = 1.96 * error;
    if (isnan(error)) snprintf(out, 48, "%.1f", kl);
    else snprintf(out, 48, half < 0.095 ? "%.2f \u00b1%.2f" : "%.1f \u00b1%.1f", kl, half);
    return out;
}

const char *comparison_best_text(char out[96], const Comparison *c, int best_of)
{
    if (c->best_chosen > 0)
        snprintf(out, 96, "best of %d: at most %.1f", best_of, best_of_n_kl(best_of));
    else snprintf(out, 96, "best of %d: 0, for scores that are all equal choose nothing", best_of);
    return out;
}
