#include "reward/reward.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/shuffle.h"
#include "policy/sequences.h"
#include "reward/best_state.h"
#include "reward/calibration.h"
#include "reward/classifier.h"
#include "reward/evaluation.h"
#include "reward/preference_loss.h"

#define ENTRY(...) CONFIG_ENTRY_OF(RewardConfig, __VA_ARGS__)
static const ConfigField FIELDS[] = {REWARD_CONFIG(ENTRY)};
const ConfigTable REWARD_TABLE = {"reward", FIELDS, sizeof FIELDS / sizeof *FIELDS,
                                  sizeof(RewardConfig)};

struct RewardTraining {
    Policy *policy;
    RewardData data;
    RewardConfig config;
    int64_t total;
    Shuffle order;
    int *item;        /* (batch_size) the pairs of a batch */
    Sequences packed; /* one micro-batch: whole pairs, side by side */
    unsigned char *want;
    double *value, *dvalue;                                                     /* (N) */
    double *chosen, *rejected, *dchosen, *drejected, *target, *weight, *margin; /* (batch_size) */
    double log_nu;   /* of ties with a likelihood of their own; -INFINITY: there are none */
    bool nu_learned; /* from the labels, beside the weights */
    BestState best;
    double held_out_loss; /* the newest measured, for the bar; NAN before */
};

/* ---- scoring -------------------------------------------------------------------------------------- */

void reward_score(double *score, Policy *p, const int *token, const int *start, int B)
{
    const int K = policy_heads(p);
    double *logit = mem_calloc((size_t)B * (size_t)K, sizeof *logit);
    classifier_logits(logit, p, K, token, start, B);
    for (int b = 0; b < B; b++)
        score[b] = K == 1 ? logit[b]
                          : class_log_odds(logit + (size_t)b * (size_t)K, K, policy_score_class(p));
    free(logit);
}

/* ---- training ------------------------------------------------------------------------------------- */

static int longest_of(const Pairs *pairs)
{
    int longest = 1;
    for (int i = 0; i < 2 * pairs->n; i++)
        if (pairs->start[i + 1] - pairs->start[i] > longest)
            longest = pairs->start[i + 1] - pairs->start[i];
    return longest;
}

/* Learned, nu begins where answers of equal score tie as often as the labels do. */
static void begin_nu(RewardTraining *t)
{
    const RewardConfig *c = &t->config;
    int ties = 0;
    t->log_nu = -INFINITY;
    if (c->ties != TIES_DAVIDSON) return;
    for (int i = 0; i < t->data.train.n; i++) ties += t->data.train.target[i] == 0.5;
    t->nu_learned = c->tie_nu == 0 && ties > 0;
    t->log_nu = log(c->tie_nu > 0 ? c->tie_nu : davidson_nu((double)ties / (t->data.train.n + 1)));
}

RewardTraining *reward_training_new(Policy *p, const RewardData *data, const RewardConfig *c,
                                    uint64_t seed)
{
    RewardTraining *t = mem_calloc(1, sizeof *t);
    const size_t B = (size_t)c->batch_size;
    const int n = data->train.n, twice = 2 * longest_of(&data->train);
    const size_t N = (size_t)(c->max_tokens > twice ? c->max_tokens : twice);
    assert(n > 0 && (data->held_out.n > 0 || !(c->shrink || c->keep_best)));
    assert(data->best_folder || !c->keep_best);
    *t = (RewardTraining){
        .policy = p,
        .data = *data,
        .config = *c,
        .order = shuffle_new(n, seed),
        .best = {.folder = c->keep_best ? data->best_folder : NULL, .loss = INFINITY},
        .held_out_loss = NAN};
    t->total = (int64_t)ceil(c->epochs * n / c->batch_size);
    begin_nu(t);
    t->item = mem_calloc(B, sizeof *t->item);
    t->want = mem_calloc(N, sizeof *t->want);
    t->value = mem_calloc(N, sizeof *t->value);
    t->dvalue = mem_calloc(N, sizeof *t->dvalue);
    double **per_pair[] = {&t->chosen, &t->rejected, &t->dchosen, &t->drejected,
                           &t->target, &t->weight,   &t->margin};
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
        free(t->weight), free(t->margin);
    free(t);
}

/* The micro-batch of pairs that begins at place `first`; returns the place after it. */
static int pack_pairs(RewardTraining *t, const SequenceItems *items, int first)
{
    Sequences *s = &t->packed;
    const Pairs *train = &t->data.train;
    const int last = sequences_take(s, items, first, t->config.max_tokens);
    policy_reserve(t->policy, s->tokens); /* a pair is never parted, however long */
    memset(t->want, 0, (size_t)s->tokens);
    for (int b = 0; b < s->n; b++) t->want[s->start[b + 1] - 1] = WANT_VALUE;
    for (int i = first; i < last; i++) {
        t->target[i - first] = train->target[items->item[i]];
        t->weight[i - first] = train->weight[items->item[i]];
        t->margin[i - first] = train->margin ? train->margin[items->item[i]] : 0;
    }
    return last;
}

