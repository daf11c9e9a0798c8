/* What is shown of untrusted text, how it is cut into lines, and where it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/rng.h"
#include "base/text.h"
#include "labeling/decision.h"
#include "labeling/frame.h"
#include "labeling/layout.h"
#include "labeling/shown.h"
#include "labeling/visible.h"

static void assert_visible(const char *bytes, const char *expected)
{
    Text t = {0};
    visible_append(&t, bytes, strlen(bytes));
    assert_string_equal(t.n ? t.bytes : "", expected);
    text_free(&t);
}

static void control_characters_are_spelled_out(void **state)
{
    (void)state;
    assert_visible("a\033[31mred\a", "a<U+001B>[31mred<U+0007>");
    assert_visible("\xc2\x9b"
                   "2J",
                   "<U+009B>2J"); /* the one-byte CSI of an 8-bit terminal */
    assert_visible("x\x7f", "x<U+007F>");
    assert_visible("one\rtwo\r\nthree\n", "one<U+000D>two\nthree\n");
}

static void hidden_and_turning_characters_are_spelled_out(void **state)
{
    (void)state;
    assert_visible("a\u202eb", "a<U+202E>b");
    assert_visible("a\u2066b\u2069", "a<U+2066>b<U+2069>");
    assert_visible("a\u200bb\ufeff", "a<U+200B>b<U+FEFF>");
    assert_visible("a\U000e0041", "a<U+E0041>"); /* a tag: text that only a machine reads */
    assert_visible("a\u00adb\u3164", "a<U+00AD>b<U+3164>");
}

static void bytes_that_are_no_utf8_are_spelled_out(void **state)
{
    (void)state;
    assert_visible("a\xff"
                   "b\xc3",
                   "a<0xFF>b<0xC3>");
    assert_visible("\xed\xa0\x80", "<0xED><0xA0><0x80>"); /* a surrogate */
}

static void emoji_are_shown_as_parts_of_known_width(void **state)
{
    (void)state;
    assert_visible("\U0001f468\u200d\U0001f469", "\U0001f468\U0001f469"); /* joined by ZWJ */
    assert_visible("\u2764\ufe0f", "\u2764");
    assert_visible("\U0001f44d\U0001f3fd!", "\U0001f44d!");
    assert_visible("\U0001f1e9\U0001f1ea", "DE"); /* the flag of Germany */
}

static void marks_stay_with_their_base_and_are_not_piled_up(void **state)
{
    (void)state;
    assert_visible("e\u0301", "e\u0301");
    assert_visible("\u0301x", "\u25cc\u0301x");
    assert_visible("\n\u0301", "\n\u25cc\u0301");
    assert_visible("e\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301\u0301<U+0301>");
    assert_visible("\u0645\u200c\u06cc", "\u0645\u200c\u06cc"); /* Persian needs its non-joiner */
}

static void tabs_stop_at_multiples_of_four(void **state)
{
    (void)state;
    assert_visible("a\tb\n\tc", "a   b\n    c");
}

/* ---- lines ---- */

static void assert_lines(const char *text, int width, const char *const *expected, int n)
{
    Layout l = {0};
    layout_make(&l, text, strlen(text), width);
    assert_int_equal(l.n, n);
    for (int i = 0; i < n; i++) {
        Text line = {0};
        for (int j = 0; j < l.line[i].indent; j++) text_add(&line, " ");
        text_append(&line, l.text + l.line[i].at, l.line[i].n);
        assert_string_equal(line.bytes, expected[i]);
        assert_int_equal(text_width(line.bytes, line.n), l.line[i].width);
        text_free(&line);
    }
    layout_free(&l);
}
#define LINES(text, width, ...)                                         \
    do {                                                                \
        const char *const lines[] = {__VA_ARGS__};                      \
        assert_lines(text, width, lines, sizeof lines / sizeof *lines); \
    } while (0)

static void lines_break_after_words(void **state)
{
    (void)state;
    LINES("the quick brown fox", 10, "the quick", "brown fox");
    LINES("the quick brown fox", 9, "the quick",
          "brown fox"); /* the space that breaks needs no room */
    LINES("one  two", 4, "one", "two");
    LINES("a\n\nb\n\n", 10, "a", "", "b");
}

static void a_word_too_long_is_cut(void **state)
{
    (void)state;
    LINES("abcdefghij", 4, "abcd", "efgh", "ij");
    LINES("x abcdefghij", 4, "x", "abcd", "efgh", "ij");
    LINES("well-known", 7, "well-", "known");
}

