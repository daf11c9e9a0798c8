/* What the owner of a project changes while somebody labels: the guidelines, the scale, the end of it. */
#include "tests/labeling/bench.h"

static void edit(Bench *b, const char *guidelines, int scale, bool closed)
{
    Error err = {0};
    StoreCampaign now = {0};
    if (store_get_terms(b->store, &now, &err) != 0) fixture_fail(&err);
    StoreCampaign edited = now;
    edited.guidelines = guidelines, edited.scale = scale, edited.closed = closed;
    if (store_edit_campaign(b->store, &edited, &err) != 0) fixture_fail(&err);
    store_campaign_free(&now);
}

static int labels(Bench *b)
{
    return (int)session_counts(b->session).done;
}

/* The pair in hand is decided by what stood on the screen with it; a page comes before the next. */
static void new_guidelines_are_read_before_the_next_pair(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 4, 1);
    press(&b, 'a');
    assert_ptr_equal(b.desk.mode, &MODE_COMPARE);
    edit(&b, "Kind before right.", 1, false);
    press(&b, 'a');
    assert_ptr_equal(b.desk.mode, &MODE_PAGE);
    assert_string_equal(b.desk.title, "New guidelines, version 2: please read");
    press(&b, 'a'); /* leaves the page, and is no choice */
    assert_ptr_equal(b.desk.mode, &MODE_COMPARE);
    assert_int_equal(labels(&b), 2);
    press(&b, 'a');
    assert_ptr_equal(b.desk.mode, &MODE_COMPARE);
    bench_close(&b);
}

static void new_guidelines_are_read_at_the_next_start(void **state)
{
    (void)state;
    Bench b;
    Error err = {0};
    bench_open(&b, 3, 1);
    press(&b, 'a');
    end(&b, "quit");
    edit(&b, "Kind before right.", 1, false);
    for (int start = 0; start < 2; start++) {
        const SessionOptions o = {.handle = "ada", .ui = "tui", .now = bench_now, .context = &b};
        assert_int_equal(session_begin(&b.session, b.store, &o, &err), 0);
        assert_int_equal(desk_open(&b.desk, b.session, "ada", ROWS, COLS, &err), 0);
        assert_ptr_equal(b.desk.mode, start == 0 ? &MODE_PAGE : &MODE_COMPARE);
        desk_return(&b.desk);
        look(&b);
        press(&b, 'a');
        if (start == 0) end(&b, "quit");
    }
    bench_close(&b);
}

/* 3 of a scale of 3 is B by far, and of a scale of 1 nothing: 1 2 are A and B. */
static void another_scale_holds_from_the_next_pair_on(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 3, 3);
    edit(&b, NULL, 1, false);
    press(&b, '7');
    assert_int_equal(labels(&b), 1);
    press(&b, '7');
    assert_int_equal(labels(&b), 1);
    press(&b, '2');
    assert_int_equal(labels(&b), 2);
    bench_close(&b);
}

static void a_campaign_that_was_closed_says_so(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, 3, 1);
    edit(&b, NULL, 1, true);
    press(&b, 'a');
    assert_int_equal(labels(&b), 1);
    assert_ptr_equal(b.desk.mode, &MODE_END);
    assert_true(session_is_closed(b.session));
    edit(&b, NULL, 1, false);
    press(&b, 'w'); /* looks again */
    assert_ptr_equal(b.desk.mode, &MODE_COMPARE);
    assert_false(session_is_closed(b.session));
    bench_close(&b);
}

static void who_was_disabled_is_given_no_other_pair(void **state)
{
    (void)state;
    Bench b;
    Error err = {0};
    StorePersonList people = {0};
    bench_open(&b, 3, 1);
    assert_int_equal(store_list_people(b.store, &people, &err), 0);
    assert_int_equal(store_disable_person(b.store, people.row[0].id, true, &err), 0);
    store_people_free(&people);
    press(&b, 'a'); /* what was read is not thrown away */
    assert_int_equal(labels(&b), 1);
    assert_ptr_equal(b.desk.mode, &MODE_END);
    assert_true(session_is_disabled(b.session));
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_guidelines_are_read_before_the_next_pair),
        cmocka_unit_test(new_guidelines_are_read_at_the_next_start),
        cmocka_unit_test(another_scale_holds_from_the_next_pair_on),
        cmocka_unit_test(a_campaign_that_was_closed_says_so),
        cmocka_unit_test(who_was_disabled_is_given_no_other_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
