#include "ppo/ppo.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/shuffle.h"
#include "policy/sequences.h"
#include "ppo/kl_control.h"
#include "ppo/ppo_loss.h"
#include "ppo/rollout.h"

#define ENTRY(...) CONFIG_ENTRY_OF(PpoConfig, __VA_ARGS__)
static const ConfigField FIELDS[] = {PPO_CONFIG(ENTRY)};
const ConfigTable PPO_TABLE = {"ppo", FIELDS, sizeof FIELDS / sizeof *FIELDS, sizeof(PpoConfig)};

/* Some episodes of the rollout side by side, with the gradient that goes back. */
typedef struct {
    Sequences sequences;
    int room;                        /* N at most */
    unsigned char *want, *want_logp; /* what is asked of the value model, and of the policy */
    double *old_logp, *advantage, *old_value, *ret; /* (n) packed response tokens */
    double *logp, *entropy, *value;                 /* (N) results */
    double *packed, *gradient;                      /* (n) */
    double *dtoken;                                 /* (N) */
    int n;                                          /* response tokens */
} Micro;

struct Ppo {
    PpoInputs in;
    PpoConfig config;
    KlControl kl;
    Rollout rollout;
    Micro micro;
    Shuffle prompts; /* the order of in.prompts */
    PpoMetrics metrics;
};

/* ---- opening -------------------------------------------------------------------------------------- */

PolicyOptions ppo_policy_options(const PpoConfig *c)
{
    return (PolicyOptions){.train = true, .max_tokens = c->max_tokens, OPTIMIZER_OPTIONS(c)};
}

PolicyOptions ppo_value_options(const PpoConfig *c)
{
    PolicyOptions o = ppo_policy_options(c);
    o.heads = 1;
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
               .prompts = shuffle_new(in->prompts.n, in->seed)};
    return p;
}

static void micro_free(Micro *m)
{
    sequences_free(&m->sequences);
    free(m->want), free(m->want_logp), free(m->old_logp), free(m->advantage);
    free(m->old_value), free(m->ret), free(m->logp), free(m->entropy), free(m->value),
        free(m->packed);
    free(m->gradient), free(m->dtoken);
    *m = (Micro){0};
}

