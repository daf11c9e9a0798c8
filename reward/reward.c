#include "reward/reward.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/shuffle.h"
#include "policy/sequences.h"
#include "reward/calibration.h"
#include "reward/preference_loss.h"

#define ENTRY(...) CONFIG_ENTRY_OF(RewardConfig, __VA_ARGS__)
static const ConfigField FIELDS[] = {REWARD_CONFIG(ENTRY)};
const ConfigTable REWARD_TABLE = {"reward", FIELDS, sizeof FIELDS / sizeof *FIELDS,
                                  sizeof(RewardConfig)};

struct RewardTraining {
    Policy *policy;
    Pairs train, held_out;
    RewardConfig config;
    int64_t total;
    Shuffle order;
    int *item;        /* (batch_size) the pairs of a batch */
    Sequences packed; /* one micro-batch: whole pairs, side by side */
    unsigned char *want;
    double *value, *dvalue;                                            /* (N) */
    double *chosen, *rejected, *dchosen, *drejected, *target, *weight; /* (batch_size) */
};

/* ---- scoring -------------------------------------------------------------------------------------- */

void reward_score(double *score, Policy *p, const int *token, const int *start, int B)
{
    const int N = start[B];
    unsigned char *want = mem_calloc((size_t)N, sizeof *want);
    double *value = mem_calloc((size_t)N, sizeof *value);
    for (int b = 0; b < B; b++) want[start[b + 1] - 1] = WANT_VALUE;
    const TokenBatch batch = {
        .B = B, .N = N, .token = token, .start = start, .want = want, .temperature = 1};
    policy_evaluate(p, &batch, &(TokenTerms){.value = value});
    for (int b = 0; b < B; b++) score[b] = value[start[b + 1] - 1];
    free(want);
    free(value);
}

/* The sequences a and b of pairs. */
static bool same_sequence(const Pairs *pairs, int a, int b)
{
    const int *start = pairs->start;
    const int n = start[a + 1] - start[a];
    return n == start[b + 1] - start[b] && memcmp(pairs->token + start[a], pairs->token + start[b],
                                                  (size_t)n * sizeof *pairs->token) == 0;
}

/* The labels i and i - 1 judge the same two responses, whichever was chosen. */
static bool same_pair(const Pairs *pairs, int i)
{
    const int here = 2 * i, there = here - 2;
    return (same_sequence(pairs, here, there) && same_sequence(pairs, here + 1, there + 1)) ||
           (same_sequence(pairs, here, there + 1) && same_sequence(pairs, here + 1, there));
}

RewardEvaluation reward_evaluate(Policy *p, const Pairs *pairs, double *chosen, double *rejected)
{
    const size_t n = (size_t)pairs->n;
    double *score = mem_calloc(2 * n, sizeof *score), *c = mem_calloc(n, sizeof *c),
           *r = mem_calloc(n, sizeof *r);
    int *length = mem_calloc(2 * n, sizeof *length), *long_c = mem_calloc(n, sizeof *long_c),
        *long_r = mem_calloc(n, sizeof *long_r), *pair = mem_calloc(n, sizeof *pair);
    RewardEvaluation e = {.labels = pairs->n, .all_equal = true};

    reward_score(score, p, pairs->token, pairs->start, 2 * pairs->n);
    for (size_t i = 0; i < 2 * n; i++) length[i] = pairs->start[i + 1] - pairs->start[i];
    for (size_t i = 0; i < n; i++) {
        c[i] = score[2 * i], r[i] = score[2 * i + 1];
        long_c[i] = length[2 * i], long_r[i] = length[2 * i + 1];
        e.n += i == 0 || !same_pair(pairs, (int)i);
        pair[i] = e.n;
        e.margin += (c[i] - r[i]) / (double)n;
        e.all_equal = e.all_equal && c[i] == r[i];
    }
    e.accuracy = preference_accuracy(c, r, pairs->target, pair, pairs->n);
    e.loss = preference_loss(NULL, NULL, c, r, pairs->target, pairs->weight, pairs->n, 0);
    e.calibration_error = calibration_error(c, r, pairs->target, pairs->n);
    e.longer_wins = longer_wins_accuracy(long_c, long_r, pairs->target, pair, pairs->n);
    e.length_correlation = score_length_correlation(score, length, 2 * pairs->n);
    if (chosen) memcpy(chosen, c, n * sizeof *c);
    if (rejected) memcpy(rejected, r, n * sizeof *r);
    free(score), free(c), free(r), free(length), free(long_c), free(long_r), free(pair);
    return e;
}

