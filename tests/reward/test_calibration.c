#include "reward/calibration.h"

#include "tests/golden.h"

enum { SCORES = 50, PAIRS = 6 };

static void accuracy_matches_golden(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/reward_loss.json");
    double chosen[PAIRS], rejected[PAIRS];
    golden_array(chosen, PAIRS, golden, "chosen");
    golden_array(rejected, PAIRS, golden, "rejected");
    assert_near(preference_accuracy(chosen, rejected, NULL, NULL, PAIRS),
                golden_number(golden, "accuracy"), 1e-12);
    cJSON_Delete(golden);
}

/* right, wrong, equal scores, and a pair called a tie: 1 + 0 + 1/2 + 1/2 of 4. */
static void ties_of_either_kind_count_half(void **state)
{
    (void)state;
    const double chosen[] = {2, 1, 3, 5}, rejected[] = {1, 2, 3, 1}, target[] = {1, 1, 1, 0.5};
    assert_near(preference_accuracy(chosen, rejected, target, NULL, 4), 0.5, 1e-15);
}

/* longer, shorter, equal: 1 + 0 + 1/2 of 3. */
static void longer_wins_counts_equal_lengths_half(void **state)
{
    (void)state;
    const int chosen[] = {9, 4, 6}, rejected[] = {3, 8, 6};
    assert_near(longer_wins_accuracy(chosen, rejected, NULL, NULL, 3), 0.5, 1e-15);
}

/* Pair 1: three labels, of which two are right; pair 2: one, wrong.  (2/3 + 0) / 2, not 2/4. */
static void a_pair_counts_once_however_many_labels_it_has(void **state)
{
    (void)state;
    const double chosen[] = {2, 1, 2, 0}, rejected[] = {1, 2, 1, 3};
    const int longer[] = {20, 10, 20, 4}, shorter[] = {10, 20, 10, 9}, pair[] = {1, 1, 1, 2};
    assert_near(preference_accuracy(chosen, rejected, NULL, pair, 4), 1. / 3, 1e-15);
    assert_near(longer_wins_accuracy(longer, shorter, NULL, pair, 4), 1. / 3, 1e-15);
}

static double logit(double p)
{
    return log(p / (1 - p));
}

/* Four pairs said to be sure to 0.75, of which three come out so: nothing is wrong. */
static void calibrated_scores_have_no_error(void **state)
{
    (void)state;
    const double d = logit(0.75), chosen[] = {d, d, d, 0}, rejected[] = {0, 0, 0, d};
    assert_near(calibration_error(chosen, rejected, NULL, 4), 0, 1e-12);
}

/* Two pairs said to be sure to 0.95, one of them wrong: |0.95 - 0.5| in their bin, and |0.05 - 0.5| in its
 * mirror image, so 0.45 on the whole. */
static void overconfident_scores_show_their_error(void **state)
{
    (void)state;
    const double d = logit(0.95), chosen[] = {d, 0}, rejected[] = {0, d};
    assert_near(calibration_error(chosen, rejected, NULL, 2), 0.45, 1e-12);
}

static void calibration_does_not_depend_on_which_side_is_called_chosen(void **state)
{
    (void)state;
    const double a[] = {0.1, 2, -0.7}, b[] = {0.6, -1, -0.6};
    const double a_better[] = {1, 0.5, 0}, b_better[] = {0, 0.5, 1};
    assert_near(calibration_error(a, b, a_better, 3), calibration_error(b, a, b_better, 3), 1e-15);
}

static void certainty_falls_into_the_last_bin(void **state)
{
    (void)state;
    const double chosen = 1000, rejected = 0;
    assert_near(calibration_error(&chosen, &rejected, NULL, 1), 0, 1e-12);
}

/* lm-human-preferences rewards.py on s = 0.2, 1, -0.5, 0.1. */
static void scale_matches_published_formula(void **state)
{
    (void)state;
    const double score[] = {0.2, 1, -0.5, 0.1};
    const double want[] = {0, 1.498537, -1.311220, -0.187317};
    const ScoreScale s = score_scale(score, 4);
    assert_near(s.gain, 1.873172, 1e-6);
    assert_near(s.bias, -0.374634, 1e-6);
    for (int i = 0; i < 4; i++) assert_near(s.gain * score[i] + s.bias, want[i], 1e-6);
}

