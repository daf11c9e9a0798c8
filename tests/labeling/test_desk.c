/* The labeling screen without its terminal: keys in, labels out, on a clock that the test moves. */
#include "tests/labeling/bench.h"

#include "base/rng.h"

/* Her labels that stand, newest first. */
static StoreOwnLabelList labels(Bench *b)
{
    Error err = {0};
    StoreOwnLabelList list = {0};
    assert_int_equal(session_history(b->session, 0, &list, &err), 0);
    return list;
}

static void assert_label(Bench *b, int n, Outcome outcome, int preferred, const char *reasons,
                         const char *note)
{
    StoreOwnLabelList list = labels(b);
    assert_int_equal(list.n, n);
    assert_int_equal(list.row[0].outcome, outcome);
    assert_int_equal(list.row[0].preferred, preferred);
    if (reasons) assert_string_equal(list.row[0].reasons, reasons);
    else assert_null(list.row[0].reasons);
    if (note) assert_string_equal(list.row[0].comment, note);
    else assert_null(list.row[0].comment);
    store_own_labels_free(&list);
}

static void on_a_plain_scale_one_key_decides(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 6, 1);
    press(&b, 'a');
    assert_label(&b, 1, OUTCOME_PREF, -1, NULL, NULL);
    press(&b, '2');
    assert_label(&b, 2, OUTCOME_PREF, 1, NULL, NULL);
    press(&b, 't');
    assert_label(&b, 3, OUTCOME_TIE, 0, NULL, NULL);
    press(&b, '0');
    assert_label(&b, 4, OUTCOME_BOTH_BAD, 0, NULL, NULL);
    press(&b, KEY_LEFT_ARROW);
    assert_label(&b, 5, OUTCOME_PREF, -1, NULL, NULL);
    bench_close(&b);
}

static void a_key_without_a_meaning_says_so(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 2, 1);
    press(&b, 'x');
    assert_string_equal(b.desk.view.message, "x does nothing here; ? lists the keys");
    press(&b, 'a');
    assert_null(strstr(b.desk.view.message, "does nothing"));
    assert_label(&b, 1, OUTCOME_PREF, -1, NULL, NULL);
    bench_close(&b);
}

/* 1 2 3 4 5 6 7 on a scale of 3: A by far .. tie .. B by far. */
static void on_a_graded_scale_the_digits_are_one_row(void **state)
{
    (void)state;
    static const int PREFERRED[] = {-3, -2, -1, 0, 1, 2, 3};
    Bench b;
    bench_open(&b, 9, 3);
    for (int i = 0; i < 7; i++) {
        press(&b, '1' + i);
        assert_label(&b, i + 1, i == 3 ? OUTCOME_TIE : OUTCOME_PREF, PREFERRED[i], NULL, NULL);
    }
    type(&b, "b6"); /* which, then how much */
    assert_label(&b, 8, OUTCOME_PREF, 2, NULL, NULL);
    type(&b, "89");
    assert_label(&b, 8, OUTCOME_PREF, 2, NULL, NULL);
    bench_close(&b);
}

static void marked_differences_are_told_on_the_status_line(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 2, 1);
    press(&b, 'd');
    assert_string_equal(b.desk.view.message,
                        "underlined: words that the other answer has not; d ends it");
    press(&b, 'd');
    assert_string_equal(b.desk.view.message, "differences are no longer underlined");
    bench_close(&b);
}

/* After b the row goes on where it stands without it: 5 6 7, and 1 is of A. */
static void after_a_side_only_its_own_grades_count(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 3, 3);
    type(&b, "t"); /* one label to look at */
    type(&b, "b1");
    assert_label(&b, 1, OUTCOME_TIE, 0, NULL, NULL);
    press(&b, '7');
    assert_label(&b, 2, OUTCOME_PREF, 3, NULL, NULL);
    bench_close(&b);
}

static void a_skip_and_a_flag_have_their_reasons(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 4, 1);
    type(&b, "s4");
    assert_label(&b, 1, OUTCOME_SKIP, 0, "broken", NULL);
    type(&b, "ss");
    assert_label(&b, 2, OUTCOME_SKIP, 0, NULL, NULL);
    type(&b, "f1");
    assert_label(&b, 3, OUTCOME_FLAG, 0, "unsafe", NULL);
    press(&b, 's');
    press(&b, KEY_ESCAPE);
    assert_label(&b, 3, OUTCOME_FLAG, 0, "unsafe", NULL);
    bench_close(&b);
}

