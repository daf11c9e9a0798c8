#include "reward/class_loss.h"

#include "tests/golden.h"

/* Logits 0, log 2, log 5: probabilities 1/8, 2/8, 5/8. */
static const double EIGHTHS[] = {0, 0.69314718055994531, 1.6094379124341003};

static void loss_is_the_log_of_the_labels_share(void **state)
{
    (void)state;
    const int label = 1;
    double dlogit[3];
    assert_near(class_loss(dlogit, EIGHTHS, &label, NULL, 1, 3, 0), log(4), 1e-15);
    assert_near(dlogit[0], 0.125, 1e-15);
    assert_near(dlogit[1], 0.25 - 1, 1e-15);
    assert_near(dlogit[2], 0.625, 1e-15);
}

/* smoothing 0.3 over three classes: q = .1, .1, .8;  -.1 log 1/8 - .1 log 2/8 - .8 log 5/8 */
static void smoothing_gives_every_class_its_share(void **state)
{
    (void)state;
    const int label = 2;
    double dlogit[3];
    assert_near(class_loss(dlogit, EIGHTHS, &label, NULL, 1, 3, 0.3),
                0.1 * log(8) + 0.1 * log(4) + 0.8 * log(1.6), 1e-15);
    assert_near(dlogit[0], 0.125 - 0.1, 1e-15);
    assert_near(dlogit[2], 0.625 - 0.8, 1e-15);
}

static void weight_two_equals_the_text_twice(void **state)
{
    (void)state;
    const double logit[] = {0.3, -1, 0.3, -1, 2, 0.5}, weighted[] = {0.3, -1, 2, 0.5};
    const int label[] = {1, 1, 0}, label_w[] = {1, 0};
    const double weight[] = {2, 1};
    assert_near(class_loss(NULL, weighted, label_w, weight, 2, 2, 0),
                class_loss(NULL, logit, label, NULL, 3, 2, 0), 1e-15);
}

static void nothing_overflows_and_no_weight_is_no_loss(void **state)
{
    (void)state;
    const double logit[] = {1000, -1000}, none = 0;
    const int right = 0, wrong = 1;
    double dlogit[2];
    assert_near(class_loss(NULL, logit, &right, NULL, 1, 2, 0), 0, 0);
    assert_near(class_loss(dlogit, logit, &wrong, NULL, 1, 2, 0), 2000, 0);
    assert_near(dlogit[0], 1, 0);
    assert_near(class_loss(dlogit, logit, &wrong, &none, 1, 2, 0), 0, 0);
    assert_near(dlogit[0], 0, 0);
}

static void gradient_matches_finite_differences(void **state)
{
    (void)state;
    enum { N = 3, K = 4 };
    double logit[N * K] = {0.3, -1.2, 2.5, 0, 0.1, 0.9, -0.5, 0.2, 3, 1, -2, 0.7}, dlogit[N * K];
    const int label[] = {2, 0, 3};
    const double weight[] = {1, 0.5, 2}, h = 1e-6;
    for (int smooth = 0; smooth < 2; smooth++) {
        class_loss(dlogit, logit, label, weight, N, K, 0.2 * smooth);
        for (int i = 0; i < N * K; i++) {
            const double kept = logit[i];
            logit[i] = kept + h;
            const double up = class_loss(NULL, logit, label, weight, N, K, 0.2 * smooth);
            logit[i] = kept - h;
            const double down = class_loss(NULL, logit, label, weight, N, K, 0.2 * smooth);
            logit[i] = kept;
            assert_near(dlogit[i], (up - down) / (2 * h), 1e-8);
        }
    }
}

/* p = 1/8, 2/8, 5/8: odds 1/7, 1/3, 5/3; of two classes the difference of the logits. */
static void log_odds_are_of_one_class_against_all_others(void **state)
{
    (void)state;
    const double two[] = {-3, 900};
    assert_near(class_log_odds(EIGHTHS, 3, 0), -log(7), 1e-15);
    assert_near(class_log_odds(EIGHTHS, 3, 1), -log(3), 1e-15);
    assert_near(class_log_odds(EIGHTHS, 3, 2), log(5.0 / 3), 1e-15);
    assert_near(class_log_odds(two, 2, 1), 903, 0);
}

/* Five texts of three classes.  Said: 0 0 1 2 1 of true 0 0 0 2 2: three right.  Confidences by hand: four of 7/9 in
 * one bin, three of them right, and one of 1/2, wrong: |28/9 - 3| / 5 + .5 / 5. */
static void scores_match_hand_computation(void **state)
{
    (void)state;
    const double a = log(7), b = log(2);
    const double logit[] = {a, 0, 0, a, 0, 0, 0, a, 0, 0, 0, a, 0, b, 0};
    const int label[] = {0, 0, 0, 2, 2};
    long confusion[9];
    const ClassScores s = class_scores(confusion, logit, label, 5, 3);
    const long want[] = {2, 1, 0, 0, 0, 0, 0, 1, 1};
    for (int i = 0; i < 9; i++) assert_int_equal(confusion[i], want[i]);
    assert_near(s.accuracy, 0.6, 1e-15);
    assert_near(s.commonest, 0.6, 1e-15);
    assert_near(s.loss, (-3 * log(7.0 / 9) - log(1.0 / 9) - log(0.25)) / 5, 1e-14);
    assert_near(s.calibration_error, (1.0 / 9 + 0.5) / 5, 1e-14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_is_the_log_of_the_labels_share),
        cmocka_unit_test(smoothing_gives_every_class_its_share),
        cmocka_unit_test(weight_two_equals_the_text_twice),
        cmocka_unit_test(nothing_overflows_and_no_weight_is_no_loss),
        cmocka_unit_test(gradient_matches_finite_differences),
        cmocka_unit_test(log_odds_are_of_one_class_against_all_others),
        cmocka_unit_test(scores_match_hand_computation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
