#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compare/text_stats.h"

static const char *const TEXTS[] = {" a b .", "a b .", "c", "c d"};

static void distinct_ignores_space_at_the_ends(void **state)
{
    (void)state;
    assert_float_equal(text_stats_distinct(TEXTS, 4), 0.75, 0);
    assert_float_equal(text_stats_distinct(TEXTS, 2), 0.5, 0);
    assert_float_equal(text_stats_distinct(TEXTS, 0), 1, 0);
}

static void verbatim_means_the_whole_text(void **state)
{
    (void)state;
    const char *const corpus[] = {"z", " c\n", "a b . and more", "b ."};
    assert_float_equal(text_stats_verbatim(TEXTS, 4, corpus, 4), 0.25, 0);
    assert_float_equal(text_stats_verbatim(TEXTS, 4, corpus, 1), 0, 0);
    assert_float_equal(text_stats_verbatim(TEXTS, 4, corpus, 0), 0, 0);
}

static void words_are_counted_in_the_mean(void **state)
{
    (void)state;
    assert_float_equal(text_stats_mean_words(TEXTS, 4), (3 + 3 + 1 + 2) / 4., 0);
    assert_float_equal(text_stats_mean_words(TEXTS, 0), 0, 0);
}

/* "a b ." twice, "c", "c d": words a b . a b . c c d, 5 of 9 different; pairs ab b. ab b. cd, 3 of 5. */
static void distinct_runs_match_hand_computation(void **state)
{
    (void)state;
    assert_float_equal(text_stats_distinct_runs(TEXTS, 4, 1), 5 / 9., 1e-15);
    assert_float_equal(text_stats_distinct_runs(TEXTS, 4, 2), 3 / 5., 1e-15);
    assert_float_equal(text_stats_distinct_runs(TEXTS, 4, 3), 1 / 2., 1e-15);
    assert_true(isnan(text_stats_distinct_runs(TEXTS, 4, 4)));
}

/* "ab c" and "a bc" are different pairs of the same letters. */
static void a_run_is_words_not_letters(void **state)
{
    (void)state;
    const char *const texts[] = {"ab c", "a bc", "ab\n c "};
    assert_float_equal(text_stats_distinct_runs(texts, 3, 2), 2 / 3., 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distinct_ignores_space_at_the_ends),
        cmocka_unit_test(verbatim_means_the_whole_text),
        cmocka_unit_test(distinct_runs_match_hand_computation),
        cmocka_unit_test(a_run_is_words_not_letters),
        cmocka_unit_test(words_are_counted_in_the_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
