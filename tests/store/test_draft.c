#include "tests/store/store_test.h"

static StoreClaim claim;

static void claim_one(void)
{
    bool found = false;
    add_pairs(1);
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_claim_comparison(store, session, false, &claim, &found, &err));
    assert_true(found);
}

static StoreDraft draft_of_claim(void)
{
    return (StoreDraft){.assignment_id = claim.assignment_id,
                        .chosen = true,
                        .outcome = OUTCOME_PREF,
                        .preferred = -3,
                        .note = "kinder",
                        .reasons = "too-long",
                        .confidence = 7,
                        .prompt_top = 10,
                        .first_top = 20,
                        .second_top = 30,
                        .shown_us = 1000,
                        .first_input_us = 2000,
                        .active_ms = 5};
}

static void draft_comes_back_as_it_was(void **state)
{
    (void)state;
    StoreDraft got = {0};
    bool found = false;
    claim_one();
    OK(store_get_draft(store, claim.assignment_id, &got, &found, &err));
    assert_false(found);
    StoreDraft given = draft_of_claim();
    OK(store_put_draft(store, &given, &err));
    OK(store_get_draft(store, claim.assignment_id, &got, &found, &err));
    assert_true(found && got.chosen);
    assert_int_equal(got.outcome, OUTCOME_PREF);
    assert_int_equal(got.preferred, -3);
    assert_string_equal(got.note, "kinder");
    assert_string_equal(got.reasons, "too-long");
    assert_int_equal(got.confidence, 7);
    assert_int_equal(got.prompt_top, 10);
    assert_int_equal(got.first_top, 20);
    assert_int_equal(got.second_top, 30);
    assert_int_equal(got.shown_us, 1000);
    assert_int_equal(got.first_input_us, 2000);
    assert_int_equal(got.active_ms, 5);
    store_draft_free(&got);
    /* The next one takes its place. */
    given = (StoreDraft){.assignment_id = claim.assignment_id, .shown_us = 1000};
    OK(store_put_draft(store, &given, &err));
    OK(store_get_draft(store, claim.assignment_id, &got, &found, &err));
    assert_true(found && !got.chosen && !got.note && !got.reasons);
    store_draft_free(&got);
    store_claim_free(&claim);
}

static void draft_ends_with_the_label_or_the_lease(void **state)
{
    (void)state;
    claim_one();
    const StoreDraft given = draft_of_claim();
    OK(store_put_draft(store, &given, &err));
    decide(store, &claim, OUTCOME_TIE, 0);
    assert_int_equal(raw_number("SELECT count(*) FROM draft"), 0);
    /* None is kept of what is decided. */
    OK(store_put_draft(store, &given, &err));
    assert_int_equal(raw_number("SELECT count(*) FROM draft"), 0);
    store_claim_free(&claim);

    bool found = false;
    OK(store_undo_label(store, 1, &claim, &found, &err));
    OK(store_put_draft(store, &given, &err));
    assert_int_equal(raw_number("SELECT count(*) FROM draft"), 1);
    OK(store_release_claim(store, claim.assignment_id, &err));
    assert_int_equal(raw_number("SELECT count(*) FROM draft"), 0);
    store_claim_free(&claim);
}

static void expected_answer_is_kept_and_replaced(void **state)
{
    (void)state;
    StoreGold got = {0};
    bool found = true;
    add_pairs(1);
    OK(store_get_gold(store, 1, &got, &found, &err));
    assert_false(found);
    static const StoreGold GIVEN[] = {
        {.comparison_id = 1, .outcome = OUTCOME_PREF, .preferred = 2, .why = "a is rude"},
        {.comparison_id = 1, .outcome = OUTCOME_TIE}};
    for (int i = 0; i < 2; i++) {
        OK(store_put_gold(store, &GIVEN[i], &err));
        OK(store_get_gold(store, 1, &got, &found, &err));
        assert_true(found);
        assert_int_equal(got.outcome, GIVEN[i].outcome);
        assert_int_equal(got.preferred, GIVEN[i].preferred);
        if (i == 0) assert_string_equal(got.why, "a is rude");
        else assert_null(got.why);
        store_gold_free(&got);
    }
    assert_int_equal(
        store_put_gold(store, &(StoreGold){.comparison_id = 9, .outcome = OUTCOME_TIE}, &err), -1);
}

