/* Equal bits: what a row gets depends on that row alone, never on other rows, their order, threads or
 * the instruction set.  Every comparison here is memcmp. */
#include "tests/kernels/operations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static const char *const implementations[] = {"plain", "avx2", "avx512", "amx"};
enum { IMPLEMENTATIONS = sizeof implementations / sizeof *implementations };

static size_t bytes(size_t n)
{
    return n * sizeof(real);
}

/* Every test runs on each instruction set of the machine, with work on all threads however small; the
 * plain one, slow under sanitizers, once. */
static void on_every_implementation(void (*test)(const char *implementation))
{
    const size_t old = kernels_parallel_min(0);
    for (int i = 0; i < IMPLEMENTATIONS; i++) {
        if (kernels_use(implementations[i]) != 0) continue;
        for (int threads = i == 0 ? 3 : 1; threads <= 3; threads += 2) {
            kernels_threads(threads);
            test(implementations[i]);
        }
    }
    kernels_threads(0);
    kernels_parallel_min(old);
}

/* ---- threads and instruction sets ------------------------------------------------------------------ */

static void check_equal(const Results *expected, int operation, int shape, int threads)
{
    Results got = run_operation(operation, shape);
    assert_int_equal(got.n, expected->n);
    for (size_t i = 0; i < got.n; i++)
        if (memcmp(got.at + i, expected->at + i, sizeof *got.at) != 0)
            fail_msg("%s %s, shape %d, %d threads, result %zu: %a instead of %a", kernels_name(),
                     operations[operation].name, shape, threads, i, (double)got.at[i],
                     (double)expected->at[i]);
    free(got.at);
}

static void threads_and_instruction_sets_change_no_bit(void **state)
{
    (void)state;
    for (int o = 0; o < OPERATIONS; o++) {
        for (int s = 0; s < SHAPES; s++) {
            assert_int_equal(kernels_use("plain"), 0);
            kernels_threads(1);
            Results expected = run_operation(o, s);
            const size_t old = kernels_parallel_min(0);
            for (int i = 0; i < IMPLEMENTATIONS; i++) {
                if (kernels_use(implementations[i]) != 0) continue;
                const int plain = i == 0; /* slow: only once more */
                for (int threads = plain ? 3 : 1; threads <= (plain ? 3 : 4); threads++) {
                    kernels_threads(threads);
                    check_equal(&expected, o, s, threads);
                }
            }
            kernels_parallel_min(old);
            free(expected.at);
        }
    }
    kernels_threads(0);
}

/* ---- rows alone, in batches, in another order ------------------------------------------------------- */

/* Computes out (N, width) of rows x (N, C). */
typedef void RowsFunction(real *out, const real *x, int N, void *context);

/* All rows together, then the same rows in batches of `size` from the last to the first and turned
 * round within. */
static void check_batches(RowsFunction *f, void *context, int N, int C, int width, int size)
{
    real *x = random_buffer((size_t)N * (size_t)C, 2), *some = buffer_new((size_t)N * (size_t)C);
    real *all = buffer_new((size_t)N * (size_t)width), *out = buffer_new((size_t)N * (size_t)width);
    f(all, x, N, context);
    for (int end = N; end > 0; end -= size) {
        const int n = end < size ? end : size;
        for (int i = 0; i < n; i++)
            memcpy(some + (ptrdiff_t)i * C, x + (ptrdiff_t)(end - 1 - i) * C, bytes((size_t)C));
        f(out, some, n, context);
        for (int i = 0; i < n; i++)
            if (memcmp(out + (ptrdiff_t)i * width, all + (ptrdiff_t)(end - 1 - i) * width,
                       bytes((size_t)width)) != 0)
                fail_msg("%s: row %d differs in a batch of %d", kernels_name(), end - 1 - i, n);
    }
    buffer_free(x);
    buffer_free(some);
    buffer_free(all);
    buffer_free(out);
}

static void check_all_batches(RowsFunction *f, void *context, int N, int C, int width)
{
    const int sizes[] = {1, 2, 5, 13, 14, 15, 29, 57, 64};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i] < N) check_batches(f, context, N, C, width, sizes[i]);
}

