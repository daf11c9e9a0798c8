#include "reward/preference_loss.h"

#include "tests/golden.h"

enum { PAIRS = 6, EXTREMES = 7 };

/* The loss without margins, smoothing and ties of their own. */
static double plain_loss(double *dchosen, double *drejected, const double *chosen,
                         const double *rejected, const double *target, const double *weight, int n,
                         double noise)
{
    PreferenceGradient grad = {dchosen, drejected, 0};
    return preference_loss(
        &grad,
        &(ScoredPairs){
            .n = n, .chosen = chosen, .rejected = rejected, .target = target, .weight = weight},
        &(PreferenceModel){.noise = noise});
}

/* reward_loss.json, rows 4 and 5 are extreme: a naive log(sigmoid) gives infinity. */
static void plain_loss_matches_golden(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/reward_loss.json");
    double chosen[PAIRS], rejected[PAIRS], per_pair[PAIRS], dchosen[PAIRS], drejected[PAIRS];
    golden_array(chosen, PAIRS, golden, "chosen");
    golden_array(rejected, PAIRS, golden, "rejected");
    const cJSON *plain = golden_at(golden_at(golden, "results"), "plain");

    const double loss = plain_loss(dchosen, drejected, chosen, rejected, NULL, NULL, PAIRS, 0);
    assert_near(loss, golden_number(plain, "loss"), 1e-9);

    double want[PAIRS];
    golden_array(want, PAIRS, plain, "grad_chosen");
    for (int i = 0; i < PAIRS; i++) assert_near(dchosen[i], want[i], 1e-12);
    golden_array(want, PAIRS, plain, "grad_rejected");
    for (int i = 0; i < PAIRS; i++) assert_near(drejected[i], want[i], 1e-12);
    golden_array(per_pair, PAIRS, plain, "per_pair");
    for (int i = 0; i < PAIRS; i++)
        assert_near(plain_loss(NULL, NULL, chosen + i, rejected + i, NULL, NULL, 1, 0), per_pair[i],
                    1e-9);
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

    const double loss = plain_loss(dchosen, drejected, chosen, rejected, target, NULL, PAIRS, 0);
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
    assert_near(plain_loss(NULL, NULL, &chosen, &rejected, NULL, NULL, 1, 0), 0.341154, 1e-6);
    assert_near(plain_loss(NULL, NULL, &chosen, &rejected, &tie, NULL, 1, 0), 0.791154, 1e-6);
}

static void tie_with_equal_scores_has_no_gradient(void **state)
{
    (void)state;
    const double score = 0.7, tie = 0.5;
    double dchosen, drejected;
    const double loss = plain_loss(&dchosen, &drejected, &score, &score, &tie, NULL, 1, 0);
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
    const double thrice = plain_loss(dchosen, drejected, chosen, rejected, NULL, NULL, 3, 0);
    const double weighted =
        plain_loss(dchosen_w, drejected_w, chosen_w, rejected_w, NULL, weight, 2, 0);
    assert_near(weighted, thrice, 1e-15);
    assert_near(dchosen_w[0], dchosen[0] + dchosen[1], 1e-15);
    assert_near(drejected_w[1], drejected[2], 1e-15);
}

static void no_weight_at_all_gives_zero_not_nan(void **state)
{
    (void)state;
    const double chosen = 1, rejected = 2, weight = 0;
    double dchosen, drejected;
    const double loss = plain_loss(&dchosen, &drejected, &chosen, &rejected, NULL, &weight, 1, 0);
    assert_near(loss, 0, 0);
    assert_near(dchosen, 0, 0);
    assert_near(drejected, 0, 0);
}

/* reward_loss.json: -log sigmoid(chosen - rejected - margin). */
static void margin_matches_golden(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/reward_loss.json");
    double chosen[PAIRS], rejected[PAIRS], margin[PAIRS], dchosen[PAIRS], drejected[PAIRS];
    double want[PAIRS];
    golden_array(chosen, PAIRS, golden, "chosen");
    golden_array(rejected, PAIRS, golden, "rejected");
    golden_array(margin, PAIRS, golden, "margins");
    const cJSON *result = golden_at(golden_at(golden, "results"), "margin");
    const ScoredPairs pairs = {
        .n = PAIRS, .chosen = chosen, .rejected = rejected, .margin = margin};

    PreferenceGradient grad = {dchosen, drejected, 0};
    const double loss = preference_loss(&grad, &pairs, &(PreferenceModel){0});
    assert_near(loss, golden_number(result, "loss"), 1e-9);
    golden_array(want, PAIRS, result, "grad_chosen");
    for (int i = 0; i < PAIRS; i++) assert_near(dchosen[i], want[i], 1e-12);
    golden_array(want, PAIRS, result, "grad_rejected");
    for (int i = 0; i < PAIRS; i++) assert_near(drejected[i], want[i], 1e-12);
    cJSON_Delete(golden);
}

