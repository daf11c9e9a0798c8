#include "policy/schedule.h"

#include "tests/golden.h"

enum { STEPS = 21 };

/* transformers: warm-up of 4 steps, 20 in all. */
static void schedules_match_golden(void **state)
{
    (void)state;
    cJSON *golden = golden_read("rl/optim.json");
    const cJSON *lambda = golden_at(golden, "lr_lambda");
    const int W = (int)golden_number(lambda, "W"), T = (int)golden_number(lambda, "T");
    double linear[STEPS], cosine[STEPS];
    assert_int_equal(golden_array(linear, STEPS, lambda, "linear_with_warmup"), STEPS);
    golden_array(cosine, STEPS, lambda, "cosine_with_warmup");
    for (int s = 0; s < STEPS; s++) {
        assert_near(schedule_multiplier(SCHEDULE_LINEAR, s, W, T, 0), linear[s], 1e-12);
        assert_near(schedule_multiplier(SCHEDULE_COSINE, s, W, T, 0), cosine[s], 1e-12);
        assert_near(schedule_multiplier(SCHEDULE_CONSTANT, s, W, T, 0), s < W ? s / 4.0 : 1, 0);
    }
    cJSON_Delete(golden);
}

/* Halfway, both shapes are at 1/2; with a floor of 0.1 that is 0.1 + 0.9 / 2. */
static void floor_is_reached_at_the_end_and_kept(void **state)
{
    (void)state;
    for (int schedule = SCHEDULE_LINEAR; schedule <= SCHEDULE_COSINE; schedule++) {
        const Schedule s = (Schedule)schedule;
        assert_near(schedule_multiplier(s, 0, 0, 100, 0.1), 1, 1e-15);
        assert_near(schedule_multiplier(s, 50, 0, 100, 0.1), 0.55, 1e-12);
        assert_near(schedule_multiplier(s, 100, 0, 100, 0.1), 0.1, 1e-15);
        assert_near(schedule_multiplier(s, 1000, 0, 100, 0.1), 0.1, 1e-15);
    }
}

static void warmup_as_long_as_the_run_divides_nothing_by_zero(void **state)
{
    (void)state;
    assert_near(schedule_multiplier(SCHEDULE_COSINE, 5, 10, 10, 0), 0.5, 1e-15);
    assert_near(schedule_multiplier(SCHEDULE_COSINE, 10, 10, 10, 0), 0, 1e-15);
}

/* Two steps of warm-up and three of decay to 0: 1/2, 1, then 1, 2/3, 1/3; a plain shift by one would end
 * at 0. */
static void no_step_of_a_run_has_a_rate_of_0(void **state)
{
    (void)state;
    const double share[] = {0.5, 1, 1, 2 / 3.0, 1 / 3.0};
    for (int s = 0; s < 5; s++)
        assert_near(schedule_share(SCHEDULE_LINEAR, s, 2, 5, 0), share[s], 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedules_match_golden),
        cmocka_unit_test(floor_is_reached_at_the_end_and_kept),
        cmocka_unit_test(warmup_as_long_as_the_run_divides_nothing_by_zero),
        cmocka_unit_test(no_step_of_a_run_has_a_rate_of_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