typedef struct {
    Weight *w;
    const real *a, *b; /* a bias, or a norm's weight and bias */
    int C, V;
} RowContext;

static void linear_rows(real *out, const real *x, int N, void *context)
{
    const RowContext *c = context;
    linear_forward(out, x, c->w, c->a, N);
}

static void linear_in_batches(const char *implementation)
{
    enum { IN = 805, OUT = 97 };
    const int N = strcmp(implementation, "plain") == 0 ? 16 : 70;
    real *values = random_buffer((size_t)OUT * IN, 1), *bias = random_buffer(OUT, 1);
    for (Compute compute = COMPUTE_F32; compute <= COMPUTE_BF16; compute++) {
        RowContext c = {.w = weight_new(values, OUT, IN, compute), .a = bias};
        check_all_batches(linear_rows, &c, N, IN, OUT);
        weight_free(c.w);
    }
    buffer_free(values);
    buffer_free(bias);
}

static void linear_rows_do_not_depend_on_their_batch(void **state)
{
    (void)state;
    on_every_implementation(linear_in_batches);
}

/* Weights that bfloat16 holds are kept as such, all or none: one row beyond them, of other floats, has the
 * same weights packed as floats, and must be all that it changes. */
static void bfloat16_panels(const char *implementation)
{
    enum { IN = 805, OUT = 97, MORE = OUT + 1 };
    const int N = strcmp(implementation, "plain") == 0 ? 16 : 70;
    const size_t n = (size_t)N;
    real *values = random_buffer((size_t)MORE * IN, 1), *x = random_buffer(n * IN, 1);
    real *out = buffer_new(n * OUT), *beside = buffer_new(n * MORE), *dx = buffer_new(n * IN);
    real *dout = random_buffer(n * OUT, 1), *dbeside = buffer_new(n * MORE),
         *dx_2 = buffer_new(n * IN);
    round_to_bfloat16(values, (size_t)OUT * IN);
    Weight *pairs = weight_new(values, OUT, IN, COMPUTE_F32),
           *floats = weight_new(values, MORE, IN, COMPUTE_F32);

    linear_forward(out, x, pairs, NULL, N);
    linear_forward(beside, x, floats, NULL, N);
    for (size_t i = 0; i < n; i++) {
        assert_memory_equal(out + i * OUT, beside + i * MORE, bytes(OUT));
        memcpy(dbeside + i * MORE, dout + i * OUT, bytes(OUT));
    }
    linear_backward(dx, NULL, NULL, dout, NULL, pairs, N);
    linear_backward(dx_2, NULL, NULL, dbeside, NULL, floats, N);
    assert_memory_equal(dx, dx_2, bytes(n * IN));

    weight_free(pairs);
    weight_free(floats);
    real *all[] = {values, x, out, beside, dx, dout, dbeside, dx_2};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buffer_free(all[i]);
}

static void bfloat16_weights_give_the_bits_of_floats(void **state)
{
    (void)state;
    on_every_implementation(bfloat16_panels);
}

static void layernorm_rows(real *out, const real *x, int N, void *context)
{
    const RowContext *c = context;
    real *mean = buffer_new((size_t)N), *rstd = buffer_new((size_t)N);
    layernorm_forward(out, mean, rstd, x, c->a, c->b, N, c->C, 1e-5);
    buffer_free(mean);
    buffer_free(rstd);
}

static void rmsnorm_rows(real *out, const real *x, int N, void *context)
{
    const RowContext *c = context;
    real *rstd = buffer_new((size_t)N);
    rmsnorm_forward(out, rstd, x, c->a, N, c->C, 1e-6);
    buffer_free(rstd);
}

static void gelu_rows(real *out, const real *x, int N, void *context)
{
    const RowContext *c = context;
    gelu_forward(out, x, (size_t)N * (size_t)c->C);
}

static void swiglu_rows(real *out, const real *x, int N, void *context)
{
    const RowContext *c = context;
    swiglu_forward(out, x, N, c->C / 2);
}

