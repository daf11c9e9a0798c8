#include "ppo/rollout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ppo/gae.h"
#include "ppo/token_reward.h"
#include "ppo/whiten.h"
#include "reward/reward.h"

static void allocate(Rollout *r, int B, int N)
{
    const size_t n = (size_t)N, b = (size_t)B;
    *r = (Rollout){.B = B, .N = N};
    r->token = mem_calloc(n, sizeof *r->token);
    r->start = mem_calloc(b + 1, sizeof *r->start);
    r->response = mem_calloc(b, sizeof *r->response);
    r->finished = mem_calloc(b, sizeof *r->finished);
    r->want = mem_calloc(n, sizeof *r->want);
    double **per_token[] = {&r->logp, &r->ref_logp, &r->value, &r->reward, &r->advantage, &r->ret};
    for (size_t i = 0; i < sizeof per_token / sizeof *per_token; i++)
        *per_token[i] = mem_calloc(n, sizeof(double));
    r->raw_score = mem_calloc(b, sizeof *r->raw_score);
    r->score = mem_calloc(b, sizeof *r->score);
}

void rollout_free(Rollout *r)
{
    free(r->token), free(r->start), free(r->response), free(r->finished), free(r->want);
    free(r->logp), free(r->ref_logp), free(r->value), free(r->reward), free(r->advantage),
        free(r->ret);
    free(r->raw_score), free(r->score);
    *r = (Rollout){0};
}

/* Prompt and response of every episode, end to end. */
static void join(Rollout *r, const Prompts *prompts, const Responses *responses)
{
    allocate(r, prompts->n, prompts->start[prompts->n] + responses->start[prompts->n]);
    int at = 0;
    for (int b = 0; b < r->B; b++) {
        const int np = prompts->start[b + 1] - prompts->start[b];
        const int nr = responses->start[b + 1] - responses->start[b];
        const size_t from = (size_t)responses->start[b];
        memcpy(r->token + at, prompts->token + prompts->start[b], (size_t)np * sizeof *r->token);
        memcpy(r->token + at + np, responses->token + from, (size_t)nr * sizeof *r->token);
        memcpy(r->logp + at + np, responses->logp + from, (size_t)nr * sizeof *r->logp);
        memset(r->want + at + np, WANT_LOGP, (size_t)nr);
        r->response[b] = at + np;
        r->finished[b] = responses->finish[b] == FINISH_STOP;
        at += np + nr;
        r->start[b + 1] = at;
        r->n_response += nr;
    }
}

void rollout_keep_packed(const PpoInputs *in, Policy *one, Policy *other)
{
    Policy *const all[] = {in->policy, in->reference, in->value, in->reward};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const Model *m = policy_model(all[i]);
        const bool used = m == policy_model(one) || (other && m == policy_model(other));
        if (!used) policy_release_packed(all[i]);
    }
}

/* While it decodes there are keys and values of all layers, and no passes. */
static void begin_sampling(const PpoInputs *in)
{
    Policy *const all[] = {in->policy, in->reference, in->value, in->reward};
    rollout_keep_packed(in, in->policy, NULL);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) policy_release_room(all[i]);
}

int rollout_sample(Rollout *r, const PpoInputs *in, const PpoConfig *c, const int *prompt,
                   const uint64_t *key, int B, Error *err)
{
    SamplingConfig s = {.temperature = c->temperature,
                        .max_new_tokens = c->max_new_tokens,
                        .top_p = 1,
                        .n_stop = in->n_stop,
                        .seed = in->seed,
                        .batch = c->generate_batch};
    memcpy(s.stop, in->stop, sizeof s.stop);
    int *start = mem_calloc((size_t)B + 1, sizeof *start), *token;
    for (int b = 0; b < B; b++)
        start[b + 1] = start[b] + in->prompts.start[prompt[b] + 1] - in->prompts.start[prompt[b]];
    token = mem_calloc((size_t)start[B], sizeof *token);
    for (int b = 0; b < B; b++)
        memcpy(token + start[b], in->prompts.token + in->prompts.start[prompt[b]],
               (size_t)(start[b + 1] - start[b]) * sizeof *token);

    begin_sampling(in);
    const Prompts prompts = {.n = B, .token = token, .start = start, .key = key};
    Responses responses = {0};
    const int rc = policy_generate(in->policy, &prompts, &s, &responses, err);
    if (rc == 0) join(r, &prompts, &responses);
    responses_free(&responses);
    free(start);
    free(token);
    return rc;
}

static TokenBatch batch_of(const Rollout *r, double temperature)
{
    return (TokenBatch){.B = r->B,
                        .N = r->N,
                        .token = r->token,
                        .start = r->start,
                        .want = r->want,
                        .temperature = temperature};
}

