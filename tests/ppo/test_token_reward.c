#include "ppo/token_reward.h"

#include "tests/golden.h"

enum { ROOM = 32 };

/* beta 0.05, score 1.5: -0.05 * 0.5, -0.05 * -1, and the score where the KL is 0. */
static void score_lands_on_the_last_token(void **state)
{
    (void)state;
    const double logp[] = {-1, -2, -.5}, ref_logp[] = {-1.5, -1, -.5};
    double reward[3];
    token_reward(reward, logp, ref_logp, 1.5, 3, 0.05);
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
                     score_shape(score[b], eos[b] > 0, penalty, clip), T,
                     golden_number(golden, "beta"));
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
    assert_true(isnan(score_shape(NAN, true, 0, 5)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(score_lands_on_the_last_token),
        cmocka_unit_test(rewards_match_golden),
        cmocka_unit_test(clipping_does_not_hide_a_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