static void elementwise_in_batches(const char *implementation)
{
    (void)implementation;
    enum { C = 202 };
    real *w = random_buffer(C, 1), *b = random_buffer(C, 1);
    RowContext c = {.a = w, .b = b, .C = C};
    check_all_batches(layernorm_rows, &c, 70, C, C);
    check_all_batches(rmsnorm_rows, &c, 70, C, C);
    check_all_batches(gelu_rows, &c, 70, C, C);
    check_all_batches(swiglu_rows, &c, 70, C, C / 2);
    buffer_free(w);
    buffer_free(b);
}

static void norms_and_activations_do_not_depend_on_their_batch(void **state)
{
    (void)state;
    on_every_implementation(elementwise_in_batches);
}

/* log-probability, entropy and lse; the target follows from the row's first number. */
static void head_rows(real *out, const real *x, int N, void *context)
{
    const RowContext *c = context;
    assert(N > 0);
    real *logp = buffer_new((size_t)N), *entropy = buffer_new((size_t)N);
    real *lse = buffer_new((size_t)N);
    int *target = calloc((size_t)N, sizeof *target);
    for (int i = 0; i < N; i++) target[i] = (int)((x[(ptrdiff_t)i * c->C] + 2) / 4 * (real)c->V);
    logprob_forward(logp, entropy, lse, x, c->w, target, N, 0.7);
    for (ptrdiff_t i = 0; i < N; i++) {
        out[3 * i] = logp[i];
        out[3 * i + 1] = entropy[i];
        out[3 * i + 2] = lse[i];
    }
    buffer_free(logp);
    buffer_free(entropy);
    buffer_free(lse);
    free(target);
}

/* The same log-probability as a decoder computes it, over logits that exist. */
static void decoder_rows(real *out, const real *x, int N, void *context)
{
    const RowContext *c = context;
    assert(N > 0);
    real *logits = buffer_new((size_t)N * (size_t)c->V), *lse = buffer_new((size_t)N);
    real *logp = buffer_new((size_t)N);
    int *target = calloc((size_t)N, sizeof *target);
    for (int i = 0; i < N; i++) target[i] = (int)((x[(ptrdiff_t)i * c->C] + 2) / 4 * (real)c->V);
    linear_forward(logits, x, c->w, NULL, N);
    logsumexp_forward(lse, logits, N, c->V, 0.7);
    logits_logprob(logp, logits, lse, target, N, c->V, 0.7);
    for (ptrdiff_t i = 0; i < N; i++) {
        out[2 * i] = logp[i];
        out[2 * i + 1] = lse[i];
    }
    buffer_free(logits);
    buffer_free(lse);
    buffer_free(logp);
    free(target);
}

static void head_in(Compute compute, const char *implementation)
{
    enum { C = 24, V = 1111 };
    const int N = strcmp(implementation, "plain") == 0 ? 16 : 70;
    real *values = random_buffer((size_t)V * C, 1);
    RowContext c = {.w = weight_new(values, V, C, compute), .C = C, .V = V};
    check_all_batches(head_rows, &c, N, C, 3);
    check_all_batches(decoder_rows, &c, N, C, 2);

    real *x = random_buffer((size_t)N * C, 2), *head = buffer_new((size_t)N * 3);
    real *decoder = buffer_new((size_t)N * 2);
    head_rows(head, x, N, &c);
    decoder_rows(decoder, x, N, &c);
    for (ptrdiff_t i = 0; i < N; i++) {
        assert_memory_equal(head + 3 * i, decoder + 2 * i, sizeof(real));
        assert_memory_equal(head + 3 * i + 2, decoder + 2 * i + 1, sizeof(real));
    }
    buffer_free(x);
    buffer_free(head);
    buffer_free(decoder);
    weight_free(c.w);
    buffer_free(values);
}

static void head_in_batches(const char *implementation)
{
    head_in(COMPUTE_F32, implementation);
    head_in(COMPUTE_BF16, implementation);
}

static void decoding_and_scoring_agree_on_every_log_probability(void **state)
{
    (void)state;
    on_every_implementation(head_in_batches);
}

