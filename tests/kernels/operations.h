/* Every operation of the kernels on random inputs of a given shape, its results laid end to end, so
 * that implementations, threads and instruction sets can be compared without knowing what it does. */
#ifndef TESTS_KERNELS_OPERATIONS_H
#define TESTS_KERNELS_OPERATIONS_H

#include "kernels/kernels.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- random buffers ---------------------------------------------------------------------------- */

static uint64_t random_state = 1;

static double random_unit(void) /* in (0,1) */
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(random_state >> 40) + 0.5) / (double)(1 << 24);
}

static void fill(real *buffer, size_t n, double scale)
{
    for (size_t i = 0; i < n; i++) buffer[i] = (real)(scale * (2 * random_unit() - 1));
}

static real *random_buffer(size_t n, double scale)
{
    real *buffer = buffer_new(n);
    fill(buffer, n, scale);
    return buffer;
}

/* To numbers that bfloat16 holds: the upper half of a float. */
static void round_to_bfloat16(real *buffer, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float x = (float)buffer[i];
        uint32_t bits;
        memcpy(&bits, &x, sizeof bits);
        bits &= 0xffff0000;
        memcpy(&x, &bits, sizeof x);
        buffer[i] = x;
    }
}

/* ---- results ----------------------------------------------------------------------------------- */

typedef struct {
    real *at;
    size_t n;
} Results;

static void add_result(Results *r, const real *from, size_t n)
{
    r->at = realloc(r->at, (r->n + n + 1) * sizeof *r->at);
    assert(r->at);
    buffer_read(r->at + r->n, from, n);
    r->n += n;
}

typedef struct {
    int N, IN, OUT;     /* linear, norms, activations, rope; OUT is the vocabulary of the head */
    int NH, NKV, HD, T; /* attention: T tokens in the longest of three sequences */
} Shape;

/* ---- the operations ------------------------------------------------------------------------------ */

/* Weights of any floats; such that bfloat16 holds; products in bfloat16. */
typedef enum { FLOATS, SHORT_FLOATS, IN_BFLOAT16 } Form;

/* Every third number becomes so small that it, or a product or sum of it, is subnormal. */
static void make_tiny(real *x, size_t n)
{
    const real by[] = {(real)0x1p-60, (real)0x1p-90, (real)0x1p-127};
    for (size_t i = 0; i < n; i += 3) x[i] *= by[i % 7 % 3];
}

static void linear_results(Results *r, const Shape *s, Form form)
{
    const size_t N = s->N, IN = s->IN, OUT = s->OUT;
    real *x = random_buffer(N * IN, 1), *values = random_buffer(OUT * IN, 1);
    real *bias = random_buffer(OUT, 1), *out = buffer_new(N * OUT);
    real *dout = random_buffer(N * OUT, 1), *dx = random_buffer(N * IN, 1);
    real *dw = random_buffer(OUT * IN, 1), *dbias = random_buffer(OUT, 1);
    if (form == SHORT_FLOATS) round_to_bfloat16(values, OUT * IN);
    if (form == IN_BFLOAT16) {
        make_tiny(x, N * IN);
        make_tiny(values, OUT * IN / 2);
        make_tiny(dw, OUT * IN);
    }
    Weight *w = weight_new(values, s->OUT, s->IN, form == IN_BFLOAT16 ? COMPUTE_BF16 : COMPUTE_F32);

    linear_forward(out, x, w, bias, s->N);
    add_result(r, out, N * OUT);
    linear_backward(dx, dw, dbias, dout, x, w, s->N);
    add_result(r, dx, N * IN);
    add_result(r, dw, OUT * IN);
    add_result(r, dbias, OUT);
    /* After a change of the weights both packed forms are new; now they are any floats. */
    fill(values, OUT * IN, 2);
    weight_changed(w);
    linear_forward(out, x, w, NULL, s->N);
    add_result(r, out, N * OUT);
    weight_release(w);
    linear_backward(dx, NULL, NULL, dout, x, w, s->N);
    add_result(r, dx, N * IN);

    weight_free(w);
    real *all[] = {x, values, bias, out, dout, dx, dw, dbias};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buffer_free(all[i]);
}

static void run_linear(Results *r, const Shape *s)
{
    linear_results(r, s, FLOATS);
}

static void run_linear_bfloat16(Results *r, const Shape *s)
{
    linear_results(r, s, SHORT_FLOATS);
}

static void run_linear_in_bfloat16(Results *r, const Shape *s)
{
    linear_results(r, s, IN_BFLOAT16);
}

