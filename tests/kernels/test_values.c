/* Forward values and optimizer steps computed by hand or by others, for every implementation that this
 * machine runs.  A gradient check cannot see a wrong forward; these can. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernels/kernels.h"
#include "tests/golden.h"

static void check_near(const real *got, const double *expected, int n, double tolerance)
{
    for (int i = 0; i < n; i++)
        if (!(fabs(got[i] - expected[i]) <= tolerance))
            fail_msg("[%d] is %.9g, expected %.9g", i, (double)got[i], expected[i]);
}

static real *filled(const double *values, int n)
{
    real *x = buffer_new(n);
    for (int i = 0; i < n; i++) x[i] = (real)values[i];
    return x;
}

/* ---- linear, norms, rope --------------------------------------------------------------------- */

static void linear_multiplies_by_the_transpose_and_adds_the_bias(void **state)
{
    (void)state;
    real *x = filled((double[]){1, 2, 3, 0, -1, 4}, 6);
    real *values = filled((double[]){1, 0, 2, -1, 1, 0.5}, 6);
    real *bias = filled((double[]){10, 20}, 2), *out = buffer_new(4);
    Weight *w = weight_new(values, 2, 3);

    linear_forward(out, x, w, bias, 2);
    check_near(out, (double[]){17, 22.5, 18, 21}, 4, 0); /* 1+6+10, -1+2+1.5+20, 8+10, -1+2+20 */

    values[0] = 3;
    weight_changed(w);
    linear_forward(out, x, w, NULL, 2);
    check_near(out, (double[]){9, 2.5, 8, 1}, 4, 0); /* 3+6 */

    weight_free(w);
    real *all[] = {x, values, bias, out};
    for (int i = 0; i < 4; i++) buffer_free(all[i]);
}

/* Mean 2.5, population variance 1.25. */
static void layernorm_uses_the_population_variance(void **state)
{
    (void)state;
    real *x = filled((double[]){1, 2, 3, 4}, 4), *w = filled((double[]){1, 1, 2, 1}, 4);
    real *b = filled((double[]){0, 0, 0, 1}, 4), *out = buffer_new(4);
    real *mean = buffer_new(1), *rstd = buffer_new(1);

    layernorm_forward(out, mean, rstd, x, w, b, 1, 4, 0);
    check_near(mean, (double[]){2.5}, 1, 0);
    check_near(rstd, (double[]){0.894427191}, 1, 1e-6);
    check_near(out, (double[]){-1.341640786, -0.447213595, 0.894427191, 2.341640786}, 4, 1e-6);

    real *all[] = {x, w, b, out, mean, rstd};
    for (int i = 0; i < 6; i++) buffer_free(all[i]);
}

/* Mean square 12.5; with eps 3.5 it is 16, so rstd is 1/4. */
static void rmsnorm_divides_by_the_root_mean_square(void **state)
{
    (void)state;
    real *x = filled((double[]){3, 4}, 2), *w = filled((double[]){1, 2}, 2);
    real *out = buffer_new(2), *rstd = buffer_new(1);

    rmsnorm_forward(out, rstd, x, w, 1, 2, 0);
    check_near(out, (double[]){0.848528137, 2.262741700}, 2, 1e-6);
    rmsnorm_forward(out, rstd, x, w, 1, 2, 3.5);
    check_near(out, (double[]){0.75, 2}, 2, 1e-6);

    real *all[] = {x, w, out, rstd};
    for (int i = 0; i < 4; i++) buffer_free(all[i]);
}

/* Quarter turns at position 1 for the first pair, at position 2 for the second. */
static void rope_turns_the_pairs_half_a_head_apart(void **state)
{
    (void)state;
    const double quarter = acos(0), inv_freq[2] = {quarter, quarter / 2};
    real *table = buffer_new(3 * 4), *x = filled((double[]){1, 2, 3, 4, 1, 2, 3, 4}, 8);
    rope_table(table, inv_freq, 3, 4);

    rope_forward(x, 4, table, (int[]){0, 2}, 2, 1, 4);
    check_near(x, (double[]){1, 2, 3, 4, -1, -4, -3, 2}, 8, 1e-6);
    rope_backward(x, 4, table, (int[]){0, 2}, 2, 1, 4);
    check_near(x, (double[]){1, 2, 3, 4, 1, 2, 3, 4}, 8, 1e-6);

    buffer_free(table);
    buffer_free(x);
}

/* ---- attention ------------------------------------------------------------------------------- */

