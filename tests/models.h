/* Small random models and batches whose shapes cross every border of the arithmetic: widths that are no
 * multiple of 16, more keys than two blocks of 64, a vocabulary beyond one tile of 1,024, shared
 * key/value heads. */
#ifndef TESTS_MODELS_H
#define TESTS_MODELS_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "policy/policy_private.h"

static const ModelConfig WIDE_GPT2 = {.family = FAMILY_GPT2,
                                      .n_layer = 2,
                                      .NH = 3,
                                      .NKV = 3,
                                      .HD = 12,
                                      .C = 36,
                                      .F = 53,
                                      .V = 1030,
                                      .max_T = 150,
                                      .norm_eps = 1e-5,
                                      .learned_positions = true,
                                      .attention_bias = true,
                                      .out_bias = true,
                                      .mlp_bias = true,
                                      .tied = true,
                                      .bos = -1,
                                      .eos = 1,
                                      .init_std = 0.15};
#define WIDE_LLAMA_SHAPE                                                                   \
    .n_layer = 2, .NH = 4, .NKV = 2, .HD = 10, .C = 37, .F = 45, .V = 1030, .max_T = 150,  \
    .rms_norm = true, .norm_eps = 1e-5, .rope_theta = 10000, .gated_mlp = true, .bos = -1, \
    .eos = 1, .init_std = 0.15
static const ModelConfig WIDE_LLAMA = {.family = FAMILY_LLAMA, WIDE_LLAMA_SHAPE};
static const ModelConfig WIDE_LLAMA_BF16 = {
    .family = FAMILY_LLAMA, WIDE_LLAMA_SHAPE, .compute = COMPUTE_BF16};
/* A window that ends inside a block of keys. */
static const ModelConfig WIDE_MISTRAL = {.family = FAMILY_MISTRAL, WIDE_LLAMA_SHAPE, .window = 50};
/* The demo's architecture.  An MLP over two blocks of 384, the depth in which matrix products go. */
static const ModelConfig TIED_LLAMA = {.family = FAMILY_LLAMA,
                                       .n_layer = 1,
                                       .NH = 2,
                                       .NKV = 2,
                                       .HD = 10,
                                       .C = 20,
                                       .F = 801,
                                       .V = 1030,
                                       .max_T = 150,
                                       .rms_norm = true,
                                       .norm_eps = 1e-5,
                                       .rope_theta = 10000,
                                       .gated_mlp = true,
                                       .tied = true,
                                       .bos = -1,
                                       .eos = 1,
                                       .init_std = 0.15};
/* As Qwen3: norms of heads, heads together wider than the model. */
static const ModelConfig WIDE_QWEN3 = {.family = FAMILY_QWEN3,
                                       .n_layer = 2,
                                       .NH = 4,
                                       .NKV = 2,
                                       .HD = 18,
                                       .C = 37,
                                       .F = 45,
                                       .V = 1030,
                                       .max_T = 150,
                                       .rms_norm = true,
                                       .norm_eps = 1e-6,
                                       .rope_theta = 1000000,
                                       .qk_norm = true,
                                       .gated_mlp = true,
                                       .tied = true,
                                       .bos = -1,
                                       .eos = 1,
                                       .init_std = 0.15};
/* The first two, small enough to be trained many times in a test. */
static const ModelConfig TINY_GPT2 = {.family = FAMILY_GPT2,
                                      .n_layer = 1,
                                      .NH = 2,
                                      .NKV = 2,
                                      .HD = 8,
                                      .C = 16,
                                      .F = 40,
                                      .V = 23,
                                      .max_T = 32,
                                      .norm_eps = 1e-5,
                                      .learned_positions = true,
                                      .attention_bias = true,
                                      .out_bias = true,
                                      .mlp_bias = true,
                                      .tied = true,
                                      .bos = -1,
                                      .eos = 1,
                                      .init_std = 0.2};
static const ModelConfig TINY_LLAMA = {.family = FAMILY_LLAMA,
                                       .n_layer = 1,
                                       .NH = 4,
                                       .NKV = 2,
                                       .HD = 6,
                                       .C = 20,
                                       .F = 28,
                                       .V = 23,
                                       .max_T = 32,
                                       .rms_norm = true,
                                       .norm_eps = 1e-5,
                                       .rope_theta = 10000,
                                       .gated_mlp = true,
                                       .bos = -1,
                                       .eos = 1,
                                       .init_std = 0.2};