/* A update of the last OUT columns of rows that are 3 wider; low lies among others, too. */
static void run_lowrank(Results *r, const Shape *s)
{
    const int R = s->HD, LD = s->OUT + 3, LOW = R + 5;
    const size_t N = s->N, IN = s->IN, OUT = s->OUT;
    real *x = random_buffer(N * IN, 1), *a_values = random_buffer(R * IN, 1);
    real *b_values = random_buffer(OUT * R, 1), *out = random_buffer(N * LD, 1);
    real *low = random_buffer(N * LOW, 1), *dlow = random_buffer(N * LOW, 1);
    real *dout = random_buffer(N * LD, 1), *dx = random_buffer(N * IN, 1);
    real *da = random_buffer(R * IN, 1), *db = random_buffer(OUT * R, 1);
    Weight *a = weight_new(a_values, R, s->IN, COMPUTE_F32),
           *b = weight_new(b_values, s->OUT, R, COMPUTE_F32);

    lowrank_forward(out + 3, LD, low + 2, LOW, x, a, b, 0.7, s->N);
    lowrank_backward(dx, dlow + 2, LOW, dout + 3, LD, a, b, 0.7, s->N);
    lowrank_weights(da, db, dlow + 2, low + 2, LOW, dout + 3, LD, x, a, b, s->N);
    add_result(r, out, N * LD);
    add_result(r, low, N * LOW);
    add_result(r, dx, N * IN);
    add_result(r, dlow, N * LOW);
    add_result(r, da, R * IN);
    add_result(r, db, OUT * R);

    weight_free(a);
    weight_free(b);
    real *all[] = {x, a_values, b_values, out, low, dlow, dout, dx, da, db};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buffer_free(all[i]);
}

static void run_layernorm(Results *r, const Shape *s)
{
    const size_t N = s->N, C = s->IN;
    real *x = random_buffer(N * C, 3), *w = random_buffer(C, 1), *b = random_buffer(C, 1);
    real *out = buffer_new(N * C), *mean = buffer_new(N), *rstd = buffer_new(N);
    real *dout = random_buffer(N * C, 1), *dx = random_buffer(N * C, 1);
    real *dw = random_buffer(C, 1), *db = random_buffer(C, 1);

    layernorm_forward(out, mean, rstd, x, w, b, s->N, s->IN, 1e-5);
    layernorm_backward(dx, dw, db, dout, x, mean, rstd, w, s->N, s->IN);
    add_result(r, out, N * C);
    add_result(r, mean, N);
    add_result(r, rstd, N);
    add_result(r, dx, N * C);
    add_result(r, dw, C);
    add_result(r, db, C);

    real *all[] = {x, w, b, out, mean, rstd, dout, dx, dw, db};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buffer_free(all[i]);
}

static void run_rmsnorm(Results *r, const Shape *s)
{
    const size_t N = s->N, C = s->IN;
    real *x = random_buffer(N * C, 3), *w = random_buffer(C, 1), *rstd = buffer_new(N);
    real *out = buffer_new(N * C), *dout = random_buffer(N * C, 1);
    real *dx = random_buffer(N * C, 1), *dw = random_buffer(C, 1);

    rmsnorm_forward(out, rstd, x, w, s->N, s->IN, 1e-6);
    rmsnorm_backward(dx, dw, dout, x, rstd, w, s->N, s->IN);
    add_result(r, out, N * C);
    add_result(r, rstd, N);
    add_result(r, dx, N * C);
    add_result(r, dw, C);

    real *all[] = {x, w, rstd, out, dout, dx, dw};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buffer_free(all[i]);
}

static void run_rope(Results *r, const Shape *s)
{
    const int heads = s->NH, HD = s->HD, ld = heads * HD + 3, max_T = 500;
    const size_t n = (size_t)s->N * (size_t)ld;
    double *inv_freq = calloc((size_t)HD, sizeof *inv_freq);
    int *position = calloc((size_t)s->N, sizeof *position);
    real *table = buffer_new((size_t)max_T * (size_t)HD), *x = random_buffer(n, 1);
    for (int i = 0; i < HD / 2; i++) inv_freq[i] = pow(10000, -2.0 * i / HD);
    for (int i = 0; i < s->N; i++) position[i] = i * 7 % max_T;

    rope_table(table, inv_freq, max_T, HD);
    rope_forward(x, ld, table, position, s->N, heads, HD);
    add_result(r, x, n);
    fill(x, n, 1);
    rope_backward(x, ld, table, position, s->N, heads, HD);
    add_result(r, x, n);

    buffer_free(table);
    buffer_free(x);
    free(position);
    free(inv_freq);
}