static void smoothing_matches_golden(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/reward_loss.json");
    double chosen[PAIRS], rejected[PAIRS], dchosen[PAIRS], want[PAIRS];
    golden_array(chosen, PAIRS, golden, "chosen");
    golden_array(rejected, PAIRS, golden, "rejected");
    const cJSON *result = golden_at(golden_at(golden, "results"), "label_smoothing_0.1");
    const ScoredPairs pairs = {.n = PAIRS, .chosen = chosen, .rejected = rejected};

    PreferenceGradient grad = {dchosen, NULL, 0};
    const double loss = preference_loss(&grad, &pairs, &(PreferenceModel){.smoothing = 0.1});
    assert_near(loss, golden_number(result, "loss"), 1e-9);
    golden_array(want, PAIRS, result, "grad_chosen");
    for (int i = 0; i < PAIRS; i++) assert_near(dchosen[i], want[i], 1e-12);
    cJSON_Delete(golden);
}

/* ---- ties of their own ------------------------------------------------------------------------------- */

/* Scores 1.2 and 0.3, nu 0.5: e^1.2 = 3.320117, e^0.3 = 1.349859, nu e^0.75 = 1.058500, in all 5.728476, so
 * P = .579581, .235640, and .184779 for the tie. */
static void davidson_matches_hand_computation(void **state)
{
    (void)state;
    const PreferenceModel m = {.tie_nu = 0.5};
    const double better = 1.2, worse = 0.3, tie = 0.5;
    const ScoredPairs won = {.n = 1, .chosen = &better, .rejected = &worse},
                      lost = {.n = 1, .chosen = &worse, .rejected = &better},
                      tied = {.n = 1, .chosen = &better, .rejected = &worse, .target = &tie};
    assert_near(exp(-preference_loss(NULL, &won, &m)), 3.320117 / 5.728476, 1e-6);
    assert_near(exp(-preference_loss(NULL, &lost, &m)), 1.349859 / 5.728476, 1e-6);
    assert_near(exp(-preference_loss(NULL, &tied, &m)), 1.058500 / 5.728476, 1e-6);
}

/* Of 100 labels 50 won, 30 lost, 20 tied: the likeliest are delta = log(50/30), nu = 20 / sqrt(50 30). */
static void davidson_is_stationary_at_its_closed_form(void **state)
{
    (void)state;
    const double delta = log(50.0 / 30), zero = 0, nu = 20 / sqrt(1500);
    const double chosen[] = {delta, zero, delta}, rejected[] = {zero, delta, zero};
    const double target[] = {1, 1, 0.5}, weight[] = {50, 30, 20};
    double dchosen[3], drejected[3];
    PreferenceGradient grad = {dchosen, drejected, 0};
    const ScoredPairs pairs = {3, chosen, rejected, target, weight, NULL};
    preference_loss(&grad, &pairs, &(PreferenceModel){.tie_nu = nu});
    assert_near(dchosen[0] + drejected[1] + dchosen[2], 0, 1e-15);
    assert_near(grad.log_nu, 0, 1e-15);
}

/* Three items, each pair won, lost and tied so often: the fit of an independent Newton iteration, to its five
 * digits, and its log-likelihood. */
static void davidson_matches_the_fit_of_three_items(void **state)
{
    (void)state;
    static const int WON[3][3] = {{0, 8, 10}, {4, 0, 7}, {2, 5, 0}},
                     TIED[3][3] = {{0, 4, 3}, {0, 0, 6}, {0, 0, 0}};
    static const double THETA[] = {0.78123, -0.14732, -0.63391};
    double chosen[9], rejected[9], target[9], weight[9], dchosen[9], drejected[9];
    double total = 0, slope[3] = {0};
    int side[9][2], n = 0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            for (int tied = 0; tied < 2; tied++) {
                const int count = tied ? TIED[i][j] : WON[i][j];
                if (count == 0) continue;
                chosen[n] = THETA[i], rejected[n] = THETA[j], target[n] = tied ? 0.5 : 1;
                weight[n] = count, total += count;
                side[n][0] = i, side[n++][1] = j;
            }
    assert_int_equal(n, 9);
    PreferenceGradient grad = {dchosen, drejected, 0};
    const ScoredPairs pairs = {n, chosen, rejected, target, weight, NULL};
    const double loss = preference_loss(&grad, &pairs, &(PreferenceModel){.tie_nu = 0.80952});
    for (int k = 0; k < n; k++) slope[side[k][0]] += dchosen[k], slope[side[k][1]] += drejected[k];
    assert_near(loss * total, 49.4967, 1e-4);
    for (int i = 0; i < 3; i++) assert_near(slope[i], 0, 2e-6);
    assert_near(grad.log_nu, 0, 2e-6);
}

