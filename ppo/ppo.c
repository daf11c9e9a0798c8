#include "ppo/ppo.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "ppo/ppo_private.h"

#define ENTRY(...) CONFIG_ENTRY_OF(PpoConfig, __VA_ARGS__)
static const ConfigField FIELDS[] = {PPO_CONFIG(ENTRY)};
const ConfigTable PPO_TABLE = {"ppo", FIELDS, sizeof FIELDS / sizeof *FIELDS, sizeof(PpoConfig)};

/* ---- opening -------------------------------------------------------------------------------------- */

PolicyOptions ppo_policy_options(const PpoConfig *c)
{
    const bool shared = c->value == VALUE_SHARED;
    return (PolicyOptions){.train = true,
                           .max_tokens = c->max_tokens,
                           .heads = shared,
                           .zero_head = shared,
                           .beside = shared,
                           OPTIMIZER_OPTIONS(c)};
}

PolicyOptions ppo_value_options(const PpoConfig *c)
{
    PolicyOptions o = ppo_policy_options(c);
    o.heads = 1;
    o.beside = false;
    o.zero_head = c->value_head == 1;
    return o;
}

int ppo_check_settings(const PpoConfig *c, Error *err)
{
    if (c->batch_size % c->minibatch_size != 0)
        return error_set(err, "ppo.minibatch_size %d does not divide ppo.batch_size %d",
                         c->minibatch_size, c->batch_size);
    if (c->kl_target > 0 && c->kl_coef == 0)
        return error_set(err,
                         "ppo.kl_coef is 0, which no ppo.kl_target (%g) can steer: set one of "
                         "them",
                         c->kl_target);
    if (c->dual_clip > 0 && c->dual_clip <= 1)
        return error_set(err,
                         "ppo.dual_clip %g: a ratio that clips bad tokens is above 1 (3 in the "
                         "paper); 0 is none",
                         c->dual_clip);
    if (c->overlong_buffer > c->max_new_tokens)
        return error_set(err,
                         "ppo.overlong_buffer %d is more than the %d ppo.max_new_tokens of the "
                         "longest response",
                         c->overlong_buffer, c->max_new_tokens);
    if (c->score_center && c->score_scale == SCALE_NONE)
        return error_set(err, "ppo.score_center goes with a ppo.score_scale, which is none");
    if (c->value == VALUE_SHARED && (c->critic_warmup > 0 || c->value_learning_rate > 0))
        return error_set(err,
                         "ppo.value shared has one trunk and one optimizer: ppo.critic_warmup and "
                         "ppo.value_learning_rate are of a separate value model; leave them at 0");
    return 0;
}

int ppo_check(const PpoConfig *c, const PpoInputs *in, Error *err)
{
    const ModelConfig *p = policy_config(in->policy), *f = policy_config(in->reference),
                      *r = policy_config(in->reward);
    if (ppo_check_settings(c, err) != 0) return -1;
    if (p->V != r->V)
        return error_set(
            err,
            "the reward model knows %d tokens and the policy %d: they have different tokenizers",
            r->V, p->V);
    if (p->V != f->V || p->C != f->C || p->n_layer != f->n_layer)
        return error_set(
            err, "the reference is of another architecture than the policy; it must be its base");
    if (in->prompts.n < 1) return error_set(err, "no prompts to train on");
    for (int i = 0; i < in->prompts.n; i++) {
        const int n = in->prompts.start[i + 1] - in->prompts.start[i];
        if (n < 1) return error_set(err, "prompt %d is empty", i + 1);
        if (n + c->max_new_tokens > p->max_T || n + c->max_new_tokens > r->max_T)
            return error_set(err,
                             "prompt %d has %d tokens; with ppo.max_new_tokens %d that is beyond "
                             "the context of %d",
                             i + 1, n, c->max_new_tokens,
                             p->max_T < r->max_T ? p->max_T : r->max_T);
    }
    return 0;
}