/* Scores 2 * k / sqrt(4) are 1 and -1; the first token sees itself alone.  Over both keys the weights
 * are e and 1/e, so out = tanh 1 and lse = log(e + 1/e). */
static void attention_is_causal_and_scaled_by_the_root_of_the_head_width(void **state)
{
    (void)state;
    enum { HD = 4 };
    real *q = filled((double[]){2, 0, 0, 0, 2, 0, 0, 0}, 8);
    real *k = filled((double[]){1, 9, 0, 0, -1, 9, 0, 0}, 8);
    real *v = filled((double[]){1, 0, 0, 5, -1, 0, 0, 5}, 8);
    real *out = buffer_new(8), *lse = buffer_new(2);
    KvCache *cache = kv_cache_new(KV_ALIGN, 1, HD);
    const Span span = {.n = 2};

    kv_cache_write(cache, k, v, HD, &span, 1);
    attention_forward(out, lse, q, HD, cache, &span, 1, 1);
    check_near(out, (double[]){1, 0, 0, 5, 0.761594156, 0, 0, 5}, 8, 1e-6);
    check_near(lse, (double[]){1, 1.126928011}, 2, 1e-6);

    kv_cache_free(cache);
    real *all[] = {q, k, v, out, lse};
    for (int i = 0; i < 5; i++) buffer_free(all[i]);
}

/* With equal keys every head gives the mean of its own values: heads 0, 1 of the first key/value head,
 * heads 2, 3 of the second. */
static void query_heads_share_key_value_heads_in_order(void **state)
{
    (void)state;
    real *q = buffer_new(2 * 4), *k = buffer_new(2 * 2);
    real *v = filled((double[]){1, 10, 3, 30}, 4);
    real *out = buffer_new(2 * 4), *lse = buffer_new(2 * 4);
    KvCache *cache = kv_cache_new(2 * KV_ALIGN, 2, 1);
    const Span span = {.n = 2, .cache = KV_ALIGN};

    kv_cache_write(cache, k, v, 2, &span, 1);
    attention_forward(out, lse, q, 4, cache, &span, 1, 4);
    check_near(out, (double[]){1, 1, 10, 10, 2, 2, 20, 20}, 8, 1e-6);
    check_near(lse + 4, (double[]){log(2), log(2), log(2), log(2)}, 4, 1e-6);

    kv_cache_free(cache);
    real *all[] = {q, k, v, out, lse};
    for (int i = 0; i < 5; i++) buffer_free(all[i]);
}

/* 150 tokens cross two blocks of keys; positions 0..148 are in the cache when the last one comes. */
static void attention_one_token_at_a_time_gives_the_bits_of_the_whole(void **state)
{
    (void)state;
    enum { T = 150, NH = 2, HD = 5, LD = 2 * NH * HD };
    real *x = buffer_new(T * LD), *out = buffer_new(T * NH * HD), *lse = buffer_new(T * NH);
    real *out1 = buffer_new(T * NH * HD), *lse1 = buffer_new(T * NH);
    for (int i = 0; i < T * LD; i++) x[i] = (real)(2 * sin(i * 0.7 + i % 11));
    const real *k = x + NH * HD, *v = x + (NH + 1) * HD;
    KvCache *cache = kv_cache_new(160, 1, HD), *cache1 = kv_cache_new(160 + KV_ALIGN, 1, HD);

    const Span whole = {.n = T};
    kv_cache_write(cache, k, v, LD, &whole, 1);
    attention_forward(out, lse, x, LD, cache, &whole, 1, NH);
    for (int t = 0; t < T; t++) {
        const Span one = {.row = t, .n = 1, .position = t, .cache = KV_ALIGN};
        kv_cache_write(cache1, k, v, LD, &one, 1);
        attention_forward(out1, lse1, x, LD, cache1, &one, 1, NH);
    }
    assert_memory_equal(out, out1, T * NH * HD * sizeof *out);
    assert_memory_equal(lse, lse1, T * NH * sizeof *lse);

    kv_cache_free(cache);
    kv_cache_free(cache1);
    real *all[] = {x, out, lse, out1, lse1};
    for (int i = 0; i < 5; i++) buffer_free(all[i]);
}

/* ---- activations ----------------------------------------------------------------------------- */

