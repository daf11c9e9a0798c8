#include "tests/store/store_test.h"

static void people_are_listed_and_disabled(void **state)
{
    (void)state;
    StorePersonList people = {0};
    StoreClaim c = {0};
    bool found = false;
    add_pairs(1);
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    begin_session_of(store, "rule:test", ANNOTATOR_RULE);
    const int64_t bo = begin_session_of(store, "bo", ANNOTATOR_HUMAN);
    OK(store_claim_comparison(store, ada, false, &c, &found, &err));
    store_claim_free(&c);
    OK(store_disable_person(store, 1, true, &err));
    OK(store_list_people(store, &people, &err));
    assert_int_equal(people.n, 2); /* a rule is nobody */
    assert_true(people.row[0].disabled && !people.row[1].disabled);
    store_people_free(&people);
    /* What ada held is free for others. */
    OK(store_claim_comparison(store, bo, false, &c, &found, &err));
    assert_true(found);
    store_claim_free(&c);
    OK(store_disable_person(store, 1, false, &err));
    OK(store_list_people(store, &people, &err));
    assert_false(people.row[0].disabled);
    store_people_free(&people);
    assert_int_equal(store_disable_person(store, 2, true, &err), -1); /* the rule */
}

static void say(const char *handle, int64_t comparison, Outcome outcome, int side, int active_ms)
{
    StoreClaim c = {0};
    const int64_t session = begin_session_of(store, handle, ANNOTATOR_HUMAN);
    OK(store_hold_comparison(store, session, comparison, &c, &err));
    StoreDecision d = {.assignment_id = c.assignment_id,
                       .outcome = outcome,
                       .preferred = c.swapped ? -side : side,
                       .shown_us = 1,
                       .active_ms = active_ms};
    store_make_uuid(d.uuid);
    OK(store_save_label(store, &d, NULL, &err));
    store_claim_free(&c);
}

/* By hand: ada against bo on pair 1 the same side (1), on 2 a tie against a side (0.5), on 3 the other side (0);
 * a skip is compared with nothing. */
static void work_says_how_far_people_agree(void **state)
{
    (void)state;
    static const double AGREEMENT[] = {1, 0.5, 0, 0};
    static const int COMPARED[] = {1, 1, 1, 0};
    StoreWorkList work = {0};
    add_pairs(4);
    say("ada", 1, OUTCOME_PREF, -3, 10);
    say("ada", 2, OUTCOME_TIE, 0, 20);
    say("ada", 3, OUTCOME_PREF, 1, 30);
    say("ada", 4, OUTCOME_SKIP, 0, 40);
    say("bo", 1, OUTCOME_PREF, -1, 1);
    say("bo", 2, OUTCOME_PREF, 2, 1);
    say("bo", 3, OUTCOME_PREF, -1, 1);
    say("bo", 4, OUTCOME_PREF, -1, 1);
    OK(store_list_work(store, 0, 0, &work, &err));
    assert_int_equal(work.n, 8);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(work.row[i].annotator, "ada");
        assert_int_equal(work.row[i].active_ms, 10 * (i + 1));
        assert_true(work.row[i].stands && work.row[i].skip == (i == 3));
        assert_true(work.row[i].agreement == AGREEMENT[i]);
        assert_int_equal(work.row[i].compared, COMPARED[i]);
    }
    const int64_t first = work.row[0].submitted_us, last = work.row[7].submitted_us;
    store_work_free(&work);
    OK(store_list_work(store, last + 1, 0, &work, &err));
    assert_int_equal(work.n, 0);
    OK(store_list_work(store, 0, first, &work, &err));
    assert_int_equal(work.n, 0);
    /* A change of mind stands, what it changed does not, and both took time. */
    say("ada", 3, OUTCOME_PREF, -1, 50);
    OK(store_list_work(store, 0, 0, &work, &err));
    assert_int_equal(work.n, 9);
    assert_false(work.row[2].stands);
    assert_true(work.row[4].stands && work.row[4].agreement == 1);
    assert_int_equal(work.row[4].active_ms, 50);
    store_work_free(&work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(people_are_listed_and_disabled),
        TEST(work_says_how_far_people_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
