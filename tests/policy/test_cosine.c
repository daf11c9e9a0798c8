#include "policy/cosine.h"
#include "tests/golden.h"

static void a_cosine_is_as_computed_by_hand(void **state)
{
    (void)state;
    const real a[] = {3, 4}, b[] = {8, -6}, c[] = {4, 3}, zero[] = {0, 0};
    assert_near(cosine(a, b, 2), 0, 0);
    assert_near(cosine(a, c, 2), 24.0 / 25, 1e-15); /* (12 + 12) / (5 5) */
    assert_near(cosine(a, a, 2), 1, 1e-15);
    assert_near(cosine(a, zero, 2), 0, 0);
}

/* Rows (3,4) and (0,2) against (1,0), (0,-1) and (5,0): 0.6 -0.8 0.6 and 0 -1 0, together -0.6 in 6 pairs. */
static void the_mean_is_over_all_pairs(void **state)
{
    (void)state;
    const real a[] = {3, 4, 0, 2}, b[] = {1, 0, 0, -1, 5, 0};
    assert_near(cosine_mean(a, 2, b, 3, 2), -0.1, 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cosine_is_as_computed_by_hand),
        cmocka_unit_test(the_mean_is_over_all_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
