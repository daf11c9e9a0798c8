#include "policy/supervised.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/shuffle.h"
#include "policy/sequences.h"

#define ENTRY(...) CONFIG_ENTRY_OF(SupervisedConfig, __VA_ARGS__)
static const ConfigField PRETRAIN_FIELDS[] = {PRETRAIN_CONFIG(ENTRY)};
static const ConfigField SFT_FIELDS[] = {SFT_CONFIG(ENTRY)};
enum { FIELDS = sizeof PRETRAIN_FIELDS / sizeof *PRETRAIN_FIELDS };
const ConfigTable PRETRAIN_TABLE = {"pretrain", PRETRAIN_FIELDS, FIELDS, sizeof(SupervisedConfig)};
const ConfigTable SFT_TABLE = {"sft", SFT_FIELDS, FIELDS, sizeof(SupervisedConfig)};

/* A micro-batch being made, and the numbers of its tokens. */
typedef struct {
    Sequences sequences;
    int room;
    unsigned char *want;
    double *logp, *dlogp;
    int64_t counted; /* tokens that are learned */
} Pack;

struct Supervised {
    Policy *policy;
    Examples train, valid;
    SupervisedConfig config;
    int64_t total;
    Shuffle order;
    int *item; /* (batch_size) the examples of a batch */
    Pack pack;
    double began;   /* clock at the first step here, for the rate */
    int64_t tokens; /* since then */
    double valid_loss;
};

static void pack_free(Pack *k)
{
    sequences_free(&k->sequences);
    free(k->want), free(k->logp), free(k->dlogp);
    *k = (Pack){0};
}

static void pack_reserve(Pack *k, int n)
{
    if (n <= k->room) return;
    k->room = n + k->room / 2;
    k->want = mem_realloc(k->want, (size_t)k->room, sizeof *k->want);
    k->logp = mem_realloc(k->logp, (size_t)k->room, sizeof *k->logp);
    k->dlogp = mem_realloc(k->dlogp, (size_t)k->room, sizeof *k->dlogp);
}

/* The micro-batch of examples that begins at place `first`; returns the place after it. */
static int pack_fill(Pack *k, const Examples *e, const SequenceItems *items, int first,
                     int max_tokens)
{
    Sequences *s = &k->sequences;
    const int last = sequences_take(s, items, first, max_tokens);
    pack_reserve(k, s->tokens);
    k->counted = 0;
    for (int b = 0; b < s->n; b++) {
        const int i = sequences_item(items, first + b), at = s->start[b], n = s->start[b + 1] - at;
        const unsigned char *learned = e->learned ? e->learned + e->start[i] : NULL;
        assert(n == 0 || !learned || !learned[0]);
        for (int t = 0; t < n; t++)
            k->want[at + t] = (learned ? learned[t] : t > 0) ? WANT_LOGP : 0;
        k->counted += examples_count(e, i);
    }
    return last;
}

static TokenBatch pack_batch(const Pack *k)
{
    const Sequences *s = &k->sequences;
    return (TokenBatch){.B = s->n,
                        .N = s->tokens,
                        .token = s->token,
                        .start = s->start,
                        .want = k->want,
                        .temperature = 1};
}

/* Sum of -logp over the pack; a gradient may follow, or not. */
static double pack_evaluate(Policy *p, Pack *k, bool gradient)
{
    const TokenBatch b = pack_batch(k);
    double sum = 0;
    if (gradient) policy_evaluate(p, &b, &(TokenTerms){.logp = k->logp});
    else policy_measure(p, &b, &(TokenTerms){.logp = k->logp});
    for (int i = 0; i < b.N; i++) sum -= k->logp[i];
    return sum;
}

Supervised *supervised_new(Policy *p, const Examples *train, const Examples *valid,
                           const SupervisedConfig *c, uint64_t seed)
{
    Supervised *s = mem_calloc(1, sizeof *s);
    *s = (Supervised){.policy = p,
                      .train = *train,
                      .valid = *valid,
                      .config = *c,
                      .order = shuffle_new(train->n, seed),
                      .valid_loss = NAN};
    s->item = mem_calloc((size_t)c->batch_size, sizeof *s->item);
    s->total = c->steps > 0 ? c->steps : (int64_t)ceil(c->epochs * train->n / c->batch_size);
    return s;
}

