#include "policy/active_units.h"
#include "tests/golden.h"

/* Four units over three tokens: peaks 2 at token 1, -5 at token 2, 0, and 2 at token 0. */
static const real UNITS[] = {
    1, 0,  0, 2,  /**/
    2, 1,  0, -2, /**/
    0, -5, 0, 0,
};

static void units_come_by_how_far_they_go_from_0(void **state)
{
    (void)state;
    ActiveUnit u[4];
    assert_int_equal(active_units(u, 4, UNITS, 3, 4), 4);
    const int unit[] = {1, 0, 3, 2}, at[] = {2, 1, 0, 0};
    const double value[] = {-5, 2, 2, 0}, mean[] = {2, 1, 4.0 / 3, 0}; /* 6/3, 3/3, 4/3, 0 */
    for (int i = 0; i < 4; i++) {
        assert_int_equal(u[i].unit, unit[i]);
        assert_int_equal(u[i].at, at[i]);
        assert_near(u[i].value, value[i], 0);
        assert_near(u[i].mean, mean[i], 1e-15);
    }
}

static void no_more_come_than_are_asked_for_or_are_there(void **state)
{
    (void)state;
    ActiveUnit u[9];
    assert_int_equal(active_units(u, 2, UNITS, 3, 4), 2);
    assert_int_equal(u[0].unit, 1);
    assert_int_equal(u[1].unit, 0); /* as far as unit 3, and lower */
    assert_int_equal(active_units(u, 9, UNITS, 3, 4), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_come_by_how_far_they_go_from_0),
        cmocka_unit_test(no_more_come_than_are_asked_for_or_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
