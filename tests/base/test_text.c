#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void a_text_grows_and_stays_terminated(void **state)
{
    (void)state;
    Text t = {0};
    for (int i = 0; i < 1000; i++) text_format(&t, "%d,", i % 10);
    assert_int_equal(t.n, 2000);
    assert_int_equal(strlen(t.bytes), 2000);
    text_free(&t);
}

/* POSIX: nothing is special inside single quotes, and they hold none: one is closed, \', opened again. */
static void a_word_of_a_shell_is_quoted_where_it_has_to_be(void **state)
{
    (void)state;
    static const char *const WORDS[][2] = {
        {"ada", "ada"}, {"a b", "'a b'"}, {"o'neil", "'o'\\''neil'"}, {"", "''"}, {"$x", "'$x'"}};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        Text t = {0};
        text_add_word(&t, WORDS[i][0]);
        assert_string_equal(t.bytes, WORDS[i][1]);
        text_free(&t);
    }
}

static void lines_come_without_their_ends_up_to_a_limit(void **state)
{
    (void)state;
    Text line = {0};
    char bytes[] = "one\r\n\n12345\nlast";
    FILE *in = fmemopen(bytes, sizeof bytes - 1, "r");
    assert_int_equal(text_read_line(&line, in, 5), 1);
    assert_string_equal(line.bytes, "one");
    assert_int_equal(text_read_line(&line, in, 5), 1);
    assert_int_equal(line.n, 0);
    assert_int_equal(text_read_line(&line, in, 5), 1); /* just as long */
    assert_string_equal(line.bytes, "12345");
    assert_int_equal(text_read_line(&line, in, 5), 1);
    assert_string_equal(line.bytes, "last");
    assert_int_equal(text_read_line(&line, in, 5), 0);
    rewind(in);
    assert_int_equal(text_read_line(&line, in, 2), -1);
    fclose(in);
    text_free(&line);
}

static void taking_an_empty_text_gives_an_empty_string(void **state)
{
    (void)state;
    Text t = {0};
    char *s = text_take(&t);
    assert_string_equal(s, "");
    free(s);
}

/* Unicode 15, table 3-7: the first and the last of each length are well formed. */
static void well_formed_utf8_is_accepted(void **state)
{
    (void)state;
    const char *good = "\x01\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xED\x9F\xBF\xF0\x90\x80"
                       "\x80\xF4\x8F\xBF\xBF";
    assert_true(text_is_utf8(good, strlen(good), NULL));
}

static void ill_formed_utf8_names_the_first_bad_byte(void **state)
{
    (void)state;
    const char *bad[] = {"\x80",
                         "\xC0\x80",
                         "\xC1\xBF",
                         "\xE0\x9F\xBF",
                         "\xED\xA0\x80",
                         "\xF0\x8F\xBF\xBF",
                         "\xF4\x90\x80\x80",
                         "\xF5\x80\x80\x80",
                         "\xE2\x82",
                         "\xFF"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[16] = "ab";
        size_t at = 0;
        strcat(text, bad[i]);
        assert_false(text_is_utf8(text, strlen(text), &at));
        assert_int_equal(at, 2);
    }
}

static void a_nul_is_not_text(void **state)
{
    (void)state;
    assert_false(text_is_utf8("a\0b", 3, NULL));
}

static const char *const WORDS[] = {"label", "sample", "kl_coef", "ppo", "status"};

static void a_mistyped_word_finds_its_neighbour(void **state)
{
    (void)state;
    assert_string_equal(text_nearest("lable", WORDS, 5), "label");
    assert_string_equal(text_nearest("samples", WORDS, 5), "sample");
    assert_string_equal(text_nearest("KL_coeff", WORDS, 5), "kl_coef");
    assert_string_equal(text_nearest("pop", WORDS, 5), "ppo");
}

static void a_word_like_no_other_has_no_neighbour(void **state)
{
    (void)state;
    assert_null(text_nearest("export", WORDS, 5));
    assert_null(text_nearest("", WORDS, 5));
}