/* What a batch adds up to over its micro-batches. */
typedef struct {
    double weight; /* of all its labels */
    double loss, right, dlog_nu;
} BatchSums;

/* Loss and gradient of n packed pairs, as their share of the batch. */
static void accumulate_pairs(RewardTraining *t, int n, BatchSums *sums)
{
    const int *start = t->packed.start;
    const RewardConfig *c = &t->config;
    const TokenBatch b = {.B = 2 * n,
                          .N = t->packed.tokens,
                          .token = t->packed.token,
                          .start = start,
                          .want = t->want,
                          .temperature = 1};
    const ScoredPairs scored = {n, t->chosen, t->rejected, t->target, t->weight, t->margin};
    const PreferenceModel m = {c->label_noise, c->label_smoothing, exp(t->log_nu)};
    PreferenceGradient grad = {t->dchosen, t->drejected, 0};
    double here = 0;
    policy_evaluate(t->policy, &b, &(TokenTerms){.value = t->value});
    for (int i = 0; i < n; i++) {
        t->chosen[i] = t->value[start[2 * i + 1] - 1];
        t->rejected[i] = t->value[start[2 * i + 2] - 1];
        here += t->weight[i];
    }
    const double share = sums->weight > 0 ? here / sums->weight : 0;
    sums->right += n * preference_accuracy(t->chosen, t->rejected, t->target, NULL, n);
    sums->loss += preference_loss(&grad, &scored, &m) * share;
    sums->dlog_nu += grad.log_nu * share;
    memset(t->dvalue, 0, (size_t)b.N * sizeof *t->dvalue);
    for (int i = 0; i < n; i++) {
        t->dvalue[start[2 * i + 1] - 1] = t->dchosen[i] * share;
        t->dvalue[start[2 * i + 2] - 1] = t->drejected[i] * share;
    }
    policy_accumulate(t->policy, &b, &(TokenTerms){.value = t->dvalue});
}

static BatchSums accumulate_batch(RewardTraining *t, int64_t first)
{
    const int B = t->config.batch_size;
    const SequenceItems items = {t->data.train.token, t->data.train.start, 2, t->item, B};
    BatchSums sums = {0};
    for (int b = 0; b < B; b++) {
        t->item[b] = shuffle_at(&t->order, first + b);
        sums.weight += t->data.train.weight[t->item[b]];
    }
    for (int b = 0; b < B;) {
        b = pack_pairs(t, &items, b);
        accumulate_pairs(t, t->packed.n / 2, &sums);
    }
    return sums;
}

/* ---- held-out pairs along the way ------------------------------------------------------------------ */

enum { MEASURED_TIMES = 10 };

static bool measures_after(const RewardTraining *t, int64_t steps)
{
    const RewardConfig *c = &t->config;
    int64_t every = c->valid_every;
    if (every == 0 && c->keep_best) every = (t->total + MEASURED_TIMES - 1) / MEASURED_TIMES;
    if (every == 0 || t->data.held_out.n == 0) return false;
    return steps % every == 0 || steps == t->total;
}

static int measure(RewardTraining *t, int64_t steps, Text *members, Error *err)
{
    if (!measures_after(t, steps)) return 0;
    const RewardEvaluation e = reward_evaluate(t->policy, &t->data.held_out, NULL, NULL);
    t->held_out_loss = e.loss;
    text_format(members, ",\"eval_loss\":%.9g,\"eval_accuracy\":%.9g", e.loss, e.accuracy);
    return best_state_offer(&t->best, t->policy, e.loss, steps, err);
}

/* ---- what is done to the scores at the end --------------------------------------------------------- */

/* To mean 0 and deviation 1, so that a KL coefficient means the same for every reward model. */
static void normalize(RewardTraining *t, Text *members)
{
    const Pairs *train = &t->data.train;
    const Texts training = {2 * train->n, train->token, train->start};
    const Texts *texts = t->data.samples.n > 0 ? &t->data.samples : &training;
    double *score = mem_calloc((size_t)texts->n, sizeof *score);
    reward_score(score, t->policy, texts->token, texts->start, texts->n);
    const ScoreScale s = score_scale(score, texts->n);
    policy_scale_head(t->policy, s.gain, s.bias);
    text_format(members, ",\"score_mean\":%.9g,\"score_deviation\":%.9g", s.mean, s.deviation);
    free(score);
}