/* Three sequences of T, 1 and about T/2 tokens, their rows in another order than in the cache. */
static void attend_and_back(Results *r, const Shape *s, int window)
{
    const int NH = s->NH, NKV = s->NKV, HD = s->HD, half = s->T / 2 + 1, N = s->T + 1 + half;
    const int width = (NH + 2 * NKV) * HD, ld = width + 5,
              room = (s->T + KV_ALIGN - 1) / KV_ALIGN * KV_ALIGN;
    const Span spans[] = {{.row = 1, .n = s->T, .cache = KV_ALIGN},
                          {.row = 0, .n = 1, .cache = 0},
                          {.row = 1 + s->T, .n = half, .cache = KV_ALIGN + room}};
    const size_t n = (size_t)N * (size_t)ld, n_out = (size_t)N * (size_t)(NH * HD);
    real *qkv = random_buffer(n, 2), *dqkv = random_buffer(n, 1);
    real *out = buffer_new(n_out), *lse = buffer_new((size_t)(N * NH));
    real *dout = random_buffer(n_out, 1);
    const int k = NH * HD, v = k + NKV * HD;
    KvCache *cache = kv_cache_new(KV_ALIGN + 2 * room, NKV, HD);

    kv_cache_write(cache, qkv + k, qkv + v, ld, spans, 3);
    attention_forward(out, lse, qkv, ld, cache, spans, 3, NH, window);
    attention_backward(dqkv, dqkv + k, dqkv + v, dout, out, lse, qkv, qkv + k, qkv + v, ld, spans,
                       3, NH, NKV, HD, window);
    add_result(r, out, n_out);
    add_result(r, lse, (size_t)(N * NH));
    add_result(r, dqkv, n);

    kv_cache_free(cache);
    real *all[] = {qkv, dqkv, out, lse, dout};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buffer_free(all[i]);
}

/* Everything in sight; two keys; a window that ends inside a block, in the third of them. */
static void run_attention(Results *r, const Shape *s)
{
    const int windows[] = {0, 2, 77};
    for (int i = 0; i < 3; i++) attend_and_back(r, s, windows[i]);
}

static void run_activations(Results *r, const Shape *s)
{
    const size_t n = (size_t)s->N * (size_t)s->IN;
    real *x = random_buffer(2 * n, 6), *out = buffer_new(n), *dout = random_buffer(n, 1);
    real *dx = random_buffer(2 * n, 1);

    gelu_forward(out, x, n);
    gelu_backward(dx, dout, x, n);
    add_result(r, out, n);
    add_result(r, dx, n);
    swiglu_forward(out, x, s->N, s->IN);
    swiglu_backward(dx, dout, x, s->N, s->IN);
    add_result(r, out, n);
    add_result(r, dx, 2 * n);

    real *all[] = {x, out, dout, dx};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buffer_free(all[i]);
}

static void head_results(Results *r, const Shape *s, Form form)
{
    const double temperature = 0.75;
    const int C = s->IN < 64 ? s->IN : 64;
    const size_t N = s->N, V = s->OUT;
    real *h = random_buffer(N * (size_t)C, 1), *values = random_buffer(V * (size_t)C, 1);
    real *logp = buffer_new(N), *entropy = buffer_new(N), *lse = buffer_new(N);
    real *dlogp = random_buffer(N, 1), *dentropy = random_buffer(N, 1);
    real *dh = random_buffer(N * (size_t)C, 1), *dw = random_buffer(V * (size_t)C, 1);
    int *target = calloc(N, sizeof *target);
    for (size_t i = 0; i < N; i++) target[i] = (int)(random_unit() * (double)V);
    if (form == SHORT_FLOATS) round_to_bfloat16(values, V * (size_t)C);
    Weight *w = weight_new(values, s->OUT, C, form == IN_BFLOAT16 ? COMPUTE_BF16 : COMPUTE_F32);

    logprob_forward(logp, entropy, lse, h, w, target, s->N, temperature);
    logprob_backward(dh, dw, dlogp, dentropy, entropy, lse, h, w, target, s->N, temperature);
    add_result(r, logp, N);
    add_result(r, entropy, N);
    add_result(r, lse, N);
    add_result(r, dh, N * (size_t)C);
    add_result(r, dw, V * (size_t)C);
    logprob_backward(dh, NULL, dlogp, NULL, NULL, lse, h, w, target, s->N, temperature);
    add_result(r, dh, N * (size_t)C);

    weight_free(w);
    free(target);
    real *all[] = {h, values, logp, entropy, lse, dlogp, dentropy, dh, dw};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buffer_free(all[i]);
}

static void run_head(Results *r, const Shape *s)
{
    head_results(r, s, FLOATS);
}

static void run_head_bfloat16(Results *r, const Shape *s)
{
    head_results(r, s, SHORT_FLOATS);
}

static void run_head_in_bfloat16(Results *r, const Shape *s)
{
    head_results(r, s, IN_BFLOAT16);
}

