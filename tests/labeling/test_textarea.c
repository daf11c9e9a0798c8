/* Text of many lines: rows, the cursor, wide characters, what is not taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "labeling/key.h"
#include "labeling/textarea.h"

#define TEA "\xe6\x8a\xb9\xe8\x8c\xb6" /* two characters, each two columns and three bytes */

static TextArea area_of(const char *text, int rows, int cols)
{
    TextArea t = {0};
    textarea_resize(&t, rows, cols);
    textarea_set(&t, text);
    return t;
}

static void assert_row(TextArea *t, int i, const char *seen)
{
    Text out = {0};
    textarea_rows(t);
    text_add(&out, "");
    textarea_put_row(&out, t, i);
    assert_string_equal(out.bytes, seen);
    text_free(&out);
}

static void assert_cursor(TextArea *t, int row, int col)
{
    int r, c;
    textarea_place(t, &r, &c);
    assert_int_equal(r, row);
    assert_int_equal(c, col);
}

static void press(TextArea *t, int key, int times)
{
    while (times--) textarea_key(t, key);
}

/* 11 columns, one of them the cursor's: "the kettle" is 10, and the space behind it hangs over. */
static void rows_break_behind_spaces(void **state)
{
    (void)state;
    TextArea t = area_of("the kettle leaks\n\nyes", 5, 11);
    assert_int_equal(textarea_rows(&t), 4);
    assert_row(&t, 0, "the kettle ");
    assert_row(&t, 1, "leaks");
    assert_row(&t, 2, "");
    assert_row(&t, 3, "yes");
    assert_cursor(&t, 3, 3);
    textarea_free(&t);
}

static void a_word_longer_than_a_row_is_cut(void **state)
{
    (void)state;
    TextArea t = area_of("abcdefgh", 5, 6);
    assert_int_equal(textarea_rows(&t), 2);
    assert_row(&t, 0, "abcde");
    assert_row(&t, 1, "fgh");
    textarea_free(&t);
}

/* 6 columns: 5 for text, so two characters of two columns; the third begins a row. */
static void wide_characters_break_anywhere_and_count_two_columns(void **state)
{
    (void)state;
    TextArea t = area_of(TEA TEA, 5, 6);
    assert_int_equal(textarea_rows(&t), 2);
    assert_row(&t, 0, TEA);
    assert_cursor(&t, 1, 4);
    press(&t, KEY_LEFT_ARROW, 1);
    assert_cursor(&t, 1, 2);
    press(&t, KEY_LEFT_ARROW, 2);
    assert_cursor(&t, 0, 2);
    textarea_free(&t);
}

static void a_mark_goes_with_its_letter(void **state)
{
    (void)state;
    TextArea t = area_of("e\xcc\x81", 5, 20); /* e and a combining acute */
    assert_cursor(&t, 0, 1);
    press(&t, KEY_RUBOUT, 1);
    assert_string_equal(t.text.bytes, "");
    textarea_free(&t);
}

/* From column 5, over a row of 2, to a row of 8: the column comes back. */
static void up_and_down_keep_their_column(void **state)
{
    (void)state;
    TextArea t = area_of("12345678\nab\n12345678", 5, 20);
    press(&t, KEY_LEFT_ARROW, 3);
    press(&t, KEY_UP_ARROW, 1);
    assert_cursor(&t, 1, 2);
    press(&t, KEY_UP_ARROW, 1);
    assert_cursor(&t, 0, 5);
    textarea_free(&t);
}

static void home_and_end_stay_on_their_row(void **state)
{
    (void)state;
    TextArea t = area_of("the kettle leaks", 5, 11);
    press(&t, KEY_TO_BEGIN, 1);
    assert_cursor(&t, 1, 0);
    press(&t, KEY_UP_ARROW, 1);
    press(&t, KEY_TO_END, 1);
    assert_cursor(&t, 0, 10);
    press(&t, KEY_TEXT_END, 1);
    assert_cursor(&t, 1, 5);
    press(&t, KEY_TEXT_BEGIN, 1);
    assert_cursor(&t, 0, 0);
    textarea_free(&t);
}

