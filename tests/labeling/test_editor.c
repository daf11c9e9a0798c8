/* A line of text under the keys of a note. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "labeling/editor.h"
#include "labeling/key.h"

static void type(Editor *e, const int *keys, int n)
{
    for (int i = 0; i < n; i++) editor_key(e, keys[i]);
}
#define TYPE(e, ...) \
    type(e, (const int[]){__VA_ARGS__}, (int)(sizeof((const int[]){__VA_ARGS__}) / sizeof(int)))

static void assert_text(const Editor *e, const char *text, size_t cursor)
{
    assert_string_equal(e->text.n ? e->text.bytes : "", text);
    assert_int_equal(e->cursor, cursor);
}

static void characters_go_in_where_the_cursor_stands(void **state)
{
    (void)state;
    Editor e = {0};
    TYPE(&e, 'a', 'c', KEY_LEFT_ARROW, 'b');
    assert_text(&e, "abc", 2);
    TYPE(&e, KEY_TO_BEGIN, 'x', KEY_TO_END, 'y');
    assert_text(&e, "xabcy", 5);
    editor_free(&e);
}

static void the_cursor_moves_and_deletes_by_whole_characters(void **state)
{
    (void)state;
    Editor e = {0};
    TYPE(&e, 0x62b9, 'e', 0x301, 0x8336); /* wide, e with an acute on it, wide */
    assert_text(&e,
                "\xe6\x8a\xb9"
                "e\xcc\x81\xe8\x8c\xb6",
                9);
    TYPE(&e, KEY_LEFT_ARROW, KEY_RUBOUT);
    assert_text(&e, "\xe6\x8a\xb9\xe8\x8c\xb6", 3);
    TYPE(&e, KEY_DELETE);
    assert_text(&e, "\xe6\x8a\xb9", 3);
    TYPE(&e, KEY_RUBOUT, KEY_RUBOUT, KEY_DELETE, KEY_LEFT_ARROW, KEY_RIGHT_ARROW);
    assert_text(&e, "", 0);
    editor_free(&e);
}

static void words_and_ends_are_cut(void **state)
{
    (void)state;
    Editor e = {0};
    editor_set(&e, "one two  three");
    TYPE(&e, KEY_CTRL_W);
    assert_text(&e, "one two  ", 9);
    TYPE(&e, KEY_CTRL_W, KEY_CTRL_A, KEY_CTRL_K);
    assert_text(&e, "", 0);
    editor_set(&e, "one two");
    TYPE(&e, KEY_LEFT_ARROW, KEY_CTRL_U);
    assert_text(&e, "o", 0);
    editor_free(&e);
}

/* A control character, one that turns the line round, a mark without a base. */
static void what_is_not_seen_as_what_it_is_is_refused(void **state)
{
    (void)state;
    Editor e = {0};
    assert_false(editor_key(&e, KEY_ESCAPE));
    assert_false(editor_key(&e, 0x202e));
    assert_false(editor_key(&e, 0x301));
    assert_false(editor_key(&e, 0xd800));
    assert_text(&e, "", 0);
    editor_free(&e);
}

static void a_text_from_outside_is_shown_as_what_it_is(void **state)
{
    (void)state;
    Editor e = {0};
    editor_set(&e, "a\x1b[31m\nb\xe2\x80\xae\xff");
    assert_text(&e, "a<U+001B>[31m b<U+202E><0xFF>", 29);
    editor_free(&e);
}

static void a_note_has_an_end(void **state)
{
    (void)state;
    Editor e = {0};
    for (int i = 0; i < EDITOR_MAX; i++) assert_true(editor_key(&e, 'x'));
    assert_false(editor_key(&e, 'x'));
    assert_int_equal(e.text.n, EDITOR_MAX);
    editor_free(&e);
}

/* Ten columns: nine characters and the cursor behind them. */
static void the_cursor_is_always_in_the_window(void **state)
{
    (void)state;
    Editor e = {0};
    int column;
    editor_set(&e, "123456789");
    assert_int_equal(editor_window(&e, 10, &column), 0);
    assert_int_equal(column, 9);
    editor_set(&e, "1234567890");
    assert_int_equal(editor_window(&e, 10, &column), 1);
    assert_int_equal(column, 9);
    editor_set(&e, "\xe6\x8a\xb9\xe6\x8a\xb9\xe6\x8a\xb9\xe6\x8a\xb9\xe6\x8a\xb9");
    assert_int_equal(editor_window(&e, 10, &column), 3);
    assert_int_equal(column, 8);
    editor_free(&e);
}

static void any_keys_leave_whole_characters(void **state)
{
    (void)state;
    static const int KEYS[] = {'a',        ' ',        0xe9,           0x301,           0x62b9,
                               0x1f525,    0x200d,     KEY_LEFT_ARROW, KEY_RIGHT_ARROW, KEY_RUBOUT,
                               KEY_DELETE, KEY_CTRL_W, KEY_TO_BEGIN,   KEY_TO_END,      KEY_CTRL_K};
    enum { KEYS_N = sizeof KEYS / sizeof *KEYS };
    Editor e = {0};
    for (uint64_t i = 0; i < 5000; i++) {
        int column;
        editor_key(&e, KEYS[rng_bits(5, RNG_TEST, i, 0) % KEYS_N]);
        assert_true(e.cursor <= e.text.n);
        assert_true(text_is_utf8(e.text.n ? e.text.bytes : "", e.text.n, NULL));
        assert_true(text_is_utf8(e.text.n ? e.text.bytes : "", e.cursor, NULL));
        editor_window(&e, 8, &column);
        assert_in_range(column, 0, 7);
    }
    editor_free(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_go_in_where_the_cursor_stands),
        cmocka_unit_test(the_cursor_moves_and_deletes_by_whole_characters),
        cmocka_unit_test(words_and_ends_are_cut),
        cmocka_unit_test(what_is_not_seen_as_what_it_is_is_refused),
        cmocka_unit_test(a_text_from_outside_is_shown_as_what_it_is),
        cmocka_unit_test(a_note_has_an_end),
        cmocka_unit_test(the_cursor_is_always_in_the_window),
        cmocka_unit_test(any_keys_leave_whole_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
