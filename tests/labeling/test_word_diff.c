/* Which words are marked, written out: a caret under every byte that one text has alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "labeling/word_diff.h"

enum { ROOM = 256 };

static void assert_marks(const char *a, const char *only_a, const char *b, const char *only_b)
{
    unsigned char mark_a[ROOM], mark_b[ROOM];
    char seen_a[ROOM] = "", seen_b[ROOM] = "";
    const size_t n = strlen(a), m = strlen(b);
    word_diff(mark_a, a, n, mark_b, b, m);
    for (size_t i = 0; i < n; i++) seen_a[i] = mark_a[i] ? '^' : ' ';
    for (size_t i = 0; i < m; i++) seen_b[i] = mark_b[i] ? '^' : ' ';
    assert_string_equal(seen_a, only_a);
    assert_string_equal(seen_b, only_b);
}

static void what_one_text_has_alone_is_marked(void **state)
{
    (void)state;
    assert_marks("the cat sat on the mat", /**/
                 "    ^^^               ", /**/
                 "the dog sat on the mat", /**/
                 "    ^^^               ");
    assert_marks("one two three", "             ", "one two three", "             ");
    assert_marks("one three", "         ", "one two three", "    ^^^      ");
    assert_marks("", "", "all of it", "^^^^^^^^^");
}

static void spaces_between_marked_words_are_marked_too(void **state)
{
    (void)state;
    assert_marks("buy new yeast now",     /**/
                 "        ^^^^^    ",     /**/
                 "buy new dry goods now", /**/
                 "        ^^^^^^^^^    ");
}

static void signs_are_words_but_not_inside_of_one(void **state)
{
    (void)state;
    assert_marks("stop.", "    ^", "stop", "    ");
    assert_marks("don't stop", "^^^^^     ", "do stop", "^^     ");
    assert_marks("3.5 g", "^^^  ", "35 g", "^^  ");
}

static void wide_characters_are_words_each(void **state)
{
    (void)state;
    assert_marks("\xe7\x86\xb1\xe6\xb9\xaf", "^^^   ", "\xe5\x86\xb7\xe6\xb9\xaf", "^^^   ");
}

/* "the" stands between differences on both sides in both texts; "x y" is two words and stays common. */
static void a_lone_common_word_is_no_match(void **state)
{
    (void)state;
    assert_marks("cold slows the yeast much", "^^^^^^^^^^^^^^^^^^^^^^^^^", "I ask the cook often",
                 "^^^^^^^^^^^^^^^^^^^^");
    assert_marks("cold x y much", "^^^^     ^^^^", "ask x y often", "^^^     ^^^^^");
}

/* The length of a longest common subsequence by the textbook's table. */
static int table_length(const char *a, int n, const char *b, int m)
{
    static int row[ROOM][ROOM];
    for (int i = 1; i <= n; i++)
        for (int j = 1; j <= m; j++)
            row[i][j] = a[i - 1] == b[j - 1]            ? row[i - 1][j - 1] + 1
                        : row[i - 1][j] > row[i][j - 1] ? row[i - 1][j]
                                                        : row[i][j - 1];
    return row[n][m];
}

/* Words of one letter out of three; lone ones are few enough to be bounded, not counted. */
static void what_is_common_is_a_longest_common_subsequence(void **state)
{
    (void)state;
    enum { WORDS = 40 };
    for (uint64_t round = 0; round < 200; round++) {
        char a[WORDS], b[WORDS], text_a[2 * WORDS], text_b[2 * WORDS];
        unsigned char only_a[2 * WORDS], only_b[2 * WORDS];
        const int n = 2 + (int)(rng_bits(1, RNG_TEST, round, 0) % (WORDS - 2));
        const int m = 2 + (int)(rng_bits(1, RNG_TEST, round, 1) % (WORDS - 2));
        for (int i = 0; i < n; i++) {
            a[i] = (char)('x' + rng_bits(2, RNG_TEST, round, (uint64_t)i) % 3);
            text_a[2 * i] = a[i], text_a[2 * i + 1] = ' ';
        }
        for (int i = 0; i < m; i++) {
            b[i] = (char)('x' + rng_bits(3, RNG_TEST, round, (uint64_t)i) % 3);
            text_b[2 * i] = b[i], text_b[2 * i + 1] = ' ';
        }
        word_diff(only_a, text_a, 2 * (size_t)n, only_b, text_b, 2 * (size_t)m);
        char common_a[WORDS], common_b[WORDS];
        int of_a = 0, of_b = 0, lone = 0;
        for (int i = 0; i < n; i++)
            if (!only_a[2 * i]) common_a[of_a++] = a[i];
        for (int i = 0; i < m; i++)
            if (!only_b[2 * i]) common_b[of_b++] = b[i];
        assert_int_equal(of_a, of_b);
        assert_memory_equal(common_a, common_b, (size_t)of_a);
        for (int i = 1; i + 1 < n; i++)
            lone += only_a[2 * i - 2] && only_a[2 * i] && only_a[2 * i + 2];
        assert_true(of_a <= table_length(a, n, b, m));
        assert_true(of_a + lone >= table_length(a, n, b, m));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_text_has_alone_is_marked),
        cmocka_unit_test(spaces_between_marked_words_are_marked_too),
        cmocka_unit_test(signs_are_words_but_not_inside_of_one),
        cmocka_unit_test(wide_characters_are_words_each),
        cmocka_unit_test(a_lone_common_word_is_no_match),
        cmocka_unit_test(what_is_common_is_a_longest_common_subsequence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
