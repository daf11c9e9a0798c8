/* Cosines of a few rows written by hand; all other rows are zeros. */
#include "policy/nearest_tokens.h"
#include "tests/golden.h"
#include "tests/models.h"

static void write_row(Model *m, size_t rows_at, int token, real x, real y)
{
    const size_t C = (size_t)m->config.C;
    buffer_write(m->parameters.w + rows_at + (size_t)token * C, (real[]){x, y}, 2);
}

/* Angles to token 3, which points along the first axis: 0, 45, 90 and 180 degrees. */
static Model *four_directions(void)
{
    Model *m = model_like(&TINY_LLAMA);
    write_row(m, 0, 3, 2, 0);
    write_row(m, 0, 7, 5, 0);
    write_row(m, 0, 1, 1, 1);
    write_row(m, 0, 9, 0, 4);
    write_row(m, 0, 4, -3, 0);
    return m;
}

static void the_smaller_the_angle_the_nearer(void **state)
{
    (void)state;
    enum { ALL = 22 };
    RankedToken near[ALL];
    Model *m = four_directions();
    assert_int_equal(nearest_tokens(near, ALL, m, TOKENS_READ, 3, 23), ALL);
    assert_int_equal(near[0].token, 7);
    assert_near(near[0].value, 1, 1e-12);
    assert_int_equal(near[1].token, 1);
    assert_near(near[1].value, sqrt(0.5), 1e-12);
    assert_int_equal(near[ALL - 1].token, 4);
    assert_near(near[ALL - 1].value, -1, 1e-12);
    model_free(m);
}

static void equal_cosines_stand_in_the_order_of_their_ids(void **state)
{
    (void)state;
    RankedToken near[5];
    Model *m = four_directions();
    nearest_tokens(near, 5, m, TOKENS_READ, 3, 23);
    assert_int_equal(near[2].token, 0); /* rows of zeros, and token 9: a cosine of 0 */
    assert_int_equal(near[3].token, 2);
    assert_int_equal(near[4].token, 5);
    assert_near(near[4].value, 0, 0);
    model_free(m);
}

static void the_output_projection_has_neighbours_of_its_own(void **state)
{
    (void)state;
    RankedToken near[1];
    Model *m = four_directions();
    write_row(m, m->head.at, 3, 1, 2);
    write_row(m, m->head.at, 9, 2, 4);
    assert_int_equal(nearest_tokens(near, 1, m, TOKENS_SAID, 3, 23), 1);
    assert_int_equal(near[0].token, 9);
    assert_near(near[0].value, 1, 1e-12);
    model_free(m);
}

static void a_ranking_keeps_the_highest_and_of_equals_the_first(void **state)
{
    (void)state;
    const double value[] = {1, 5, 3, 5, 2, 5};
    RankedToken best[3];
    int n = 0;
    for (int i = 0; i < 6; i++) token_ranking_offer(best, &n, 3, i, value[i]);
    assert_int_equal(n, 3);
    assert_int_equal(best[0].token, 1);
    assert_int_equal(best[1].token, 3);
    assert_int_equal(best[2].token, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smaller_the_angle_the_nearer),
        cmocka_unit_test(equal_cosines_stand_in_the_order_of_their_ids),
        cmocka_unit_test(the_output_projection_has_neighbours_of_its_own),
        cmocka_unit_test(a_ranking_keeps_the_highest_and_of_equals_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
