/* Every backward of kernels.h against differences of its forward, in double, to 1e-6.
 *
 * The loss is sum(dout * out) with fixed random dout, so its gradient by an input is what the backward
 * must add.  Gradients start at BEGAN, not 0: a backward that overwrites fails, but for those that say so. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernels/kernels.h"

enum { MAX_INPUTS = 4, SAMPLED = 150 };
static const double BEGAN = 0.25;

typedef struct Operation {
    void (*forward)(struct Operation *);
    int inputs;
    real *in[MAX_INPUTS], *grad[MAX_INPUTS];
    bool overwritten[MAX_INPUTS]; /* the gradient, rather than added to */
    size_t n_in[MAX_INPUTS], n_out;
    real *out, *dout;
    real *kept[2]; /* what the forward keeps for the backward */
    double temperature;
    int window;
} Operation;

static uint64_t noise_state;

/* Uniform in (-1,1): a multiplicative congruential generator, Lehmer 1951. */
static real noise(void)
{
    noise_state = noise_state * 48271 % 2147483647;
    return (double)noise_state / 2147483647 * 2 - 1;
}

static real *noise_new(size_t n)
{
    real *x = buffer_new(n);
    for (size_t i = 0; i < n; i++) x[i] = noise();
    return x;
}

static void add_input(Operation *op, size_t n)
{
    const int i = op->inputs++;
    op->n_in[i] = n;
    op->in[i] = noise_new(n);
    op->grad[i] = buffer_new(n);
    for (size_t j = 0; j < n; j++) op->grad[i][j] = BEGAN;
}

static Operation operation(void (*forward)(Operation *), size_t n_out)
{
    noise_state = 20240607;
    return (Operation){.forward = forward,
                       .n_out = n_out,
                       .out = buffer_new(n_out),
                       .dout = noise_new(n_out),
                       .temperature = 1};
}

static double loss_with(Operation *op, real *x, double value)
{
    const double old = *x;
    double loss = 0;
    *x = value;
    op->forward(op);
    for (size_t i = 0; i < op->n_out; i++) loss += op->dout[i] * op->out[i];
    *x = old;
    return loss;
}

/* The central difference of fourth order: its error is h^4 f'''''/30, here far below 1e-9. */
static double slope(Operation *op, real *x)
{
    const double h = 1e-3;
    const double near = loss_with(op, x, *x + h) - loss_with(op, x, *x - h);
    const double far = loss_with(op, x, *x + 2 * h) - loss_with(op, x, *x - 2 * h);
    return (8 * near - far) / (12 * h);
}

/* Compares, on an even sample of every input, and frees the operation. */
static void check_gradients(Operation *op)
{
    for (int i = 0; i < op->inputs; i++) {
        const double began = op->overwritten[i] ? 0 : BEGAN;
        double largest = 0;
        for (size_t j = 0; j < op->n_in[i]; j++)
            largest = fmax(largest, fabs(op->grad[i][j] - began));
        assert_true(largest > 0);

        for (size_t j = 0; j < op->n_in[i]; j += op->n_in[i] / SAMPLED + 1) {
            const double expected = slope(op, &op->in[i][j]), got = op->grad[i][j] - began;
            const double error = fabs(got - expected);
            if (!(error <= 1e-6 * fmax(fabs(expected), 0.01 * largest)))
                fail_msg("input %d element %zu: %.12g, by differences %.12g", i, j, got, expected);
        }
    }
    for (int i = 0; i < MAX_INPUTS; i++) {
        buffer_free(op->in[i]);
        buffer_free(op->grad[i]);
    }
    for (int i = 0; i < 2; i++) buffer_free(op->kept[i]);
    buffer_free(op->out);
    buffer_free(op->dout);
}

/* ---- linear ---------------------------------------------------------------------------------- */

enum { LINEAR_N = 5, LINEAR_IN = 7, LINEAR_OUT = 6 };

