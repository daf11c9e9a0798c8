/* Frequencies of rotary positions against values worked out by hand. */
#include "tests/golden.h"

#include "policy/rope.h"

static Error err;

static void read_rope(double *theta, RopeScaling *s, const char *text)
{
    cJSON *config = cJSON_Parse(text);
    assert_non_null(config);
    assert_int_equal(rope_read(theta, s, config, &err), 0);
    cJSON_Delete(config);
}

/* 10000^(-2i/4): 1 and 1/100. */
static void plain_frequencies_fall_with_the_pair(void **state)
{
    (void)state;
    double f[2];
    rope_frequencies(f, 10000, &(RopeScaling){0}, 4);
    assert_near(f[0], 1, 0);
    assert_near(f[1], 0.01, 1e-17);
}

static void linear_scaling_divides_by_the_factor(void **state)
{
    (void)state;
    double f[2];
    rope_frequencies(f, 10000, &(RopeScaling){.kind = ROPE_LINEAR, .factor = 4}, 4);
    assert_near(f[0], 0.25, 0);
    assert_near(f[1], 0.0025, 1e-17);
}

/* theta 10^4, 8 wide: 1, 1/10, 1/100, 1/1000.  Turns in 200 tokens: 31.83, 3.183, 0.3183, 0.03183.  Between
 * 1 and 4 lies the second: mixed by (3.1830988618 - 1)/3 = 0.7276996206, so 0.1 (0.2723003794/8 +
 * 0.7276996206) = 0.0761737168. */
static void llama3_slows_what_turns_seldom_and_mixes_between(void **state)
{
    (void)state;
    double f[4];
    rope_frequencies(f, 1e4, &(RopeScaling){ROPE_LLAMA3, 8, 1, 4, 200}, 8);
    assert_near(f[0], 1, 0);
    assert_near(f[1], 0.0761737168, 1e-10);
    assert_near(f[2], 0.01 / 8, 1e-17);
    assert_near(f[3], 0.001 / 8, 1e-17);
}

/* transformers 4 writes rope_theta and rope_scaling (before 4.43 with "type"), 5 writes rope_parameters. */
static void all_three_spellings_are_read(void **state)
{
    (void)state;
    double theta;
    RopeScaling s;
    read_rope(&theta, &s,
              "{\"rope_theta\": 500, \"rope_scaling\": {\"type\": \"linear\", \"factor\": 2}}");
    assert_true(theta == 500 && s.kind == ROPE_LINEAR && s.factor == 2);
    read_rope(&theta, &s, "{\"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 3}}");
    assert_true(theta == 10000 && s.kind == ROPE_LINEAR && s.factor == 3);
    read_rope(&theta, &s,
              "{\"rope_parameters\": {\"rope_theta\": 700, \"rope_type\": \"default\"}}");
    assert_true(theta == 700 && s.kind == ROPE_DEFAULT);
    read_rope(&theta, &s, "{\"rope_parameters\": {\"rope_theta\": 800}}");
    assert_true(theta == 800 && s.kind == ROPE_DEFAULT);
    read_rope(&theta, &s,
              "{\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2}, \"rope_parameters\": "
              "{\"rope_theta\": 600, \"rope_type\": \"linear\", \"factor\": 2}}");
    assert_true(theta == 600 && s.kind == ROPE_LINEAR && s.factor == 2);
    read_rope(&theta, &s, "{\"rope_theta\": 900, \"rope_scaling\": null}");
    assert_true(theta == 900 && s.kind == ROPE_DEFAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_frequencies_fall_with_the_pair),
        cmocka_unit_test(linear_scaling_divides_by_the_factor),
        cmocka_unit_test(llama3_slows_what_turns_seldom_and_mixes_between),
        cmocka_unit_test(all_three_spellings_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