static void list_items_hang_under_their_first_word(void **state)
{
    (void)state;
    LINES("- one two three", 9, "- one two", "  three");
    LINES("12. one two", 8, "12. one", "    two");
    LINES("  in a block", 7, "  in a", "  block");
}

static void wide_characters_take_two_columns_and_break_between(void **state)
{
    (void)state;
    LINES("日本語文字", 5, "日本", "語文", "字");
    LINES("日", 2, "日");
}

static void a_mark_is_never_parted_from_its_base(void **state)
{
    (void)state;
    LINES("abe\u0301f", 3, "abe\u0301", "f");
}

static void empty_text_has_no_lines(void **state)
{
    (void)state;
    Layout l = {0};
    layout_make(&l, "", 0, 10);
    assert_int_equal(l.n, 0);
    assert_int_equal(l.words, 0);
    layout_make(&l, "\n\n", 2, 10);
    assert_int_equal(l.n, 0);
    layout_free(&l);
}

/* A form feed is spelled out, and so parts no words: "one<U+000C>two three". */
static void words_are_counted_as_they_are_shown(void **state)
{
    (void)state;
    Layout l = {0};
    layout_make(&l, "one\ftwo three\n", 14, 20);
    assert_int_equal(l.words, 2);
    layout_free(&l);
}

static void a_new_width_keeps_the_readers_place(void **state)
{
    (void)state;
    const char *text = "one two three four five six seven eight";
    Layout l = {0};
    layout_make(&l, text, strlen(text), 9); /* one two|three|four five|six seven|eight */
    const size_t at = l.line[2].at;
    layout_rewrap(&l, 14); /* one two three|four five six|seven eight */
    assert_int_equal(layout_line_of(&l, at), 1);
    layout_free(&l);
}

/* Any bytes at all: no line is wider than asked, every line is safe, and all words are there. */
static void any_bytes_are_laid_out_within_the_width(void **state)
{
    (void)state;
    enum { ROUNDS = 3000, LENGTH = 60 };
    for (int round = 0; round < ROUNDS; round++) {
        char bytes[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            const uint64_t r = rng_bits(1, RNG_TEST, (uint64_t)round, (uint64_t)i);
            const char *some = "ab \n-\xe2\x80\xae\xcc\x81\xf0\x9f\x91\xa9\t";
            bytes[i] = r % 3 ? some[(r >> 8) % strlen(some)] : (char)(r >> 8);
        }
        const int width = 2 + round % 30;
        Layout l = {0};
        layout_make(&l, bytes, LENGTH, width);
        assert_true(text_is_utf8(l.text, l.bytes, NULL));
        size_t at = 0;
        for (int i = 0; i < l.n; i++) {
            assert_true(l.line[i].width <= width);
            assert_true(l.line[i].at >= at);
            for (; at < l.line[i].at; at++) assert_true(l.text[at] == ' ' || l.text[at] == '\n');
            at += l.line[i].n;
        }
        for (size_t i = 0; i < l.bytes; i++)
            assert_true((unsigned char)l.text[i] >= 0x20 || l.text[i] == '\n');
        layout_free(&l);
    }
}

/* ---- edges and frames ---- */

static void a_trailing_speaker_is_not_shown(void **state)
{
    (void)state;
    const struct {
        const char *prompt, *shown;
    } CASES[] = {{"Q: hi , my fern droops .\nA:", "Q: hi , my fern droops ."},
                 {"\n\nHuman: hello\n\nAssistant:", "Human: hello"},
                 {"Continue the list:", "Continue the list:"},
                 {"Fill in\nthe following list:", "Fill in\nthe following list:"},
                 {"A:", "A:"}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        size_t n;
        const char *at = shown_prompt(CASES[i].prompt, &n);
        assert_int_equal(n, strlen(CASES[i].shown));
        assert_memory_equal(at, CASES[i].shown, n);
    }
}

static void both_answers_get_the_same_room(void **state)
{
    (void)state;
    for (int cols = FRAME_MIN_COLS; cols < 260; cols++) {
        for (int rows = FRAME_MIN_ROWS; rows < 60; rows++) {
            Frame f;
            frame_columns(&f, rows, cols, 0);
            frame_rows(&f, (rows * 7) % 40, (cols * 3) % 50, (cols * 5) % 50);
            assert_false(f.too_small);
            assert_int_equal(f.answer[0].rows, f.answer[1].rows);
            assert_int_equal(f.answer[0].cols, f.answer[1].cols);
            assert_true(f.answer[0].rows >= 1);
            assert_true(f.answer[1].col + f.answer[1].cols <= cols);
            assert_true(f.answer[1].row + f.answer[1].rows <= f.foot);
            assert_true(f.title[0] >= f.prompt.row + f.prompt.rows);
            assert_true(f.answer[0].row >= f.prompt.row + f.prompt.rows + 1);
            assert_int_equal(f.status, rows - 1);
        }
    }
}

