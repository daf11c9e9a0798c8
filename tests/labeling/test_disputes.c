/* Reviewing on the screen: blind until the choice is saved, on a clock that the test moves. */
#include "tests/labeling/bench.h"

#include "base/rng.h"

/* WHO prefers a (< 0) or b (> 0) of a pair. */
static void say(Bench *b, const char *who, int64_t pair, int preferred, const char *comment)
{
    Error err = {0};
    StoreClaim claim = {0};
    int64_t annotator = 0, session = 0;
    assert_int_equal(store_add_annotator(b->store, who, ANNOTATOR_HUMAN, &annotator, &err), 0);
    assert_int_equal(store_begin_session(b->store,
                                         &(StoreSession){.annotator_id = annotator, .ui = "line"},
                                         &session, &err),
                     0);
    assert_int_equal(store_hold_comparison(b->store, session, pair, &claim, &err), 0);
    StoreDecision d = {.assignment_id = claim.assignment_id,
                       .outcome = OUTCOME_PREF,
                       .preferred = claim.swapped ? -preferred : preferred,
                       .comment = comment,
                       .shown_us = store_time_us()};
    store_make_uuid(d.uuid);
    assert_int_equal(store_save_label(b->store, &d, NULL, &err), 0);
    assert_int_equal(store_end_session(b->store, session, "quit", &err), 0);
    store_claim_free(&claim);
}

/* Four pairs, ben and eve on three of them: on 1 and 3 and 4 they differ, on 2 eve is alone. */
static void review_open(Bench *b)
{
    bench_open(b, 4, 3);
    end(b, "quit");
    say(b, "ben", 1, -3, "the first is right");
    say(b, "eve", 1, 1, NULL);
    say(b, "eve", 2, 1, NULL);
    for (int pair = 3; pair <= 4; pair++)
        say(b, "ben", pair, -1, NULL), say(b, "eve", pair, 1, NULL);
    begin(b, (SessionOptions){.review = true});
}

static int64_t in_hand(const Bench *b)
{
    const SessionPair *pair = session_pair(b->session);
    return pair ? pair->comparison_id : 0;
}

static bool page_says(const Bench *b, const char *words)
{
    return b->desk.mode == &MODE_VOTES && strstr(b->desk.text.text, words) != NULL;
}

static void votes_come_after_the_choice_with_side_strength_and_comment(void **state)
{
    (void)state;
    Bench b;
    review_open(&b);
    assert_int_equal(in_hand(&b), 1);
    assert_ptr_equal(b.desk.mode, &MODE_COMPARE); /* blind */
    const bool a_left = strstr(session_pair(b.session)->left, "answer one") != NULL;
    press(&b, '2');
    assert_true(page_says(&b, a_left ? "ben: A is much better; the first is right"
                                     : "ben: B is much better; the first is right"));
    assert_true(page_says(&b, a_left ? "eve: B is slightly better" : "eve: A is slightly better"));
    bench_close(&b);
}

static void what_is_settled_is_counted_of_what_people_differ_on(void **state)
{
    (void)state;
    Bench b;
    review_open(&b);
    assert_int_equal(session_counts(b.session).left, 3);
    press(&b, 't');
    assert_int_equal(session_counts(b.session).done, 1);
    assert_int_equal(session_counts(b.session).left, 2);
    press(&b, KEY_RETURN);
    assert_int_equal(in_hand(&b), 3);
    bench_close(&b);
}

static void a_verdict_taken_back_comes_back_with_its_note(void **state)
{
    (void)state;
    Bench b;
    review_open(&b);
    type(&b, "nx");
    press(&b, KEY_RETURN);
    press(&b, '1');
    press(&b, KEY_RETURN); /* on to pair 3 */
    press(&b, 'u');
    assert_int_equal(in_hand(&b), 1);
    assert_string_equal(b.desk.note.text.bytes, "x");
    assert_int_equal(session_counts(b.session).left, 3);
    press(&b, 't');
    press(&b, KEY_RETURN);
    assert_int_equal(in_hand(&b), 3); /* which waited below */
    bench_close(&b);
}