static void gelu_is_the_tanh_form(void **state)
{
    (void)state;
    real *x = filled((double[]){0, 1, -1, 3, -0.5, 20, -20}, 7), *out = buffer_new(7);
    gelu_forward(out, x, 7); /* the exact form has 0.841344746 at 1 */
    check_near(out, (double[]){0, 0.841191991, -0.158808009, 2.996362608, -0.154285990, 20, 0}, 7,
               1e-6);
    buffer_free(x);
    buffer_free(out);
}

/* silu(1) = 1/(1 + 1/e) = 0.731058579, silu(-2) = -2/(1 + e^2) = -0.238405844 */
static void swiglu_gates_the_second_half_by_the_first(void **state)
{
    (void)state;
    real *x = filled((double[]){1, -2, 2, 10, 0, -100, 7, 1}, 8), *out = buffer_new(4);
    swiglu_forward(out, x, 2, 2);
    check_near(out, (double[]){1.462117157, -2.384058440, 0, 0}, 4, 2e-6);
    buffer_free(x);
    buffer_free(out);
}

/* ---- log-probabilities ----------------------------------------------------------------------- */

static void check_head(const double *logits, int V, double temperature, const double *logp,
                       double entropy, double tolerance)
{
    real *one = filled((double[]){1}, 1), *values = filled(logits, V);
    real *got = buffer_new(1), *got_entropy = buffer_new(1), *lse = buffer_new(1);
    Weight *w = weight_new(values, V, 1);
    for (int v = 0; v < V; v++) {
        logprob_forward(got, got_entropy, lse, one, w, &v, 1, temperature);
        check_near(got, &logp[v], 1, tolerance);
        check_near(got_entropy, &entropy, 1, tolerance);
    }
    weight_free(w);
    real *all[] = {one, values, got, got_entropy, lse};
    for (int i = 0; i < 5; i++) buffer_free(all[i]);
}

/* log softmax by hand: e^1 + e^2 + e^3 + e^-1 = e^3.419717. */
static void logp_and_entropy_match_the_definition(void **state)
{
    (void)state;
    const double logits[] = {1, 2, 3, -1};
    check_head(logits, 4, 1, (double[]){-2.419717, -1.419717, -0.419717, -4.419717}, 0.887543,
               1e-6);
    check_head(logits, 4, 0.7, (double[]){-3.119801, -1.691230, -0.262658, -5.976944}, 0.666617,
               1e-6);
}

/* The log-probabilities of a row of logits, as decoding has them.  `step`: of a float near their lse. */
static void check_decoded(const double *logits, int V, double temperature, const double *logp,
                          double step)
{
    real *row = filled(logits, V), *got = buffer_new(1), *lse = buffer_new(1);
    logsumexp_forward(lse, row, 1, V, temperature);
    for (int v = 0; v < V; v++) {
        logits_logprob(got, row, lse, &v, 1, V, temperature);
        check_near(got, &logp[v], 1, step + 2e-6 * fmax(1, fabs(logp[v])));
    }
    real *all[] = {row, got, lse};
    for (int i = 0; i < 3; i++) buffer_free(all[i]);
}

/* PyTorch's softmax of two rows of ten logits, at temperatures 1 and 0.7. */
static void decoding_matches_softmax_at_a_temperature(void **state)
{
    (void)state;
    enum { V = 10, ALL = 2 * V };
    static const struct {
        const char *name;
        double temperature;
    } CASES[] = {{"softmax", 1}, {"temperature_0_7", 0.7}};
    double logits[ALL], p[ALL];
    cJSON *golden = golden_read("rl/sampling.json");
    assert_int_equal(golden_array(logits, ALL, golden, "logits"), ALL);
    for (int c = 0; c < 2; c++) {
        assert_int_equal(golden_array(p, ALL, golden, CASES[c].name), ALL);
        for (int i = 0; i < ALL; i++) p[i] = log(p[i]);
        for (int row = 0; row < ALL; row += V)
            check_decoded(logits + row, V, CASES[c].temperature, p + row, 0);
    }
    cJSON_Delete(golden);
}

/* Near 10,000 a float has steps of 1e-3.  The last number of the last row, -6e38, is no float. */
static void extreme_logits_keep_their_log_probabilities(void **state)
{
    (void)state;
    enum { V = 3, ROWS = 4, ALL = ROWS * V };
    static const double STEP[ROWS] = {1e-3, 1e-3, 8e-6, 0};
    double logits[ALL], logp[ALL];
    cJSON *golden = golden_read("rl/sampling.json");
    const cJSON *extremes = golden_at(golden, "log_softmax_extremes");
    assert_int_equal(golden_array(logits, ALL, extremes, "logits"), ALL);
    assert_int_equal(golden_array(logp, ALL, extremes, "log_softmax"), ALL);
    for (int row = 0; row < ROWS; row++)
        check_decoded(logits + row * V, row < ROWS - 1 ? V : V - 1, 1, logp + row * V, STEP[row]);
    cJSON_Delete(golden);
}

