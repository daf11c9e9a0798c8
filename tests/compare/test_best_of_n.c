#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compare/best_of_n.h"
#include "tests/golden.h"

/* Pairs of 1 2 4: highest 2 4 4, mean 10/3. */
static void means_match_hand_computation(void **state)
{
    (void)state;
    double score[] = {4, 1, 2};
    assert_near(best_of_n_mean(score, 3, 1), 7 / 3., 1e-15);
    assert_near(best_of_n_mean(score, 3, 2), 10 / 3., 1e-15);
    assert_near(best_of_n_mean(score, 3, 3), 4, 1e-15);
    double one[] = {-1};
    assert_near(best_of_n_mean(one, 1, 1), -1, 0);
}

/* Threes of five scores, all ten of them listed. */
static void every_choice_counts_once(void **state)
{
    (void)state;
    double score[] = {.5, -2, 7, 3, 3}, copy[5], sum = 0;
    for (int i = 0; i < 5; i++) copy[i] = score[i];
    for (int i = 0; i < 5; i++)
        for (int j = i + 1; j < 5; j++)
            for (int k = j + 1; k < 5; k++) {
                const double higher = copy[i] > copy[j] ? copy[i] : copy[j];
                sum += higher > copy[k] ? higher : copy[k];
            }
    assert_near(best_of_n_mean(score, 5, 3), sum / 10, 1e-14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_match_hand_computation),
        cmocka_unit_test(every_choice_counts_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