static void scale_matches_golden(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/reward_loss.json");
    const cJSON *normalisation = golden_at(golden, "normalisation");
    double score[SCORES];
    const int n = golden_array(score, SCORES, normalisation, "rewards");
    const ScoreScale s = score_scale(score, n);
    assert_near(s.mean, golden_number(normalisation, "mean"), 1e-12);
    assert_near(s.deviation, golden_number(normalisation, "std"), 1e-12);
    assert_near(s.gain, golden_number(normalisation, "gain"), 1e-12);
    assert_near(s.bias, golden_number(normalisation, "bias"), 1e-12);
    cJSON_Delete(golden);
}

static void equal_scores_keep_their_gain(void **state)
{
    (void)state;
    const double score[] = {2, 2, 2};
    const ScoreScale s = score_scale(score, 3);
    assert_near(s.gain, 1, 0);
    assert_near(s.bias, -2, 0);
}

/* Nine differences of 2, seven right: z = (14 - 4) / sqrt(9 * 4) = 5/3 says nothing; all nine: z = 3. */
static void shrinkage_matches_hand_computation(void **state)
{
    (void)state;
    double high[9], low[9];
    for (int i = 0; i < 9; i++) high[i] = i < 7 ? 1 : -1, low[i] = -high[i];
    assert_near(score_shrinkage(high, low, NULL, 9), 0, 0);
    for (int i = 0; i < 9; i++) high[i] = 1, low[i] = -1;
    assert_near(score_shrinkage(high, low, NULL, 9), 1 - 1.959964 / 3, 1e-6);
}

/* A tie neither confirms nor contradicts, but it counts among what was tried: z = 6 / sqrt(4 * 4). */
static void ties_confirm_nothing(void **state)
{
    (void)state;
    const double high[] = {2, 2, 2, 2}, low[4] = {0}, target[] = {1, 1, 1, 0.5};
    assert_near(score_shrinkage(high, low, target, 4), 0, 0);
    const double all[] = {1, 1, 1, 1};
    assert_near(score_shrinkage(high, low, all, 4), 1 - 1.959964 / 2, 1e-6);
}

static void equal_or_wrong_scores_are_worth_nothing(void **state)
{
    (void)state;
    const double zero[3] = {0}, one[] = {1, 1, 1};
    assert_near(score_shrinkage(zero, zero, NULL, 3), 0, 0);
    assert_near(score_shrinkage(zero, one, NULL, 3), 0, 0);
}

/* Deviations -1, 0, 1 of score and -3, 1, 2 of length: 5 / sqrt(2 * 14). */
static void correlation_matches_hand_computation(void **state)
{
    (void)state;
    const double score[] = {1, 2, 3};
    const int length[] = {1, 5, 6}, same[] = {4, 4, 4};
    assert_near(score_length_correlation(score, length, 3), 5 / sqrt(28), 1e-12);
    assert_near(score_length_correlation(score, same, 3), 0, 0);
}

/* A = 1 - 2 e (1 - e): .63 is e = .245049, .726 is .163845, .9 is .052786. */
static void ceiling_follows_from_agreement(void **state)
{
    (void)state;
    assert_near(agreement_ceiling(0.63), 1 - 0.245049, 1e-6);
    assert_near(agreement_ceiling(0.726), 1 - 0.163845, 1e-6);
    assert_near(agreement_ceiling(0.9), 1 - 0.052786, 1e-6);
    assert_near(agreement_ceiling(1), 1, 0);
    assert_near(agreement_ceiling(0.4), 0.5, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ceiling_follows_from_agreement),
        cmocka_unit_test(accuracy_matches_golden),
        cmocka_unit_test(ties_of_either_kind_count_half),
        cmocka_unit_test(longer_wins_counts_equal_lengths_half),
        cmocka_unit_test(a_pair_counts_once_however_many_labels_it_has),
        cmocka_unit_test(calibrated_scores_have_no_error),
        cmocka_unit_test(overconfident_scores_show_their_error),
        cmocka_unit_test(calibration_does_not_depend_on_which_side_is_called_chosen),
        cmocka_unit_test(certainty_falls_into_the_last_bin),
        cmocka_unit_test(scale_matches_published_formula),
        cmocka_unit_test(scale_matches_golden),
        cmocka_unit_test(equal_scores_keep_their_gain),
        cmocka_unit_test(shrinkage_matches_hand_computation),
        cmocka_unit_test(ties_confirm_nothing),
        cmocka_unit_test(equal_or_wrong_scores_are_worth_nothing),
        cmocka_unit_test(correlation_matches_hand_computation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