static void answers_are_stacked_below_72_columns(void **state)
{
    (void)state;
    Frame f;
    frame_columns(&f, 24, 71, 0);
    assert_true(f.stacked);
    frame_columns(&f, 24, 72, 0);
    assert_false(f.stacked);
    frame_columns(&f, 24, 39, 0);
    assert_true(f.too_small);
}

/* 24 rows without header, two titles, foot, two rows of keys and status leave 17 to the prompt and the answer. */
static void one_answer_alone_takes_all_the_room(void **state)
{
    (void)state;
    Frame f;
    frame_columns(&f, 24, 80, 2);
    frame_rows(&f, 3, 0, 40);
    assert_int_equal(f.answer[1].cols, 78);
    assert_int_equal(f.prompt.rows, 3);
    assert_int_equal(f.answer[1].rows, 14);
    assert_int_equal(f.answer[0].rows, 0);
    assert_int_equal(f.answer[1].row + f.answer[1].rows, f.foot);
}

static void names_are_marked_at_the_beginning_of_paragraphs_alone(void **state)
{
    (void)state;
    static const char TEXT[] = "User: hi User: no\n  Assistant: no\nAssistant: yes";
    Layout l = {0};
    layout_make(&l, TEXT, strlen(TEXT), 40);
    layout_mark_names(&l);
    for (size_t i = 0; i < l.bytes; i++) {
        const bool name = i < 5 || (i >= 34 && i < 44);
        assert_int_equal(l.part[i], name ? LAYOUT_NAME : LAYOUT_PLAIN);
    }
    layout_free(&l);
}

static void digits_stand_for_what_is_offered(void **state)
{
    (void)state;
    const Offer plain = {1, true, true}, four = {4, false, false};
    char words[DECISION_WORDS];
    Decision d;
    assert_true(decision_of_digit(&d, '2', &plain));
    assert_string_equal(decision_words(words, &d, 1), "B is better");
    assert_false(decision_of_digit(&d, '3', &plain));
    assert_true(decision_of_digit(&d, '0', &plain));
    assert_string_equal(decision_words(words, &d, 1), "both bad");
    assert_true(decision_of_digit(&d, '1', &four));
    assert_string_equal(decision_words(words, &d, 4), "A is much better");
    assert_true(decision_of_digit(&d, '6', &four));
    assert_string_equal(decision_words(words, &d, 4), "B is barely better");
    assert_true(decision_of_digit(&d, '9', &four));
    assert_string_equal(decision_words(words, &d, 4), "B is much better");
    assert_false(decision_of_digit(&d, '5', &four)); /* a tie */
    assert_false(decision_of_digit(&d, '0', &four));
    assert_false(decision_of_digit(&d, 'a', &four));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(control_characters_are_spelled_out),
        cmocka_unit_test(hidden_and_turning_characters_are_spelled_out),
        cmocka_unit_test(bytes_that_are_no_utf8_are_spelled_out),
        cmocka_unit_test(emoji_are_shown_as_parts_of_known_width),
        cmocka_unit_test(marks_stay_with_their_base_and_are_not_piled_up),
        cmocka_unit_test(tabs_stop_at_multiples_of_four),
        cmocka_unit_test(lines_break_after_words),
        cmocka_unit_test(words_are_counted_as_they_are_shown),
        cmocka_unit_test(a_word_too_long_is_cut),
        cmocka_unit_test(list_items_hang_under_their_first_word),
        cmocka_unit_test(wide_characters_take_two_columns_and_break_between),
        cmocka_unit_test(a_mark_is_never_parted_from_its_base),
        cmocka_unit_test(empty_text_has_no_lines),
        cmocka_unit_test(a_new_width_keeps_the_readers_place),
        cmocka_unit_test(any_bytes_are_laid_out_within_the_width),
        cmocka_unit_test(a_trailing_speaker_is_not_shown),
        cmocka_unit_test(both_answers_get_the_same_room),
        cmocka_unit_test(answers_are_stacked_below_72_columns),
        cmocka_unit_test(one_answer_alone_takes_all_the_room),
        cmocka_unit_test(names_are_marked_at_the_beginning_of_paragraphs_alone),
        cmocka_unit_test(digits_stand_for_what_is_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