/* ---- training ------------------------------------------------------------------------------------- */

RewardTraining *reward_training_new(Policy *p, const Pairs *train, const Pairs *held_out,
                                    const RewardConfig *c, uint64_t seed)
{
    RewardTraining *t = mem_calloc(1, sizeof *t);
    const size_t B = (size_t)c->batch_size;
    assert(train->n > 0 && (!c->shrink || (held_out && held_out->n > 0)));
    *t = (RewardTraining){
        .policy = p, .train = *train, .config = *c, .order = shuffle_new(train->n, seed)};
    if (held_out) t->held_out = *held_out;
    t->total = (int64_t)ceil(c->epochs * train->n / c->batch_size);
    int longest = 1;
    for (int i = 0; i < 2 * train->n; i++)
        if (train->start[i + 1] - train->start[i] > longest)
            longest = train->start[i + 1] - train->start[i];
    const size_t N =
        (size_t)c->max_tokens > 2 * (size_t)longest ? (size_t)c->max_tokens : 2 * (size_t)longest;
    t->item = mem_calloc(B, sizeof *t->item);
    t->want = mem_calloc(N, sizeof *t->want);
    t->value = mem_calloc(N, sizeof *t->value);
    t->dvalue = mem_calloc(N, sizeof *t->dvalue);
    double **per_pair[] = {&t->chosen,    &t->rejected, &t->dchosen,
                           &t->drejected, &t->target,   &t->weight};
    for (size_t i = 0; i < sizeof per_pair / sizeof *per_pair; i++)
        *per_pair[i] = mem_calloc(B, sizeof(double));
    return t;
}

void reward_training_free(RewardTraining *t)
{
    if (!t) return;
    shuffle_free(&t->order);
    sequences_free(&t->packed);
    free(t->item), free(t->want), free(t->value), free(t->dvalue);
    free(t->chosen), free(t->rejected), free(t->dchosen), free(t->drejected), free(t->target),
        free(t->weight);
    free(t);
}

/* The micro-batch of pairs that begins at place `first`; returns the place after it. */
static int pack_pairs(RewardTraining *t, const SequenceItems *items, int first)
{
    Sequences *s = &t->packed;
    const int last = sequences_take(s, items, first, t->config.max_tokens);
    policy_reserve(t->policy, s->tokens); /* a pair is never parted, however long */
    memset(t->want, 0, (size_t)s->tokens);
    for (int b = 0; b < s->n; b++) t->want[s->start[b + 1] - 1] = WANT_VALUE;
    for (int i = first; i < last; i++) {
        t->target[i - first] = t->train.target[items->item[i]];
        t->weight[i - first] = t->train.weight[items->item[i]];
    }
    return last;
}

/* Loss and gradient of n packed pairs, as their share of a batch that weighs `total`. */
static double accumulate_pairs(RewardTraining *t, int n, double total, double *right)
{
    const int *start = t->packed.start;
    const TokenBatch b = {.B = 2 * n,
                          .N = t->packed.tokens,
                          .token = t->packed.token,
                          .start = start,
                          .want = t->want,
                          .temperature = 1};
    double here = 0;
    policy_evaluate(t->policy, &b, &(TokenTerms){.value = t->value});
    for (int i = 0; i < n; i++) {
        t->chosen[i] = t->value[start[2 * i + 1] - 1];
        t->rejected[i] = t->value[start[2 * i + 2] - 1];
        here += t->weight[i];
    }
    *right += n * preference_accuracy(t->chosen, t->rejected, t->target, NULL, n);
    const double share = total > 0 ? here / total : 0;
    const double loss = preference_loss(t->dchosen, t->drejected, t->chosen, t->rejected, t->target,
                                        t->weight, n, t->config.label_noise);
    memset(t->dvalue, 0, (size_t)b.N * sizeof *t->dvalue);
    for (int i = 0; i < n; i++) {
        t->dvalue[start[2 * i + 1] - 1] = t->dchosen[i] * share;
        t->dvalue[start[2 * i + 2] - 1] = t->drejected[i] * share;
    }
    policy_accumulate(t->policy, &b, &(TokenTerms){.value = t->dvalue});
    return loss * share;
}