static void sampled_rows(real *out, const real *x, int N, void *context)
{
    const RowContext *c = context;
    assert(N > 0);
    real *lse = buffer_new((size_t)N);
    int *token = calloc((size_t)N, sizeof *token);
    double *floor = calloc((size_t)N, sizeof *floor), *uniform = calloc((size_t)N, sizeof *uniform);
    for (ptrdiff_t i = 0; i < N; i++) {
        uniform[i] = ((double)x[i * c->V] + 2.001) / 4.002;
        floor[i] = x[i * c->V] > 0 ? -INFINITY : 0.5;
    }
    logsumexp_forward(lse, x, N, c->V, 1);
    sample_forward(token, x, lse, floor, uniform, N, c->V, 1);
    for (int i = 0; i < N; i++) out[i] = (real)token[i];
    buffer_free(lse);
    free(token);
    free(floor);
    free(uniform);
}

static void samples_in_batches(const char *implementation)
{
    (void)implementation;
    RowContext c = {.V = 1333};
    check_all_batches(sampled_rows, &c, 30, 1333, 1);
}

static void samples_do_not_depend_on_their_batch(void **state)
{
    (void)state;
    on_every_implementation(samples_in_batches);
}

/* ---- attention ------------------------------------------------------------------------------------- */

typedef struct {
    int NH, NKV, HD, T, ld, window;
    const real *qkv; /* (T, ld): q | k | v */
    real *out, *lse; /* of the whole sequence at once */
} Sequence;

static Sequence sequence_new(int NH, int NKV, int HD, int T, int window)
{
    Sequence s = {
        .NH = NH, .NKV = NKV, .HD = HD, .T = T, .ld = (NH + 2 * NKV) * HD + 7, .window = window};
    s.qkv = random_buffer((size_t)(T * s.ld), 3);
    s.out = buffer_new((size_t)(T * NH * HD));
    s.lse = buffer_new((size_t)(T * NH));
    return s;
}

static void sequence_free(Sequence *s)
{
    buffer_free((real *)s->qkv);
    buffer_free(s->out);
    buffer_free(s->lse);
}

/* Write and attend to tokens [from, from+n) of the sequence as one span. */
static void feed(const Sequence *s, KvCache *cache, real *out, real *lse, int from, int n, int at)
{
    const Span span = {.row = 0, .n = n, .position = from, .cache = at};
    const real *q = s->qkv + (ptrdiff_t)from * s->ld;
    const real *k = q + (ptrdiff_t)s->NH * s->HD, *v = k + (ptrdiff_t)s->NKV * s->HD;
    kv_cache_write(cache, k, v, s->ld, &span, 1);
    attention_forward(out, lse, q, s->ld, cache, &span, 1, s->NH, s->window);
}

static void check_rows(const Sequence *s, const real *out, const real *lse, int from, int n)
{
    const size_t width = (size_t)(s->NH * s->HD);
    for (int i = 0; i < n; i++)
        if (memcmp(out + i * (ptrdiff_t)width, s->out + (from + i) * (ptrdiff_t)width,
                   bytes(width)) != 0 ||
            memcmp(lse + i * (ptrdiff_t)s->NH, s->lse + (from + i) * (ptrdiff_t)s->NH,
                   bytes((size_t)s->NH)) != 0)
            fail_msg("%s: token %d differs in a span of %d", kernels_name(), from + i, n);
}

/* Feed the sequence in spans of n tokens, where another one's keys lie already. */
static void check_steps(const Sequence *s, int n)
{
    const int room = (s->T + KV_ALIGN - 1) / KV_ALIGN * KV_ALIGN;
    KvCache *cache = kv_cache_new(room + 2 * KV_ALIGN, s->NKV, s->HD);
    real *old = random_buffer((size_t)((room + 2 * KV_ALIGN) * s->NKV * s->HD), 50);
    kv_cache_write(cache, old, old, s->NKV * s->HD, &(Span){.n = room + 2 * KV_ALIGN}, 1);
    real *out = buffer_new((size_t)(n * s->NH * s->HD)), *lse = buffer_new((size_t)(n * s->NH));
    for (int t = 0; t < s->T; t += n) {
        const int rows = s->T - t < n ? s->T - t : n;
        feed(s, cache, out, lse, t, rows, KV_ALIGN);
        check_rows(s, out, lse, t, rows);
    }
    kv_cache_free(cache);
    buffer_free(old);
    buffer_free(out);
    buffer_free(lse);
}

