#include "reward/classifier.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/shuffle.h"
#include "policy/sequences.h"

#define ENTRY(...) CONFIG_ENTRY_OF(ClassifyConfig, __VA_ARGS__)
static const ConfigField FIELDS[] = {CLASSIFY_CONFIG(ENTRY)};
const ConfigTable CLASSIFY_TABLE = {"classify", FIELDS, sizeof FIELDS / sizeof *FIELDS,
                                    sizeof(ClassifyConfig)};

struct ClassifierTraining {
    Policy *policy;
    int K;
    LabeledTexts train, held_out;
    ClassifyConfig config;
    double *class_weight; /* (K) */
    int64_t total;
    Shuffle order;
    int *item;        /* (batch_size) the texts of a batch */
    Sequences packed; /* one micro-batch */
    unsigned char *want;
    double *value, *dvalue;          /* (N,K) */
    double *logit, *dlogit, *weight; /* (batch_size,K), (batch_size) */
    int *label;                      /* (batch_size) */
    ClassifierSave *save;
    void *context;
};

/* ---- using it -------------------------------------------------------------------------------------- */

/* The rows of value (N,K) at the last tokens. */
static void last_rows(double *out, const double *value, const int *start, int B, int K)
{
    for (int b = 0; b < B; b++)
        memcpy(out + (size_t)b * (size_t)K, value + (size_t)(start[b + 1] - 1) * (size_t)K,
               (size_t)K * sizeof *out);
}

void classifier_logits(double *logit, Policy *p, int K, const int *token, const int *start, int B)
{
    const int N = start[B];
    unsigned char *want = mem_calloc((size_t)N, sizeof *want);
    double *value = mem_calloc((size_t)N * (size_t)K, sizeof *value);
    for (int b = 0; b < B; b++) want[start[b + 1] - 1] = WANT_VALUE;
    const TokenBatch batch = {
        .B = B, .N = N, .token = token, .start = start, .want = want, .temperature = 1};
    policy_measure(p, &batch, &(TokenTerms){.value = value});
    last_rows(logit, value, start, B, K);
    free(want);
    free(value);
}

ClassScores classifier_evaluate(long *confusion, Policy *p, int K, const LabeledTexts *texts)
{
    double *logit = mem_calloc((size_t)texts->n * (size_t)K, sizeof *logit);
    classifier_logits(logit, p, K, texts->token, texts->start, texts->n);
    const ClassScores s = class_scores(confusion, logit, texts->label, texts->n, K);
    free(logit);
    return s;
}

/* ---- training -------------------------------------------------------------------------------------- */

/* Balanced, the texts of each class weigh n / K together; one without texts has no weight to give. */
static void weigh_classes(ClassifierTraining *t)
{
    for (int k = 0; k < t->K; k++) t->class_weight[k] = t->config.balance ? 0 : 1;
    if (!t->config.balance) return;
    for (int i = 0; i < t->train.n; i++) t->class_weight[t->train.label[i]] += 1;
    for (int k = 0; k < t->K; k++)
        if (t->class_weight[k] > 0) t->class_weight[k] = t->train.n / (t->K * t->class_weight[k]);
}

ClassifierTraining *classifier_training_new(Policy *p, int K, const LabeledTexts *train,
                                            const LabeledTexts *held_out, const ClassifyConfig *c,
                                            uint64_t seed)
{
    ClassifierTraining *t = mem_calloc(1, sizeof *t);
    const size_t B = (size_t)c->batch_size, heads = (size_t)K;
    int longest = 1;
    assert(K > 1 && train->n > 0);
    *t = (ClassifierTraining){.policy = p,
                              .K = K,
                              .train = *train,
                              .held_out = *held_out,
                              .config = *c,
                              .order = shuffle_new(train->n, seed)};
    t->total = (int64_t)ceil(c->epochs * train->n / c->batch_size);
    for (int i = 0; i < train->n; i++)
        if (train->start[i + 1] - train->start[i] > longest)
            longest = train->start[i + 1] - train->start[i];
    const size_t N = (size_t)(c->max_tokens > longest ? c->max_tokens : longest);
    t->class_weight = mem_calloc(heads, sizeof *t->class_weight);
    t->item = mem_calloc(B, sizeof *t->item);
    t->label = mem_calloc(B, sizeof *t->label);
    t->weight = mem_calloc(B, sizeof *t->weight);
    t->want = mem_calloc(N, sizeof *t->want);
    t->value = mem_calloc(N * heads, sizeof *t->value);
    t->dvalue = mem_calloc(N * heads, sizeof *t->dvalue);
    t->logit = mem_calloc(B * heads, sizeof *t->logit);
    t->dlogit = mem_calloc(B * heads, sizeof *t->dlogit);
    weigh_classes(t);
    return t;
}

void classifier_training_free(ClassifierTraining *t)
{
    if (!t) return;
    shuffle_free(&t->order);
    sequences_free(&t->packed);
    free(t->class_weight), free(t->item), free(t->label), free(t->weight), free(t->want);
    free(t->value), free(t->dvalue), free(t->logit), free(t->dlogit);
    free(t);
}