/* The scores as far from 0 as the held-out pairs warrant; `members` gets what was done. */
static void shrink(RewardTraining *t, Text *members)
{
    const Pairs *held_out = &t->data.held_out;
    const size_t n = (size_t)held_out->n;
    double *chosen = mem_calloc(n, sizeof *chosen), *rejected = mem_calloc(n, sizeof *rejected);
    const RewardEvaluation before = reward_evaluate(t->policy, held_out, chosen, rejected);
    const double factor = score_shrinkage(chosen, rejected, held_out->target, held_out->n);
    policy_scale_head(t->policy, factor, 0);
    text_format(members, ",\"shrinkage\":%.9g,\"held_out_accuracy\":%.9g", factor, before.accuracy);
    free(chosen);
    free(rejected);
}

static int finish(RewardTraining *t, Text *members, Error *err)
{
    if (t->best.folder) {
        if (t->best.step != t->total && best_state_restore(&t->best, t->policy, err) != 0)
            return -1;
        text_format(members, ",\"best_step\":%lld", (long long)t->best.step);
    }
    if (t->config.normalize) normalize(t, members);
    if (t->config.shrink) shrink(t, members);
    return 0;
}

/* ---- the trainer ----------------------------------------------------------------------------------- */

/* The slope of the loss by log nu is P(tie) less the share of ties, and its curvature is below 1/4: a step of
 * the whole slope never overshoots. */
static void step_nu(RewardTraining *t, double slope, Text *members)
{
    if (!t->nu_learned) return;
    t->log_nu -= slope;
    text_format(members, ",\"tie_nu\":%.9g", exp(t->log_nu));
}

static int step(void *self, int64_t at, Text *members, Text *note, Error *err)
{
    RewardTraining *t = self;
    const RewardConfig *c = &t->config;
    const BatchSums sums = accumulate_batch(t, at * c->batch_size);
    const double rate = OPTIMIZER_RATE(c, c->learning_rate, at, t->total);
    if (!isfinite(sums.loss))
        return error_set(err, "the loss is %g; try a lower learning_rate (%g now)", sums.loss,
                         rate);
    const double norm = policy_step(t->policy, rate, c->max_grad_norm);
    if (!isfinite(norm))
        return error_set(err, "the gradient's norm is %g; try a lower learning_rate (%g now)", norm,
                         rate);
    text_format(members, "\"loss\":%.9g,\"accuracy\":%.9g,\"lr\":%.9g,\"grad_norm\":%.9g",
                sums.loss, sums.right / c->batch_size, rate, norm);
    step_nu(t, sums.dlog_nu, members);
    if (measure(t, at + 1, members, err) != 0) return -1;
    if (at + 1 == t->total && finish(t, members, err) != 0) return -1;
    text_format(note, "loss %.3f", sums.loss);
    if (isfinite(t->held_out_loss)) text_format(note, "  held out %.3f", t->held_out_loss);
    return 0;
}

/* What the next step needs beside weights and moments, where there is anything. */
static bool has_state(const RewardTraining *t)
{
    return t->nu_learned || t->best.folder;
}

static int save(void *self, const char *dir, Error *err)
{
    const RewardTraining *t = self;
    char path[FILE_PATH_MAX];
    Text state = {0};
    if (policy_save_state(t->policy, dir, err) != 0) return -1;
    if (!has_state(t)) return 0;
    if (path_join(path, dir, "reward.json", err) != 0) return -1;
    text_add(&state, "{\"log_nu\": ");
    json_put_number(&state, t->log_nu);
    text_add(&state, ", \"best_loss\": ");
    json_put_number(&state, t->best.loss);
    text_format(&state, ", \"best_step\": %lld}\n", (long long)t->best.step);
    const int rc = file_write(path, state.bytes, state.n, err);
    text_free(&state);
    return rc;
}

static int load(void *self, const char *dir, Error *err)
{
    RewardTraining *t = self;
    char path[FILE_PATH_MAX];
    cJSON *state = NULL;
    if (policy_load_state(t->policy, dir, err) != 0) return -1;
    if (!has_state(t)) return 0;
    if (path_join(path, dir, "reward.json", err) != 0 ||
        json_read(&state, path, 1 << 16, false, err) != 0)
        return -1;
    /* infinity, of no ties and before the first measurement, is null in JSON */
    t->log_nu = json_number(state, "log_nu", -INFINITY);
    t->best.loss = json_number(state, "best_loss", INFINITY);
    t->best.step = (int64_t)json_number(state, "best_step", 0);
    cJSON_Delete(state);
    best_state_confirm(&t->best);
    return 0;
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