static void attention_in_steps(const char *implementation)
{
    const int heads[][5] = {{2, 1, 4, 70, 0},    {3, 3, 18, 131, 0}, {6, 6, 8, 70, 0},
                            {2, 1, 32, 150, 0},  {1, 1, 64, 131, 0}, {2, 1, 4, 150, 1},
                            {3, 3, 18, 131, 40}, {2, 1, 8, 200, 64}, {4, 4, 8, 200, 70}};
    const int steps[] = {1, 15, 65, 3, 13, 14, 64};
    const size_t n = strcmp(implementation, "plain") == 0 ? 3 : sizeof steps / sizeof *steps;
    for (size_t h = 0; h < sizeof heads / sizeof *heads; h++) {
        Sequence s = sequence_new(heads[h][0], heads[h][1], heads[h][2], heads[h][3], heads[h][4]);
        KvCache *cache = kv_cache_new(7 * KV_ALIGN, s.NKV, s.HD);
        feed(&s, cache, s.out, s.lse, 0, s.T, 0);
        for (size_t i = 0; i < n; i++) check_steps(&s, steps[i]);
        kv_cache_free(cache);
        sequence_free(&s);
    }
}

/* The first n tokens are copied to another place, where other keys lie, and the sequence goes on there. */
static void attention_goes_on_from_a_copy(const char *implementation)
{
    (void)implementation;
    const int shared[] = {1, 15, 16, 17, 33, 69};
    Sequence s = sequence_new(6, 2, 18, 70, 0);
    KvCache *cache = kv_cache_new(7 * KV_ALIGN, s.NKV, s.HD);
    real *old = random_buffer((size_t)(7 * KV_ALIGN * s.NKV * s.HD), 51);
    real *out = buffer_new((size_t)(s.T * s.NH * s.HD)), *lse = buffer_new((size_t)(s.T * s.NH));
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        kv_cache_write(cache, old, old, s.NKV * s.HD, &(Span){.n = 7 * KV_ALIGN}, 1);
        feed(&s, cache, s.out, s.lse, 0, s.T, 0);
        kv_cache_copy(cache, 4 * KV_ALIGN, 0, shared[i]);
        feed(&s, cache, out, lse, shared[i], s.T - shared[i], 4 * KV_ALIGN);
        check_rows(&s, out, lse, shared[i], s.T - shared[i]);
    }
    kv_cache_free(cache);
    buffer_free(old), buffer_free(out), buffer_free(lse);
    sequence_free(&s);
}

static void a_copied_beginning_is_as_good_as_its_own(void **state)
{
    (void)state;
    on_every_implementation(attention_goes_on_from_a_copy);
}

static void a_token_attends_alike_alone_and_in_its_sequence(void **state)
{
    (void)state;
    on_every_implementation(attention_in_steps);
}

/* The sequence again as the second of three spans, whose tokens lie elsewhere in the cache. */
static void attention_among_others(const char *implementation)
{
    (void)implementation;
    Sequence s = sequence_new(4, 2, 18, 140, 50);
    KvCache *cache = kv_cache_new(512, s.NKV, s.HD);
    feed(&s, cache, s.out, s.lse, 0, s.T, 0);

    const Span spans[] = {{.row = s.T, .n = 60, .cache = 448},
                          {.row = 0, .n = s.T, .cache = 224},
                          {.row = s.T + 60, .n = 5, .cache = 384}};
    const int N = s.T + 65, width = s.NH * s.HD;
    real *qkv = random_buffer((size_t)(N * s.ld), 3), *out = buffer_new((size_t)(N * width));
    real *lse = buffer_new((size_t)(N * s.NH));
    buffer_copy(qkv, s.qkv, (size_t)(s.T * s.ld));
    kv_cache_write(cache, qkv + width, qkv + width + (ptrdiff_t)s.NKV * s.HD, s.ld, spans, 3);
    attention_forward(out, lse, qkv, s.ld, cache, spans, 3, s.NH, s.window);
    check_rows(&s, out, lse, 0, s.T);

    buffer_free(qkv);
    buffer_free(out);
    buffer_free(lse);
    kv_cache_free(cache);
    sequence_free(&s);
}

