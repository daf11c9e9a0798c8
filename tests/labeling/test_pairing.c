/* Which answers become pairs; all lists are written out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "labeling/pairing.h"

enum { ROOM = 512, ALL = PAIRING_MAX };
static const char *const DISTINCT[] = {"a", "b", "c", "d"};

/* "01 02 12": answers of each pair. */
static const char *chosen(int *equal, const char *const *text, int K, int models, int most,
                          uint64_t seed, int64_t prompt)
{
    static char list[ROOM];
    StorePairing pair[PAIRING_MAX];
    const int n = pairing_choose(pair, equal, text, K, models, most, seed, prompt);
    *list = 0;
    for (int i = 0; i < n; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%d%d", i ? " " : "", pair[i].a,
                 pair[i].b);
    return list;
}

static void every_two_answers_are_a_pair(void **state)
{
    (void)state;
    int equal;
    assert_string_equal(chosen(&equal, DISTINCT, 2, 1, ALL, 1, 1), "01");
    assert_string_equal(chosen(&equal, DISTINCT, 4, 1, ALL, 1, 1), "01 02 12 03 13 23");
    assert_int_equal(equal, 0);
}

static void equal_texts_are_left_out_and_counted(void **state)
{
    (void)state;
    int equal;
    assert_string_equal(chosen(&equal, (const char *[]){"a", "a"}, 2, 1, ALL, 1, 1), "");
    assert_int_equal(equal, 1);
}

static void the_same_two_texts_are_asked_once(void **state)
{
    (void)state;
    int equal;
    assert_string_equal(chosen(&equal, (const char *[]){"a", "b", "a"}, 3, 1, ALL, 1, 1), "01");
    assert_int_equal(equal, 2); /* 02 is equal, and 12 is 01 the other way round */
}

static void of_two_models_only_answers_of_both_are_paired(void **state)
{
    (void)state;
    int equal;
    assert_string_equal(chosen(&equal, DISTINCT, 4, 2, ALL, 1, 1), "01 12 03 23");
    const char *const text[] = {"a", "b", "a", "a"};
    assert_string_equal(chosen(&equal, text, 4, 2, ALL, 1, 1), "01");
    assert_int_equal(equal,
                     3); /* 02 and 13 are of one model; 12 is asked already; 03 and 23 are equal */
}

static void fewer_pairs_are_among_more(void **state)
{
    (void)state;
    int equal;
    for (int64_t prompt = 1; prompt <= 100; prompt++) {
        char two[ROOM];
        snprintf(two, sizeof two, "%s", chosen(&equal, DISTINCT, 4, 1, 2, 1, prompt));
        assert_int_equal(strlen(two), 5);
        two[2] = 0;
        const char *three = chosen(&equal, DISTINCT, 4, 1, 3, 1, prompt);
        assert_int_equal(strlen(three), 8);
        assert_non_null(strstr(three, two));
        assert_non_null(strstr(three, two + 3));
    }
}

/* Of 3,000 prompts a third keep any one of six pairs: 1,000, with a deviation of 26. */
static void every_pair_is_drawn_as_often(void **state)
{
    (void)state;
    static const char *const PAIR[] = {"01", "02", "12", "03", "13", "23"};
    int count[6] = {0}, equal;
    for (int64_t prompt = 1; prompt <= 3000; prompt++) {
        const char *list = chosen(&equal, DISTINCT, 4, 1, 2, 1, prompt);
        for (int i = 0; i < 6; i++) count[i] += strstr(list, PAIR[i]) != NULL;
    }
    for (int i = 0; i < 6; i++) assert_in_range(count[i], 870, 1130);
}

static void the_seed_decides_which(void **state)
{
    (void)state;
    int equal, differ = 0;
    for (int64_t prompt = 1; prompt <= 100; prompt++) {
        char list[ROOM];
        snprintf(list, sizeof list, "%s", chosen(&equal, DISTINCT, 4, 1, 2, 1, prompt));
        assert_string_equal(chosen(&equal, DISTINCT, 4, 1, 2, 1, prompt), list);
        differ += strcmp(chosen(&equal, DISTINCT, 4, 1, 2, 2, prompt), list) != 0;
    }
    assert_in_range(differ, 80, 100); /* 14 in 15 of them */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_two_answers_are_a_pair),
        cmocka_unit_test(equal_texts_are_left_out_and_counted),
        cmocka_unit_test(the_same_two_texts_are_asked_once),
        cmocka_unit_test(of_two_models_only_answers_of_both_are_paired),
        cmocka_unit_test(fewer_pairs_are_among_more),
        cmocka_unit_test(every_pair_is_drawn_as_often),
        cmocka_unit_test(the_seed_decides_which),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
