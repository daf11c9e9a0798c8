#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compare/position_test.h"
#include "tests/golden.h"

/* 2 * (C(10,0) + C(10,1)) / 2^10 = 22 / 1024, whichever side is favoured. */
static void either_side_may_be_favoured(void **state)
{
    (void)state;
    assert_near(position_test(9, 1).p, 22. / 1024, 1e-12);
    assert_near(position_test(1, 9).p, 22. / 1024, 1e-12);
    assert_near(position_test(9, 1).share, .9, 1e-15);
    assert_int_equal(position_test(9, 1).n, 10);
}

/* The tails by whole numbers, the interval by Wilson's formula, both apart from this program. */
static void a_habit_shows_in_many_decisions(void **state)
{
    (void)state;
    const PositionTest t = position_test(560, 440);
    assert_near(t.p, .00016504987055, 1e-12);
    assert_near(t.low, .5290626429, 1e-9);
    assert_near(t.high, .5904781461, 1e-9);
}

static void nothing_decided_says_nothing(void **state)
{
    (void)state;
    const PositionTest t = position_test(0, 0);
    assert_near(t.share, .5, 0);
    assert_near(t.p, 1, 0);
    assert_near(t.low, 0, 0);
    assert_near(t.high, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(either_side_may_be_favoured),
        cmocka_unit_test(a_habit_shows_in_many_decisions),
        cmocka_unit_test(nothing_decided_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