/* Near 1000 a float has steps of 6e-5. */
static void huge_logits_do_not_overflow(void **state)
{
    (void)state;
    check_head((double[]){1000, 1000, -1000}, 3, 1,
               (double[]){-0.693147181, -0.693147181, -2000.693147181}, 0.693147181, 1e-4);
}

/* 2,500 tokens in three tiles, the maximum in the last: p = 9/10 there, the rest shares 1/10. */
static void the_maximum_may_come_in_a_later_tile(void **state)
{
    (void)state;
    enum { V = 2500 };
    const double rest = 0.1 / (V - 1);
    real *one = filled((double[]){1}, 1), *values = buffer_new(V);
    real *logp = buffer_new(1), *entropy = buffer_new(1), *lse = buffer_new(1);
    values[V - 1] = (real)(log(0.9) - log(rest));
    Weight *w = weight_new(values, V, 1);

    logprob_forward(logp, entropy, lse, one, w, (int[]){V - 1}, 1, 1);
    check_near(logp, (double[]){log(0.9)}, 1, 2e-6);
    check_near(entropy, (double[]){-0.9 * log(0.9) - 0.1 * log(rest)}, 1, 2e-6);
    logprob_forward(logp, NULL, lse, one, w, (int[]){3}, 1, 1);
    check_near(logp, (double[]){log(rest)}, 1, 2e-6);

    weight_free(w);
    real *all[] = {one, values, logp, entropy, lse};
    for (int i = 0; i < 5; i++) buffer_free(all[i]);
}

static void decoding_and_scoring_give_equal_bits(void **state)
{
    (void)state;
    enum { N = 3, C = 37, V = 2500 };
    real *h = buffer_new(N * C), *values = buffer_new(V * C), *logits = buffer_new(N * V);
    real *logp = buffer_new(N), *lse = buffer_new(N), *logp2 = buffer_new(N), *lse2 = buffer_new(N);
    for (int i = 0; i < N * C; i++) h[i] = (real)sin(i * 1.7);
    for (int i = 0; i < V * C; i++) values[i] = (real)cos(i * 0.9 + i % 7);
    const int token[N] = {0, 1024, V - 1};
    Weight *w = weight_new(values, V, C);

    logprob_forward(logp, NULL, lse, h, w, token, N, 0.7);
    linear_forward(logits, h, w, NULL, N);
    logsumexp_forward(lse2, logits, N, V, 0.7);
    logits_logprob(logp2, logits, lse2, token, N, V, 0.7);
    assert_memory_equal(lse, lse2, N * sizeof *lse);
    assert_memory_equal(logp, logp2, N * sizeof *logp);

    weight_free(w);
    real *all[] = {h, values, logits, logp, lse, logp2, lse2};
    for (int i = 0; i < 7; i++) buffer_free(all[i]);
}

/* ---- sampling -------------------------------------------------------------------------------- */

/* Logits and their softmax at temperatures 1 and 0.7, and the renormalised top 3, as the logits
 * processors of Hugging Face transformers give them. */
static const double sample_logits[10] = {-1.944497, 2.595339,  -1.6981,  -0.776044, -1.012522,
                                         -0.047269, -0.333534, 0.745667, 1.801677,  -5.431616};
static const double softmax_1[10] = {0.0058647661790989,  0.549384529382061,  0.00750342523396405,
                                     0.0188670235822541,  0.0148936897144592, 0.0391026646446743,
                                     0.0293685864247537,  0.0864120051064896, 0.248423913150948,
                                     0.000179396581297703};
static const double softmax_07[10] = {0.00105293074595498, 0.690252493087342,   0.00149716478612449,
                                      0.00558897570917545, 0.00398672590878867, 0.0158299414775155,
                                      0.0105165812362577,  0.0491397800569064,  0.222128180641194,
                                      7.22635074043835e-06};
static const double top_3[10] = {
    0, 0.62132077000559, 0, 0, 0, 0, 0, 0.0977267663705062, 0.280952463623904, 0};

