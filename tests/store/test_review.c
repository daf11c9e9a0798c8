#include "tests/store/store_test.h"

/* `handle` says of a comparison that a is better (-1), b (1), or neither (0). */
static void vote(const char *handle, int64_t comparison, int side)
{
    StoreClaim c = {0};
    const int64_t session = begin_session_of(store, handle, ANNOTATOR_HUMAN);
    OK(store_hold_comparison(store, session, comparison, &c, &err));
    decide(store, &c, side ? OUTCOME_PREF : OUTCOME_TIE, c.swapped ? -side : side);
    store_claim_free(&c);
}

static int64_t count_left(int64_t annotator)
{
    int64_t n = -1;
    OK(store_count_disagreed(store, annotator, &n, &err));
    return n;
}

static void reviewer_is_given_what_people_differ_on(void **state)
{
    (void)state;
    StoreClaim c = {0};
    bool found = false;
    add_pairs(4);
    vote("ada", 1, -1), vote("bo", 1, -1);
    vote("ada", 2, -1), vote("bo", 2, 1);
    vote("ada", 3, 0), vote("bo", 3, 1);
    vote("ada", 4, 1);
    /* Rules may say what they like. */
    const int64_t rule = begin_session_of(store, "rule:test", ANNOTATOR_RULE);
    OK(store_add_labels(store, rule, &(StoreVerdict){.comparison_id = 4, .preferred = -1}, 1, NULL,
                        &err));
    const int64_t cy = begin_session_of(store, "cy", ANNOTATOR_HUMAN);
    assert_int_equal(count_left(4), 2);
    OK(store_claim_disagreed(store, cy, 0, &c, &found, &err));
    assert_true(found);
    assert_int_equal(c.comparison_id, 2);
    store_claim_free(&c);
    OK(store_claim_disagreed(store, cy, 2, &c, &found, &err));
    assert_int_equal(c.comparison_id, 3);
    decide(store, &c, OUTCOME_BOTH_BAD, 0);
    store_claim_free(&c);
    assert_int_equal(count_left(4), 1);
    /* Held by one reviewer, a pair is not given to another. */
    const int64_t dora = begin_session_of(store, "dora", ANNOTATOR_HUMAN);
    OK(store_claim_disagreed(store, dora, 0, &c, &found, &err));
    assert_false(found);
    /* A lease that ran out holds nothing. */
    assert_int_equal(raw_sql("UPDATE assignment SET expires_us=1 WHERE state='open'"), SQLITE_OK);
    OK(store_claim_disagreed(store, dora, 0, &c, &found, &err));
    assert_true(found);
    assert_int_equal(c.comparison_id, 2);
    store_claim_free(&c);
}

static void votes_are_listed_without_the_verdict(void **state)
{
    (void)state;
    StoreVoteList votes = {0};
    StoreClaim c = {0};
    bool found = false;
    add_pairs(1);
    vote("ada", 1, -1), vote("bo", 1, 1);
    const int64_t cy = begin_session_of(store, "cy", ANNOTATOR_HUMAN);
    OK(store_claim_disagreed(store, cy, 0, &c, &found, &err));
    decide(store, &c, OUTCOME_TIE, 0);
    store_claim_free(&c);
    OK(store_list_votes(store, 1, &votes, &err));
    assert_int_equal(votes.n, 2);
    assert_string_equal(votes.row[0].annotator, "ada");
    assert_int_equal(votes.row[0].preferred, -1);
    assert_string_equal(votes.row[1].annotator, "bo");
    assert_int_equal(votes.row[1].preferred, 1);
    store_votes_free(&votes);
}

/* Who has labeled a pair may settle it too: both labels are on record, and each is taken back by itself. */
static void one_person_may_be_annotator_and_reviewer(void **state)
{
    (void)state;
    StoreClaim c = {0};
    StorePreferenceList list = {0};
    StoreVerified verified = {0};
    bool found = false;
    add_pairs(1);
    vote("ada", 1, -1), vote("bo", 1, 1);
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_claim_disagreed(store, ada, 0, &c, &found, &err));
    decide(store, &c, OUTCOME_PREF, c.swapped ? -1 : 1);
    store_claim_free(&c);
    OK(store_list_preferences(store, NULL, &list, &err));
    assert_int_equal(list.n, 1);
    assert_string_equal(list.row[0].chosen, "answer two to 0");
    store_preferences_free(&list);

    OK(store_undo_review(store, ada, &c, &found, &err));
    assert_true(found);
    OK(store_release_claim(store, c.assignment_id, &err));
    store_claim_free(&c);
    OK(store_list_preferences(store, NULL, &list, &err));
    assert_int_equal(list.n, 2); /* as if nothing had been settled */
    store_preferences_free(&list);
    OK(store_undo_review(store, ada, &c, &found, &err));
    assert_false(found);
    OK(store_undo_label(store, ada, &c, &found, &err));
    assert_true(found);
    store_claim_free(&c);
    OK(store_verify(store, &verified, &err));
    assert_int_equal(verified.labels, 5);
}

static void demonstration_is_taken_back_by_its_writer_alone(void **state)
{
    (void)state;
    int64_t ada = 0, bo = 0;
    bool removed = true;
    StoreDemonstrationList list = {0};
    OK(store_add_annotator(store, "ada", ANNOTATOR_HUMAN, &ada, &err));
    OK(store_add_annotator(store, "bo", ANNOTATOR_HUMAN, &bo, &err));
    StoreDemonstration row = {
        .prompt = "why ?", .response = " so .", .source = "written:ada", .annotator_id = ada};
    OK(store_add_demonstrations(store, &row, 1, NULL, &err));
    OK(store_list_demonstrations(store, SPLIT_ANY, &list, &err));
    assert_int_equal(list.row[0].annotator_id, ada);
    store_demonstrations_free(&list);
    OK(store_remove_demonstration(store, row.id, bo, &removed, &err));
    assert_false(removed);
    OK(store_remove_demonstration(store, row.id, ada, &removed, &err));
    assert_true(removed);
    assert_int_equal(raw_number("SELECT count(*) FROM demonstration"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reviewer_is_given_what_people_differ_on),
        TEST(votes_are_listed_without_the_verdict),
        TEST(one_person_may_be_annotator_and_reviewer),
        TEST(demonstration_is_taken_back_by_its_writer_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