/* Values of the states in which tokens were chosen: value[i] = head after token i-1, at want[i]. */
static void state_values(double *value, Policy *p, const TokenBatch *b)
{
    unsigned char *want = mem_calloc((size_t)b->N, sizeof *want);
    double *after = mem_calloc((size_t)b->N, sizeof *after);
    for (int i = 1; i < b->N; i++)
        if (b->want[i]) want[i - 1] = WANT_VALUE;
    TokenBatch shifted = *b;
    shifted.want = want;
    policy_measure(p, &shifted, &(TokenTerms){.value = after});
    for (int i = 0; i < b->N; i++) value[i] = i > 0 && b->want[i] ? after[i - 1] : 0;
    free(want);
    free(after);
}

static double shaped(const Rollout *r, const PpoConfig *c, int b, double score)
{
    const double overlong = overlong_penalty(r->start[b + 1] - r->response[b], c->max_new_tokens,
                                             c->overlong_buffer, c->overlong_penalty);
    return score_shape(score - overlong, r->finished[b], c->missing_stop_penalty,
                       c->missing_stop == 1, c->score_clip);
}

void rollout_score(Rollout *r, const PpoInputs *in, const PpoConfig *c)
{
    const TokenBatch b = batch_of(r, c->temperature);
    /* The policy was packed to sample and is in the update; the value model is last because it is, too. */
    rollout_keep_packed(in, in->policy, in->reference);
    policy_measure(in->reference, &b, &(TokenTerms){.logp = r->ref_logp});
    rollout_keep_packed(in, in->policy, in->reward);
    reward_score(r->raw_score, in->reward, r->token, r->start, r->B);
    rollout_keep_packed(in, in->policy, in->value);
    state_values(r->value, in->value, &b);
    for (int i = 0; i < r->B; i++) r->score[i] = shaped(r, c, i, r->raw_score[i]);
}

void rollout_scale_scores(Rollout *r, const PpoConfig *c, const ScoreMoments *moments)
{
    for (int i = 0; i < r->B; i++)
        r->score[i] = shaped(r, c, i, score_scaled(moments, r->raw_score[i], c->score_center));
}

/* Episodes of a rollout: all of them where `item` is NULL. */
typedef struct {
    const int *item; /* (n) */
    int n;
} Episodes;

static int episode_at(const Episodes *e, int i)
{
    return e->item ? e->item[i] : i;
}

/* Whiten the numbers of their response tokens, which lie scattered among prompts. */
static void whiten_responses(double *x, const Rollout *r, const Episodes *e, bool shift_mean,
                             bool unbiased)
{
    double *packed = mem_calloc((size_t)r->n_response, sizeof *packed);
    int n = 0;
    for (int k = 0; k < e->n; k++) {
        const int b = episode_at(e, k);
        for (int i = r->response[b]; i < r->start[b + 1]; i++) packed[n++] = x[i];
    }
    whiten(packed, packed, n, shift_mean, unbiased);
    n = 0;
    for (int k = 0; k < e->n; k++) {
        const int b = episode_at(e, k);
        for (int i = r->response[b]; i < r->start[b + 1]; i++) x[i] = packed[n++];
    }
    free(packed);
}

void rollout_advantages_of(Rollout *r, const PpoConfig *c, double kl_coef, const int *episode,
                           int n)
{
    const Episodes e = {episode, n};
    const KlPenalty kl = {kl_coef, (KlEstimator)c->kl_estimator, c->kl_clip};
    for (int k = 0; k < n; k++) {
        const int b = episode_at(&e, k), at = r->response[b], T = r->start[b + 1] - at;
        token_reward(r->reward + at, r->logp + at, r->ref_logp + at, r->score[b], T, &kl);
    }
    if (c->whiten_rewards) whiten_responses(r->reward, r, &e, false, c->whiten_unbiased);
    for (int k = 0; k < n; k++) {
        const int b = episode_at(&e, k), at = r->response[b], T = r->start[b + 1] - at;
        gae(r->advantage + at, r->ret + at, r->reward + at, r->value + at, T, c->gamma, c->lambda);
    }
    if (c->whiten_advantages) whiten_responses(r->advantage, r, &e, true, c->whiten_unbiased);
}

void rollout_advantages(Rollout *r, const PpoConfig *c, double kl_coef)
{
    rollout_advantages_of(r, c, kl_coef, NULL, r->B);
}

double rollout_kl(const Rollout *r, int b)
{
    double kl = 0;
    for (int i = r->response[b]; i < r->start[b + 1]; i++) kl += r->logp[i] - r->ref_logp[i];
    return kl;
}

double rollout_largest_log_ratio(const Rollout *r)
{
    double largest = 0;
    for (int i = 0; i < r->N; i++) {
        const double distance = fabs(r->logp[i] - r->ref_logp[i]);
        if (!(distance <= largest)) largest = distance; /* a NaN stays; fmax would drop it */
        if (isnan(largest)) break;
    }
    return largest;
}
