#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compare/bradley_terry.h"
#include "tests/golden.h"

enum { GAMES_MAX = 256 };
static BradleyTerryGame games[GAMES_MAX];

/* wins (K,K): how often the row's model beat the column's; each game is a cluster of its own. */
static int play(const int *wins, int K)
{
    int n = 0;
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++)
            for (int k = 0; k < wins[i * K + j]; k++, n++)
                games[n] = (BradleyTerryGame){i, j, 1, n};
    return n;
}

/* Two models: the odds are the wins.  30 of 40: ln 3, and the variance of the difference 1 / (40 * 3/16). */
static void two_models_are_the_odds(void **state)
{
    (void)state;
    const int wins[] = {0, 30, 10, 0};
    double s[2], v[4];
    assert_true(bradley_terry_fit(s, v, 2, games, play(wins, 2)));
    assert_near(s[0] - s[1], log(3), 1e-12);
    assert_near(s[0] + s[1], 0, 1e-12);
    assert_near(v[0] + v[3] - v[1] - v[2], 1 / (40 * 3. / 16), 1e-12);
}

/* The table of the encyclopedia's article on the model (A B C D), fitted by Newton's method in Python with its own
 * elimination; robust errors likewise. */
static void four_models_match_an_independent_fit(void **state)
{
    (void)state;
    const int wins[] = {0, 2, 0, 1, 3, 0, 5, 0, 0, 3, 0, 1, 4, 0, 3, 0};
    const double strength[] = {-.446545237, .042402572, -.415803067, .819945733};
    const double error[] = {.544343, .484655, .528173, .62397};
    double s[4], v[16];
    assert_true(bradley_terry_fit(s, v, 4, games, play(wins, 4)));
    for (int i = 0; i < 4; i++) {
        assert_near(s[i], strength[i], 1e-9);
        assert_near(sqrt(v[i * 4 + i]), error[i], 1e-6);
    }
}

/* At the fit each model has won as often as its strengths say: A three times, and two ties. */
static void ties_count_half(void **state)
{
    (void)state;
    const BradleyTerryGame tied[] = {{0, 1, 1, 0},  {0, 1, .5, 1}, {1, 2, 1, 2}, {1, 2, 0, 3},
                                     {2, 0, .5, 4}, {2, 0, 0, 5},  {0, 2, 1, 6}};
    double s[3], v[9], expected = 0;
    assert_true(bradley_terry_fit(s, v, 3, tied, 7));
    for (int g = 0; g < 7; g++) {
        if (tied[g].i == 0) expected += 1 / (1 + exp(s[tied[g].j] - s[0]));
        if (tied[g].j == 0) expected += 1 / (1 + exp(s[tied[g].i] - s[0]));
    }
    assert_near(expected, 4, 1e-9);
}

/* The same decision told twice adds nothing when its cluster says so, and halves the variance when it does not. */
static void decisions_of_one_cluster_are_one(void **state)
{
    (void)state;
    const int wins[] = {0, 5, 3, 0};
    double s[2], once[4], clustered[4], twice[4];
    const int n = play(wins, 2);
    assert_true(bradley_terry_fit(s, once, 2, games, n));
    for (int g = 0; g < n; g++) games[n + g] = games[g];
    assert_true(bradley_terry_fit(s, clustered, 2, games, 2 * n));
    for (int g = 0; g < n; g++) games[n + g].cluster = n + g;
    assert_true(bradley_terry_fit(s, twice, 2, games, 2 * n));
    assert_near(s[0] - s[1], log(5. / 3), 1e-12);
    assert_near(clustered[0], once[0], 1e-12);
    assert_near(twice[0], once[0] / 2, 1e-12);
}

/* C lost every game: the weaker it is said to be, the likelier they are.  Nor is there an end to it when A and B never
 * met C. */
static void who_never_wins_has_no_finite_strength(void **state)
{
    (void)state;
    const int lost[] = {0, 2, 1, 1, 0, 2, 0, 0, 0}, apart[] = {0, 2, 0, 1, 0, 0, 0, 0, 0};
    double s[] = {7, 7, 7}, v[9];
    assert_false(bradley_terry_fit(s, v, 3, games, play(lost, 3)));
    assert_false(bradley_terry_fit(s, v, 3, games, play(apart, 3)));
    assert_near(s[0], 7, 0);
}

/* 199 to 1: a step of Newton's from equal strengths is 1.98 long, the way 5.3. */
static void a_long_way_is_walked_to_its_end(void **state)
{
    (void)state;
    const int wins[] = {0, 199, 1, 0};
    double s[2], v[4];
    assert_true(bradley_terry_fit(s, v, 2, games, play(wins, 2)));
    assert_near(s[0] - s[1], log(199), 1e-9);
}

/* Ten to one. */
static void elo_is_odds(void **state)
{
    (void)state;
    assert_near(bradley_terry_elo(log(10)), 400, 1e-12);
    assert_near(bradley_terry_elo(log(.6 / .4)), 70.4365, 1e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_models_are_the_odds),
        cmocka_unit_test(four_models_match_an_independent_fit),
        cmocka_unit_test(ties_count_half),
        cmocka_unit_test(decisions_of_one_cluster_are_one),
        cmocka_unit_test(who_never_wins_has_no_finite_strength),
        cmocka_unit_test(a_long_way_is_walked_to_its_end),
        cmocka_unit_test(elo_is_odds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
