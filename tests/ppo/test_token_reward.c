#include "ppo/token_reward.h"

#include "tests/golden.h"

enum { ROOM = 32 };

/* beta 0.05, score 1.5: -0.05 * 0.5, -0.05 * -1, and the score where the KL is 0. */
static void score_lands_on_the_last_token(void **state)
{
    (void)state;
    const double logp[] = {-1, -2, -.5}, ref_logp[] = {-1.5, -1, -.5};
    double reward[3];
    token_reward(reward, logp, ref_logp, 1.5, 3, &(KlPenalty){.coef = 0.05});
    assert_near(reward[0], -0.025, 1e-15);
    assert_near(reward[1], 0.05, 1e-15);
    assert_near(reward[2], 1.5, 1e-15);
}

static void check_output(const cJSON *golden, const char *output, double penalty, double clip)
{
    double len[ROOM], logp[ROOM], ref_logp[ROOM], score[ROOM], eos[ROOM], want[ROOM], reward[ROOM];
    const int B = golden_array(len, ROOM, golden, "lens");
    const int room = golden_array(logp, ROOM, golden, "policy_logprobs") / B;
    golden_array(ref_logp, ROOM, golden, "ref_logprobs");
    golden_array(score, ROOM, golden, "scores");
    golden_array(eos, ROOM, golden, "has_eos");
    golden_array(want, ROOM, golden_at(golden, "outputs"), output);
    for (int b = 0; b < B; b++) {
        const int at = b * room, T = (int)len[b];
        token_reward(reward, logp + at, ref_logp + at,
                     score_shape(score[b], eos[b] > 0, penalty, false, clip), T,
                     &(KlPenalty){.coef = golden_number(golden, "beta")});
        for (int t = 0; t < T; t++) assert_near(reward[t], want[at + t], 1e-12);
    }
}

static void rewards_match_golden(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/reward_shaping.json");
    check_output(golden, "clip_None_penalty_None", 0, 0);
    check_output(golden, "clip_None_penalty_1.0", 1, 0);
    check_output(golden, "clip_5.0_penalty_None", 0, 5);
    check_output(golden, "clip_5.0_penalty_1.0", 1, 5);
    cJSON_Delete(golden);
}

static void clipping_does_not_hide_a_nan(void **state)
{
    (void)state;
    assert_true(isnan(score_shape(NAN, true, 0, false, 5)));
}

/* A score of -7 is forgotten; one of a response that has ended is not touched. */
static void a_missing_stop_may_replace_the_score(void **state)
{
    (void)state;
    assert_near(score_shape(-7, false, 1, true, 0), -1, 0);
    assert_near(score_shape(3, false, 1, true, 0), -1, 0);
    assert_near(score_shape(3, true, 1, true, 0), 3, 0);
    assert_near(score_shape(3, false, 1, false, 0), 2, 0);
}

/* Of 100 tokens the last 20 cost: nothing at 80, 3 of 20 at 83, all at 100; twice that for a penalty of 2. */
static void a_long_response_loses_by_its_length(void **state)
{
    (void)state;
    assert_near(overlong_penalty(80, 100, 20, 1), 0, 0);
    assert_near(overlong_penalty(83, 100, 20, 1), 0.15, 1e-15);
    assert_near(overlong_penalty(100, 100, 20, 1), 1, 0);
    assert_near(overlong_penalty(83, 100, 20, 2), 0.3, 1e-15);
    assert_near(overlong_penalty(100, 100, 0, 1), 0, 0);
}

/* d = .5, -1, 0, -2.8: the vectors that lm-human-preferences, TRL, verl and OpenRLHF agree on. */
static void each_estimator_matches_the_published_vector(void **state)
{
    (void)state;
    const double d[] = {.5, -1, 0, -2.8};
    const double want[][4] = {
        {.5, -1, 0, -2.8}, {.125, .5, 0, 3.92}, {.106531, .718282, 0, 12.644647}, {.5, 1, 0, 2.8}};
    for (int k = 0; k < 4; k++)
        for (int t = 0; t < 4; t++)
            assert_near(kl_of_token((KlEstimator)k, d[t]), want[k][t], 1e-6);
}

/* k3 of -2.8 is 12.64, cut at 10; at 0.1 a nat that is -1. */
static void the_estimate_of_a_token_is_cut(void **state)
{
    (void)state;
    const double logp[] = {-3, -1, -3}, ref_logp[] = {-.2, -1, -.2};
    double reward[3];
    token_reward(reward, logp, ref_logp, 0, 3, &(KlPenalty){0.1, KL_K3, 10});
    assert_near(reward[0], -1, 1e-12);
    assert_near(reward[1], 0, 0);
    token_reward(reward, logp, ref_logp, 0, 3, &(KlPenalty){0.1, KL_K1, 2});
    assert_near(reward[0], 0.2, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(score_lands_on_the_last_token),
        cmocka_unit_test(rewards_match_golden),
        cmocka_unit_test(clipping_does_not_hide_a_nan),
        cmocka_unit_test(a_missing_stop_may_replace_the_score),
        cmocka_unit_test(a_long_response_loses_by_its_length),
        cmocka_unit_test(each_estimator_matches_the_published_vector),
        cmocka_unit_test(the_estimate_of_a_token_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