Ppo *ppo_new(const PpoInputs *in, const PpoConfig *c)
{
    Ppo *p = mem_calloc(1, sizeof *p);
    *p = (Ppo){.in = *in,
               .config = *c,
               .kl = {c->kl_coef, c->kl_target, c->kl_horizon},
               .prompts = shuffle_new(in->prompts.n, in->seed),
               .best = -1};
    if (c->eval_every > 0) p->held_out = held_out_new(&p->in, &p->config);
    return p;
}

void ppo_free(Ppo *p)
{
    if (!p) return;
    ppo_micro_free(&p->micro);
    held_out_free(p->held_out);
    rollout_free(&p->rollout);
    shuffle_free(&p->prompts);
    free(p);
}

const PpoMetrics *ppo_metrics(const Ppo *p)
{
    return &p->metrics;
}

const Rollout *ppo_rollout(const Ppo *p)
{
    return &p->rollout;
}

int64_t ppo_best(const Ppo *p, double *win_rate)
{
    *win_rate = p->best_rate;
    return p->best;
}

/* ---- rollout -------------------------------------------------------------------------------------- */

/* A rollout's own deviation, that of all so far with this one, or that of the first. */
static void scale_scores(Ppo *p)
{
    Rollout *r = &p->rollout;
    ScoreMoments batch = {0};
    const int how = p->config.score_scale;
    if (how == SCALE_NONE) return;
    score_moments_add(&batch, r->raw_score, r->B);
    if (how == SCALE_RUNNING || (how == SCALE_FIRST && p->scores.n == 0))
        score_moments_add(&p->scores, r->raw_score, r->B);
    rollout_scale_scores(r, &p->config, how == SCALE_BATCH ? &batch : &p->scores);
}

static int roll_out(Ppo *p, int64_t iteration, Error *err)
{
    const double began = log_clock();
    const int B = p->config.batch_size;
    int *prompt = mem_calloc((size_t)B, sizeof *prompt);
    uint64_t *key = mem_calloc((size_t)B, sizeof *key);
    for (int b = 0; b < B; b++) {
        key[b] = rng_item(RNG_FOR_ROLLOUT, (uint64_t)(iteration * B + b));
        prompt[b] = shuffle_at(&p->prompts, iteration * B + b);
    }
    rollout_free(&p->rollout);
    progress_pulse("sampling");
    const int rc = rollout_sample(&p->rollout, &p->in, &p->config, prompt, key, B, err);
    free(prompt);
    free(key);
    if (rc != 0) return -1;
    progress_pulse("scoring");
    const double sampled = log_clock();
    rollout_score(&p->rollout, &p->in, &p->config);
    scale_scores(p);
    const double drift = rollout_largest_log_ratio(&p->rollout);
    if (isnan(drift))
        return error_set(err,
                         "a log-probability of the policy or the reference is not a number: the "
                         "weights of one of them hold such numbers");
    if (!p->in.aligned_before && policy_steps(p->in.policy) == 0 && drift != 0)
        return error_set(err,
                         "policy and reference differ by %g nats at a token before the first "
                         "update; they must be "
                         "the same model in the same arithmetic",
                         drift);
    rollout_advantages(&p->rollout, &p->config, p->kl.coef);
    p->metrics.sampling = sampled - began;
    p->metrics.scoring = log_clock() - sampled;
    return 0;
}

/* ---- bounds and held-out prompts -------------------------------------------------------------------- */

static void check_bounds(Ppo *p)
{
    const PpoConfig *c = &p->config;
    const PpoMetrics *m = &p->metrics;
    const struct {
        const char *setting, *what;
        double limit, is;
        bool out;
    } BOUND[] = {
        {"stop_kl", "KL", c->stop_kl, m->kl, m->kl > c->stop_kl},
        {"stop_ratio", "largest ratio", c->stop_ratio, m->ratio_max, m->ratio_max > c->stop_ratio},
        {"stop_finished", "share of finished answers", c->stop_finished, m->finished,
         m->finished < c->stop_finished},
        {"stop_distinct", "share of different answers", c->stop_distinct, m->distinct,
         m->distinct < c->stop_distinct}};
    p->halt[0] = 0;
    for (size_t i = 0; i < sizeof BOUND / sizeof *BOUND && !p->halt[0]; i++)
        if (BOUND[i].limit > 0 && BOUND[i].out)
            snprintf(p->halt, sizeof p->halt, "the %s is %.4g, beyond ppo.%s %.4g", BOUND[i].what,
                     BOUND[i].is, BOUND[i].setting, BOUND[i].limit);
}

