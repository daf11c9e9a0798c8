#include "ppo/gae.h"

#include "ppo/whiten.h"
#include "tests/golden.h"

enum { ROOM = 64 };

/* Three tokens by hand: gamma 0.5, lambda 0.5, so the trace decays by 1/4. */
static void gae_matches_hand_computation(void **state)
{
    (void)state;
    const double reward[] = {0, 0, 1}, value[] = {0.5, 0.25, 0.5};
    double advantage[3], ret[3];
    gae(advantage, ret, reward, value, 3, 0.5, 0.5);

    assert_near(advantage[2], 0.5, 1e-12);                /* 1 - 0.5             */
    assert_near(advantage[1], 0.125, 1e-12);              /* 0.25 - 0.25 + 0.5/4 */
    assert_near(advantage[0], -0.375 + 0.125 / 4, 1e-12); /* 0.125 - 0.5 + ...   */
    assert_near(ret[0], advantage[0] + 0.5, 1e-12);
}

/* lm-human-preferences on four tokens. */
static void gae_matches_published_vectors(void **state)
{
    (void)state;
    static const struct {
        double gamma, lambda, advantage[4];
    } CASES[] = {
        {1, 0.95, {0.382575, 0.5185, 0.63, 0.8}},
        {1, 1, {0.48, 0.59, 0.67, 0.8}},
        {1, 0, {-0.11, -0.08, -0.13, 0.8}},
        {0.99, 0.95, {0.356707, 0.500486, 0.6204, 0.8}},
    };
    const double reward[] = {-0.01, 0.02, -0.03, 1}, value[] = {0.5, 0.4, 0.3, 0.2};
    for (size_t c = 0; c < sizeof CASES / sizeof *CASES; c++) {
        double advantage[4], ret[4];
        gae(advantage, ret, reward, value, 4, CASES[c].gamma, CASES[c].lambda);
        for (int t = 0; t < 4; t++) {
            assert_near(advantage[t], CASES[c].advantage[t], 1e-6);
            assert_near(ret[t], CASES[c].advantage[t] + value[t], 1e-6);
        }
    }
}

/* A score on the last real token, and TRL's slot one token later, where the response gains a row. */
static void gae_matches_both_places_of_the_score(void **state)
{
    (void)state;
    const double value[] = {0.1, 0.2, 0.3, 0.4};
    const double last[] = {-0.025, 0.05, 1.5}, want_last[] = {1.3005, 1.29, 1.2};
    const double later[] = {-0.025, 0.05, 0, 1.5}, want_later[] = {1.250862, 1.237750, 1.145, 1.1};
    double advantage[4], ret[4];
    gae(advantage, ret, last, value, 3, 1, 0.95);
    for (int t = 0; t < 3; t++) assert_near(advantage[t], want_last[t], 1e-6);
    gae(advantage, ret, later, value, 4, 1, 0.95);
    for (int t = 0; t < 4; t++) assert_near(advantage[t], want_later[t], 1e-6);
}

/* Rows of gae.json are padded; the packed responses of a case are laid end to end here. */
static void check_case(const cJSON *c)
{
    double len[ROOM], reward[ROOM], value[ROOM], want_advantage[ROOM], want_ret[ROOM];
    double want_white[ROOM], want_white1[ROOM];
    const int B = golden_array(len, ROOM, c, "lens");
    const int room = golden_array(reward, ROOM, c, "rewards") / B;
    golden_array(value, ROOM, c, "values");
    golden_array(want_advantage, ROOM, c, "advantages");
    golden_array(want_ret, ROOM, c, "returns");
    golden_array(want_white, ROOM, c, "whitened_advantages");
    golden_array(want_white1, ROOM, c, "whitened_advantages_ddof1");

    double advantage[ROOM], ret[ROOM], white[ROOM], white1[ROOM];
    int N = 0;
    for (int b = 0; b < B; b++) {
        gae(advantage + N, ret + N, reward + b * room, value + b * room, (int)len[b],
            golden_number(c, "gamma"), golden_number(c, "lam"));
        N += (int)len[b];
    }
    whiten(white, advantage, N, true, false);
    whiten(white1, advantage, N, true, true);
    for (int b = 0, n = 0; b < B; b++)
        for (int t = 0; t < (int)len[b]; t++, n++) {
            assert_near(advantage[n], want_advantage[b * room + t], 1e-12);
            assert_near(ret[n], want_ret[b * room + t], 1e-12);
            assert_near(white[n], want_white[b * room + t], 1e-12);
            assert_near(white1[n], want_white1[b * room + t], 1e-12);
        }
}

static void gae_matches_golden(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/gae.json");
    const cJSON *c;
    cJSON_ArrayForEach(c, golden_at(golden, "cases")) check_case(c);
    cJSON_Delete(golden);
}

/* With gamma = lambda = 1 the return is the sum of the rewards still to come. */
static void ret_telescopes_without_discount(void **state)
{
    (void)state;
    const double reward[] = {0.5, -2, 3, 1}, value[] = {9, -4, 0.1, 7};
    double advantage[4], ret[4];
    gae(advantage, ret, reward, value, 4, 1, 1);
    assert_near(ret[0], 2.5, 1e-12);
    assert_near(ret[2], 4, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gae_matches_hand_computation),
        cmocka_unit_test(gae_matches_published_vectors),
        cmocka_unit_test(gae_matches_both_places_of_the_score),
        cmocka_unit_test(gae_matches_golden),
        cmocka_unit_test(ret_telescopes_without_discount),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
