/* Rows of GGUF tensors: rounding by hand. */
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "policy/gguf_row.h"
#include "tests/scratch.h"

static Error err;

static uint16_t half_of(float x, GgufType type)
{
    uint16_t half;
    assert_worked(gguf_row_encode(&half, &x, 1, type, &err), &err);
    return half;
}

/* f16: 1 sign, 5 exponent (bias 15), 10 fraction; 0x3c00 is 1. */
static void f16_is_the_nearest_half_ties_to_even(void **state)
{
    (void)state;
    assert_int_equal(half_of(1, GGUF_F16), 0x3c00);
    assert_int_equal(half_of(1 + 0x1p-11f, GGUF_F16),
                     0x3c00); /* between 1 and the next: even is 1 */
    assert_int_equal(half_of(1 + 0x1.1p-11f, GGUF_F16), 0x3c01);
    assert_int_equal(half_of(1 + 3 * 0x1p-11f, GGUF_F16), 0x3c02);
    assert_int_equal(half_of(2 - 0x1p-12f, GGUF_F16), 0x4000); /* the carry reaches the exponent */
    assert_int_equal(half_of(-2.5f, GGUF_F16), 0xc100);
    assert_int_equal(half_of(65504, GGUF_F16), 0x7bff);
    assert_int_equal(half_of(65519, GGUF_F16), 0x7bff);
}

/* Below 2^-14 halves are multiples of 2^-24. */
static void f16_keeps_small_numbers(void **state)
{
    (void)state;
    assert_int_equal(half_of(0x1p-24f, GGUF_F16), 1);
    assert_int_equal(half_of(0x1p-25f, GGUF_F16), 0); /* between 0 and 1 */
    assert_int_equal(half_of(3 * 0x1p-25f, GGUF_F16), 2);
    assert_int_equal(half_of(0x1p-14f - 0x1p-26f, GGUF_F16), 0x0400); /* up to 2^-14 */
    assert_int_equal(half_of(-0.0f, GGUF_F16), 0x8000);
}

static void f16_refuses_what_it_cannot_hold(void **state)
{
    (void)state;
    const float row[] = {1, -65520};
    uint16_t out[2];
    assert_int_equal(gguf_row_encode(out, row, 2, GGUF_F16, &err), -1);
    assert_says(&err, "-65520 is beyond what f16 holds (65504)");
}

/* bf16 is the upper half of a float; 0x3f80 is 1. */
static void bf16_is_the_nearest_ties_to_even(void **state)
{
    (void)state;
    float largest = FLT_MAX;
    uint16_t out;
    assert_int_equal(half_of(1, GGUF_BF16), 0x3f80);
    assert_int_equal(half_of(1 + 0x1p-8f, GGUF_BF16), 0x3f80);
    assert_int_equal(half_of(1 + 0x1.1p-8f, GGUF_BF16), 0x3f81);
    assert_int_equal(half_of(1 + 3 * 0x1p-8f, GGUF_BF16), 0x3f82);
    assert_int_equal(half_of(-70000, GGUF_BF16),
                     0xc789); /* 70000 = 1.068 * 2^16: 8.7/128 up to 9 */
    assert_int_equal(gguf_row_encode(&out, &largest, 1, GGUF_BF16, &err), -1);
    assert_says(&err, "is beyond what bf16 holds");
}

/* The largest is 127 and so the scale is 1: numbers are rounded to whole ones, ties away from zero. */
static void q8_0_rounds_a_block_by_its_largest_number(void **state)
{
    (void)state;
    float row[GGUF_BLOCK] = {-127, 0.5f, -0.5f, 2.5f, 2.49f, -126.4f, 100};
    unsigned char out[34];
    assert_int_equal(gguf_row_size(GGUF_Q8_0, GGUF_BLOCK), 34);
    assert_worked(gguf_row_encode(out, row, GGUF_BLOCK, GGUF_Q8_0, &err), &err);
    const signed char expected[] = {-127, 1, -1, 3, 2, -126, 100, 0};
    assert_int_equal(out[0], 0x00); /* 1 as a half, its low byte first */
    assert_int_equal(out[1], 0x3c);
    assert_memory_equal(out + 2, expected, sizeof expected);
}

/* 1/127 = 2^-7 * 1.00787: as a half exponent 8 and fraction 8.06, so 0x2008. */
static void q8_0_has_a_scale_to_every_block(void **state)
{
    (void)state;
    float row[3 * GGUF_BLOCK] = {0};
    unsigned char out[3 * 34], nothing[34] = {0};
    row[0] = 1, row[31] = -1;
    row[2 * GGUF_BLOCK] = -254, row[2 * GGUF_BLOCK + 1] = 3; /* scale 2: 1.5 becomes 2 */
    assert_worked(gguf_row_encode(out, row, 3 * GGUF_BLOCK, GGUF_Q8_0, &err), &err);
    assert_int_equal(out[0] | out[1] << 8, 0x2008);
    assert_int_equal((signed char)out[2], 127);
    assert_int_equal((signed char)out[33], -127);
    assert_memory_equal(out + 34, nothing, 34);
    assert_int_equal(out[68] | out[69] << 8, 0x4000);
    assert_int_equal((signed char)out[70], -127);
    assert_int_equal((signed char)out[71], 2);
}

/* 127 * 2^-149 has the scale 2^-149, whose inverse is beyond a float. */
static void q8_0_makes_zeros_of_subnormal_blocks(void **state)
{
    (void)state;
    float row[GGUF_BLOCK] = {127 * 0x1p-149f, -0x1p-149f};
    unsigned char out[34], nothing[34] = {0};
    memset(out, 1, sizeof out);
    feclearexcept(FE_ALL_EXCEPT);
    assert_worked(gguf_row_encode(out, row, GGUF_BLOCK, GGUF_Q8_0, &err), &err);
    assert_int_equal(fetestexcept(FE_INVALID), 0); /* no 0 * inf, no NaN as a byte */
    assert_memory_equal(out, nothing, 34);
}

static void q8_0_refuses_what_is_no_number(void **state)
{
    (void)state;
    float row[GGUF_BLOCK] = {1, NAN};
    unsigned char out[34];
    assert_int_equal(gguf_row_encode(out, row, GGUF_BLOCK, GGUF_Q8_0, &err), -1);
    assert_says(&err, "q8_0 holds no NaN");
}

static void types_are_known_by_name(void **state)
{
    (void)state;
    GgufType type;
    assert_int_equal(gguf_type_named(&type, "bf16", &err), 0);
    assert_int_equal(type, GGUF_BF16);
    assert_int_equal(gguf_type_named(&type, "q4_0", &err), -1);
    assert_says(&err, "'q4_0' is no type of numbers; f32, f16, bf16 or q8_0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f16_is_the_nearest_half_ties_to_even),
        cmocka_unit_test(f16_keeps_small_numbers),
        cmocka_unit_test(f16_refuses_what_it_cannot_hold),
        cmocka_unit_test(bf16_is_the_nearest_ties_to_even),
        cmocka_unit_test(q8_0_rounds_a_block_by_its_largest_number),
        cmocka_unit_test(q8_0_has_a_scale_to_every_block),
        cmocka_unit_test(q8_0_makes_zeros_of_subnormal_blocks),
        cmocka_unit_test(q8_0_refuses_what_is_no_number),
        cmocka_unit_test(types_are_known_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