const char *ppo_out_of_bounds(const Ppo *p)
{
    return p->halt[0] ? p->halt : NULL;
}

static void put_metric(Text *members, const char *name, double x)
{
    text_format(members, ",\"%s\":", name);
    json_put_number(members, x);
}

/* Answers that break win by a flaw of the reward model. */
static void note_best(Ppo *p, int64_t done, const HeldOutResult *r)
{
    if (!r->broken && (p->best < 0 || r->win_rate > p->best_rate))
        p->best = done, p->best_rate = r->win_rate;
}

/* After step `done`, when it is time. */
static int evaluate_held_out(Ppo *p, int64_t done, Text *members, Text *note, Error *err)
{
    const PpoConfig *c = &p->config;
    HeldOutResult r;
    if (!p->held_out || (done % c->eval_every != 0 && done != c->iterations)) return 0;
    const double began = log_clock();
    progress_pulse("evaluating");
    if (held_out_evaluate(p->held_out, &r, err) != 0) return -1;
    note_best(p, done, &r);
    put_metric(members, "eval/win_rate", r.win_rate);
    put_metric(members, "eval/score", r.score);
    put_metric(members, "eval/base_score", r.base_score);
    put_metric(members, "eval/finished", r.shares.finished);
    put_metric(members, "eval/distinct", r.shares.distinct);
    if (p->best >= 0) put_metric(members, "eval/best", (double)p->best);
    put_metric(members, "time/evaluating", log_clock() - began);
    text_format(note, "  wins %.2f", r.win_rate);
    return 0;
}

static TrainerAdvice advice(void *self)
{
    const Ppo *p = self;
    return (TrainerAdvice){.halt = ppo_out_of_bounds(p), .best = p->best};
}

/* ---- the trainer ---------------------------------------------------------------------------------- */

static Rates rates_at(const PpoConfig *c, int64_t iteration)
{
    const double value = c->value_learning_rate > 0 ? c->value_learning_rate : c->learning_rate;
    return (Rates){OPTIMIZER_RATE(c, c->learning_rate, iteration, c->iterations),
                   OPTIMIZER_RATE(c, value, iteration, c->iterations)};
}

static int step(void *self, int64_t iteration, Text *members, Text *note, Error *err)
{
    Ppo *p = self;
    const PpoConfig *c = &p->config;
    const Rollout *r = &p->rollout;
    const double began = log_clock();
    const Rates rate = rates_at(c, iteration);
    const bool learn = iteration >= c->critic_warmup;
    Sums sums = {0};

    if (roll_out(p, iteration, err) != 0) return -1;
    if (ppo_update(p, iteration, learn, &rate, &sums, err) != 0) return -1;
    ppo_metrics_rollout(&p->metrics, r->logp, r->ref_logp, r->start, r->score, r->finished, r->B,
                        p->kl.coef);
    p->metrics.response_length = (double)r->n_response / r->B;
    p->metrics.distinct = answer_shares(r).distinct;
    ppo_metrics_update(&p->metrics, &sums.policy, &sums.value, sums.entropy);
    p->metrics.lr = learn ? rate.policy : 0;
    p->metrics.episode = (double)((iteration + 1) * c->batch_size);
    p->metrics.eps = c->batch_size / (log_clock() - began + 1e-9);
    kl_control_update(&p->kl,
                      c->kl_per == KL_PER_TOKEN ? p->metrics.kl / p->metrics.response_length
                                                : p->metrics.kl,
                      c->batch_size);
    ppo_metrics_json(&p->metrics, members);
    text_format(note, "score %.2f  kl %.2f", p->metrics.scores, p->metrics.kl);
    check_bounds(p);
    return evaluate_held_out(p, iteration + 1, members, note, err);
}

