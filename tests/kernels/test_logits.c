/* What is made of logits: log-probabilities, entropies, and tokens drawn from them. */
#include "tests/kernels/values.h"

/* ---- log-probabilities ----------------------------------------------------------------------- */

static void check_head(const double *logits, int V, double temperature, const double *logp,
                       double entropy, double tolerance)
{
    real *one = filled((double[]){1}, 1), *values = filled(logits, V);
    real *got = buffer_new(1), *got_entropy = buffer_new(1), *lse = buffer_new(1);
    Weight *w = weight_new(values, V, 1, COMPUTE_F32);
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
    Weight *w = weight_new(values, V, 1, COMPUTE_F32);

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
    Weight *w = weight_new(values, V, C, COMPUTE_F32);

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    return run_on_each(tests, sizeof tests / sizeof *tests) != 0;
}