static void forward_linear(Operation *op)
{
    Weight *w = weight_new(op->in[1], LINEAR_OUT, LINEAR_IN, COMPUTE_F32);
    linear_forward(op->out, op->in[0], w, op->in[2], LINEAR_N);
    weight_free(w);
}

static void linear_backward_is_the_gradient(void **state)
{
    (void)state;
    Operation op = operation(forward_linear, LINEAR_N * LINEAR_OUT);
    add_input(&op, LINEAR_N * LINEAR_IN);
    op.overwritten[0] = true;
    add_input(&op, LINEAR_OUT * LINEAR_IN);
    add_input(&op, LINEAR_OUT);

    Weight *w = weight_new(op.in[1], LINEAR_OUT, LINEAR_IN, COMPUTE_F32);
    linear_backward(op.grad[0], op.grad[1], op.grad[2], op.dout, op.in[0], w, LINEAR_N);
    weight_free(w);
    check_gradients(&op);
}

static void a_null_gradient_is_frozen_and_leaves_the_others_alone(void **state)
{
    (void)state;
    noise_state = 1;
    real *x = noise_new(12), *values = noise_new(20), *dout = noise_new(15);
    real *dx = buffer_new(12), *dx_alone = buffer_new(12), *dw = buffer_new(20);
    Weight *w = weight_new(values, 5, 4, COMPUTE_F32);

    linear_backward(dx, dw, NULL, dout, x, w, 3);
    linear_backward(dx_alone, NULL, NULL, dout, NULL, w, 3);
    assert_memory_equal(dx, dx_alone, 12 * sizeof *dx);
    linear_backward(NULL, NULL, NULL, dout, x, w, 3);

    weight_free(w);
    real *all[] = {x, values, dout, dx, dx_alone, dw};
    for (int i = 0; i < 6; i++) buffer_free(all[i]);
}

/* ---- low-rank updates -------------------------------------------------------------------------- */

enum { LOW_R = 3 };

/* An update of every column, on top of what in[3] holds. */
static void forward_lowrank(Operation *op)
{
    Weight *a = weight_new(op->in[1], LOW_R, LINEAR_IN, COMPUTE_F32),
           *b = weight_new(op->in[2], LINEAR_OUT, LOW_R, COMPUTE_F32);
    buffer_copy(op->out, op->in[3], LINEAR_N * LINEAR_OUT);
    lowrank_forward(op->out, LINEAR_OUT, op->kept[0], LOW_R, op->in[0], a, b, 0.7, LINEAR_N);
    weight_free(a);
    weight_free(b);
}

static void lowrank_backward_is_the_gradient(void **state)
{
    (void)state;
    Operation op = operation(forward_lowrank, LINEAR_N * LINEAR_OUT);
    add_input(&op, LINEAR_N * LINEAR_IN);
    add_input(&op, LOW_R * LINEAR_IN);
    add_input(&op, LINEAR_OUT * LOW_R);
    add_input(&op, LINEAR_N * LINEAR_OUT);
    op.kept[0] = buffer_new(LINEAR_N * LOW_R);
    op.kept[1] = buffer_new(LINEAR_N * LOW_R);
    op.forward(&op);

    Weight *a = weight_new(op.in[1], LOW_R, LINEAR_IN, COMPUTE_F32),
           *b = weight_new(op.in[2], LINEAR_OUT, LOW_R, COMPUTE_F32);
    lowrank_backward(NULL, op.kept[1], LOW_R, op.dout, LINEAR_OUT, a, b, 0.7, LINEAR_N);
    real *alone = buffer_new(LINEAR_N * LOW_R);
    buffer_copy(alone, op.kept[1], LINEAR_N * LOW_R);
    lowrank_backward(op.grad[0], op.kept[1], LOW_R, op.dout, LINEAR_OUT, a, b, 0.7, LINEAR_N);
    assert_memory_equal(alone, op.kept[1], LINEAR_N * LOW_R * sizeof *alone);
    buffer_free(alone);
    lowrank_weights(op.grad[1], op.grad[2], op.kept[1], op.kept[0], LOW_R, op.dout, LINEAR_OUT,
                    op.in[0], a, b, LINEAR_N);
    buffer_add(op.grad[3], op.dout, LINEAR_N * LINEAR_OUT);
    weight_free(a);
    weight_free(b);
    check_gradients(&op);
}

