#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compare/win_rate.h"
#include "tests/golden.h"

static void assert_interval(double low, double high, double expected_low, double expected_high,
                            double tolerance)
{
    assert_true(fabs(low - expected_low) <= tolerance);
    assert_true(fabs(high - expected_high) <= tolerance);
}

static void assert_wilson(double successes, double n, double low, double high, double tolerance)
{
    double l, h;
    wilson_interval(&l, &h, successes, n);
    assert_interval(l, h, low, high, tolerance);
}

/* The formula of the header, evaluated apart from this program. */
static void wilson_matches_its_formula(void **state)
{
    (void)state;
    assert_wilson(55, 100, .4524460300, .6438546202, 1e-9);
    assert_wilson(550, 1000, .5190327082, .5805846159, 1e-9);
    assert_wilson(0, 10, 0, .2775327999, 1e-9);
    assert_wilson(10, 10, .7224672001, 1, 1e-9);
    assert_wilson(60, 100, .502, .691, 5e-4);
    assert_wilson(180, 300, .544, .654, 5e-4);
}

/* Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3 */
static void wilson_matches_newcombe(void **state)
{
    (void)state;
    assert_wilson(81, 263, .2553, .3662, 5e-5);
    assert_wilson(15, 148, .0624, .1605, 5e-5);
    assert_wilson(0, 20, 0, .1611, 5e-5);
    assert_wilson(1, 29, .0061, .1718, 5e-5);
}

/* Newcombe 1998, "Interval estimation for the difference between independent proportions", table II,
 * method 10 */
static void share_difference_matches_newcombe(void **state)
{
    (void)state;
    const struct {
        double a, n_a, b, n_b, low, high;
    } rows[] = {
        {56, 70, 48, 80, .0524, .3339}, {9, 10, 3, 10, .1705, .8090}, {5, 56, 0, 29, -.0381, .1926},
        {0, 10, 0, 20, -.1611, .2775},  {10, 10, 0, 10, .6075, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double low, high;
        share_difference_interval(&low, &high, rows[i].a, rows[i].n_a, rows[i].b, rows[i].n_b);
        assert_interval(low, high, rows[i].low, rows[i].high, 5.1e-5);
    }
}

/* 2 * (C(10,0) + C(10,1) + C(10,2)) / 2^10 = 112 / 1024 */
static void sign_test_counts_both_tails(void **state)
{
    (void)state;
    assert_float_equal(sign_test(8, 2), 112. / 1024, 1e-12);
    assert_float_equal(sign_test(2, 8), 112. / 1024, 1e-12);
    assert_float_equal(sign_test(0, 5), 2. / 32, 1e-12);
    assert_float_equal(sign_test(5, 5), 1, 0);
    assert_float_equal(sign_test(0, 0), 1, 0);
    assert_true(sign_test(2000, 1000) > 0 && sign_test(2000, 1000) < 1e-70);
}

/* Twice a binomial tail, summed in whole numbers apart from this program. */
static void sign_test_matches_exact_tails(void **state)
{
    (void)state;
    assert_near(sign_test(60, 40), .05688793364098, 1e-12);
    assert_near(sign_test(527, 473), .09368729147550, 1e-12);
    assert_near(sign_test(560, 440), .00016504987055, 1e-12);
    assert_near(sign_test(30, 12), .00791589733473, 1e-12);
}

static void ties_count_half(void **state)
{
    (void)state;
    const double score[] = {1, 2, 3, 4}, other[] = {0, 2, 4, 4 + 1e-12};
    const WinRate w = win_rate_of_scores(score, other, 4);
    assert_int_equal(w.wins, 1);
    assert_int_equal(w.ties, 2);
    assert_int_equal(w.losses, 1);
    assert_float_equal(w.rate, 0.5, 0);
    assert_float_equal(w.p, 1, 0);
    assert_float_equal(win_rate_of_counts(54, 2, 44).low, .4524460300, 1e-9); /* 55 of 100 */
}

static void nothing_compared_says_nothing(void **state)
{
    (void)state;
    const WinRate w = win_rate_of_counts(0, 0, 0);
    assert_float_equal(w.rate, 0.5, 0);
    assert_interval(w.low, w.high, 0, 1, 0);
}

/* 1, 2, 6: mean 3, deviation sqrt((4 + 1 + 9) / 2) = sqrt 7, over sqrt 3. */
static void the_error_of_a_mean_matches_hand_computation(void **state)
{
    (void)state;
    const double x[] = {1, 2, 6}, same[] = {-2, -2};
    assert_near(mean_standard_error(x, 3), sqrt(7. / 3), 1e-15);
    assert_near(mean_standard_error(same, 2), 0, 0);
    assert_true(isnan(mean_standard_error(x, 1)));
}

/* ln n - (n - 1) / n */
static void best_of_n_kl_matches_golden(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/sampling.json");
    const cJSON *row;
    cJSON_ArrayForEach(row, golden_at(golden, "best_of_n_kl"))
        assert_near(best_of_n_kl((int)golden_number(row, "n")), golden_number(row, "kl"), 1e-14);
    assert_near(best_of_n_kl(8), 1.204442, 5e-7); /* ln 8 - 7/8 */
    assert_near(best_of_n_kl(256), 4.549084, 5e-7);
    cJSON_Delete(golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wilson_matches_its_formula),
        cmocka_unit_test(wilson_matches_newcombe),
        cmocka_unit_test(share_difference_matches_newcombe),
        cmocka_unit_test(sign_test_counts_both_tails),
        cmocka_unit_test(sign_test_matches_exact_tails),
        cmocka_unit_test(ties_count_half),
        cmocka_unit_test(nothing_compared_says_nothing),
        cmocka_unit_test(the_error_of_a_mean_matches_hand_computation),
        cmocka_unit_test(best_of_n_kl_matches_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
