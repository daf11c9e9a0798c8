/* Claim, show, decide, undo, with a clock that the test moves. */
#include "tests/labeling/fixture.h"

#include "base/rng.h"
#include "labeling/session.h"

enum { MS = 1000, SECOND = 1000000 };

typedef struct {
    char path[FIXTURE_PATH];
    Store *store;
    Session *session;
    int64_t now;
} Bench;

static int64_t bench_now(void *context)
{
    return ((Bench *)context)->now;
}

static void begin(Bench *b, int64_t limit)
{
    Error err = {0};
    const SessionOptions o = {
        .handle = "ada", .ui = "tui", .limit = limit, .now = bench_now, .context = b};
    if (session_begin(&b->session, b->store, &o, &err) != 0) fixture_fail(&err);
    if (session_next(b->session, &err) != 0) fixture_fail(&err);
}

static void bench_open(Bench *b, int pairs, int64_t limit)
{
    *b = (Bench){.now = store_time_us() - 3600LL * SECOND};
    b->store = fixture_open(b->path);
    fixture_fill(b->store, pairs);
    begin(b, limit);
}

static void bench_close(Bench *b)
{
    Error err = {0};
    assert_int_equal(session_end(b->session, "quit", &err), 0);
    fixture_close(b->store, b->path);
}

static int decide(Session *s, Choice choice, int64_t *label, Error *err)
{
    return session_decide(s, &(Decision){.choice = choice, .strength = choice <= CHOICE_RIGHT},
                          label, err);
}

/* The pair comes into view, is read for so long, and a deciding key arrives. */
static int64_t read_and_decide(Bench *b, int64_t us, Choice choice)
{
    Error err = {0};
    int64_t label = 0;
    session_shown(b->session, "side");
    b->now += us;
    assert_int_equal(decide(b->session, choice, &label, &err), 0);
    assert_int_equal(session_next(b->session, &err), 0);
    return label;
}

static int64_t standing(Bench *b)
{
    Error err = {0};
    StorePreferenceList list = {0};
    assert_int_equal(store_list_preferences(b->store, NULL, &list, &err), 0);
    const int64_t n = (int64_t)list.n;
    store_preferences_free(&list);
    return n;
}

/* The answer shown on the left was chosen, whichever of the two it is. */
static void the_chosen_side_is_the_answer_that_stood_there(void **state)
{
    (void)state;
    enum { PAIRS = 24 };
    Bench b;
    bench_open(&b, PAIRS, 0);
    char expected[PAIRS + 1][64];
    for (int i = 0; i < PAIRS; i++) {
        const SessionPair *pair = session_pair(b.session);
        const bool left = i % 2;
        snprintf(expected[pair->comparison_id], 64, "%s", left ? pair->left : pair->right);
        assert_true(read_and_decide(&b, SECOND, left ? CHOICE_LEFT : CHOICE_RIGHT) > 0);
    }
    Error err = {0};
    StorePreferenceList list = {0};
    assert_int_equal(store_list_preferences(b.store, NULL, &list, &err), 0);
    assert_int_equal(list.n, PAIRS);
    int one = 0;
    for (size_t i = 0; i < list.n; i++) {
        assert_string_equal(list.row[i].chosen, expected[list.row[i].comparison_id]);
        assert_int_equal(list.row[i].kind, ANNOTATOR_HUMAN);
        assert_string_equal(list.row[i].annotator, "ada");
        one += strstr(list.row[i].chosen, "one") != NULL;
    }
    assert_in_range(one, 1, PAIRS - 1); /* sides were drawn, not fixed */
    store_preferences_free(&list);
    bench_close(&b);
}

/* Two pairs that are labeled already and one that is not, in the order asked for; a new choice takes the place of
 * the one before. */