static void a_note_goes_with_one_decision(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 3, 1);
    type(&b, "nab t"); /* in a note these are letters */
    press(&b, KEY_RETURN);
    press(&b, 'a');
    assert_label(&b, 1, OUTCOME_PREF, -1, NULL, "ab t");
    press(&b, 'b');
    assert_label(&b, 2, OUTCOME_PREF, 1, NULL, NULL);
    type(&b, "nxyz");
    press(&b, KEY_ESCAPE);
    press(&b, 'b');
    assert_label(&b, 3, OUTCOME_PREF, 1, NULL, NULL);
    bench_close(&b);
}

static void an_undone_label_comes_back_with_its_note(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 2, 1);
    type(&b, "nx");
    press(&b, KEY_RETURN);
    type(&b, "au");
    assert_true(session_pair(b.session)->again);
    press(&b, 'b');
    assert_label(&b, 1, OUTCOME_PREF, 1, NULL, "x");
    bench_close(&b);
}

static void the_next_start_opens_the_pair_as_it_was(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 3, 1);
    press(&b, 'a');
    const int64_t pair = session_pair(b.session)->comparison_id;
    type(&b, "nwhy");
    desk_keep_now(&b.desk);
    end(&b, STORE_HANG_UP);
    begin(&b, (SessionOptions){0});
    assert_int_equal(session_pair(b.session)->comparison_id, pair);
    assert_string_equal(b.desk.note.text.bytes, "why");
    press(&b, 'b');
    assert_label(&b, 2, OUTCOME_PREF, 1, NULL, "why");
    /* 1 s until n, 3 s of typing before it was kept, 1 s now */
    StoreOwnLabelList list = labels(&b);
    assert_in_range(list.row[0].active_ms, 5000, 5999);
    store_own_labels_free(&list);
    bench_close(&b);
}

static void a_label_of_the_history_can_be_changed(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 4, 1);
    type(&b, "ab");
    const int64_t next = session_pair(b.session)->comparison_id;
    press(&b, 'h');
    press(&b, KEY_DOWN_ARROW);
    press(&b, KEY_RETURN);
    assert_true(session_pair(b.session)->amended);
    press(&b, 't');
    assert_label(&b, 2, OUTCOME_TIE, 0, NULL, NULL); /* instead of the first, and newest now */
    assert_int_equal(session_pair(b.session)->comparison_id, next);
    press(&b, 'h');
    press(&b, KEY_RETURN);
    press(&b, KEY_ESCAPE);
    assert_label(&b, 2, OUTCOME_TIE, 0, NULL, NULL);
    assert_int_equal(session_pair(b.session)->comparison_id, next);
    assert_int_equal(session_counts(b.session).done, 2);
    bench_close(&b);
}

static void practice_tells_and_saves_nothing(void **state)
{
    (void)state;
    Bench b;
    Error err = {0};
    bench_open(&b, 3, 1);
    for (int i = 1; i <= 2; i++)
        assert_int_equal(
            store_put_gold(b.store, &(StoreGold){i, OUTCOME_TIE, 0, "They say the same."}, &err),
            0);
    end(&b, "quit");
    begin(&b, (SessionOptions){.practice = true});
    press(&b, 't');
    assert_ptr_equal(b.desk.mode, &MODE_LESSON);
    assert_true(session_lesson(b.session)->agreed);
    assert_string_equal(session_lesson(b.session)->why, "They say the same.");
    press(&b, KEY_RETURN);
    press(&b, 'a');
    assert_false(session_lesson(b.session)->agreed);
    press(&b, KEY_RETURN);
    assert_ptr_equal(b.desk.mode, &MODE_END);
    assert_int_equal(session_lesson(b.session)->right, 1);
    assert_int_equal(session_lesson(b.session)->of, 2);
    StoreOwnLabelList list = labels(&b);
    assert_int_equal(list.n, 0);
    store_own_labels_free(&list);
    bench_close(&b);
}