/* What the next step depends on beside the models.  kl_coef moves with kl_target; kl_coef_set is what the setting was,
 * and one that a resume changes takes its place. */
static int save_numbers(const Ppo *p, const char *dir, Error *err)
{
    const struct {
        const char *name;
        double x;
    } NUMBER[] = {{"kl_coef", p->kl.coef},
                  {"kl_coef_set", p->config.kl_coef},
                  {"scores_n", p->scores.n},
                  {"scores_mean", p->scores.mean},
                  {"scores_squares", p->scores.squares},
                  {"best", (double)p->best},
                  {"best_rate", p->best_rate},
                  {"out_of_bounds", p->halt[0] != 0}};
    char path[FILE_PATH_MAX];
    Text t = {0};
    if (path_join(path, dir, "ppo.json", err) != 0) return -1;
    for (size_t i = 0; i < sizeof NUMBER / sizeof *NUMBER; i++) {
        text_format(&t, "%s\"%s\": ", i ? ", " : "{", NUMBER[i].name);
        json_put_number(&t, NUMBER[i].x);
    }
    text_add(&t, "}\n");
    const int rc = file_write(path, t.bytes, t.n, err);
    text_free(&t);
    return rc;
}

static int load_numbers(Ppo *p, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    cJSON *state = NULL;
    if (path_join(path, dir, "ppo.json", err) != 0 ||
        json_read(&state, path, 1 << 16, false, err) != 0)
        return -1;
    const double coef = json_number(state, "kl_coef", NAN);
    const bool changed = json_number(state, "kl_coef_set", p->config.kl_coef) != p->config.kl_coef;
    p->kl.coef = changed ? p->config.kl_coef : coef;
    p->scores =
        (ScoreMoments){json_number(state, "scores_n", 0), json_number(state, "scores_mean", 0),
                       json_number(state, "scores_squares", 0)};
    p->best = (int64_t)json_number(state, "best", -1);
    p->best_rate = json_number(state, "best_rate", 0);
    snprintf(p->halt, sizeof p->halt, "%s",
             json_number(state, "out_of_bounds", 0) != 0 ? "its last iteration was beyond a bound"
                                                         : "");
    cJSON_Delete(state);
    return isfinite(coef) ? 0 : error_set(err, "%s: kl_coef is missing", path);
}

int64_t ppo_saved_best(const char *dir)
{
    char path[FILE_PATH_MAX];
    cJSON *state = NULL;
    Error ignored;
    if (path_join(path, dir, "ppo.json", &ignored) != 0 || !file_exists(path) ||
        json_read(&state, path, 1 << 16, false, &ignored) != 0)
        return -1;
    const int64_t best = (int64_t)json_number(state, "best", -1);
    cJSON_Delete(state);
    return best;
}

/* The policy is the checkpoint's own model; a separate value model lies in value/, the rest in ppo.json. */
static int save(void *self, const char *dir, Error *err)
{
    Ppo *p = self;
    char path[FILE_PATH_MAX];
    if (policy_save_state(p->in.policy, dir, err) != 0) return -1;
    if (!is_shared(p) && (path_join(path, dir, "value", err) != 0 || folder_make(path, err) != 0 ||
                          policy_save_state(p->in.value, path, err) != 0))
        return -1;
    return save_numbers(p, dir, err);
}

static int load(void *self, const char *dir, Error *err)
{
    Ppo *p = self;
    char path[FILE_PATH_MAX];
    if (policy_load_state(p->in.policy, dir, err) != 0) return -1;
    if (!is_shared(p) &&
        (path_join(path, dir, "value", err) != 0 || policy_load_state(p->in.value, path, err) != 0))
        return -1;
    return load_numbers(p, dir, err);
}

Trainer ppo_trainer(Ppo *p)
{
    return (Trainer){.self = p,
                     .total = p->config.iterations,
                     .step = step,
                     .save = save,
                     .load = load,
                     .advice = advice};
}