/* A character of two columns is a word of its own. */
static void words_are_passed_at_once(void **state)
{
    (void)state;
    TextArea t = area_of("one two\n" TEA " x", 5, 40);
    static const size_t BACK[] = {15, 11, 8, 4, 0, 0};
    for (size_t i = 0; i < sizeof BACK / sizeof *BACK; i++) {
        press(&t, KEY_WORD_LEFT, 1);
        assert_int_equal(t.cursor, BACK[i]);
    }
    static const size_t ON[] = {3, 7, 11, 14, 16, 16};
    for (size_t i = 0; i < sizeof ON / sizeof *ON; i++) {
        press(&t, KEY_WORD_RIGHT, 1);
        assert_int_equal(t.cursor, ON[i]);
    }
    textarea_free(&t);
}

static void what_is_cut_can_be_put_back(void **state)
{
    (void)state;
    TextArea t = area_of("one two", 5, 40);
    press(&t, KEY_CTRL_W, 1);
    assert_string_equal(t.text.bytes, "one ");
    press(&t, KEY_TO_BEGIN, 1);
    press(&t, KEY_CTRL_Y, 1);
    assert_string_equal(t.text.bytes, "twoone ");
    press(&t, KEY_CTRL_K, 1);
    assert_string_equal(t.text.bytes, "two");
    press(&t, KEY_CTRL_U, 1);
    assert_string_equal(t.text.bytes, "");
    textarea_free(&t);
}

/* U+202E turns the line round, U+200B is nothing; a joiner inside an emoji is part of it. */
static void what_nobody_could_see_is_not_taken(void **state)
{
    (void)state;
    TextArea t = area_of("", 5, 40);
    assert_false(textarea_insert(&t, 0x202e));
    assert_false(textarea_insert(&t, 0x200b));
    assert_false(textarea_insert(&t, 0x1b));
    assert_false(textarea_insert(&t, 0x200d));
    assert_true(textarea_insert(&t, 0x1f469));
    assert_true(textarea_insert(&t, 0x200d));
    assert_true(textarea_insert(&t, 0x1f4bb));
    assert_cursor(&t, 0, 4);
    textarea_free(&t);
}

static void a_tab_goes_to_the_next_stop(void **state)
{
    (void)state;
    TextArea t = area_of("ab\tc", 5, 40);
    assert_row(&t, 0, "ab  c");
    assert_cursor(&t, 0, 5);
    textarea_free(&t);
}

static void the_view_follows_the_cursor(void **state)
{
    (void)state;
    TextArea t = area_of("1\n2\n3\n4\n5", 2, 40);
    assert_cursor(&t, 1, 1);
    assert_int_equal(t.top, 3);
    press(&t, KEY_PAGE_UP, 3);
    assert_cursor(&t, 0, 1);
    assert_int_equal(t.top, 1);
    textarea_free(&t);
}

static void the_length_is_of_what_is_saved(void **state)
{
    (void)state;
    int words, characters;
    TextArea t = area_of("  two " TEA "\n\n", 5, 40);
    textarea_count(&t, &words, &characters);
    assert_int_equal(words, 2);
    assert_int_equal(characters, 6);
    textarea_free(&t);
}

static void there_is_a_last_byte(void **state)
{
    (void)state;
    TextArea t = area_of("", 5, 40);
    for (int i = 0; i < TEXTAREA_MAX; i++) assert_true(textarea_insert(&t, 'x'));
    assert_false(textarea_insert(&t, 'x'));
    assert_int_equal(t.text.n, TEXTAREA_MAX);
    textarea_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_break_behind_spaces),
        cmocka_unit_test(a_word_longer_than_a_row_is_cut),
        cmocka_unit_test(wide_characters_break_anywhere_and_count_two_columns),
        cmocka_unit_test(a_mark_goes_with_its_letter),
        cmocka_unit_test(up_and_down_keep_their_column),
        cmocka_unit_test(home_and_end_stay_on_their_row),
        cmocka_unit_test(words_are_passed_at_once),
        cmocka_unit_test(what_is_cut_can_be_put_back),
        cmocka_unit_test(what_nobody_could_see_is_not_taken),
        cmocka_unit_test(a_tab_goes_to_the_next_stop),
        cmocka_unit_test(the_view_follows_the_cursor),
        cmocka_unit_test(the_length_is_of_what_is_saved),
        cmocka_unit_test(there_is_a_last_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