static int sample(double floor, double uniform, double temperature)
{
    real *logits = filled(sample_logits, 10), *lse = buffer_new(1);
    int token = -1;
    logsumexp_forward(lse, logits, 1, 10, temperature);
    sample_forward(&token, logits, lse, &floor, &uniform, 1, 10, temperature);
    buffer_free(logits);
    buffer_free(lse);
    return token;
}

/* A token owns the interval of the distribution function just below its cumulative probability. */
static void check_intervals(const double *p, double floor, double temperature)
{
    const double inside = 1e-6; /* the intervals are known to float's precision */
    double below = 0;
    for (int v = 0; v < 10; v++) {
        if (p[v] == 0) continue;
        assert_int_equal(sample(floor, below + inside, temperature), v);
        assert_int_equal(sample(floor, below + p[v] - inside, temperature), v);
        below += p[v];
    }
}

static void sampling_inverts_the_distribution_function(void **state)
{
    (void)state;
    check_intervals(softmax_1, -INFINITY, 1);
    check_intervals(softmax_07, -INFINITY, 0.7);
}

static void sampling_leaves_out_logits_below_the_floor(void **state)
{
    (void)state;
    const double third = (double)(real)0.745667; /* the floor itself stays in */
    check_intervals(top_3, third, 1);
    assert_int_equal(sample(2.5, 1e-12, 1), 1);
    assert_int_equal(sample(2.5, 1 - 1e-12, 1), 1);
}

static void the_ends_of_the_unit_interval_draw_tokens_that_have_probability(void **state)
{
    (void)state;
    real *logits = filled((double[]){-1000, 0, 0, -1000}, 4), *lse = buffer_new(1);
    int token[2] = {-1, -1};
    logsumexp_forward(lse, logits, 1, 4, 1);
    const double floor = -INFINITY, uniform[2] = {0x1p-54, 1 - 0x1p-53};
    for (int i = 0; i < 2; i++)
        sample_forward(&token[i], logits, lse, &floor, &uniform[i], 1, 4, 1);
    assert_int_equal(token[0], 1);
    assert_int_equal(token[1], 2);
    buffer_free(logits);
    buffer_free(lse);
}

/* Two equal tokens: the first reaches exactly half of the total. */
static void an_exact_boundary_belongs_to_the_token_below_it(void **state)
{
    (void)state;
    real *logits = buffer_new(2), *lse = buffer_new(1);
    const double floor = -INFINITY, uniform = 0.5;
    int token = -1;
    logsumexp_forward(lse, logits, 1, 2, 1);
    sample_forward(&token, logits, lse, &floor, &uniform, 1, 2, 1);
    assert_int_equal(token, 0);
    buffer_free(logits);
    buffer_free(lse);
}

/* ---- optimizer ------------------------------------------------------------------------------- */

/* Three steps from w = 0 with g = 1e-4, 2e-4, -1e-4; learning rate 1e-3, eps 1e-5. */
static void check_adam(int tensorflow, const double *expected)
{
    const double gradient[3] = {1e-4, 2e-4, -1e-4};
    real *w = buffer_new(1), *m = buffer_new(1), *v = buffer_new(1), *g = buffer_new(1);
    for (int t = 0; t < 3; t++) {
        const AdamStep s = {.learning_rate = 1e-3,
                            .beta1 = 0.9,
                            .beta2 = 0.999,
                            .eps = 1e-5,
                            .grad_scale = 0.5,
                            .step = t + 1,
                            .tensorflow = tensorflow};
        g[0] = (real)(2 * gradient[t]); /* halved again by grad_scale */
        adamw_step(w, m, v, g, 1, &s);
        check_near(w, &expected[t], 1, 2e-6 * fabs(expected[t]));
    }
    real *all[] = {w, m, v, g};
    for (int i = 0; i < 4; i++) buffer_free(all[i]);
}

static void adam_matches_both_forms_of_epsilon(void **state)
{
    (void)state;
    check_adam(0, (double[]){-9.090909091e-4, -1.816868644e-3, -2.209214877e-3});
    check_adam(1, (double[]){-2.402530734e-4, -6.400211372e-4, -8.233349406e-4});
}

