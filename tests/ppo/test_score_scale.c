#include "ppo/score_scale.h"

#include "tests/golden.h"

/* 1, 2, 3, 4, 10: mean 4, squares 9 + 4 + 1 + 0 + 36 = 50, deviation sqrt(50 / 4). */
static void moments_of_parts_are_those_of_the_whole(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4, 10};
    for (int cut = 0; cut <= 5; cut++) {
        ScoreMoments m = {0};
        score_moments_add(&m, x, cut);
        score_moments_add(&m, x + cut, 5 - cut);
        assert_near(m.mean, 4, 1e-12);
        assert_near(score_moments_deviation(&m), 3.5355339059327378, 1e-12);
    }
}

static void scores_are_divided_and_where_asked_centered(void **state)
{
    (void)state;
    ScoreMoments m = {0};
    score_moments_add(&m, (const double[]){0, 4}, 2); /* mean 2, deviation sqrt(8) */
    assert_near(score_scaled(&m, 8, false), 8 / sqrt(8), 1e-12);
    assert_near(score_scaled(&m, 8, true), 6 / sqrt(8), 1e-12);
}

static void equal_scores_are_not_blown_up(void **state)
{
    (void)state;
    ScoreMoments m = {0};
    score_moments_add(&m, (const double[]){3, 3, 3}, 3);
    assert_near(score_scaled(&m, 3, false), 3, 0);
    assert_near(score_scaled(&m, 3, true), 0, 0);
    m = (ScoreMoments){0};
    score_moments_add(&m, (const double[]){3}, 1);
    assert_near(score_scaled(&m, 3, false), 3, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_of_parts_are_those_of_the_whole),
        cmocka_unit_test(scores_are_divided_and_where_asked_centered),
        cmocka_unit_test(equal_scores_are_not_blown_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