/* ---- embedding, gather ----------------------------------------------------------------------- */

enum { EMBED_N = 6, EMBED_C = 5, EMBED_V = 4, EMBED_T = 3 };
static const int embed_token[EMBED_N] = {2, 0, 2, 3, 2, 0};
static const int embed_position[EMBED_N] = {0, 1, 2, 0, 0, 1};

static void forward_embedding(Operation *op)
{
    embedding_forward(op->out, op->in[0], op->in[1], embed_token, embed_position, EMBED_N, EMBED_C);
}

static void embedding_backward_is_the_gradient_with_repeated_tokens(void **state)
{
    (void)state;
    Operation op = operation(forward_embedding, EMBED_N * EMBED_C);
    add_input(&op, EMBED_V * EMBED_C);
    add_input(&op, EMBED_T * EMBED_C);
    embedding_backward(op.grad[0], op.grad[1], op.dout, embed_token, embed_position, EMBED_N,
                       EMBED_C);
    check_gradients(&op);
}

static const int gathered_row[3] = {5, 0, 2};

static void forward_gather(Operation *op)
{
    gather_forward(op->out, op->in[0], gathered_row, 3, EMBED_C);
}

static void gather_backward_is_the_gradient(void **state)
{
    (void)state;
    Operation op = operation(forward_gather, 3 * EMBED_C);
    add_input(&op, 6 * EMBED_C);
    gather_backward(op.grad[0], op.dout, gathered_row, 3, EMBED_C);
    check_gradients(&op);
}

/* ---- norms ----------------------------------------------------------------------------------- */

enum { NORM_N = 4, NORM_C = 9 };

static void forward_layernorm(Operation *op)
{
    layernorm_forward(op->out, op->kept[0], op->kept[1], op->in[0], op->in[1], op->in[2], NORM_N,
                      NORM_C, 1e-5);
}

static void layernorm_backward_is_the_gradient(void **state)
{
    (void)state;
    Operation op = operation(forward_layernorm, NORM_N * NORM_C);
    add_input(&op, NORM_N * NORM_C);
    add_input(&op, NORM_C);
    add_input(&op, NORM_C);
    for (int i = 0; i < 2; i++) op.kept[i] = buffer_new(NORM_N);

    op.forward(&op);
    layernorm_backward(op.grad[0], op.grad[1], op.grad[2], op.dout, op.in[0], op.kept[0],
                       op.kept[1], op.in[1], NORM_N, NORM_C);
    check_gradients(&op);
}

static void forward_rmsnorm(Operation *op)
{
    rmsnorm_forward(op->out, op->kept[0], op->in[0], op->in[1], NORM_N, NORM_C, 1e-5);
}

static void rmsnorm_backward_is_the_gradient(void **state)
{
    (void)state;
    Operation op = operation(forward_rmsnorm, NORM_N * NORM_C);
    add_input(&op, NORM_N * NORM_C);
    add_input(&op, NORM_C);
    op.kept[0] = buffer_new(NORM_N);

    op.forward(&op);
    rmsnorm_backward(op.grad[0], op.grad[1], op.dout, op.in[0], op.kept[0], op.in[1], NORM_N,
                     NORM_C);
    check_gradients(&op);
}

/* ---- rope ------------------------------------------------------------------------------------ */

/* Two heads of 6 in rows of 17: the last five reals of a row belong to somebody else. */
enum { ROPE_N = 4, ROPE_HEADS = 2, ROPE_HD = 6, ROPE_LD = 17, ROPE_T = 9 };
static const int rope_position[ROPE_N] = {8, 0, 3, 1};