/* logp, entropy and lse alone */
static void run_head_forward_in_bfloat16(Results *r, const Shape *s)
{
    head_results(r, s, IN_BFLOAT16);
    r->n = (size_t)s->N * 3;
}

static void run_decoding(Results *r, const Shape *s)
{
    const double temperature = 0.75;
    const size_t N = s->N, V = s->OUT;
    real *logits = random_buffer(N * V, 4), *lse = buffer_new(N), *logp = buffer_new(N);
    int *token = calloc(N, sizeof *token);
    double *floor = calloc(N, sizeof *floor), *uniform = calloc(N, sizeof *uniform);
    for (size_t i = 0; i < N; i++) {
        floor[i] = i % 2 ? (double)logits[i * V] : -INFINITY;
        uniform[i] = random_unit();
    }

    logsumexp_forward(lse, logits, s->N, s->OUT, temperature);
    sample_forward(token, logits, lse, floor, uniform, s->N, s->OUT, temperature);
    logits_logprob(logp, logits, lse, token, s->N, s->OUT, temperature);
    add_result(r, lse, N);
    add_result(r, logp, N);
    for (size_t i = 0; i < N; i++) logp[i] = (real)token[i];
    add_result(r, logp, N);

    real *all[] = {logits, lse, logp};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buffer_free(all[i]);
    free(token);
    free(floor);
    free(uniform);
}

static void run_optimizer(Results *r, const Shape *s)
{
    const size_t n = (size_t)s->N * (size_t)s->IN;
    real *w = random_buffer(n, 1), *m = random_buffer(n, 1), *v = random_buffer(n, 1);
    real *g = random_buffer(n, 1);
    AdamStep step = {.learning_rate = 0.01,
                     .beta1 = 0.9,
                     .beta2 = 0.95,
                     .eps = 1e-8,
                     .weight_decay = 0.1,
                     .grad_scale = 0.5,
                     .step = 3};

    buffer_add(w, g, n);
    for (size_t i = 0; i < n; i++) v[i] = (real)fabs((double)v[i]);
    adamw_step(w, m, v, g, n, &step);
    step.tensorflow = 1;
    adamw_step(w, m, v, g, n, &step);
    g[0] = (real)buffer_sum_squares(w, n);
    add_result(r, w, n);
    add_result(r, m, n);
    add_result(r, v, n);
    add_result(r, g, 1);

    real *all[] = {w, m, v, g};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buffer_free(all[i]);
}

typedef struct {
    const char *name;
    void (*run)(Results *r, const Shape *s);
    double tolerance; /* between the reference and the others; 0: that of sums in another order */
} Operation;

static const Operation operations[] = {
    {"linear", run_linear, 0},
    {"lowrank", run_lowrank, 0},
    {"layernorm", run_layernorm, 0},
    {"rmsnorm", run_rmsnorm, 0},
    {"rope", run_rope, 0},
    {"attention", run_attention, 0},
    {"head", run_head, 0},
    {"activations", run_activations, 0},
    {"decoding", run_decoding, 0},
    {"optimizer", run_optimizer, 0},
    {"linear, bfloat16", run_linear_bfloat16, 0},
    {"head, bfloat16", run_head_bfloat16, 0},
    {"linear in bfloat16", run_linear_in_bfloat16, 0},
    {"head in bfloat16, forward", run_head_forward_in_bfloat16, 0},
    /* Gradients of logits that differ in the last place round to bfloat16 numbers next to each other. */
    {"head in bfloat16", run_head_in_bfloat16, 0x1p-8},
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

/* Across every border: widths that are no multiple of 16, depths beyond a block of the product, a
 * vocabulary beyond a tile, more keys than two blocks, 1 to 400 rows, heads of 2 to 80. */
static const Shape shapes[] = {
    {.N = 1, .IN = 5, .OUT = 3, .NH = 1, .NKV = 1, .HD = 4, .T = 1},
    {.N = 2, .IN = 16, .OUT = 33, .NH = 2, .NKV = 1, .HD = 8, .T = 15},
    {.N = 400, .IN = 20, .OUT = 17, .NH = 1, .NKV = 1, .HD = 2, .T = 65},
    {.N = 15, .IN = 48, .OUT = 96, .NH = 4, .NKV = 2, .HD = 32, .T = 60},
    {.N = 33, .IN = 801, .OUT = 35, .NH = 2, .NKV = 2, .HD = 80, .T = 130},
    {.N = 70, .IN = 58, .OUT = 1111, .NH = 3, .NKV = 1, .HD = 18, .T = 200},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* The results of one operation, from the same random numbers every time; free `at`. */
static Results run_operation(int operation, int shape)
{
    Results r = {0};
    random_state = (uint64_t)(operation * 100 + shape + 1);
    operations[operation].run(&r, &shapes[shape]);
    return r;
}

#endif