void supervised_free(Supervised *s)
{
    if (!s) return;
    pack_free(&s->pack);
    shuffle_free(&s->order);
    free(s->item);
    free(s);
}

/* Tokens of the batch's examples that are learned: what the gradient is divided by. */
static int64_t count_batch(const Supervised *s)
{
    int64_t counted = 0;
    for (int b = 0; b < s->config.batch_size; b++) counted += examples_count(&s->train, s->item[b]);
    return counted;
}

/* Forward and backward of one batch, micro-batch by micro-batch.  Returns the mean loss. */
static double accumulate_batch(Supervised *s, int64_t first)
{
    const int B = s->config.batch_size;
    const SequenceItems items = {s->train.token, s->train.start, 1, s->item, B};
    for (int b = 0; b < B; b++) s->item[b] = shuffle_at(&s->order, first + b);
    const int64_t counted = count_batch(s);
    double sum = 0;
    for (int b = 0; b < B;) {
        b = pack_fill(&s->pack, &s->train, &items, b, s->config.max_tokens);
        sum += pack_evaluate(s->policy, &s->pack, true);
        for (int i = 0; i < s->pack.sequences.tokens; i++)
            s->pack.dlogp[i] = s->pack.want[i] ? -1.0 / (double)counted : 0;
        const TokenBatch batch = pack_batch(&s->pack);
        policy_accumulate(s->policy, &batch, &(TokenTerms){.logp = s->pack.dlogp});
    }
    s->tokens += counted;
    return counted > 0 ? sum / (double)counted : 0;
}

static int step(void *self, int64_t at, Text *members, Text *note, Error *err)
{
    Supervised *s = self;
    const SupervisedConfig *c = &s->config;
    if (s->began == 0) s->began = log_clock();
    const double loss = accumulate_batch(s, at * c->batch_size);
    const double rate = OPTIMIZER_RATE(c, c->learning_rate, at, s->total);
    if (!isfinite(loss))
        return error_set(err, "the loss is %g; try a lower learning_rate (%g now)", loss, rate);
    const double norm = policy_step(s->policy, rate, c->max_grad_norm);
    if (!isfinite(norm))
        return error_set(err, "the gradient's norm is %g; try a lower learning_rate (%g now)", norm,
                         rate);

    const bool look = at + 1 == s->total || (c->valid_every > 0 && (at + 1) % c->valid_every == 0);
    if (look && s->valid.n > 0) s->valid_loss = supervised_loss(s->policy, &s->valid);
    text_format(members, "\"loss\":%.9g,\"lr\":%.9g,\"grad_norm\":%.9g", loss, rate, norm);
    if (look && s->valid.n > 0) text_format(members, ",\"eval_loss\":%.9g", s->valid_loss);
    text_format(note, "loss %.3f", loss);
    if (isfinite(s->valid_loss)) text_format(note, "  held out %.3f", s->valid_loss);
    text_format(note, "  %s tok/s",
                text_thousands((long long)((double)s->tokens / (log_clock() - s->began + 1e-9))));
    return 0;
}

/* The order of examples follows from the step, so weights and moments are all that the next needs. */
static int save(void *self, const char *dir, Error *err)
{
    return policy_save_state(((Supervised *)self)->policy, dir, err);
}

static int load(void *self, const char *dir, Error *err)
{
    return policy_load_state(((Supervised *)self)->policy, dir, err);
}

Trainer supervised_trainer(Supervised *s)
{
    return (Trainer){.self = s, .total = s->total, .step = step, .save = save, .load = load};
}

double supervised_loss(Policy *p, const Examples *e)
{
    enum { TOKENS_AT_ONCE = 1 << 16 };
    const SequenceItems all = {.token = e->token, .start = e->start, .width = 1, .n = e->n};
    Pack k = {0};
    double sum = 0;
    int64_t counted = 0;
    for (int i = 0; i < e->n;) {
        i = pack_fill(&k, e, &all, i, TOKENS_AT_ONCE);
        sum += pack_evaluate(p, &k, false);
        counted += k.counted;
    }
    pack_free(&k);
    return counted > 0 ? sum / (double)counted : 0;
}

PolicyOptions supervised_options(const SupervisedConfig *c)
{
    return (PolicyOptions){.train = true, .max_tokens = c->max_tokens, OPTIMIZER_OPTIONS(c)};
}
