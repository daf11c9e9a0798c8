/* The fast implementations against the plain reference, and the functions they are made of. */
#include "tests/kernels/operations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "kernels/cpu/vec.h"

static const char *const implementations[] = {"plain", "avx2", "avx512", "amx"};
enum { IMPLEMENTATIONS = sizeof implementations / sizeof *implementations };

/* Sums of up to 2,000 terms of size 1 in another order: rounding stays below this. */
static const double TOLERANCE = 1e-4;

static void compare(const char *implementation, int operation, int shape, const Results *expected)
{
    const double own = operations[operation].tolerance, tolerance = own > 0 ? own : TOLERANCE;
    Results got = run_operation(operation, shape);
    assert_int_equal(got.n, expected->n);
    for (size_t i = 0; i < got.n; i++) {
        const double a = (double)expected->at[i], b = (double)got.at[i];
        if (!(fabs(a - b) <= tolerance * (1 + fabs(a))))
            fail_msg("%s %s, shape %d, result %zu: %.9g instead of %.9g", implementation,
                     operations[operation].name, shape, i, b, a);
    }
    free(got.at);
}

static void every_operation_agrees_with_the_reference(void **state)
{
    (void)state;
    for (int o = 0; o < OPERATIONS; o++) {
        for (int s = 0; s < SHAPES; s++) {
            assert_int_equal(kernels_use("reference"), 0);
            Results expected = run_operation(o, s);
            for (int i = 0; i < IMPLEMENTATIONS; i++)
                if (kernels_use(implementations[i]) == 0)
                    compare(implementations[i], o, s, &expected);
            free(expected.at);
        }
    }
}

/* Distance in units of the last place of the exact value. */
static double ulps(float got, double exact)
{
    const float near = (float)fabs(exact);
    return fabs((double)got - exact) / (double)(nextafterf(near, INFINITY) - near);
}

static void exp_is_within_one_ulp(void **state)
{
    (void)state;
    double worst = 0;
    for (float x = -87.33f; x < 88.72f; x += 0.003f) {
        const double u = ulps(scalar_exp(x), exp((double)x));
        if (u > worst) worst = u;
    }
    for (float x = 1e-9f; x < 1; x *= 1.01f) {
        assert_true(ulps(scalar_exp(x), exp((double)x)) <= 1);
        assert_true(ulps(scalar_exp(-x), exp(-(double)x)) <= 1);
    }
    if (worst > 1) fail_msg("%g ulp", worst);
}

static void exp_ends_in_zero_infinity_and_nan(void **state)
{
    (void)state;
    assert_true(scalar_exp(0) == 1);
    assert_true(scalar_exp(-88) == 0);
    assert_true(scalar_exp(-1e30f) == 0);
    assert_true(scalar_exp(-INFINITY) == 0);
    assert_true(scalar_exp(88.7f) < INFINITY);
    assert_true(scalar_exp(89) == INFINITY);
    assert_true(scalar_exp(1e30f) == INFINITY);
    assert_true(scalar_exp(INFINITY) == INFINITY);
    assert_true(isnan(scalar_exp(NAN)));
}

static void sigmoid_is_within_three_ulp(void **state)
{
    (void)state;
    for (float x = -87; x < 87; x += 0.01f) {
        const double u = ulps(vec_first(vec_sigmoid(vec_set(x))), 1 / (1 + exp(-(double)x)));
        if (u > 3) fail_msg("%g ulp at %g", u, (double)x);
    }
    assert_true(vec_first(vec_sigmoid(vec_set(-INFINITY))) == 0);
    assert_true(vec_first(vec_sigmoid(vec_set(INFINITY))) == 1);
    assert_true(isnan(vec_first(vec_sigmoid(vec_set(NAN)))));
}