static real *rope_angles(void)
{
    const double inv_freq[ROPE_HD / 2] = {1, 0.1, 0.01};
    real *table = buffer_new(ROPE_T * ROPE_HD);
    rope_table(table, inv_freq, ROPE_T, ROPE_HD);
    return table;
}

static void forward_rope(Operation *op)
{
    buffer_copy(op->out, op->in[0], op->n_out);
    rope_forward(op->out, ROPE_LD, op->kept[0], rope_position, ROPE_N, ROPE_HEADS, ROPE_HD);
}

static void rope_backward_is_the_gradient_in_place(void **state)
{
    (void)state;
    Operation op = operation(forward_rope, ROPE_N * ROPE_LD);
    add_input(&op, ROPE_N * ROPE_LD);
    op.kept[0] = rope_angles();

    buffer_copy(op.grad[0], op.dout, op.n_out);
    rope_backward(op.grad[0], ROPE_LD, op.kept[0], rope_position, ROPE_N, ROPE_HEADS, ROPE_HD);
    for (size_t i = 0; i < op.n_out; i++) op.grad[0][i] += BEGAN;
    check_gradients(&op);
}

/* ---- attention ------------------------------------------------------------------------------- */

/* Three sequences of 5, 1 and 18 tokens, four query heads over two key/value heads, q | k | v in rows. */
enum { ATT_N = 24, ATT_NH = 4, ATT_NKV = 2, ATT_HD = 6, ATT_LD = (ATT_NH + 2 * ATT_NKV) * ATT_HD };
static const Span att_spans[3] = {{18, 5, 0, 48}, {23, 1, 0, 0}, {0, 18, 0, 16}};

static void forward_attention(Operation *op)
{
    const real *q = op->in[0], *k = q + ATT_NH * ATT_HD, *v = k + ATT_NKV * ATT_HD;
    KvCache *cache = kv_cache_new(64, ATT_NKV, ATT_HD);
    kv_cache_write(cache, k, v, ATT_LD, att_spans, 3);
    attention_forward(op->out, op->kept[0], q, ATT_LD, cache, att_spans, 3, ATT_NH, op->window);
    kv_cache_free(cache);
}

static void check_attention_gradient(int window)
{
    Operation op = operation(forward_attention, ATT_N * ATT_NH * ATT_HD);
    op.window = window;
    add_input(&op, ATT_N * ATT_LD);
    op.kept[0] = buffer_new(ATT_N * ATT_NH);

    op.forward(&op);
    const size_t k = ATT_NH * ATT_HD, v = k + ATT_NKV * ATT_HD;
    attention_backward(op.grad[0], op.grad[0] + k, op.grad[0] + v, op.dout, op.out, op.kept[0],
                       op.in[0], op.in[0] + k, op.in[0] + v, ATT_LD, att_spans, 3, ATT_NH, ATT_NKV,
                       ATT_HD, window);
    check_gradients(&op);
}

static void attention_backward_is_the_gradient_over_spans_with_shared_heads(void **state)
{
    (void)state;
    check_attention_gradient(0);
}

static void attention_backward_is_the_gradient_within_a_window(void **state)
{
    (void)state;
    check_attention_gradient(1);
    check_attention_gradient(7);
}

/* ---- activations ----------------------------------------------------------------------------- */

enum { GELU_N = 20, SWIGLU_N = 3, SWIGLU_F = 5 };

static void forward_gelu(Operation *op)
{
    gelu_forward(op->out, op->in[0], GELU_N);
}

static void gelu_backward_is_the_gradient(void **state)
{
    (void)state;
    Operation op = operation(forward_gelu, GELU_N);
    add_input(&op, GELU_N);
    op.overwritten[0] = true;
    for (int i = 0; i < GELU_N; i++) op.in[0][i] *= 3;
    gelu_backward(op.grad[0], op.dout, op.in[0], GELU_N);
    check_gradients(&op);
}

static void forward_swiglu(Operation *op)
{
    swiglu_forward(op->out, op->in[0], SWIGLU_N, SWIGLU_F);
}

