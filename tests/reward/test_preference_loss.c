#include "reward/preference_loss.h"

#include "tests/golden.h"

enum { PAIRS = 6, EXTREMES = 7 };

/* reward_loss.json, rows 4 and 5 are extreme: a naive log(sigmoid) gives infinity. */
static void plain_loss_matches_golden(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/reward_loss.json");
    double chosen[PAIRS], rejected[PAIRS], per_pair[PAIRS], dchosen[PAIRS], drejected[PAIRS];
    golden_array(chosen, PAIRS, golden, "chosen");
    golden_array(rejected, PAIRS, golden, "rejected");
    const cJSON *plain = golden_at(golden_at(golden, "results"), "plain");

    const double loss = preference_loss(dchosen, drejected, chosen, rejected, NULL, NULL, PAIRS, 0);
    assert_near(loss, golden_number(plain, "loss"), 1e-9);

    double want[PAIRS];
    golden_array(want, PAIRS, plain, "grad_chosen");
    for (int i = 0; i < PAIRS; i++) assert_near(dchosen[i], want[i], 1e-12);
    golden_array(want, PAIRS, plain, "grad_rejected");
    for (int i = 0; i < PAIRS; i++) assert_near(drejected[i], want[i], 1e-12);
    golden_array(per_pair, PAIRS, plain, "per_pair");
    for (int i = 0; i < PAIRS; i++)
        assert_near(preference_loss(NULL, NULL, chosen + i, rejected + i, NULL, NULL, 1, 0),
                    per_pair[i], 1e-9);
    cJSON_Delete(golden);
}

/* A target of 0.9 is label smoothing with epsilon 0.1. */
static void soft_target_matches_label_smoothing_golden(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/reward_loss.json");
    double chosen[PAIRS], rejected[PAIRS], dchosen[PAIRS], drejected[PAIRS], want[PAIRS];
    const double target[PAIRS] = {0.9, 0.9, 0.9, 0.9, 0.9, 0.9};
    golden_array(chosen, PAIRS, golden, "chosen");
    golden_array(rejected, PAIRS, golden, "rejected");
    const cJSON *smooth = golden_at(golden_at(golden, "results"), "label_smoothing_0.1");

    const double loss =
        preference_loss(dchosen, drejected, chosen, rejected, target, NULL, PAIRS, 0);
    assert_near(loss, golden_number(smooth, "loss"), 1e-9);
    golden_array(want, PAIRS, smooth, "grad_chosen");
    for (int i = 0; i < PAIRS; i++) assert_near(dchosen[i], want[i], 1e-12);
    golden_array(want, PAIRS, smooth, "grad_rejected");
    for (int i = 0; i < PAIRS; i++) assert_near(drejected[i], want[i], 1e-12);
    cJSON_Delete(golden);
}

/* Scores 1.2 and 0.3: -log sigmoid(0.9) = 0.341154; a tie adds half of the difference, 0.45. */
static void tie_is_half_a_win_for_either_side(void **state)
{
    (void)state;
    const double chosen = 1.2, rejected = 0.3, tie = 0.5;
    assert_near(preference_loss(NULL, NULL, &chosen, &rejected, NULL, NULL, 1, 0), 0.341154, 1e-6);
    assert_near(preference_loss(NULL, NULL, &chosen, &rejected, &tie, NULL, 1, 0), 0.791154, 1e-6);
}

static void tie_with_equal_scores_has_no_gradient(void **state)
{
    (void)state;
    const double score = 0.7, tie = 0.5;
    double dchosen, drejected;
    const double loss = preference_loss(&dchosen, &drejected, &score, &score, &tie, NULL, 1, 0);
    assert_near(loss, log(2), 1e-15);
    assert_near(dchosen, 0, 0);
    assert_near(drejected, 0, 0);
}

/* Weights 2 and 1 are the first pair twice and the second once. */
static void weight_two_equals_the_pair_twice(void **state)
{
    (void)state;
    const double chosen[] = {0.4, 0.4, -1}, rejected[] = {0.1, 0.1, 2}, weight[] = {2, 1};
    const double chosen_w[] = {0.4, -1}, rejected_w[] = {0.1, 2};
    double dchosen[3], drejected[3], dchosen_w[2], drejected_w[2];
    const double thrice = preference_loss(dchosen, drejected, chosen, rejected, NULL, NULL, 3, 0);
    const double weighted =
        preference_loss(dchosen_w, drejected_w, chosen_w, rejected_w, NULL, weight, 2, 0);
    assert_near(weighted, thrice, 1e-15);
    assert_near(dchosen_w[0], dchosen[0] + dchosen[1], 1e-15);
    assert_near(drejected_w[1], drejected[2], 1e-15);
}

