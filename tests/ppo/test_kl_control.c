#include "ppo/kl_control.h"

#include "tests/golden.h"

enum { ROOM = 32 };

/* lm-human-preferences: beta 0.15, target 6, 512 episodes, horizon 10000. */
static void coefficient_matches_published_vectors(void **state)
{
    (void)state;
    static const double CASES[][2] = {
        {12, 0.151536}, {6.6, 0.150768}, {6, 0.15}, {3, 0.148464}, {-1, 0.148464}};
    for (size_t c = 0; c < sizeof CASES / sizeof *CASES; c++) {
        KlControl control = {.coef = 0.15, .target = 6, .horizon = 10000};
        kl_control_update(&control, CASES[c][0], 512);
        assert_near(control.coef, CASES[c][1], 1e-12);
    }
    KlControl control = {.coef = 0.15, .target = 6, .horizon = 10000};
    kl_control_update(&control, 12, 512);
    kl_control_update(&control, 12, 512);
    kl_control_update(&control, 3, 512);
    assert_near(control.coef, 0.151520110, 1e-9);
}

static void coefficient_matches_golden_trace(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/adaptive_kl.json");
    KlControl control = {.coef = golden_number(golden, "init_kl_coef"),
                         .target = golden_number(golden, "target"),
                         .horizon = golden_number(golden, "horizon")};
    const cJSON *step;
    cJSON_ArrayForEach(step, golden_at(golden, "trace"))
    {
        kl_control_update(&control, golden_number(step, "kl"),
                          (int)golden_number(golden, "n_steps"));
        assert_near(control.coef, golden_number(step, "kl_coef_after"), 1e-12);
    }
    cJSON_Delete(golden);
}

static void target_zero_keeps_the_coefficient(void **state)
{
    (void)state;
    KlControl control = {.coef = 0.05};
    kl_control_update(&control, 100, 512);
    assert_near(control.coef, 0.05, 0);
}

static void coefficient_stays_positive_below_any_horizon(void **state)
{
    (void)state;
    KlControl control = {.coef = 1, .target = 6, .horizon = 10};
    kl_control_update(&control, 0, 512);
    assert_near(control.coef, 0.1, 1e-15);
}

static void estimates_match_published_vectors(void **state)
{
    (void)state;
    const double logp[] = {-1, -2, -.5, -3}, ref_logp[] = {-1.5, -1, -.5, -.2};
    const double k1[] = {.5, -1, 0, -2.8}, k2[] = {.125, .5, 0, 3.92};
    const double k3[] = {.106531, .718282, 0, 12.644647};
    for (int t = 0; t < 4; t++) {
        const KlEstimate e = kl_estimate(logp + t, ref_logp + t, 1);
        assert_near(e.k1, k1[t], 1e-12);
        assert_near(e.k2, k2[t], 1e-12);
        assert_near(e.k3, k3[t], 1e-6);
    }
}

static void estimates_match_golden(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/kl.json");
    double logp[ROOM], ref_logp[ROOM], k1[ROOM], k2[ROOM], k3[ROOM];
    const int n = golden_array(logp, ROOM, golden, "policy_logprobs");
    golden_array(ref_logp, ROOM, golden, "ref_logprobs");
    golden_array(k1, ROOM, golden, "k1");
    golden_array(k2, ROOM, golden, "k2");
    golden_array(k3, ROOM, golden, "k3");
    for (int i = 0; i < n; i++) {
        const KlEstimate e = kl_estimate(logp + i, ref_logp + i, 1);
        assert_near(e.k1, k1[i], 1e-12);
        assert_near(e.k2, k2[i], 1e-12);
        assert_near(e.k3, k3[i], 1e-9 * fmax(1, k3[i]));
    }
    cJSON_Delete(golden);
}

static void estimate_of_a_lost_policy_is_finite(void **state)
{
    (void)state;
    const double logp = -2000, ref_logp = -1;
    assert_true(isfinite(kl_estimate(&logp, &ref_logp, 1).k3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coefficient_matches_published_vectors),
        cmocka_unit_test(coefficient_matches_golden_trace),
        cmocka_unit_test(target_zero_keeps_the_coefficient),
        cmocka_unit_test(coefficient_stays_positive_below_any_horizon),
        cmocka_unit_test(estimates_match_published_vectors),
        cmocka_unit_test(estimates_match_golden),
        cmocka_unit_test(estimate_of_a_lost_policy_is_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