static void given_pairs_come_in_their_order_and_no_others(void **state)
{
    (void)state;
    Bench b;
    Error err = {0};
    bench_open(&b, 6, 2);
    int64_t only[3];
    for (int i = 1; i >= 0; i--) {
        only[i] = session_pair(b.session)->comparison_id;
        read_and_decide(&b, SECOND, CHOICE_LEFT);
    }
    assert_null(session_pair(b.session));
    only[2] = 6;
    assert_int_equal(session_end(b.session, "quit", &err), 0);
    const SessionOptions o = {
        .handle = "ada", .ui = "tui", .only = only, .n_only = 3, .now = bench_now, .context = &b};
    assert_int_equal(session_begin(&b.session, b.store, &o, &err), 0);
    assert_int_equal(session_counts(b.session).left, 3);
    assert_int_equal(session_next(b.session, &err), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(session_pair(b.session)->comparison_id, only[i]);
        assert_true(read_and_decide(&b, SECOND, CHOICE_TIE) > 0);
        assert_int_equal(session_counts(b.session).left, 2 - i);
    }
    assert_null(session_pair(b.session));
    StorePreferenceList list = {0};
    assert_int_equal(store_list_preferences(b.store, NULL, &list, &err), 0);
    assert_int_equal(list.n, 3);
    for (size_t i = 0; i < list.n; i++) assert_true(list.row[i].tie);
    store_preferences_free(&list);
    bench_close(&b);
}

static void a_key_within_250_ms_decides_nothing(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 2, 0);
    const int64_t id = session_pair(b.session)->comparison_id;
    assert_int_equal(read_and_decide(&b, 249 * MS, CHOICE_LEFT), 0);
    assert_int_equal(session_pair(b.session)->comparison_id, id);
    assert_int_equal(standing(&b), 0);
    b.now += SESSION_QUIET_US;
    int64_t label = 0;
    Error err = {0};
    assert_int_equal(decide(b.session, CHOICE_LEFT, &label, &err), 0);
    assert_true(label > 0);
    assert_int_equal(standing(&b), 1);
    bench_close(&b);
}

static void a_pair_not_yet_in_view_cannot_be_decided(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 1, 0);
    int64_t label = 0;
    Error err = {0};
    b.now += 10 * SECOND;
    assert_int_equal(decide(b.session, CHOICE_LEFT, &label, &err), 0);
    assert_int_equal(label, 0);
    bench_close(&b);
}

/* Help, a resize, a suspended program: the pair is new to the eye again. */
static void a_view_that_was_covered_starts_the_250_ms_again(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 1, 0);
    session_shown(b.session, "side");
    b.now += SECOND;
    assert_true(session_ready(b.session));
    session_shown(b.session, "side");
    assert_false(session_ready(b.session));
    b.now += SESSION_GUARD_US;
    assert_true(session_ready(b.session));
    bench_close(&b);
}

/* Repeats every 33 ms: the first key counts, and nothing after it until the key is let go. */
static void a_key_held_down_labels_one_pair(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 5, 0);
    Error err = {0};
    session_shown(b.session, "side");
    b.now += SECOND;
    for (int i = 0; i < 300; i++) {
        int64_t label = 0;
        assert_int_equal(decide(b.session, CHOICE_LEFT, &label, &err), 0);
        if (label) assert_int_equal(session_next(b.session, &err), 0);
        if (label) session_shown(b.session, "side");
        b.now += 33 * MS;
    }
    assert_int_equal(session_counts(b.session).now, 1);
    bench_close(&b);
}

/* 10,000 random keys in bursts, as a person on a bad line would send them. */
static void no_label_is_made_of_typed_ahead_keys(void **state)
{
    (void)state;
    enum { KEYS = 10000, PAIRS = 300 };
    Bench b;
    bench_open(&b, PAIRS, 0);
    Error err = {0};
    int64_t seen = b.now, labels = 0, too_early = 0;
    session_shown(b.session, "side");
    for (int i = 0; i < KEYS && session_pair(b.session); i++) {
        const uint64_t r = rng_bits(3, RNG_TEST, (uint64_t)i, 0);
        b.now += i % 16 ? (int64_t)(r % (40 * MS)) : (int64_t)(r % (600 * MS));
        const int key = (int)((r >> 32) % 6);
        int64_t label = 0;
        bool undone = false;
        if (key < CHOICE_N) assert_int_equal(decide(b.session, (Choice)key, &label, &err), 0);
        else if (key == 4) assert_int_equal(session_undo(b.session, &undone, &err), 0);
        else session_touch(b.session);
        const bool moved = label || undone;
        if (moved && b.now - seen < SESSION_GUARD_US) too_early++;
        labels += label != 0;
        if (!moved) continue;
        assert_int_equal(session_next(b.session, &err), 0);
        if (session_pair(b.session)) session_shown(b.session, "side");
        seen = b.now;
    }
    assert_int_equal(too_early, 0);
    assert_true(labels > 20); /* the test does reach labels */
    bench_close(&b);
}

