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

static void pack_clear(Pack *k)
{
    sequences_clear(&k->sequences);
    k->counted = 0;
}

static void pack_add(Pack *k, const Examples *e, int i)
{
    const int n = e->start[i + 1] - e->start[i], at = k->sequences.tokens;
    assert(e->prompt[i] >= 1);
    if (at + n > k->room) {
        k->room = 2 * k->room + n;
        k->want = mem_realloc(k->want, (size_t)k->room, sizeof *k->want);
        k->logp = mem_realloc(k->logp, (size_t)k->room, sizeof *k->logp);
        k->dlogp = mem_realloc(k->dlogp, (size_t)k->room, sizeof *k->dlogp);
    }
    sequences_add(&k->sequences, e->token + e->start[i], n);
    sequences_end(&k->sequences);
    for (int t = 0; t < n; t++) k->want[at + t] = t >= e->prompt[i] ? WANT_LOGP : 0;
    if (n > e->prompt[i]) k->counted += n - e->prompt[i];
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

/* Sum of -logp over the pack. */
static double pack_evaluate(Policy *p, Pack *k)
{
    const TokenBatch b = pack_batch(k);
    double sum = 0;
    policy_evaluate(p, &b, &(TokenTerms){.logp = k->logp});
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
    s->total = c->steps > 0 ? c->steps : (int64_t)ceil(c->epochs * train->n / c->batch_size);
    return s;
}

void supervised_free(Supervised *s)
{
    if (!s) return;
    pack_free(&s->pack);
    shuffle_free(&s->order);
    free(s);
}

static int example_length(const Supervised *s, int i)
{
    return s->train.start[i + 1] - s->train.start[i];
}

/* Tokens of the batch's examples that are learned: what the gradient is divided by. */
static int64_t count_batch(Supervised *s, int64_t first)
{
    int64_t counted = 0;
    for (int b = 0; b < s->config.batch_size; b++) {
        const int i = shuffle_at(&s->order, first + b),
                  n = example_length(s, i) - s->train.prompt[i];
        counted += n > 0 ? n : 0;
    }
    return counted;
}

/* Forward and backward of one batch, micro-batch by micro-batch.  Returns the mean loss. */
static double accumulate_batch(Supervised *s, int64_t first)
{
    const int64_t counted = count_batch(s, first);
    double sum = 0;
    for (int b = 0; b < s->config.batch_size;) {
        pack_clear(&s->pack);
        do {
            const int i = shuffle_at(&s->order, first + b);
            const Sequences *packed = &s->pack.sequences;
            if (packed->n > 0 && packed->tokens + example_length(s, i) > s->config.max_tokens)
                break;
            pack_add(&s->pack, &s->train, i);
        } while (++b < s->config.batch_size);
        sum += pack_evaluate(s->policy, &s->pack);
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
    Pack k = {0};
    double sum = 0;
    int64_t counted = 0;
    for (int i = 0; i < e->n;) {
        pack_clear(&k);
        while (i < e->n && k.sequences.tokens < TOKENS_AT_ONCE) pack_add(&k, e, i++);
        sum += pack_evaluate(p, &k);
        counted += k.counted;
    }
    pack_free(&k);
    return counted > 0 ? sum / (double)counted : 0;
}

PolicyOptions supervised_options(const SupervisedConfig *c, int max_T)
{
    return (PolicyOptions){.train = true,
                           .max_tokens = c->max_tokens > max_T ? c->max_tokens : max_T,
                           OPTIMIZER_OPTIONS(c)};
}
