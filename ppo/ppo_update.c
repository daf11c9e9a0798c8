#include "ppo/ppo_private.h"

#include <math.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"

/* ---- micro-batches -------------------------------------------------------------------------------- */

void ppo_micro_free(Micro *m)
{
    sequences_free(&m->sequences);
    free(m->want), free(m->want_logp), free(m->want_both), free(m->old_logp), free(m->advantage);
    free(m->old_value), free(m->ret), free(m->ref_logp), free(m->weight), free(m->logp);
    free(m->entropy), free(m->value), free(m->packed), free(m->gradient), free(m->dlogp);
    free(m->dvalue), free(m->dentropy);
    *m = (Micro){0};
}

static void micro_reserve(Micro *m, int N)
{
    if (N <= m->room) return;
    m->room = N + m->room / 2;
    const size_t n = (size_t)m->room;
    m->want = mem_realloc(m->want, n, sizeof *m->want);
    m->want_logp = mem_realloc(m->want_logp, n, sizeof *m->want_logp);
    m->want_both = mem_realloc(m->want_both, n, sizeof *m->want_both);
    double **arrays[] = {&m->old_logp, &m->advantage, &m->old_value, &m->ret,     &m->ref_logp,
                         &m->weight,   &m->logp,      &m->entropy,   &m->value,   &m->packed,
                         &m->gradient, &m->dlogp,     &m->dvalue,    &m->dentropy};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        *arrays[i] = mem_realloc(*arrays[i], n, sizeof(double));
}

/* Of each token of a response of n, in a minibatch of B responses and `total` tokens, where the losses are divided
 * by total: what makes of them the mean over responses of sums or means, or sums over the longest response. */
static double token_weight(const PpoConfig *c, int64_t total, int n)
{
    const double B = c->minibatch_size;
    switch (c->loss_average) {
    case LOSS_SEQUENCE_SUM: return (double)total / B;
    case LOSS_SEQUENCE_MEAN: return (double)total / (B * n);
    case LOSS_LENGTH: return (double)total / (B * c->max_new_tokens);
    default: return 1;
    }
}

/* What is known of episode b's tokens, at `at` in the micro-batch. */
static void micro_add(Micro *m, const Rollout *r, int b, int at, double weight)
{
    const int from = r->start[b], n = r->start[b + 1] - from;
    for (int i = 0; i < n; i++) {
        const bool is_response = r->want[from + i] != 0;
        m->want_logp[at + i] = is_response ? WANT_LOGP | WANT_ENTROPY : 0;
        m->want[at + i] = i + 1 < n && r->want[from + i + 1] ? WANT_VALUE : 0;
        m->want_both[at + i] = m->want_logp[at + i] | m->want[at + i];
        if (!is_response) continue;
        m->old_logp[m->n] = r->logp[from + i];
        m->advantage[m->n] = r->advantage[from + i];
        m->old_value[m->n] = r->value[from + i];
        m->ref_logp[m->n] = r->ref_logp[from + i];
        m->weight[m->n] = weight;
        m->ret[m->n++] = r->ret[from + i];
    }
}