static void no_weight_at_all_gives_zero_not_nan(void **state)
{
    (void)state;
    const double chosen = 1, rejected = 2, weight = 0;
    double dchosen, drejected;
    const double loss =
        preference_loss(&dchosen, &drejected, &chosen, &rejected, NULL, &weight, 1, 0);
    assert_near(loss, 0, 0);
    assert_near(dchosen, 0, 0);
    assert_near(drejected, 0, 0);
}

static void gradient_matches_finite_differences(void **state)
{
    (void)state;
    enum { N = 4 };
    double chosen[N] = {0.3, -1.2, 2.5, 0}, rejected[N] = {0.1, 0.9, -0.5, 0.2};
    const double target[N] = {1, 0.5, 0.8, 0}, weight[N] = {1, 0.5, 2, 1.5}, h = 1e-6;
    double dchosen[N], drejected[N];
    for (int noisy = 0; noisy < 2; noisy++) {
        const double noise = 0.1 * noisy;
        preference_loss(dchosen, drejected, chosen, rejected, target, weight, N, noise);
        for (int i = 0; i < 2 * N; i++) {
            double *x = i < N ? &chosen[i] : &rejected[i - N], kept = *x;
            *x = kept + h;
            const double up =
                preference_loss(NULL, NULL, chosen, rejected, target, weight, N, noise);
            *x = kept - h;
            const double down =
                preference_loss(NULL, NULL, chosen, rejected, target, weight, N, noise);
            *x = kept;
            assert_near(i < N ? dchosen[i] : drejected[i - N], (up - down) / (2 * h), 1e-8);
        }
    }
}

/* Of five labels one is a toss: 0.1 + 0.8 / 2 = 1/2 where the scores are equal, with a slope of
 * -0.8 * 0.25 / 0.5; and 0.1 at least where they are sure of the opposite. */
static void noise_bounds_what_a_label_can_cost(void **state)
{
    (void)state;
    const double zero = 0, sure = 1000;
    double dchosen, drejected;
    assert_near(preference_loss(&dchosen, &drejected, &zero, &zero, NULL, NULL, 1, 0.2), log(2),
                1e-15);
    assert_near(dchosen, -0.4, 1e-15);
    assert_near(drejected, 0.4, 1e-15);
    assert_near(preference_loss(&dchosen, NULL, &zero, &sure, NULL, NULL, 1, 0.2), -log(0.1),
                1e-12);
    assert_near(dchosen, 0, 1e-15);
}

/* sampling.json: -800 to 800. */
static void log_sigmoid_is_exact_at_extremes(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/sampling.json");
    const cJSON *extremes = golden_at(golden, "logsigmoid_extremes");
    double x[EXTREMES], want_log[EXTREMES], want[EXTREMES];
    golden_array(x, EXTREMES, extremes, "x");
    golden_array(want_log, EXTREMES, extremes, "logsigmoid");
    golden_array(want, EXTREMES, extremes, "sigmoid");
    for (int i = 0; i < EXTREMES; i++) {
        assert_near(log_sigmoid(x[i]), -fabs(want_log[i]), 1e-14 * fabs(want_log[i]));
        assert_near(sigmoid(x[i]), want[i], 1e-14 * want[i]);
    }
    cJSON_Delete(golden);
}

static void nan_score_gives_nan_loss(void **state)
{
    (void)state;
    const double chosen = NAN, rejected = 0;
    assert_true(isnan(preference_loss(NULL, NULL, &chosen, &rejected, NULL, NULL, 1, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_loss_matches_golden),
        cmocka_unit_test(soft_target_matches_label_smoothing_golden),
        cmocka_unit_test(tie_is_half_a_win_for_either_side),
        cmocka_unit_test(tie_with_equal_scores_has_no_gradient),
        cmocka_unit_test(weight_two_equals_the_pair_twice),
        cmocka_unit_test(no_weight_at_all_gives_zero_not_nan),
        cmocka_unit_test(gradient_matches_finite_differences),
        cmocka_unit_test(noise_bounds_what_a_label_can_cost),
        cmocka_unit_test(log_sigmoid_is_exact_at_extremes),
        cmocka_unit_test(nan_score_gives_nan_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