/* Both sides far apart: a tie costs half of the distance and no more, and nothing overflows. */
static void davidson_is_finite_at_extremes(void **state)
{
    (void)state;
    const double high = 2000, low = -2000, tie = 0.5;
    const ScoredPairs tied = {.n = 1, .chosen = &low, .rejected = &high, .target = &tie},
                      lost = {.n = 1, .chosen = &low, .rejected = &high};
    double dchosen;
    PreferenceGradient grad = {&dchosen, NULL, 0};
    assert_near(preference_loss(&grad, &tied, &(PreferenceModel){.tie_nu = 1}), 2000, 1e-9);
    assert_near(dchosen, -0.5, 1e-15);
    assert_near(preference_loss(&grad, &lost, &(PreferenceModel){.tie_nu = 1}), 4000, 1e-9);
    assert_near(dchosen, -1, 1e-15);
}

/* Equal scores tie with probability nu / (2 + nu). */
static void nu_of_a_share_of_ties(void **state)
{
    (void)state;
    assert_near(davidson_nu(0.2) / (2 + davidson_nu(0.2)), 0.2, 1e-15);
    assert_near(davidson_nu(0), 0, 0);
}

static void every_gradient_matches_finite_differences(void **state)
{
    (void)state;
    enum { N = 4 };
    static const PreferenceModel MODEL[] = {
        {.smoothing = 0.1},
        {.noise = 0.2, .smoothing = 0.1},
        {.tie_nu = 0.7},
        {.noise = 0.2, .smoothing = 0.1, .tie_nu = 0.7},
    };
    double chosen[N] = {0.3, -1.2, 2.5, 0}, rejected[N] = {0.1, 0.9, -0.5, 0.2};
    const double target[N] = {1, 0.5, 0.8, 0}, weight[N] = {1, 0.5, 2, 1.5};
    const double margin[N] = {0.5, 0, 1, 0.25}, h = 1e-6;
    const ScoredPairs pairs = {N, chosen, rejected, target, weight, margin};
    for (size_t k = 0; k < sizeof MODEL / sizeof *MODEL; k++) {
        double dchosen[N], drejected[N];
        PreferenceGradient grad = {dchosen, drejected, 0};
        PreferenceModel m = MODEL[k];
        preference_loss(&grad, &pairs, &m);
        for (int i = 0; i < 2 * N; i++) {
            double *x = i < N ? &chosen[i] : &rejected[i - N], kept = *x;
            *x = kept + h;
            const double up = preference_loss(NULL, &pairs, &m);
            *x = kept - h;
            const double down = preference_loss(NULL, &pairs, &m);
            *x = kept;
            assert_near(i < N ? dchosen[i] : drejected[i - N], (up - down) / (2 * h), 1e-8);
        }
        if (m.tie_nu == 0) continue;
        m.tie_nu = MODEL[k].tie_nu * exp(h);
        const double up = preference_loss(NULL, &pairs, &m);
        m.tie_nu = MODEL[k].tie_nu * exp(-h);
        assert_near(grad.log_nu, (up - preference_loss(NULL, &pairs, &m)) / (2 * h), 1e-8);
    }
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
        plain_loss(dchosen, drejected, chosen, rejected, target, weight, N, noise);
        for (int i = 0; i < 2 * N; i++) {
            double *x = i < N ? &chosen[i] : &rejected[i - N], kept = *x;
            *x = kept + h;
            const double up = plain_loss(NULL, NULL, chosen, rejected, target, weight, N, noise);
            *x = kept - h;
            const double down = plain_loss(NULL, NULL, chosen, rejected, target, weight, N, noise);
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
    assert_near(plain_loss(&dchosen, &drejected, &zero, &zero, NULL, NULL, 1, 0.2), log(2), 1e-15);
    assert_near(dchosen, -0.4, 1e-15);
    assert_near(drejected, 0.4, 1e-15);
    assert_near(plain_loss(&dchosen, NULL, &zero, &sure, NULL, NULL, 1, 0.2), -log(0.1), 1e-12);
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
    assert_true(isnan(plain_loss(NULL, NULL, &chosen, &rejected, NULL, NULL, 1, 0)));
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
        cmocka_unit_test(margin_matches_golden),
        cmocka_unit_test(smoothing_matches_golden),
        cmocka_unit_test(davidson_matches_hand_computation),
        cmocka_unit_test(davidson_is_stationary_at_its_closed_form),
        cmocka_unit_test(davidson_matches_the_fit_of_three_items),
        cmocka_unit_test(davidson_is_finite_at_extremes),
        cmocka_unit_test(nu_of_a_share_of_ties),
        cmocka_unit_test(every_gradient_matches_finite_differences),
        cmocka_unit_test(gradient_matches_finite_differences),
        cmocka_unit_test(noise_bounds_what_a_label_can_cost),
        cmocka_unit_test(log_sigmoid_is_exact_at_extremes),
        cmocka_unit_test(nan_score_gives_nan_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