static void undo_shows_the_pair_again_and_then_goes_on(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 3, 0);
    Error err = {0};
    const int64_t first = session_pair(b.session)->comparison_id;
    read_and_decide(&b, SECOND, CHOICE_LEFT);
    const int64_t second = session_pair(b.session)->comparison_id;
    session_shown(b.session, "side");
    b.now += SECOND;
    bool undone = false;
    assert_int_equal(session_undo(b.session, &undone, &err), 0);
    assert_true(undone);
    assert_int_equal(session_pair(b.session)->comparison_id, first);
    assert_true(session_pair(b.session)->again);
    assert_int_equal(standing(&b), 0);
    assert_int_equal(session_counts(b.session).now, 0);
    assert_int_equal(session_counts(b.session).left, 3);

    read_and_decide(&b, SECOND, CHOICE_TIE);
    assert_int_equal(session_pair(b.session)->comparison_id, second);
    read_and_decide(&b, SECOND, CHOICE_LEFT);
    read_and_decide(&b, SECOND, CHOICE_LEFT);
    assert_null(session_pair(b.session));
    const SessionCounts c = session_counts(b.session);
    assert_int_equal(c.now, 3);
    assert_int_equal(c.ties, 1);
    assert_int_equal(c.left, 0);
    assert_int_equal(c.done, 3);
    assert_int_equal(c.today, 3);
    bench_close(&b);
}

static void undo_reaches_back_over_several_pairs_and_sessions(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 3, 0);
    Error err = {0};
    for (int i = 0; i < 3; i++) read_and_decide(&b, SECOND, CHOICE_RIGHT);
    assert_int_equal(session_end(b.session, "done", &err), 0);
    begin(&b, 0);
    assert_null(session_pair(b.session));
    for (int left = 1; left <= 3; left++) {
        bool undone = false;
        b.now += SECOND;
        assert_int_equal(session_undo(b.session, &undone, &err), 0);
        assert_true(undone);
        session_shown(b.session, "side");
        assert_int_equal(session_counts(b.session).left, left);
    }
    bool undone = true;
    b.now += SECOND;
    assert_int_equal(session_undo(b.session, &undone, &err), 0);
    assert_false(undone);
    assert_int_equal(standing(&b), 0);
    for (int i = 0; i < 3; i++) assert_true(read_and_decide(&b, SECOND, CHOICE_LEFT) > 0);
    assert_int_equal(standing(&b), 3);
    bench_close(&b);
}

static void a_pause_is_not_counted_as_reading(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 1, 0);
    session_shown(b.session, "side");
    b.now += 5 * SECOND;
    session_touch(b.session); /* scrolled after 5 s, then went for lunch */
    b.now += 3600LL * SECOND;
    Error err = {0};
    int64_t label = 0;
    assert_int_equal(decide(b.session, CHOICE_LEFT, &label, &err), 0);
    assert_true(session_counts(b.session).median == 65); /* 5 + at most 60 */
    bench_close(&b);
}

/* 49 pairs of a minute each, then one more. */
static void after_fifty_active_minutes_a_break_is_due_once(void **state)
{
    (void)state;
    enum { PAIRS = 60 };
    Bench b;
    bench_open(&b, PAIRS, 0);
    for (int i = 1; i <= PAIRS; i++) {
        read_and_decide(&b, 60LL * SECOND, CHOICE_LEFT);
        assert_int_equal(session_break_due(b.session), i == 50);
        b.now += 3600LL * SECOND; /* no part of it */
    }
    bench_close(&b);
}