/* The micro-batch of texts that begins at place `first`; returns the place after it. */
static int pack_texts(ClassifierTraining *t, const SequenceItems *items, int first)
{
    Sequences *s = &t->packed;
    const int last = sequences_take(s, items, first, t->config.max_tokens);
    policy_reserve(t->policy, s->tokens);
    memset(t->want, 0, (size_t)s->tokens);
    for (int b = 0; b < s->n; b++) t->want[s->start[b + 1] - 1] = WANT_VALUE;
    for (int i = first; i < last; i++) {
        t->label[i - first] = t->train.label[items->item[i]];
        t->weight[i - first] = t->class_weight[t->label[i - first]];
    }
    return last;
}

/* Loss and gradient of the packed texts, as their share of a batch that weighs `total`. */
static double accumulate_texts(ClassifierTraining *t, double total, int *right)
{
    const Sequences *s = &t->packed;
    const int n = s->n, K = t->K;
    const TokenBatch b = {.B = n,
                          .N = s->tokens,
                          .token = s->token,
                          .start = s->start,
                          .want = t->want,
                          .temperature = 1};
    double here = 0;
    policy_evaluate(t->policy, &b, &(TokenTerms){.value = t->value});
    last_rows(t->logit, t->value, s->start, n, K);
    for (int i = 0; i < n; i++) {
        here += t->weight[i];
        *right += class_likeliest(t->logit + (size_t)i * (size_t)K, K) == t->label[i];
    }
    const double share = total > 0 ? here / total : 0;
    const double loss =
        class_loss(t->dlogit, t->logit, t->label, t->weight, n, K, t->config.label_smoothing);
    memset(t->dvalue, 0, (size_t)b.N * (size_t)K * sizeof *t->dvalue);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < K; k++)
            t->dvalue[(size_t)(s->start[i + 1] - 1) * (size_t)K + (size_t)k] =
                t->dlogit[(size_t)i * (size_t)K + (size_t)k] * share;
    policy_accumulate(t->policy, &b, &(TokenTerms){.value = t->dvalue});
    return loss * share;
}

static double accumulate_batch(ClassifierTraining *t, int64_t first, int *right)
{
    const int B = t->config.batch_size;
    const SequenceItems items = {t->train.token, t->train.start, 1, t->item, B};
    double total = 0, loss = 0;
    for (int b = 0; b < B; b++) {
        t->item[b] = shuffle_at(&t->order, first + b);
        total += t->class_weight[t->train.label[t->item[b]]];
    }
    for (int b = 0; b < B;) {
        b = pack_texts(t, &items, b);
        loss += accumulate_texts(t, total, right);
    }
    return loss;
}

static void measure(ClassifierTraining *t, int64_t steps, Text *members)
{
    const int every = t->config.valid_every;
    if (t->held_out.n == 0 || (steps != t->total && (every == 0 || steps % every != 0))) return;
    const ClassScores s = classifier_evaluate(NULL, t->policy, t->K, &t->held_out);
    text_format(members, ",\"eval_loss\":%.9g,\"eval_accuracy\":%.9g", s.loss, s.accuracy);
}

static int step(void *self, int64_t at, Text *members, Text *note, Error *err)
{
    ClassifierTraining *t = self;
    const ClassifyConfig *c = &t->config;
    int right = 0;
    const double loss = accumulate_batch(t, at * c->batch_size, &right);
    const double rate = OPTIMIZER_RATE(c, c->learning_rate, at, t->total);
    if (!isfinite(loss))
        return error_set(err, "the loss is %g; try a lower learning_rate (%g now)", loss, rate);
    const double norm = policy_step(t->policy, rate, c->max_grad_norm);
    if (!isfinite(norm))
        return error_set(err, "the gradient's norm is %g; try a lower learning_rate (%g now)", norm,
                         rate);
    text_format(members, "\"loss\":%.9g,\"accuracy\":%.9g,\"lr\":%.9g,\"grad_norm\":%.9g", loss,
                (double)right / c->batch_size, rate, norm);
    measure(t, at + 1, members);
    text_format(note, "loss %.3f", loss);
    return 0;
}

static int save(void *self, const char *dir, Error *err)
{
    const ClassifierTraining *t = self;
    if (policy_save_state(t->policy, dir, err) != 0) return -1;
    return t->save ? t->save(t->context, dir, err) : 0;
}

static int load(void *self, const char *dir, Error *err)
{
    return policy_load_state(((ClassifierTraining *)self)->policy, dir, err);
}

Trainer classifier_trainer(ClassifierTraining *t, ClassifierSave *also, void *context)
{
    t->save = also;
    t->context = context;
    return (Trainer){.self = t, .total = t->total, .step = step, .save = save, .load = load};
}

PolicyOptions classifier_options(const ClassifyConfig *c, int K, uint64_t seed)
{
    return (PolicyOptions){
        .train = true, .heads = K, .seed = seed, .max_tokens = c->max_tokens, OPTIMIZER_OPTIONS(c)};
}