/* Sequences with everything asked at every token, and room for the answers. */
typedef struct {
    int B, N;
    int *token, *start;
    unsigned char *want;
    double *logp, *entropy, *value; /* value for one head */
} AskedBatch;

static inline AskedBatch asked_new(int B, int N)
{
    AskedBatch s = {.B = B, .N = N};
    const size_t n = (size_t)N;
    s.token = mem_calloc(n, sizeof *s.token);
    s.start = mem_calloc((size_t)B + 1, sizeof *s.start);
    s.want = mem_calloc(n, sizeof *s.want);
    s.logp = mem_calloc(n, sizeof *s.logp);
    s.entropy = mem_calloc(n, sizeof *s.entropy);
    s.value = mem_calloc(n, sizeof *s.value);
    return s;
}

static inline void asked_free(AskedBatch *s)
{
    free(s->token), free(s->start), free(s->want), free(s->logp), free(s->entropy), free(s->value);
}

static inline void asked_want(AskedBatch *s, bool heads)
{
    for (int b = 0; b < s->B; b++)
        for (int i = s->start[b]; i < s->start[b + 1]; i++)
            s->want[i] = (unsigned char)((i > s->start[b] ? WANT_LOGP | WANT_ENTROPY : 0) |
                                         (heads ? WANT_VALUE : 0));
}

/* B sequences of random tokens of these lengths. */
static inline AskedBatch asked_random(const int *length, int B, int V, uint64_t seed)
{
    int N = 0;
    for (int b = 0; b < B; b++) N += length[b];
    AskedBatch s = asked_new(B, N);
    for (int b = 0; b < B; b++) s.start[b + 1] = s.start[b] + length[b];
    for (int i = 0; i < N; i++) s.token[i] = rng_below(V, seed, RNG_TEST, 0, (uint64_t)i);
    asked_want(&s, true);
    return s;
}

/* Sequences order[0..n) of s, in that order. */
static inline AskedBatch asked_pick(const AskedBatch *s, const int *order, int n)
{
    int N = 0;
    for (int b = 0; b < n; b++) N += s->start[order[b] + 1] - s->start[order[b]];
    AskedBatch out = asked_new(n, N);
    for (int b = 0; b < n; b++) {
        const int from = s->start[order[b]], length = s->start[order[b] + 1] - from;
        memcpy(out.token + out.start[b], s->token + from, (size_t)length * sizeof *s->token);
        memcpy(out.want + out.start[b], s->want + from, (size_t)length);
        out.start[b + 1] = out.start[b] + length;
    }
    return out;
}

static inline TokenBatch asked_batch(const AskedBatch *s, double temperature)
{
    return (TokenBatch){s->B, s->N, s->token, s->start, s->want, temperature};
}

static inline void asked_evaluate(Policy *p, AskedBatch *s, double temperature)
{
    const TokenBatch b = asked_batch(s, temperature);
    policy_evaluate(p, &b, &(TokenTerms){s->logp, s->entropy, s->value});
}

/* The n weights (or moments) of a buffer on the host; the caller frees. */
static inline real *host_of(const real *buffer, size_t n)
{
    real *host = mem_calloc(n, sizeof *host);
    buffer_read(host, buffer, n);
    return host;
}

/* |a - b| / |b| over n numbers. */
static inline double relative_error(const real *a, const real *b, size_t n)
{
    real *x = host_of(a, n), *y = host_of(b, n);
    double difference = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = (double)x[i] - (double)y[i];
        difference += d * d;
        size += (double)y[i] * (double)y[i];
    }
    free(x);
    free(y);
    return sqrt(difference / size);
}

/* Make one weight no number. */
static inline void poison(Model *m, size_t at)
{
    const real nan = (real)NAN;
    buffer_write(m->parameters.w + at, &nan, 1);
    model_changed(m);
}

/* Add `ulps` units in the last place to one weight. */
static inline void nudge(Model *m, size_t at, int ulps)
{
    real x;
    buffer_read(&x, m->parameters.w + at, 1);
    for (int i = 0; i < ulps; i++) x = nextafterf((float)x, 1e9f);
    buffer_write(m->parameters.w + at, &x, 1);
    model_changed(m);
}

#endif