/* 1, 2, 3 and 10 seconds; the skip is timed and is no label. */
static void the_day_is_summed_over_its_sittings(void **state)
{
    (void)state;
    Bench b;
    Error err = {0};
    SessionDay day = {0};
    bench_open(&b, 6, 0);
    read_and_decide(&b, 1LL * SECOND, CHOICE_LEFT);
    read_and_decide(&b, 10LL * SECOND, CHOICE_TIE);
    assert_int_equal(session_end(b.session, "quit", &err), 0);
    begin(&b, 0);
    read_and_decide(&b, 2LL * SECOND, CHOICE_SKIP);
    read_and_decide(&b, 3LL * SECOND, CHOICE_RIGHT);
    assert_int_equal(session_day(b.session, &day, &err), 0);
    assert_int_equal(day.labels, 3);
    assert_int_equal(day.skipped, 1);
    assert_int_equal(day.ties, 1);
    assert_true(day.seconds == 16);
    assert_true(day.median == 2.5);
    bench_close(&b);
}

static void a_limit_ends_the_round_and_undo_opens_it_again(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 5, 2);
    Error err = {0};
    read_and_decide(&b, SECOND, CHOICE_LEFT);
    assert_false(session_at_limit(b.session));
    read_and_decide(&b, SECOND, CHOICE_LEFT);
    assert_true(session_at_limit(b.session));
    assert_null(session_pair(b.session));
    bool undone = false;
    b.now += SECOND;
    assert_int_equal(session_undo(b.session, &undone, &err), 0);
    assert_non_null(session_pair(b.session));
    bench_close(&b);
}

static void skips_are_saved_but_are_no_preference(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 2, 0);
    assert_true(read_and_decide(&b, SECOND, CHOICE_SKIP) > 0);
    assert_int_equal(standing(&b), 0);
    assert_int_equal(session_counts(b.session).skipped, 1);
    assert_int_equal(session_counts(b.session).left, 1);
    bench_close(&b);
}

static void two_people_are_never_given_the_same_pair(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 2, 0);
    Error err = {0};
    Session *other = NULL;
    const SessionOptions o = {.handle = "ben", .ui = "tui"};
    assert_int_equal(session_begin(&other, b.store, &o, &err), 0);
    assert_int_equal(session_next(other, &err), 0);
    assert_int_not_equal(session_pair(other)->comparison_id,
                         session_pair(b.session)->comparison_id);
    assert_int_equal(session_end(other, "quit", &err), 0);
    bench_close(&b);
}

static void a_person_cannot_label_under_a_rules_name(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 1, 0);
    Error err = {0};
    Session *s = NULL;
    const SessionOptions o = {.handle = "rule:kind", .ui = "tui"};
    assert_int_equal(session_begin(&s, b.store, &o, &err), -1);
    assert_true(err.usage);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chosen_side_is_the_answer_that_stood_there),
        cmocka_unit_test(a_key_within_250_ms_decides_nothing),
        cmocka_unit_test(given_pairs_come_in_their_order_and_no_others),
        cmocka_unit_test(a_pair_not_yet_in_view_cannot_be_decided),
        cmocka_unit_test(a_view_that_was_covered_starts_the_250_ms_again),
        cmocka_unit_test(a_key_held_down_labels_one_pair),
        cmocka_unit_test(no_label_is_made_of_typed_ahead_keys),
        cmocka_unit_test(undo_shows_the_pair_again_and_then_goes_on),
        cmocka_unit_test(undo_reaches_back_over_several_pairs_and_sessions),
        cmocka_unit_test(a_pause_is_not_counted_as_reading),
        cmocka_unit_test(after_fifty_active_minutes_a_break_is_due_once),
        cmocka_unit_test(the_day_is_summed_over_its_sittings),
        cmocka_unit_test(a_limit_ends_the_round_and_undo_opens_it_again),
        cmocka_unit_test(skips_are_saved_but_are_no_preference),
        cmocka_unit_test(two_people_are_never_given_the_same_pair),
        cmocka_unit_test(a_person_cannot_label_under_a_rules_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