void ppo_free(Ppo *p)
{
    if (!p) return;
    micro_free(&p->micro);
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

/* ---- rollout -------------------------------------------------------------------------------------- */

static int roll_out(Ppo *p, int64_t iteration, Error *err)
{
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
    rollout_score(&p->rollout, &p->in, &p->config);
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
    return 0;
}

/* ---- updates -------------------------------------------------------------------------------------- */

static void micro_reserve(Micro *m, int N)
{
    if (N <= m->room) return;
    m->room = N + m->room / 2;
    const size_t n = (size_t)m->room;
    m->want = mem_realloc(m->want, n, sizeof *m->want);
    m->want_logp = mem_realloc(m->want_logp, n, sizeof *m->want_logp);
    double **arrays[] = {&m->old_logp, &m->advantage, &m->old_value, &m->ret,      &m->logp,
                         &m->entropy,  &m->value,     &m->packed,    &m->gradient, &m->dtoken};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        *arrays[i] = mem_realloc(*arrays[i], n, sizeof(double));
}

/* What is known of episode b's tokens, at `at` in the micro-batch. */
static void micro_add(Micro *m, const Rollout *r, int b, int at)
{
    const int from = r->start[b], n = r->start[b + 1] - from;
    for (int i = 0; i < n; i++) {
        const bool is_response = r->want[from + i] != 0;
        m->want_logp[at + i] = is_response ? WANT_LOGP | WANT_ENTROPY : 0;
        m->want[at + i] = i + 1 < n && r->want[from + i + 1] ? WANT_VALUE : 0;
        if (!is_response) continue;
        m->old_logp[m->n] = r->logp[from + i];
        m->advantage[m->n] = r->advantage[from + i];
        m->old_value[m->n] = r->value[from + i];
        m->ret[m->n++] = r->ret[from + i];
    }
}

/* The micro-batch of episodes that begins at place `first`; returns the place after it. */
static int micro_fill(Ppo *p, const SequenceItems *items, int first)
{
    Micro *m = &p->micro;
    const int last = sequences_take(&m->sequences, items, first, p->config.max_tokens);
    micro_reserve(m, m->sequences.tokens);
    m->n = 0;
    for (int i = first; i < last; i++)
        micro_add(m, &p->rollout, items->item[i], m->sequences.start[i - first]);
    return last;
}

static TokenBatch micro_batch(const Micro *m, const unsigned char *want, double temperature)
{
    const Sequences *s = &m->sequences;
    return (TokenBatch){.B = s->n,
                        .N = s->tokens,
                        .token = s->token,
                        .start = s->start,
                        .want = want,
                        .temperature = temperature};
}

/* Numbers at the tokens where `want` is set, packed; and back. */
static void pack(double *packed, const double *x, const unsigned char *want, int N)
{
    for (int i = 0; i < N; i++)
        if (want[i]) *packed++ = x[i];
}

static void unpack(double *x, const double *packed, const unsigned char *want, int N)
{
    for (int i = 0; i < N; i++) x[i] = want[i] ? *packed++ : 0;
}

static int check_ratio(const Micro *m, Error *err)
{
    for (int i = 0; i < m->n; i++)
        if (m->packed[i] != m->old_logp[i])
            return error_set(
                err,
                "a response token has log-probability %.9g where the sampler had %.9g, before any "
                "update: every ratio must be exactly 1; the arithmetic or the weights changed "
                "(rlhf doctor)",
                m->packed[i], m->old_logp[i]);
    return 0;
}

typedef struct {
    PpoPolicySums policy;
    PpoValueSums value;
    double entropy;
} Sums;

static int policy_gradient(Ppo *p, int64_t total, bool fresh, Sums *sums, Error *err)
{
    Micro *m = &p->micro;
    const TokenBatch b = micro_batch(m, m->want_logp, p->config.temperature);
    policy_evaluate(p->in.policy, &b, &(TokenTerms){.logp = m->logp, .entropy = m->entropy});
    pack(m->packed, m->logp, m->want_logp, b.N);
    if (fresh && check_ratio(m, err) != 0) return -1;
    for (int i = 0; i < b.N; i++) sums->entropy += m->entropy[i];
    ppo_policy_loss(m->gradient, &sums->policy, m->packed, m->old_logp, m->advantage, m->n, total,
                    p->config.clip_range);
    unpack(m->dtoken, m->gradient, m->want_logp, b.N);
    policy_accumulate(p->in.policy, &b, &(TokenTerms){.logp = m->dtoken});
    return 0;
}

static void value_gradient(Ppo *p, int64_t total, Sums *sums)
{
    Micro *m = &p->micro;
    const TokenBatch b = micro_batch(m, m->want, 1);
    policy_evaluate(p->in.value, &b, &(TokenTerms){.value = m->value});
    pack(m->packed, m->value, m->want, b.N);
    ppo_value_loss(m->gradient, &sums->value, m->packed, m->old_value, m->ret, m->n, total,
                   p->config.clip_range_value, p->config.value_coef);
    unpack(m->dtoken, m->gradient, m->want, b.N);
    policy_accumulate(p->in.value, &b, &(TokenTerms){.value = m->dtoken});
}

static int check_norm(const Policy *policy, const char *what, double rate, Error *err)
{
    const double norm = policy_gradient_norm(policy);
    if (isfinite(norm)) return 0;
    return error_set(err,
                     "the norm of the %s's gradient is %g; this step changed nothing; try a lower "
                     "learning_rate (%g now)",
                     what, norm, rate);
}

/* Learning rates of one iteration. */
typedef struct {
    double policy, value;
} Rates;

static Rates rates_at(const PpoConfig *c, int64_t iteration)
{
    const double value = c->value_learning_rate > 0 ? c->value_learning_rate : c->learning_rate;
    return (Rates){OPTIMIZER_RATE(c, c->learning_rate, iteration, c->iterations),
                   OPTIMIZER_RATE(c, value, iteration, c->iterations)};
}

/* One optimizer step of each model on the episodes episode (minibatch_size). */
static int minibatch(Ppo *p, const int *episode, bool learn, bool fresh, const Rates *rate,
                     Sums *sums, Error *err)
{
    const PpoConfig *c = &p->config;
    const Rollout *r = &p->rollout;
    const SequenceItems items = {r->token, r->start, 1, episode, c->minibatch_size};
    int64_t total = 0;
    for (int i = 0; i < items.n; i++) total += r->start[episode[i] + 1] - r->response[episode[i]];
    for (int i = 0; i < items.n;) {
        i = micro_fill(p, &items, i);
        if (learn && policy_gradient(p, total, fresh, sums, err) != 0) return -1;
        value_gradient(p, total, sums);
    }
    if (!isfinite(sums->policy.loss) || !isfinite(sums->value.loss))
        return error_set(err, "the loss is not a number (policy %g, value %g)", sums->policy.loss,
                         sums->value.loss);
    /* both before either steps: a step of one alone could not be taken back */
    if (learn && check_norm(p->in.policy, "policy", rate->policy, err) != 0) return -1;
    if (check_norm(p->in.value, "value model", rate->value, err) != 0) return -1;
    if (learn) policy_step(p->in.policy, rate->policy, c->max_grad_norm);
    policy_step(p->in.value, rate->value, c->max_grad_norm);
    return 0;
}

static int update(Ppo *p, int64_t iteration, bool learn, const Rates *rate, Sums *sums, Error *err)
{
    const PpoConfig *c = &p->config;
    int *order = mem_calloc((size_t)c->batch_size, sizeof *order);
    int rc = 0;
    progress_pulse("updating");
    for (int e = 0; e < c->epochs && rc == 0; e++) {
        rng_permutation(order, c->batch_size, p->in.seed, RNG_MINIBATCH,
                        (uint64_t)(iteration * c->epochs + e));
        for (int first = 0; first < c->batch_size && rc == 0; first += c->minibatch_size)
            rc = minibatch(p, order + first, learn, e == 0 && first == 0, rate, sums, err);
    }
    free(order);
    return rc;
}

/* ---- the trainer ---------------------------------------------------------------------------------- */

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
    if (update(p, iteration, learn, &rate, &sums, err) != 0) return -1;
    ppo_metrics_rollout(&p->metrics, r->logp, r->ref_logp, r->start, r->score, r->finished, r->B,
                        p->kl.coef);
    p->metrics.response_length = (double)r->n_response / r->B;
    ppo_metrics_update(&p->metrics, &sums.policy, &sums.value, sums.entropy);
    p->metrics.lr = learn ? rate.policy : 0;
    p->metrics.episode = (double)((iteration + 1) * c->batch_size);
    p->metrics.eps = c->batch_size / (log_clock() - began + 1e-9);
    kl_control_update(&p->kl, p->metrics.kl, c->batch_size);
    ppo_metrics_json(&p->metrics, members);
    text_format(note, "score %.2f  kl %.2f", p->metrics.scores, p->metrics.kl);
    return 0;
}