/* Stored per answer a and b, whichever of them was shown first. */
static void label_keeps_what_was_seen_and_why(void **state)
{
    (void)state;
    claim_one();
    StoreDecision d = {.assignment_id = claim.assignment_id,
                       .outcome = OUTCOME_FLAG,
                       .shown_us = 1000,
                       .first_input_us = 2000,
                       .active_ms = 1,
                       .layout = "side",
                       .comment = "not English",
                       .reasons = "language,other",
                       .confidence = 9,
                       .seen = true,
                       .seen_first = 1000,
                       .seen_second = 380};
    store_make_uuid(d.uuid);
    OK(store_save_label(store, &d, NULL, &err));
    assert_int_equal(raw_number("SELECT reasons='language,other' FROM label"), 1);
    assert_int_equal(raw_number("SELECT first_input_us FROM label"), 2000);
    assert_int_equal(raw_number("SELECT confidence FROM label"), 9);
    assert_int_equal(raw_number("SELECT hash_version FROM label"), 2);
    assert_int_equal(raw_number("SELECT seen_a FROM label"), claim.swapped ? 380 : 1000);
    assert_int_equal(raw_number("SELECT seen_b FROM label"), claim.swapped ? 1000 : 380);
    store_claim_free(&claim);
}

/* Whoever writes past the trigger is found out, in each column that version 2 of the hash covers. */
static void added_columns_cannot_be_changed_without_a_trace(void **state)
{
    (void)state;
    static const char *const CHANGE[] = {"UPDATE label SET reasons='spam'",
                                         "UPDATE label SET first_input_us=3",
                                         "UPDATE label SET confidence=1",
                                         "UPDATE label SET seen_a=1",
                                         "UPDATE label SET seen_b=1",
                                         "UPDATE label SET hash_version=1",
                                         "UPDATE assignment SET role='reviewer'"};
    StoreVerified verified = {0};
    claim_one();
    decide(store, &claim, OUTCOME_FLAG, 0);
    store_claim_free(&claim);
    OK(store_verify(store, &verified, &err));
    assert_int_equal(raw_sql("CREATE TABLE kept AS SELECT * FROM label"), SQLITE_OK);
    assert_int_equal(raw_sql("DROP TRIGGER label_no_update"), SQLITE_OK);
    for (size_t i = 0; i < sizeof CHANGE / sizeof *CHANGE; i++) {
        assert_int_equal(raw_sql(CHANGE[i]), SQLITE_OK);
        if (store_verify(store, &verified, &err) == 0) fail_msg("not noticed: %s", CHANGE[i]);
        assert_int_equal(
            raw_sql(
                "UPDATE label SET (reasons,first_input_us,confidence,seen_a,seen_b,hash_version)"
                "=(SELECT reasons,first_input_us,confidence,seen_a,seen_b,hash_version FROM kept);"
                "UPDATE assignment SET role='annotator'"),
            SQLITE_OK);
        OK(store_verify(store, &verified, &err));
    }
}

/* The ten minutes are over, and the reader scrolls before anybody else comes. */
static void a_pair_that_is_worked_on_stays_held(void **state)
{
    (void)state;
    StoreClaim other = {0};
    bool found = true;
    claim_one();
    const StoreDraft draft = draft_of_claim();
    OK(raw_sql("UPDATE assignment SET expires_us=1"));
    OK(store_put_draft(store, &draft, &err));
    const int64_t ben = begin_session_of(store, "ben", ANNOTATOR_HUMAN);
    OK(store_claim_comparison(store, ben, false, &other, &found, &err));
    assert_false(found);
    OK(raw_sql("UPDATE assignment SET expires_us=1"));
    OK(store_claim_comparison(store, ben, false, &other, &found, &err));
    assert_true(found); /* nobody at work on it */
    store_claim_free(&other);
    store_claim_free(&claim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(draft_comes_back_as_it_was),
        TEST(draft_ends_with_the_label_or_the_lease),
        TEST(a_pair_that_is_worked_on_stays_held),
        TEST(expected_answer_is_kept_and_replaced),
        TEST(label_keeps_what_was_seen_and_why),
        TEST(added_columns_cannot_be_changed_without_a_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