static void swiglu_backward_is_the_gradient(void **state)
{
    (void)state;
    Operation op = operation(forward_swiglu, SWIGLU_N * SWIGLU_F);
    add_input(&op, 2 * SWIGLU_N * SWIGLU_F);
    op.overwritten[0] = true;
    for (int i = 0; i < 2 * SWIGLU_N * SWIGLU_F; i++) op.in[0][i] *= 3;
    swiglu_backward(op.grad[0], op.dout, op.in[0], SWIGLU_N, SWIGLU_F);
    check_gradients(&op);
}

/* ---- log-probability head -------------------------------------------------------------------- */

/* A vocabulary of more than two tiles; out is logp (N) then entropy (N). */
enum { HEAD_N = 3, HEAD_C = 4, HEAD_V = 2100 };
static const int head_target[HEAD_N] = {1500, 7, 2099};

static void forward_logprob(Operation *op)
{
    Weight *w = weight_new(op->in[1], HEAD_V, HEAD_C, COMPUTE_F32);
    logprob_forward(op->out, op->out + HEAD_N, op->kept[0], op->in[0], w, head_target, HEAD_N,
                    op->temperature);
    weight_free(w);
}

static Operation logprob_operation(double temperature)
{
    Operation op = operation(forward_logprob, 2 * HEAD_N);
    add_input(&op, HEAD_N * HEAD_C);
    add_input(&op, HEAD_V * HEAD_C);
    for (int i = 0; i < HEAD_N * HEAD_C; i++) op.in[0][i] *= 3; /* far from uniform */
    op.kept[0] = buffer_new(HEAD_N);
    op.temperature = temperature;
    op.forward(&op);
    return op;
}

static void logprob_backward_is_the_gradient_of_logp_and_entropy(void **state)
{
    (void)state;
    const double temperatures[] = {1, 0.7, 1.9};
    for (int i = 0; i < 3; i++) {
        Operation op = logprob_operation(temperatures[i]);
        Weight *w = weight_new(op.in[1], HEAD_V, HEAD_C, COMPUTE_F32);
        logprob_backward(op.grad[0], op.grad[1], op.dout, op.dout + HEAD_N, op.out + HEAD_N,
                         op.kept[0], op.in[0], w, head_target, HEAD_N, op.temperature);
        weight_free(w);
        check_gradients(&op);
    }
}

static void logprob_backward_without_entropy_is_the_gradient_of_logp(void **state)
{
    (void)state;
    Operation op = logprob_operation(0.7);
    buffer_zero(op.dout + HEAD_N, HEAD_N);
    Weight *w = weight_new(op.in[1], HEAD_V, HEAD_C, COMPUTE_F32);
    logprob_backward(op.grad[0], op.grad[1], op.dout, NULL, NULL, op.kept[0], op.in[0], w,
                     head_target, HEAD_N, op.temperature);
    weight_free(w);
    check_gradients(&op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_backward_is_the_gradient),
        cmocka_unit_test(a_null_gradient_is_frozen_and_leaves_the_others_alone),
        cmocka_unit_test(lowrank_backward_is_the_gradient),
        cmocka_unit_test(embedding_backward_is_the_gradient_with_repeated_tokens),
        cmocka_unit_test(gather_backward_is_the_gradient),
        cmocka_unit_test(layernorm_backward_is_the_gradient),
        cmocka_unit_test(rmsnorm_backward_is_the_gradient),
        cmocka_unit_test(rope_backward_is_the_gradient_in_place),
        cmocka_unit_test(attention_backward_is_the_gradient_over_spans_with_shared_heads),
        cmocka_unit_test(attention_backward_is_the_gradient_within_a_window),
        cmocka_unit_test(gelu_backward_is_the_gradient),
        cmocka_unit_test(swiglu_backward_is_the_gradient),
        cmocka_unit_test(logprob_backward_is_the_gradient_of_logp_and_entropy),
        cmocka_unit_test(logprob_backward_without_entropy_is_the_gradient_of_logp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
