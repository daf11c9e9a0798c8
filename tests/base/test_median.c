/* The middle of some numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/median.h"

static void the_middle_of_an_odd_number_is_one_of_them(void **state)
{
    (void)state;
    double x[] = {7, -1, 3};
    assert_float_equal(median(x, 3), 3, 0);
    assert_float_equal(x[0], -1, 0);
    assert_float_equal(x[2], 7, 0);
}

static void the_middle_of_an_even_number_lies_between_two(void **state)
{
    (void)state;
    double x[] = {10, 1, 2, 4};
    assert_float_equal(median(x, 4), 3, 0);
}

static void there_is_none_of_nothing(void **state)
{
    (void)state;
    assert_float_equal(median(NULL, 0), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_middle_of_an_odd_number_is_one_of_them),
        cmocka_unit_test(the_middle_of_an_even_number_lies_between_two),
        cmocka_unit_test(there_is_none_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