/* Enter, u and digits typed ahead are about a pair and a page that nobody has seen. */
static void a_key_typed_ahead_takes_nothing_back_and_settles_nothing(void **state)
{
    (void)state;
    Bench b;
    Error err = {0};
    review_open(&b);
    press(&b, '1');
    b.now += SESSION_GUARD_US - MS;
    assert_int_equal(desk_key(&b.desk, 'u', &err), 0);
    look(&b);
    assert_ptr_equal(b.desk.mode, &MODE_VOTES);
    assert_int_equal(session_counts(b.session).done, 1);
    press(&b, KEY_RETURN);
    b.now += SESSION_GUARD_US - MS;
    assert_int_equal(desk_key(&b.desk, '1', &err), 0);
    assert_int_equal(session_counts(b.session).done, 1);
    bench_close(&b);
}

static void what_is_left_for_another_time_comes_again_when_asked(void **state)
{
    (void)state;
    Bench b;
    review_open(&b);
    press(&b, 's');
    assert_int_equal(in_hand(&b), 3);
    type(&b, "t\rt\r");
    assert_ptr_equal(b.desk.mode, &MODE_END);
    assert_int_equal(session_aside(b.session), 1);
    assert_int_equal(session_counts(b.session).left, 1);
    press(&b, 'w');
    assert_int_equal(in_hand(&b), 1);
    press(&b, 't');
    press(&b, KEY_RETURN);
    assert_int_equal(session_counts(b.session).left, 0);
    bench_close(&b);
}

static void a_hang_up_keeps_the_pair_and_the_note(void **state)
{
    (void)state;
    Bench b;
    review_open(&b);
    press(&b, 's'); /* pair 3 comes before pair 1 only because it is held */
    type(&b, "nwhy");
    desk_keep_now(&b.desk);
    end(&b, STORE_HANG_UP);
    begin(&b, (SessionOptions){.review = true});
    assert_int_equal(in_hand(&b), 3);
    assert_string_equal(b.desk.note.text.bytes, "why");
    bench_close(&b);
}

/* 4,000 random keys in bursts: nothing is settled or taken back within 250 ms of a pair's coming into view, or of
 * the votes' coming up. */
static void no_verdict_is_made_of_typed_ahead_keys(void **state)
{
    (void)state;
    enum { PRESSED = 4000, PAIRS = 40 };
    static const int KEYS[] = {
        'a', 'b', 't', 's', 'u',        'u',        'n', 'd',        'z',        'w',           '0',
        '1', '3', '4', '7', KEY_RETURN, KEY_RETURN, ' ', KEY_ESCAPE, KEY_CTRL_L, KEY_DOWN_ARROW};
    Bench b;
    Error err = {0};
    bench_open(&b, PAIRS, 3);
    end(&b, "quit");
    for (int pair = 1; pair <= PAIRS; pair++)
        say(&b, "ben", pair, -1, NULL), say(&b, "eve", pair, 1, NULL);
    begin(&b, (SessionOptions){.review = true});
    int64_t changes = 0, too_early = 0, before = 0, changed = 0;
    for (int i = 0; i < PRESSED; i++) {
        const uint64_t r = rng_bits(5, RNG_TEST, (uint64_t)i, 0);
        b.now += i % 8 ? (int64_t)(r % (40 * MS)) : (int64_t)(r % (600 * MS));
        assert_int_equal(desk_key(&b.desk, KEYS[(r >> 32) % (sizeof KEYS / sizeof *KEYS)], &err),
                         0);
        const int64_t now = newest(&b), since = b.in_view > changed ? b.in_view : changed;
        if (now != before && b.now - since < SESSION_GUARD_US) too_early++;
        if (now != before) changed = b.now, changes++;
        before = now;
        look(&b);
    }
    assert_int_equal(too_early, 0);
    assert_true(changes > 40); /* the test does reach verdicts */
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(votes_come_after_the_choice_with_side_strength_and_comment),
        cmocka_unit_test(what_is_settled_is_counted_of_what_people_differ_on),
        cmocka_unit_test(a_verdict_taken_back_comes_back_with_its_note),
        cmocka_unit_test(a_key_typed_ahead_takes_nothing_back_and_settles_nothing),
        cmocka_unit_test(what_is_left_for_another_time_comes_again_when_asked),
        cmocka_unit_test(a_hang_up_keeps_the_pair_and_the_note),
        cmocka_unit_test(no_verdict_is_made_of_typed_ahead_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
