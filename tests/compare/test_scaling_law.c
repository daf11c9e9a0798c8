/* Fits to losses made from known constants. */
#include "compare/scaling_law.h"
#include "base/rng.h"
#include "tests/golden.h"

enum { SIDE = 4, POINTS = SIDE * SIDE };

/* E 1.7, a 400, p 0.34, b 410, q 0.28: near those of Hoffmann et al. 2022. */
static const double TRUE_VALUE[LAW_TERMS] = {1.7, 5.991464547, 0.34, 6.016157160, 0.28};

static void make_points(ScalingPoint *point, double noise, uint64_t seed)
{
    for (int i = 0; i < POINTS; i++) {
        const double N = 1e4 * pow(4, i / SIDE), D = 1e5 * pow(5, i % SIDE);
        point[i] = (ScalingPoint){N, D, 1.7 + 400 / pow(N, 0.34) + 410 / pow(D, 0.28)};
        point[i].loss += noise * rng_normal(seed, RNG_TEST, 0, (uint64_t)i);
    }
}

static void exact_losses_give_their_constants_back(void **state)
{
    (void)state;
    ScalingPoint point[POINTS];
    ScalingLaw law;
    Error err;
    make_points(point, 0, 1);
    assert_int_equal(scaling_law_fit(&law, point, POINTS, &err), 0);
    for (int k = 0; k < LAW_TERMS; k++) assert_near(law.value[k], TRUE_VALUE[k], 1e-5);
    assert_near(scaling_law_loss(&law, 1e4, 1e5), point[0].loss, 1e-9);
    assert_true(law.residual < 1e-9);
}

/* 95% intervals hold the constant in about 190 of 200 trials: 170 is more than six deviations (3.1) below. */
static void intervals_hold_the_constants_as_often_as_they_say(void **state)
{
    (void)state;
    int held[LAW_TERMS] = {0};
    for (uint64_t trial = 0; trial < 200; trial++) {
        ScalingPoint point[POINTS];
        ScalingLaw law;
        Error err;
        make_points(point, 0.005, trial);
        assert_int_equal(scaling_law_fit(&law, point, POINTS, &err), 0);
        for (int k = 0; k < LAW_TERMS; k++)
            held[k] += fabs(law.value[k] - TRUE_VALUE[k]) <= law.half[k];
    }
    for (int k = 0; k < LAW_TERMS; k++) { assert_in_range(held[k], 170, 200); }
}

/* An interval is no wider than the noise asks: 95% of the trials within it, not all. */
static void intervals_grow_with_the_noise(void **state)
{
    (void)state;
    ScalingLaw law[2];
    for (int i = 0; i < 2; i++) {
        ScalingPoint point[POINTS];
        Error err;
        make_points(point, i ? 2e-4 : 1e-4, 3);
        assert_int_equal(scaling_law_fit(&law[i], point, POINTS, &err), 0);
    }
    for (int k = 0; k < LAW_TERMS; k++) assert_near(law[1].half[k] / law[0].half[k], 2, 0.1);
}

/* Losses that fall as if towards -1. */
static void the_loss_that_stays_is_not_negative(void **state)
{
    (void)state;
    ScalingPoint point[POINTS];
    ScalingLaw law;
    Error err;
    make_points(point, 0, 1);
    for (int i = 0; i < POINTS; i++) point[i].loss -= 2.7;
    assert_int_equal(scaling_law_fit(&law, point, POINTS, &err), 0);
    assert_near(law.value[LAW_E], 0, 0);
    assert_true(law.residual < 0.1);
}

static void what_cannot_be_fitted_is_refused(void **state)
{
    (void)state;
    ScalingPoint point[POINTS];
    ScalingLaw law;
    Error err;
    make_points(point, 0, 1);
    assert_int_equal(scaling_law_fit(&law, point, 5, &err), -1);
    assert_string_equal(err.message, "5 points are too few to fit 5 numbers to");
    for (int i = 0; i < POINTS; i++) point[i].loss = i / SIDE + i % SIDE;
    assert_int_equal(scaling_law_fit(&law, point, POINTS, &err), -1);
    assert_string_equal(err.message, "the loss does not fall with both the size and the data");
    for (int i = 0; i < POINTS; i++) point[i].N = 1e4;
    assert_int_equal(scaling_law_fit(&law, point, POINTS, &err), -1);
    assert_string_equal(err.message, "all points have the same size");
}

/* Tables of Student's distribution, two-sided 5%. */
static void student_is_as_in_tables(void **state)
{
    (void)state;
    assert_near(scaling_law_student(1), 12.706, 0);
    assert_near(scaling_law_student(11), 2.201, 0);
    assert_near(scaling_law_student(30), 2.042, 0.005);
    assert_near(scaling_law_student(120), 1.980, 0.001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_losses_give_their_constants_back),
        cmocka_unit_test(intervals_hold_the_constants_as_often_as_they_say),
        cmocka_unit_test(intervals_grow_with_the_noise),
        cmocka_unit_test(the_loss_that_stays_is_not_negative),
        cmocka_unit_test(what_cannot_be_fitted_is_refused),
        cmocka_unit_test(student_is_as_in_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