/* The policy is the checkpoint's own model; the value model lies in value/, the rest in ppo.json. */
static int save(void *self, const char *dir, Error *err)
{
    Ppo *p = self;
    char path[FILE_PATH_MAX];
    Text t = {0};
    int rc = -1;
    if (policy_save_state(p->in.policy, dir, err) != 0) goto done;
    if (path_join(path, dir, "value", err) != 0 || folder_make(path, err) != 0) goto done;
    if (policy_save_state(p->in.value, path, err) != 0) goto done;
    if (path_join(path, dir, "ppo.json", err) != 0) goto done;
    text_add(&t, "{\"kl_coef\": ");
    json_put_number(&t, p->kl.coef);
    text_add(&t, "}\n");
    rc = file_write(path, t.bytes, t.n, err);

done:
    text_free(&t);
    return rc;
}

static int load(void *self, const char *dir, Error *err)
{
    Ppo *p = self;
    char path[FILE_PATH_MAX];
    cJSON *state = NULL;
    if (policy_load_state(p->in.policy, dir, err) != 0) return -1;
    if (path_join(path, dir, "value", err) != 0 || policy_load_state(p->in.value, path, err) != 0)
        return -1;
    if (path_join(path, dir, "ppo.json", err) != 0 ||
        json_read(&state, path, 1 << 16, false, err) != 0)
        return -1;
    p->kl.coef = json_number(state, "kl_coef", NAN);
    cJSON_Delete(state);
    return isfinite(p->kl.coef) ? 0 : error_set(err, "%s: kl_coef is missing", path);
}

Trainer ppo_trainer(Ppo *p)
{
    return (Trainer){
        .self = p, .total = p->config.iterations, .step = step, .save = save, .load = load};
}
