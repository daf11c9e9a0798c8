#include "ppo/held_out.h"

#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "reward/reward.h"

static const double FINISHED_MIN = 0.95, DISTINCT_MIN = 0.90, SLACK = 0.02; /* compare/verdict.c */
static const double SAME_SCORE = 1e-9;                                      /* compare/win_rate.h */

struct HeldOut {
    const PpoInputs *in;
    const PpoConfig *c;
    int n;
    int *prompt;                /* (n) their places */
    uint64_t *key;              /* (n) */
    double *score, *base_score; /* (n) */
    AnswerShares base;
    bool has_base;
};

HeldOut *held_out_new(const PpoInputs *in, const PpoConfig *c)
{
    const int n = in->held_out.n < c->eval_prompts ? in->held_out.n : c->eval_prompts;
    if (n == 0) return NULL;
    HeldOut *h = mem_calloc(1, sizeof *h);
    *h = (HeldOut){.in = in, .c = c, .n = n};
    h->prompt = mem_calloc((size_t)n, sizeof *h->prompt);
    h->key = mem_calloc((size_t)n, sizeof *h->key);
    h->score = mem_calloc((size_t)n, sizeof *h->score);
    h->base_score = mem_calloc((size_t)n, sizeof *h->base_score);
    for (int i = 0; i < n; i++)
        h->prompt[i] = i, h->key[i] = rng_item(RNG_FOR_HELD_OUT, (uint64_t)i);
    return h;
}

void held_out_free(HeldOut *h)
{
    if (!h) return;
    free(h->prompt);
    free(h->key);
    free(h->score);
    free(h->base_score);
    free(h);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

AnswerShares answer_shares(const Rollout *r)
{
    uint64_t *hash = mem_calloc((size_t)r->B, sizeof *hash);
    int finished = 0, distinct = 0;
    for (int b = 0; b < r->B; b++) {
        const size_t n = (size_t)(r->start[b + 1] - r->response[b]);
        hash[b] = keyed_hash(r->token + r->response[b], n * sizeof *r->token, "distinct");
        finished += r->finished[b];
    }
    qsort(hash, (size_t)r->B, sizeof *hash, by_value);
    for (int b = 0; b < r->B; b++) distinct += b == 0 || hash[b] != hash[b - 1];
    free(hash);
    return (AnswerShares){(double)finished / r->B, (double)distinct / r->B};
}

bool held_out_is_broken(const AnswerShares *of, const AnswerShares *base)
{
    return (of->finished < FINISHED_MIN && of->finished < base->finished - SLACK) ||
           (of->distinct < DISTINCT_MIN && of->distinct < base->distinct - SLACK);
}

double held_out_win_rate(const double *score, const double *other, int n)
{
    double wins = 0;
    for (int i = 0; i < n; i++)
        wins += fabs(score[i] - other[i]) <= SAME_SCORE ? 0.5 : score[i] > other[i];
    return wins / n;
}

/* The answers of one model, scored. */
static int answer(HeldOut *h, Policy *who, double *score, AnswerShares *shares, Error *err)
{
    PpoInputs in = *h->in;
    Rollout r = {0};
    rollout_keep_packed(h->in, who, NULL);
    in.policy = who, in.prompts = in.held_out;
    if (rollout_sample(&r, &in, h->c, h->prompt, h->key, h->n, err) != 0) return -1;
    rollout_keep_packed(h->in, in.reward, NULL);
    reward_score(score, in.reward, r.token, r.start, r.B);
    *shares = answer_shares(&r);
    rollout_free(&r);
    return 0;
}

static double mean(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += x[i];
    return sum / n;
}

int held_out_evaluate(HeldOut *h, HeldOutResult *out, Error *err)
{
    HeldOutResult r = {0};
    if (!h->has_base && answer(h, h->in->reference, h->base_score, &h->base, err) != 0) return -1;
    h->has_base = true;
    if (answer(h, h->in->policy, h->score, &r.shares, err) != 0) return -1;
    r.base = h->base;
    r.win_rate = held_out_win_rate(h->score, h->base_score, h->n);
    r.score = mean(h->score, h->n), r.base_score = mean(h->base_score, h->n);
    r.broken = held_out_is_broken(&r.shares, &r.base);
    *out = r;
    return 0;
}