static void practice_ends_at_its_limit(void **state)
{
    (void)state;
    Bench b;
    Error err = {0};
    bench_open(&b, 3, 1);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(store_put_gold(b.store, &(StoreGold){i, OUTCOME_TIE, 0, NULL}, &err), 0);
    end(&b, "quit");
    begin(&b, (SessionOptions){.practice = true, .limit = 2});
    assert_int_equal(session_counts(b.session).left, 2);
    press(&b, 't');
    assert_int_equal(session_counts(b.session).left, 1);
    press(&b, KEY_RETURN);
    press(&b, 't');
    press(&b, KEY_RETURN);
    assert_ptr_equal(b.desk.mode, &MODE_END);
    bench_close(&b);
}

static void zoom_and_scrolling_alone_end_with_the_pair(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 2, 1);
    press(&b, 'z');
    assert_int_equal(b.desk.view.frame.only, 1);
    press(&b, KEY_TAB);
    assert_int_equal(b.desk.view.frame.only, 2);
    press(&b, 'a');
    assert_int_equal(b.desk.view.frame.only, VIEW_BOTH);
    assert_int_equal(b.desk.view.focus, VIEW_BOTH);
    press(&b, KEY_TAB);
    assert_int_equal(b.desk.view.focus, 1);
    bench_close(&b);
}

/* 10,000 random keys in bursts, as a person on a bad line would send them: into menus, notes, the history and
 * pages too.  No pair is decided or taken back that was not in view for 250 ms. */
static void no_label_is_made_of_typed_ahead_keys(void **state)
{
    (void)state;
    enum { PRESSED = 10000, PAIRS = 250 };
    static const char KEYS[] = "abtsfunhgpdzj0123456789 q?";
    static const int OTHERS[] = {KEY_RETURN,     KEY_ESCAPE,     KEY_TAB,
                                 KEY_LEFT_ARROW, KEY_DOWN_ARROW, KEY_RUBOUT,
                                 KEY_PAGE_DOWN,  KEY_CTRL_L,     0x62b9};
    enum { LETTERS = sizeof KEYS - 1, ALL = LETTERS + sizeof OTHERS / sizeof *OTHERS };
    Bench b;
    Error err = {0};
    bench_open(&b, PAIRS, 3);
    int64_t moved = 0, too_early = 0, before = 0;
    for (int i = 0; i < PRESSED; i++) {
        const uint64_t r = rng_bits(4, RNG_TEST, (uint64_t)i, 0);
        b.now += i % 16 ? (int64_t)(r % (40 * MS)) : (int64_t)(r % (600 * MS));
        const int drawn = (int)((r >> 32) % ALL);
        const bool any = session_pair(b.session) != NULL;
        desk_say(&b.desk, PAINT_PLAIN, "nothing yet"); /* what changes a label says so */
        assert_int_equal(
            desk_key(&b.desk, drawn < LETTERS ? KEYS[drawn] : OTHERS[drawn - LETTERS], &err), 0);
        const bool said = strcmp(b.desk.view.message, "nothing yet") != 0;
        const int64_t now = said ? newest(&b) : before;
        const bool decided = now != before;
        before = now;
        if (decided && any && b.now - b.in_view < SESSION_GUARD_US) too_early++;
        moved += decided;
        b.desk.reason = NULL; /* q is one of the keys */
        look(&b);
    }
    assert_int_equal(too_early, 0);
    assert_true(moved > 50); /* the test does reach labels */
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_a_plain_scale_one_key_decides),
        cmocka_unit_test(a_key_without_a_meaning_says_so),
        cmocka_unit_test(on_a_graded_scale_the_digits_are_one_row),
        cmocka_unit_test(marked_differences_are_told_on_the_status_line),
        cmocka_unit_test(after_a_side_only_its_own_grades_count),
        cmocka_unit_test(a_skip_and_a_flag_have_their_reasons),
        cmocka_unit_test(a_note_goes_with_one_decision),
        cmocka_unit_test(an_undone_label_comes_back_with_its_note),
        cmocka_unit_test(the_next_start_opens_the_pair_as_it_was),
        cmocka_unit_test(a_label_of_the_history_can_be_changed),
        cmocka_unit_test(practice_tells_and_saves_nothing),
        cmocka_unit_test(practice_ends_at_its_limit),
        cmocka_unit_test(zoom_and_scrolling_alone_end_with_the_pair),
        cmocka_unit_test(no_label_is_made_of_typed_ahead_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
