#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"

static void the_same_key_gives_the_same_number(void **state)
{
    (void)state;
    assert_true(rng_bits(1, RNG_TEST, 2, 3) == rng_bits(1, RNG_TEST, 2, 3));
}

static void each_word_of_the_key_matters(void **state)
{
    (void)state;
    const uint64_t x = rng_bits(1, RNG_TEST, 2, 3);
    assert_true(x != rng_bits(2, RNG_TEST, 2, 3));
    assert_true(x != rng_bits(1, RNG_INIT, 2, 3));
    assert_true(x != rng_bits(1, RNG_TEST, 3, 3));
    assert_true(x != rng_bits(1, RNG_TEST, 2, 4));
    assert_true(x != rng_bits(1, RNG_TEST, 3, 2));
}

/* Stored data and runs depend on these bits: SplitMix64's finalizer over the key, by an independent
 * computation with Python's integers. */
static void the_bits_are_the_documented_ones(void **state)
{
    (void)state;
    assert_true(rng_bits(0, RNG_INIT, 0, 0) == 0xd1c0270687984b37u);
    assert_true(rng_bits(7, RNG_SWAP, 412, 1) == 0x81a9f69b4508724bu);
}

enum { MANY = 100000 };

/* Mean 1/2 and variance 1/12; standard errors are 0.0009 and 0.0002. */
static void uniform_has_its_mean_and_variance_and_stays_inside(void **state)
{
    (void)state;
    double sum = 0, squares = 0;
    for (int i = 0; i < MANY; i++) {
        const double u = rng_uniform(1, RNG_TEST, 0, (uint64_t)i);
        assert_true(u > 0 && u < 1);
        sum += u, squares += u * u;
    }
    const double mean = sum / MANY;
    assert_true(fabs(mean - 0.5) < 0.004);
    assert_true(fabs(squares / MANY - mean * mean - 1.0 / 12) < 0.001);
}

/* Mean 0, variance 1, kurtosis 3; standard errors are 0.003, 0.0045 and 0.015. */
static void normal_has_its_moments(void **state)
{
    (void)state;
    double sum = 0, squares = 0, fourth = 0;
    for (int i = 0; i < MANY; i++) {
        const double z = rng_normal(1, RNG_TEST, (uint64_t)i, 0);
        sum += z, squares += z * z, fourth += z * z * z * z;
    }
    assert_true(fabs(sum / MANY) < 0.013);
    assert_true(fabs(squares / MANY - 1) < 0.018);
    assert_true(fabs(fourth / MANY - 3) < 0.1);
}

/* Each of seven values 1/7 of the time; the standard error of a share is 0.0011. */
static void below_is_even_over_its_range(void **state)
{
    (void)state;
    int counts[7] = {0};
    for (int i = 0; i < MANY; i++) counts[rng_below(7, 1, RNG_TEST, 0, (uint64_t)i)]++;
    for (int k = 0; k < 7; k++) assert_true(fabs(counts[k] / (double)MANY - 1.0 / 7) < 0.005);
}

static void a_permutation_holds_each_index_once(void **state)
{
    (void)state;
    int order[100], seen[100] = {0}, other[100];
    rng_permutation(order, 100, 1, RNG_SHUFFLE, 0);
    rng_permutation(other, 100, 1, RNG_SHUFFLE, 1);
    for (int i = 0; i < 100; i++) seen[order[i]]++;
    for (int i = 0; i < 100; i++) assert_int_equal(seen[i], 1);
    assert_memory_not_equal(order, other, sizeof order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_key_gives_the_same_number),
        cmocka_unit_test(each_word_of_the_key_matters),
        cmocka_unit_test(the_bits_are_the_documented_ones),
        cmocka_unit_test(uniform_has_its_mean_and_variance_and_stays_inside),
        cmocka_unit_test(normal_has_its_moments),
        cmocka_unit_test(below_is_even_over_its_range),
        cmocka_unit_test(a_permutation_holds_each_index_once),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
