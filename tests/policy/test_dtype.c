/* Numbers of two bytes, forth and back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/dtype.h"

static void every_half_comes_back(void **state)
{
    (void)state;
    const Dtype type[] = {DTYPE_F16, DTYPE_BF16};
    for (int k = 0; k < 2; k++)
        for (uint32_t bits = 0; bits < 1 << 16; bits++) {
            const uint16_t half = (uint16_t)bits;
            uint16_t back = 0;
            const double x = dtype_read(&half, 0, type[k]);
            if (isnan(x)) continue;
            assert_true(dtype_write(&back, 0, (float)x, type[k]));
            assert_int_equal(back, half);
        }
}

/* IEEE 754: 1, the largest, the smallest normal and subnormal numbers of binary16. */
static void known_halves_have_their_values(void **state)
{
    (void)state;
    static const uint16_t HALF[] = {0x3c00, 0x7bff, 0x0400, 0x0001, 0xc000};
    static const double VALUE[] = {1, 65504, 0x1p-14, 0x1p-24, -2};
    for (size_t i = 0; i < 5; i++) assert_true(dtype_read(HALF, i, DTYPE_F16) == VALUE[i]);
}

static void what_a_type_does_not_hold_is_told(void **state)
{
    (void)state;
    uint16_t half;
    static const float NOT_F16[] = {0.1f, 65520, 1e-8f, 0x1.8p-24f, 2049, 1e30f};
    for (size_t i = 0; i < sizeof NOT_F16 / sizeof *NOT_F16; i++)
        assert_false(dtype_write(&half, 0, NOT_F16[i], DTYPE_F16));
    assert_false(dtype_write(&half, 0, 0.1f, DTYPE_BF16));
    assert_false(dtype_write(&half, 0, 257, DTYPE_BF16));
    assert_true(dtype_write(&half, 0, 0x1p100f, DTYPE_BF16));
}

/* Infinities and NaN too, bit for bit; and a number of eight bytes between two floats goes to the nearer, even one. */
static void many_at_once_are_what_they_are_one_by_one(void **state)
{
    (void)state;
    enum { ALL = 1 << 16 };
    static uint16_t raw[ALL];
    static float out[ALL];
    for (int i = 0; i < ALL; i++) raw[i] = (uint16_t)i;
    for (Dtype type = DTYPE_F16; type <= DTYPE_BF16; type++) {
        dtype_read_floats(out, raw, ALL, type);
        for (size_t i = 0; i < ALL; i++) {
            const float one = (float)dtype_read(raw, i, type);
            if (isnan(one)) assert_true(isnan(out[i]));
            else assert_memory_equal(&out[i], &one, sizeof one);
        }
    }
    static const double WIDE[] = {0.5, 1 + 0x1p-24, 1 + 0x1.8p-23, -0x1p200};
    static const float NEAREST[] = {0.5f, 1, 1 + 0x1p-22f, -INFINITY};
    dtype_read_floats(out, WIDE, 4, DTYPE_F64);
    assert_memory_equal(out, NEAREST, sizeof NEAREST);
    dtype_read_floats(out, NEAREST, 4, DTYPE_F32);
    assert_memory_equal(out, NEAREST, sizeof NEAREST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_comes_back),
        cmocka_unit_test(known_halves_have_their_values),
        cmocka_unit_test(what_a_type_does_not_hold_is_told),
        cmocka_unit_test(many_at_once_are_what_they_are_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