/* Five steps of torch.optim.AdamW. */
static void adamw_matches_pytorch_with_weight_decay(void **state)
{
    (void)state;
    enum { N = 6, STEPS = 5 };
    double start[N], gradient[STEPS * N], after[STEPS * N];
    cJSON *golden = golden_read("rl/optim.json");
    const cJSON *adamw = golden_at(golden, "adamw");
    assert_int_equal(golden_array(start, N, adamw, "p0"), N);
    assert_int_equal(golden_array(gradient, STEPS * N, adamw, "grads"), STEPS * N);
    assert_int_equal(golden_array(after, STEPS * N, adamw, "p_after_each_step"), STEPS * N);
    real *w = filled(start, N), *m = buffer_new(N), *v = buffer_new(N);
    for (int t = 0; t < STEPS; t++) {
        const AdamStep s = {.learning_rate = golden_number(adamw, "lr"),
                            .beta1 = golden_number(adamw, "beta1"),
                            .beta2 = golden_number(adamw, "beta2"),
                            .eps = golden_number(adamw, "eps"),
                            .weight_decay = golden_number(adamw, "weight_decay"),
                            .grad_scale = 1,
                            .step = t + 1};
        real *g = filled(gradient + t * N, N);
        adamw_step(w, m, v, g, N, &s);
        check_near(w, after + t * N, N, 1e-6);
        buffer_free(g);
    }
    real *all[] = {w, m, v};
    for (int i = 0; i < 3; i++) buffer_free(all[i]);
    cJSON_Delete(golden);
}

/* torch.nn.utils.clip_grad_norm_ on seven numbers. */
static void sum_of_squares_gives_the_global_norm(void **state)
{
    (void)state;
    double gradient[7];
    cJSON *golden = golden_read("rl/optim.json");
    const cJSON *clip = golden_at(golden, "clip_grad_norm");
    assert_int_equal(golden_array(gradient, 7, clip, "grads"), 7);
    real *g = filled(gradient, 7);
    assert_near(sqrt(buffer_sum_squares(g, 7)), golden_number(clip, "total_norm"), 1e-6);
    g[3] = (real)NAN;
    assert_true(isnan(buffer_sum_squares(g, 7)));
    g[3] = (real)INFINITY;
    assert_true(isinf(buffer_sum_squares(g, 7)));
    buffer_free(g);
    cJSON_Delete(golden);
}

static void sum_of_squares_covers_every_chunk(void **state)
{
    (void)state;
    enum { N = 3 * 4096 + 5 };
    real *g = buffer_new(N);
    for (int i = 0; i < N; i++) g[i] = 2;
    assert_true(buffer_sum_squares(g, N) == 4.0 * N);
    buffer_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_multiplies_by_the_transpose_and_adds_the_bias),
        cmocka_unit_test(layernorm_uses_the_population_variance),
        cmocka_unit_test(rmsnorm_divides_by_the_root_mean_square),
        cmocka_unit_test(rope_turns_the_pairs_half_a_head_apart),
        cmocka_unit_test(attention_is_causal_and_scaled_by_the_root_of_the_head_width),
        cmocka_unit_test(query_heads_share_key_value_heads_in_order),
        cmocka_unit_test(attention_one_token_at_a_time_gives_the_bits_of_the_whole),
        cmocka_unit_test(gelu_is_the_tanh_form),
        cmocka_unit_test(swiglu_gates_the_second_half_by_the_first),
        cmocka_unit_test(logp_and_entropy_match_the_definition),
        cmocka_unit_test(decoding_matches_softmax_at_a_temperature),
        cmocka_unit_test(extreme_logits_keep_their_log_probabilities),
        cmocka_unit_test(huge_logits_do_not_overflow),
        cmocka_unit_test(the_maximum_may_come_in_a_later_tile),
        cmocka_unit_test(decoding_and_scoring_give_equal_bits),
        cmocka_unit_test(sampling_inverts_the_distribution_function),
        cmocka_unit_test(sampling_leaves_out_logits_below_the_floor),
        cmocka_unit_test(the_ends_of_the_unit_interval_draw_tokens_that_have_probability),
        cmocka_unit_test(an_exact_boundary_belongs_to_the_token_below_it),
        cmocka_unit_test(adam_matches_both_forms_of_epsilon),
        cmocka_unit_test(adamw_matches_pytorch_with_weight_decay),
        cmocka_unit_test(sum_of_squares_gives_the_global_norm),
        cmocka_unit_test(sum_of_squares_covers_every_chunk),
    };
    const char *const names[] = {"reference", "plain", "avx2", "avx512"};
    int failed = 0;
    for (int i = 0; i < 4; i++) {
        if (kernels_use(names[i]) != 0) continue;
        failed += cmocka_run_group_tests_name(names[i], tests, NULL, NULL);
    }
    return failed != 0;
}