/* Scores of the training responses to mean 0 and deviation 1, so that a KL coefficient means the same
 * for every reward model. */
static void normalize(RewardTraining *t)
{
    const int B = 2 * t->train.n;
    double *score = mem_calloc((size_t)B, sizeof *score);
    reward_score(score, t->policy, t->train.token, t->train.start, B);
    const ScoreScale s = score_scale(score, B);
    policy_scale_head(t->policy, s.gain, s.bias);
    free(score);
}

/* The scores as far from 0 as the held-out pairs warrant; `members` gets what was done. */
static void shrink(RewardTraining *t, Text *members)
{
    const size_t n = (size_t)t->held_out.n;
    double *chosen = mem_calloc(n, sizeof *chosen), *rejected = mem_calloc(n, sizeof *rejected);
    const RewardEvaluation before = reward_evaluate(t->policy, &t->held_out, chosen, rejected);
    const double factor = score_shrinkage(chosen, rejected, t->held_out.target, t->held_out.n);
    policy_scale_head(t->policy, factor, 0);
    text_format(members, ",\"shrinkage\":%.9g,\"held_out_accuracy\":%.9g", factor, before.accuracy);
    free(chosen);
    free(rejected);
}

static int step(void *self, int64_t at, Text *members, Text *note, Error *err)
{
    RewardTraining *t = self;
    const RewardConfig *c = &t->config;
    const SequenceItems items = {t->train.token, t->train.start, 2, t->item, c->batch_size};
    double total = 0, loss = 0, right = 0;
    for (int b = 0; b < c->batch_size; b++) {
        t->item[b] = shuffle_at(&t->order, at * c->batch_size + b);
        total += t->train.weight[t->item[b]];
    }
    for (int b = 0; b < c->batch_size;) {
        b = pack_pairs(t, &items, b);
        loss += accumulate_pairs(t, t->packed.n / 2, total, &right);
    }
    const double rate = OPTIMIZER_RATE(c, c->learning_rate, at, t->total);
    if (!isfinite(loss))
        return error_set(err, "the loss is %g; try a lower learning_rate (%g now)", loss, rate);
    const double norm = policy_step(t->policy, rate, c->max_grad_norm);
    if (!isfinite(norm))
        return error_set(err, "the gradient's norm is %g; try a lower learning_rate (%g now)", norm,
                         rate);
    const double accuracy = right / c->batch_size;
    text_format(members, "\"loss\":%.9g,\"accuracy\":%.9g,\"lr\":%.9g,\"grad_norm\":%.9g", loss,
                accuracy, rate, norm);
    if (at + 1 == t->total && c->normalize) normalize(t);
    if (at + 1 == t->total && c->shrink) shrink(t, members);
    text_format(note, "loss %.3f", loss);
    return 0;
}

static int save(void *self, const char *dir, Error *err)
{
    return policy_save_state(((RewardTraining *)self)->policy, dir, err);
}

static int load(void *self, const char *dir, Error *err)
{
    return policy_load_state(((RewardTraining *)self)->policy, dir, err);
}

Trainer reward_trainer(RewardTraining *t)
{
    return (Trainer){.self = t, .total = t->total, .step = step, .save = save, .load = load};
}

PolicyOptions reward_options(const RewardConfig *c, uint64_t seed)
{
    return (PolicyOptions){
        .train = true, .heads = 1, .seed = seed, .max_tokens = c->max_tokens, OPTIMIZER_OPTIONS(c)};
}