static void log_agrees_with_the_library(void **state)
{
    (void)state;
    for (float x = 1.2e-38f; x < 3e38f; x *= 1.001f)
        if (fabs(scalar_log(x) - log((double)x)) > 1e-9)
            fail_msg("log %g is %.12g", (double)x, scalar_log(x));
    assert_true(scalar_log(1) == 0);
    assert_true(scalar_log(0) == -INFINITY);
    assert_true(scalar_log(INFINITY) == INFINITY);
    assert_true(isnan(scalar_log(NAN)));
}

/* A NaN at any place of a row must reach the number that a run checks. */
static void nan_in_any_logit_shows_in_the_log_probability(void **state)
{
    (void)state;
    enum { V = 2111 };
    real *logits = random_buffer(V, 1), *lse = buffer_new(1);
    for (int i = 0; i < IMPLEMENTATIONS; i++) {
        if (kernels_use(implementations[i]) != 0) continue;
        for (int v = 0; v < V; v += 7) {
            const real old = logits[v];
            logits[v] = (real)NAN;
            logsumexp_forward(lse, logits, 1, V, 1);
            if (!isnan(lse[0])) fail_msg("%s lost a NaN at %d", implementations[i], v);
            logits[v] = old;
        }
    }
    buffer_free(logits);
    buffer_free(lse);
}

static void nan_in_any_key_or_value_shows_in_the_output(void **state)
{
    (void)state;
    enum { T = 150, HD = 8 };
    real *qkv = random_buffer((size_t)3 * HD * T, 1), *out = buffer_new((size_t)T * HD);
    real *lse = buffer_new(T);
    const Span span = {.n = T};
    for (int i = 0; i < IMPLEMENTATIONS; i++) {
        if (kernels_use(implementations[i]) != 0) continue;
        KvCache *cache = kv_cache_new(160, 1, HD);
        for (int t = 0; t < T; t += 11) {
            real *bad = qkv + 3 * HD * t + HD + t % (2 * HD), old = *bad;
            *bad = (real)NAN;
            kv_cache_write(cache, qkv + HD, qkv + (ptrdiff_t)2 * HD, 3 * HD, &span, 1);
            attention_forward(out, lse, qkv, 3 * HD, cache, &span, 1, 1, 0);
            double sum = 0, before = 0;
            for (int d = 0; d < HD; d++) sum += out[(T - 1) * HD + d];
            for (int d = 0; d < HD * t; d++) before += out[d];
            if (!isnan(sum)) fail_msg("%s lost a NaN of token %d", implementations[i], t);
            if (isnan(before)) fail_msg("%s: token %d acts on earlier ones", implementations[i], t);
            *bad = old;
        }
        kv_cache_free(cache);
    }
    buffer_free(qkv);
    buffer_free(out);
    buffer_free(lse);
}

static void nan_and_infinity_show_in_the_sum_of_squares(void **state)
{
    (void)state;
    real *x = random_buffer(10000, 1);
    for (int i = 0; i < IMPLEMENTATIONS; i++) {
        if (kernels_use(implementations[i]) != 0) continue;
        x[5003] = (real)NAN;
        assert_true(isnan(buffer_sum_squares(x, 10000)));
        x[5003] = (real)INFINITY;
        assert_true(isinf(buffer_sum_squares(x, 10000)));
        x[5003] = (real)1e30;
        assert_true(isfinite(buffer_sum_squares(x, 10000)));
    }
    buffer_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_agrees_with_the_reference),
        cmocka_unit_test(exp_is_within_one_ulp),
        cmocka_unit_test(exp_ends_in_zero_infinity_and_nan),
        cmocka_unit_test(sigmoid_is_within_three_ulp),
        cmocka_unit_test(log_agrees_with_the_library),
        cmocka_unit_test(nan_in_any_logit_shows_in_the_log_probability),
        cmocka_unit_test(nan_in_any_key_or_value_shows_in_the_output),
        cmocka_unit_test(nan_and_infinity_show_in_the_sum_of_squares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