/* The micro-batch of episodes that begins at place `first`; returns the place after it. */
static int micro_fill(Ppo *p, const SequenceItems *items, int first, int64_t total)
{
    Micro *m = &p->micro;
    const int last = sequences_take(&m->sequences, items, first, p->config.max_tokens);
    micro_reserve(m, m->sequences.tokens);
    m->n = 0;
    const Rollout *r = &p->rollout;
    for (int i = first; i < last; i++) {
        const int b = items->item[i];
        micro_add(m, r, b, m->sequences.start[i - first],
                  token_weight(&p->config, total, r->start[b + 1] - r->response[b]));
    }
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

/* The mean over tokens is what it is made for, and its bits stay. */
static void weigh(const Ppo *p, double *gradient)
{
    if (p->config.loss_average == LOSS_PER_TOKEN) return;
    for (int i = 0; i < p->micro.n; i++) gradient[i] *= p->micro.weight[i];
}

/* From logp and entropy to the gradients by them, dlogp and dentropy; the entropy's is NULL without a weight. */
static int policy_terms(Ppo *p, int64_t total, bool fresh, Sums *sums, Error *err)
{
    Micro *m = &p->micro;
    const PpoConfig *c = &p->config;
    const int N = m->sequences.tokens;
    pack(m->packed, m->logp, m->want_logp, N);
    if (fresh && check_ratio(m, err) != 0) return -1;
    for (int i = 0; i < N; i++) sums->entropy += m->entropy[i];
    ppo_policy_loss(m->gradient, &sums->policy, m->packed, m->old_logp, m->advantage, m->n, total,
                    (RatioClip){c->clip_range, c->dual_clip});
    if (c->kl_loss_coef > 0)
        ppo_kl_loss_gradient(m->gradient, m->packed, m->ref_logp, m->n, total, c->kl_loss_coef,
                             c->kl_loss == KL_LOSS_K2);
    weigh(p, m->gradient);
    unpack(m->dlogp, m->gradient, m->want_logp, N);
    if (c->entropy_coef > 0) {
        for (int i = 0; i < m->n; i++) m->gradient[i] = -c->entropy_coef / (double)total;
        weigh(p, m->gradient);
        unpack(m->dentropy, m->gradient, m->want_logp, N);
    }
    return 0;
}

static void value_terms(Ppo *p, int64_t total, Sums *sums)
{
    Micro *m = &p->micro;
    pack(m->packed, m->value, m->want, m->sequences.tokens);
    ppo_value_loss(m->gradient, &sums->value, m->packed, m->old_value, m->ret, m->n, total,
                   p->config.clip_range_value, p->config.value_coef);
    weigh(p, m->gradient);
    unpack(m->dvalue, m->gradient, m->want, m->sequences.tokens);
}

static double *entropy_gradient(const Ppo *p)
{
    return p->config.entropy_coef > 0 ? p->micro.dentropy : NULL;
}

static int policy_gradient(Ppo *p, int64_t total, bool fresh, Sums *sums, Error *err)
{
    Micro *m = &p->micro;
    const TokenBatch b = micro_batch(m, m->want_logp, p->config.temperature);
    policy_evaluate(p->in.policy, &b, &(TokenTerms){.logp = m->logp, .entropy = m->entropy});
    if (policy_terms(p, total, fresh, sums, err) != 0) return -1;
    policy_accumulate(p->in.policy, &b,
                      &(TokenTerms){.logp = m->dlogp, .entropy = entropy_gradient(p)});
    return 0;
}

static void value_gradient(Ppo *p, int64_t total, Sums *sums)
{
    Micro *m = &p->micro;
    const TokenBatch b = micro_batch(m, m->want, 1);
    policy_evaluate(p->in.value, &b, &(TokenTerms){.value = m->value});
    value_terms(p, total, sums);
    policy_accumulate(p->in.value, &b, &(TokenTerms){.value = m->dvalue});
}

/* Both over one trunk, forward and backward once. */
static int shared_gradient(Ppo *p, int64_t total, bool fresh, Sums *sums, Error *err)
{
    Micro *m = &p->micro;
    const TokenBatch b = micro_batch(m, m->want_both, p->config.temperature);
    policy_evaluate(p->in.policy, &b, &(TokenTerms){m->logp, m->entropy, m->value});
    if (policy_terms(p, total, fresh, sums, err) != 0) return -1;
    value_terms(p, total, sums);
    policy_accumulate(p->in.policy, &b, &(TokenTerms){m->dlogp, entropy_gradient(p), m->dvalue});
    return 0;
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

/* What this minibatch adds to the sums over tokens. */
static double mean_ratio(const PpoPolicySums *now, const PpoPolicySums *before)
{
    return (now->ratio - before->ratio) / (double)(now->n - before->n);
}

/* Both before either steps: a step of one alone could not be taken back. */
static int take_step(Ppo *p, bool learn, const Rates *rate, Error *err)
{
    const double longest = p->config.max_grad_norm;
    if (learn && check_norm(p->in.policy, "policy", rate->policy, err) != 0) return -1;
    if (is_shared(p)) {
        policy_step(p->in.policy, rate->policy, longest);
        return 0;
    }
    if (check_norm(p->in.value, "value model", rate->value, err) != 0) return -1;
    if (learn) policy_step(p->in.policy, rate->policy, longest);
    policy_step(p->in.value, rate->value, longest);
    return 0;
}

/* One optimizer step of each model on the episodes episode (minibatch_size). */
static int minibatch(Ppo *p, const int *episode, bool learn, bool fresh, const Rates *rate,
                     Sums *sums, Error *err)
{
    const PpoConfig *c = &p->config;
    Rollout *r = &p->rollout;
    const SequenceItems items = {r->token, r->start, 1, episode, c->minibatch_size};
    const PpoPolicySums before = sums->policy;
    int64_t total = 0;
    for (int i = 0; i < items.n; i++) total += r->start[episode[i] + 1] - r->response[episode[i]];
    if (c->whiten_over == WHITEN_MINIBATCH)
        rollout_advantages_of(r, c, p->kl.coef, episode, items.n);
    for (int i = 0; i < items.n;) {
        i = micro_fill(p, &items, i, total);
        if (is_shared(p)) {
            if (shared_gradient(p, total, fresh, sums, err) != 0) return -1;
            continue;
        }
        if (learn && policy_gradient(p, total, fresh, sums, err) != 0) return -1;
        value_gradient(p, total, sums);
    }
    if (!isfinite(sums->policy.loss) || !isfinite(sums->value.loss))
        return error_set(err, "the loss is not a number (policy %g, value %g)", sums->policy.loss,
                         sums->value.loss);
    const bool skip =
        learn && c->ratio_guard > 0 && mean_ratio(&sums->policy, &before) > c->ratio_guard;
    if (skip) policy_discard(p->in.policy);
    p->metrics.skipped += skip;
    if (skip && is_shared(p)) return 0;
    return take_step(p, learn && !skip, rate, err);
}

/* Whether the pass just made took the policy so far that another would lead astray. */
static bool has_moved(const Ppo *p, const PpoPolicySums *now, const PpoPolicySums *before)
{
    const double n = (double)(now->n - before->n);
    return p->config.epoch_kl > 0 && n > 0 &&
           (before->log_ratio - now->log_ratio) / n > p->config.epoch_kl;
}

int ppo_update(Ppo *p, int64_t iteration, bool learn, const Rates *rate, Sums *sums, Error *err)
{
    const PpoConfig *c = &p->config;
    int *order = mem_calloc((size_t)c->batch_size, sizeof *order);
    bool enough = false;
    int rc = 0;
    const double began = log_clock();
    progress_pulse("updating");
    rollout_keep_packed(&p->in, p->in.policy, p->in.value);
    p->metrics.passes = p->metrics.skipped = 0;
    for (int e = 0; e < c->epochs && rc == 0 && !enough; e++) {
        const PpoPolicySums before = sums->policy;
        p->metrics.passes++;
        rng_permutation(order, c->batch_size, p->in.seed, RNG_MINIBATCH,
                        (uint64_t)(iteration * c->epochs + e));
        for (int first = 0; first < c->batch_size && rc == 0; first += c->minibatch_size)
            rc = minibatch(p, order + first, learn, e == 0 && first == 0, rate, sums, err);
        enough = has_moved(p, &sums->policy, &before);
    }
    free(order);
    p->metrics.updating = log_clock() - began;
    return rc;
}