static void white_space_is_trimmed_at_both_ends(void **state)
{
    (void)state;
    char a[] = " \ta b\n", b[] = "  ";
    assert_string_equal(text_trim(a), "a b");
    assert_string_equal(text_trim(b), "");
}

static void thousands_are_separated(void **state)
{
    (void)state;
    assert_string_equal(text_thousands(0), "0");
    assert_string_equal(text_thousands(999), "999");
    assert_string_equal(text_thousands(1000), "1,000");
    assert_string_equal(text_thousands(-1234567), "-1,234,567");
}

static void a_count_agrees_with_its_noun(void **state)
{
    (void)state;
    assert_string_equal(text_count(1, "step"), "1 step");
    assert_string_equal(text_count(0, "step"), "0 steps");
    assert_string_equal(text_count(2000, "held-out pair"), "2,000 held-out pairs");
}

static void bytes_are_told_in_thousands(void **state)
{
    (void)state;
    assert_string_equal(text_size(0), "0 bytes");
    assert_string_equal(text_size(999), "999 bytes");
    assert_string_equal(text_size(1000), "1.0 kB");
    assert_string_equal(text_size(12345678), "12.3 MB");
    assert_string_equal(text_size(2e8), "200 MB");
    assert_string_equal(text_size(5e15), "5000 TB");
}

static void the_end_of_a_text_is_known(void **state)
{
    (void)state;
    assert_true(text_ends("a.git", ".git"));
    assert_true(text_ends(".git", ".git"));
    assert_true(text_ends("a", ""));
    assert_false(text_ends("git", ".git"));
    assert_false(text_ends("a.git.b", ".git"));
}

static void words_are_parted_by_spaces_tabs_and_line_ends(void **state)
{
    (void)state;
    assert_int_equal(text_words("  a b\n\tc\r\n . ", 13), 4);
    assert_int_equal(text_words(" \r\n", 3), 0);
    assert_int_equal(text_words("", 0), 0);
}

/* A screen spells them out: one<U+000C>two, a<U+000D>b. */
static void other_control_characters_part_no_words(void **state)
{
    (void)state;
    assert_int_equal(text_words("one\ftwo three", 13), 2);
    assert_int_equal(text_words("a\rb\v", 4), 1);
}

/* e acute composed and combining are one column, a CJK character two, an emoji two. */
static void width_counts_columns_not_bytes(void **state)
{
    (void)state;
    const char *texts[] = {"abc", "\xC3\xA9", "e\xCC\x81", "\xE6\x97\xA5", "\xF0\x9F\x98\x80"};
    const int widths[] = {3, 1, 1, 2, 2};
    for (int i = 0; i < 5; i++) assert_int_equal(text_width(texts[i], strlen(texts[i])), widths[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_grows_and_stays_terminated),
        cmocka_unit_test(a_word_of_a_shell_is_quoted_where_it_has_to_be),
        cmocka_unit_test(lines_come_without_their_ends_up_to_a_limit),
        cmocka_unit_test(taking_an_empty_text_gives_an_empty_string),
        cmocka_unit_test(well_formed_utf8_is_accepted),
        cmocka_unit_test(ill_formed_utf8_names_the_first_bad_byte),
        cmocka_unit_test(a_nul_is_not_text),
        cmocka_unit_test(a_mistyped_word_finds_its_neighbour),
        cmocka_unit_test(a_word_like_no_other_has_no_neighbour),
        cmocka_unit_test(white_space_is_trimmed_at_both_ends),
        cmocka_unit_test(thousands_are_separated),
        cmocka_unit_test(a_count_agrees_with_its_noun),
        cmocka_unit_test(bytes_are_told_in_thousands),
        cmocka_unit_test(the_end_of_a_text_is_known),
        cmocka_unit_test(words_are_parted_by_spaces_tabs_and_line_ends),
        cmocka_unit_test(other_control_characters_part_no_words),
        cmocka_unit_test(width_counts_columns_not_bytes),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
