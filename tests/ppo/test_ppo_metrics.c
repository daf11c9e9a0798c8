#include "ppo/ppo_metrics.h"

#include <string.h>

#include "tests/golden.h"

/* Two responses of 2 and 1 tokens, packed after 1 token that is not theirs.
 * k1: 0.5 - 1 and 0.25, together -0.25; -logp: 1 + 2 + 0.5 = 3.5. */
static void rollout_metrics_match_hand_computation(void **state)
{
    (void)state;
    const double logp[] = {-9, -1, -2, -0.5}, ref_logp[] = {-3, -1.5, -1, -0.75};
    const double score[] = {2, -1};
    const bool finished[] = {true, false};
    const int start[] = {1, 3, 4};
    PpoMetrics m = {0};
    ppo_metrics_rollout(&m, logp, ref_logp, start, score, finished, 2, 0.1);
    assert_near(m.kl, -0.125, 1e-15);
    assert_near(m.entropy, 1.75, 1e-15);
    assert_near(m.non_score_reward, 0.0125, 1e-15);
    assert_near(m.scores, 0.5, 1e-15);
    assert_near(m.rlhf_reward, 0.5125, 1e-15);
    assert_near(m.num_eos_tokens, 1, 0);
    assert_near(m.finished, 0.5, 0);
    assert_near(m.response_length, 1.5, 0);
}

/* reward_shaping.json: the sums of its rows, as means over responses. */
static void kl_and_penalty_match_golden(void **state)
{
    (void)state;
    enum { ROOM = 32 };
    cJSON *golden = golden_read("rl/reward_shaping.json");
    double len[ROOM], logp[ROOM], ref_logp[ROOM], score[ROOM], packed[ROOM], ref_packed[ROOM];
    double kl[ROOM], penalty[ROOM];
    const bool finished[] = {true, true, false};
    const int B = golden_array(len, ROOM, golden, "lens");
    const int room = golden_array(logp, ROOM, golden, "policy_logprobs") / B;
    golden_array(ref_logp, ROOM, golden, "ref_logprobs");
    golden_array(score, ROOM, golden, "scores");
    golden_array(kl, ROOM, golden, "kl_sum");
    golden_array(penalty, ROOM, golden, "non_score_reward_sum");

    int start[ROOM] = {0}, N = 0;
    for (int b = 0; b < B; b++) {
        for (int t = 0; t < (int)len[b]; t++, N++) {
            packed[N] = logp[b * room + t];
            ref_packed[N] = ref_logp[b * room + t];
        }
        start[b + 1] = N;
    }
    PpoMetrics m = {0};
    ppo_metrics_rollout(&m, packed, ref_packed, start, score, finished, B,
                        golden_number(golden, "beta"));
    assert_near(m.kl, (kl[0] + kl[1] + kl[2]) / 3, 1e-12);
    assert_near(m.non_score_reward, (penalty[0] + penalty[1] + penalty[2]) / 3, 1e-12);
    cJSON_Delete(golden);
}

/* Ratios 1 and 3: mean 2, variance 1. */
static void ratio_variance_is_over_tokens(void **state)
{
    (void)state;
    const PpoPolicySums policy = {.n = 2, .ratio = 4, .ratio_squared = 10, .clipped = 1};
    const PpoValueSums value = {.n = 2, .loss = 3, .error = 5};
    PpoMetrics m = {0};
    ppo_metrics_update(&m, &policy, &value, 1.5);
    assert_near(m.ratio, 2, 0);
    assert_near(m.ratio_var, 1, 0);
    assert_near(m.clipfrac, 0.5, 0);
    assert_near(m.policy_entropy, 0.75, 0);
    assert_near(m.value_loss, 1.5, 0);
    assert_near(m.value_error, 2.5, 0);
}

static void json_has_every_name_users_know(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"eps",
                                        "objective/kl",
                                        "objective/entropy",
                                        "objective/non_score_reward",
                                        "objective/rlhf_reward",
                                        "objective/scores",
                                        "policy/approxkl_avg",
                                        "policy/clipfrac_avg",
                                        "loss/policy_avg",
                                        "loss/value_avg",
                                        "val/clipfrac_avg",
                                        "policy/entropy_avg",
                                        "val/ratio",
                                        "val/ratio_var",
                                        "val/num_eos_tokens",
                                        "lr",
                                        "episode"};
    const PpoMetrics m = {.kl = 4.5};
    Text text = {0};
    text_add(&text, "{");
    ppo_metrics_json(&m, &text);
    text_add(&text, "}");
    cJSON *json = cJSON_Parse(text.bytes);
    assert_non_null(json);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) golden_at(json, NAMES[i]);
    assert_near(golden_number(json, "objective/kl"), 4.5, 0);
    assert_int_equal(cJSON_GetArraySize(json), ppo_metrics_count());
    cJSON_Delete(json);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rollout_metrics_match_hand_computation),
        cmocka_unit_test(kl_and_penalty_match_golden),
        cmocka_unit_test(ratio_variance_is_over_tokens),
        cmocka_unit_test(json_has_every_name_users_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