static void a_sequence_attends_alike_among_others(void **state)
{
    (void)state;
    on_every_implementation(attention_among_others);
}

/* ---- gradients ------------------------------------------------------------------------------------ */

/* Weight gradients are one chain over rows, so two halves in order give the same as the whole. */
static void linear_in_halves(const char *implementation)
{
    enum { N = 37, HALF = 20, IN = 70, OUT = 45 };
    real *x = random_buffer((size_t)N * IN, 1), *dout = random_buffer((size_t)N * OUT, 1);
    real *values = random_buffer((size_t)OUT * IN, 1);
    real *dw = buffer_new((size_t)OUT * IN), *dw2 = buffer_new((size_t)OUT * IN);
    real *db = buffer_new(OUT), *db2 = buffer_new(OUT);
    Weight *w = weight_new(values, OUT, IN, COMPUTE_F32);
    (void)implementation;

    linear_backward(NULL, dw, db, dout, x, w, N);
    linear_backward(NULL, dw2, db2, dout, x, w, HALF);
    linear_backward(NULL, dw2, db2, dout + (ptrdiff_t)HALF * OUT, x + (ptrdiff_t)HALF * IN, w,
                    N - HALF);
    assert_memory_equal(dw, dw2, bytes((size_t)OUT * IN));
    assert_memory_equal(db, db2, bytes(OUT));

    weight_free(w);
    real *all[] = {x, dout, values, dw, dw2, db, db2};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buffer_free(all[i]);
}

/* In bfloat16 they are chains of blocks of 32 rows, and panels are made of 1,024 rows at a time: cut there, two parts
 * give the bits of the whole. */
static void linear_in_parts_of_blocks(const char *implementation)
{
    enum { N = 1100, PART = 1024, IN = 40, OUT = 35 };
    if (strcmp(implementation, "plain") == 0) return;
    real *x = random_buffer((size_t)N * IN, 1), *dout = random_buffer((size_t)N * OUT, 1);
    real *values = random_buffer((size_t)OUT * IN, 1);
    real *dw = buffer_new((size_t)OUT * IN), *dw2 = buffer_new((size_t)OUT * IN);
    Weight *w = weight_new(values, OUT, IN, COMPUTE_BF16);

    linear_backward(NULL, dw, NULL, dout, x, w, N);
    linear_backward(NULL, dw2, NULL, dout, x, w, PART);
    linear_backward(NULL, dw2, NULL, dout + (ptrdiff_t)PART * OUT, x + (ptrdiff_t)PART * IN, w,
                    N - PART);
    assert_memory_equal(dw, dw2, bytes((size_t)OUT * IN));

    weight_free(w);
    real *all[] = {x, dout, values, dw, dw2};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) buffer_free(all[i]);
}

static void weight_gradients_in_bfloat16_continue_over_whole_blocks(void **state)
{
    (void)state;
    on_every_implementation(linear_in_parts_of_blocks);
}

static void weight_gradients_continue_over_micro_batches(void **state)
{
    (void)state;
    on_every_implementation(linear_in_halves);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_instruction_sets_change_no_bit),
        cmocka_unit_test(linear_rows_do_not_depend_on_their_batch),
        cmocka_unit_test(bfloat16_weights_give_the_bits_of_floats),
        cmocka_unit_test(norms_and_activations_do_not_depend_on_their_batch),
        cmocka_unit_test(decoding_and_scoring_agree_on_every_log_probability),
        cmocka_unit_test(samples_do_not_depend_on_their_batch),
        cmocka_unit_test(a_token_attends_alike_alone_and_in_its_sequence),
        cmocka_unit_test(a_copied_beginning_is_as_good_as_its_own),
        cmocka_unit_test(a_sequence_attends_alike_among_others),
        cmocka_unit_test(weight_gradients_continue_over_micro_batches),
        cmocka_unit_test(weight_gradients_in_bfloat16_continue_over_whole_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
