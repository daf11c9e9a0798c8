#include "tests/store/store_test.h"

/* Ada says a, then b (the second supersedes), ben says tie and takes it back. */
static void fill(void)
{
    add_pairs(2);
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    const int64_t ben = begin_session_of(store, "ben", ANNOTATOR_HUMAN);
    StoreBallot b = {.comparison_id = 1, .outcome = OUTCOME_PREF, .preferred = -2, .first = 1};
    const BallotTerms replace = {.replace = true};
    OK(store_add_ballots(store, ada, &b, 1, replace, &err));
    b.preferred = 1;
    OK(store_add_ballots(store, ada, &b, 1, replace, &err));
    b.outcome = OUTCOME_TIE;
    OK(store_add_ballots(store, ben, &b, 1, replace, &err));
    StoreClaim claim = {0};
    bool found = false;
    OK(store_undo_label(store, ben, &claim, &found, &err));
    store_claim_free(&claim);
}

static void a_pair_has_every_label_in_order(void **state)
{
    (void)state;
    StoreLabelRecordList list = {0};
    fill();
    OK(store_list_label_records(store, 0, 1, &list, &err));
    assert_int_equal(list.n, 4);
    static const struct {
        int64_t supersedes, superseded_by;
        bool retract, stands;
    } EXPECTED[] = {
        {0, 2, false, false}, {1, 0, false, true}, {0, 4, false, false}, {3, 0, true, false}};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(list.row[i].id, i + 1);
        assert_int_equal(list.row[i].supersedes, EXPECTED[i].supersedes);
        assert_int_equal(list.row[i].superseded_by, EXPECTED[i].superseded_by);
        assert_int_equal(list.row[i].retract, EXPECTED[i].retract);
        assert_int_equal(list.row[i].stands, EXPECTED[i].stands);
        assert_string_equal(list.row[i].annotator, i < 2 ? "ada" : "ben");
        assert_string_equal(list.row[i].previous, i ? list.row[i - 1].hash : "");
        assert_int_equal(strlen(list.row[i].hash), 64);
    }
    assert_int_equal(list.row[0].preferred, -2);
    assert_true(list.row[0].swapped);
    assert_int_equal(list.row[0].seen_a, -1);
    store_label_records_free(&list);
    OK(store_list_label_records(store, 0, 2, &list, &err));
    assert_int_equal(list.n, 0);
    OK(store_list_label_records(store, 3, 0, &list, &err));
    assert_int_equal(list.n, 1);
    assert_int_equal(list.row[0].outcome, OUTCOME_TIE);
    store_label_records_free(&list);
    OK(store_list_label_records(store, 99, 0, &list, &err));
    assert_int_equal(list.n, 0);
}

static void a_label_is_checked_with_its_neighbours(void **state)
{
    (void)state;
    StoreLabelPlace place = {0};
    fill();
    for (int64_t id = 1; id <= 4; id++) {
        OK(store_check_label(store, id, &place, &err));
        assert_int_equal(place.place, id);
        assert_int_equal(place.of, 4);
        assert_int_equal(place.before, id - 1);
    }
    assert_int_equal(raw_sql("DROP TRIGGER label_no_update; UPDATE label SET pref=3 WHERE id=1"),
                     SQLITE_OK);
    assert_int_equal(store_check_label(store, 1, &place, &err), -1);
    assert_non_null(strstr(err.message, "label 1 was changed after it was given"));
    /* 2 holds the hash that 1 said it had, which is what was given */
    OK(store_check_label(store, 2, &place, &err));
    /* and a changed 3 shows from 2, whose next one no longer fits */
    assert_int_equal(raw_sql("UPDATE label SET active_ms=9 WHERE id=3"), SQLITE_OK);
    assert_int_equal(store_check_label(store, 2, &place, &err), -1);
    assert_non_null(strstr(err.message, "label 3 was changed"));
}

static void a_changed_text_shows_in_the_label_given_to_it(void **state)
{
    (void)state;
    StoreLabelPlace place = {0};
    StoreRedacted redacted = {0};
    fill();
    OK(store_redact_prompt(store, 1, &(StoreRedaction){.who = "ada"}, &redacted, &err));
    OK(store_check_label(store, 2, &place, &err)); /* a tombstone is no change */
    assert_int_equal(raw_sql("DROP TRIGGER content_no_update; UPDATE content SET body='x' WHERE "
                             "body='answer two to 0'"),
                     SQLITE_OK);
    assert_int_equal(store_check_label(store, 2, &place, &err), -1);
    assert_non_null(strstr(err.message, "a text that label 2 was given to has been changed"));
    store_redacted_free(&redacted);
}

static void a_pair_says_what_made_its_answers(void **state)
{
    (void)state;
    StorePairRecord r = {0};
    fill();
    OK(store_get_pair_record(store, 1, &r, &err));
    assert_int_equal(r.prompt_id, 1);
    assert_string_equal(r.campaign, "default");
    assert_string_equal(r.origin, "random");
    assert_string_equal(r.answer[0].response.text, "answer one to 0");
    assert_string_equal(r.answer[1].response.text, "answer two to 0");
    assert_string_equal(r.answer[1].response.finish, "length");
    assert_int_equal(r.answer[1].response.seed, 7);
    assert_int_equal(r.answer[1].response.sample_no, 1);
    assert_string_equal(r.answer[1].response.sampling_json, "{\"temperature\":1}");
    assert_string_equal(r.answer[0].model.name, "base");
    assert_string_equal(r.answer[0].model.weights_sha256,
                        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    assert_false(r.answer[0].redacted);
    assert_string_equal(r.held_by, "ben"); /* what he took back is his again */
    store_pair_record_free(&r);
    assert_int_equal(store_get_pair_record(store, 3, &r, &err), -1);
    assert_string_equal(err.message, "there is no pair 3 here");
}

static void a_prompt_has_its_pairs_and_its_redaction(void **state)
{
    (void)state;
    StorePromptRecord r = {0};
    StoreRedacted redacted = {0};
    fill();
    OK(store_get_prompt_record(store, 1, &r, &err));
    assert_string_equal(r.prompt.text, "question aaa");
    assert_string_equal(r.prompt.source, "test");
    /* printf 'question aaa' | sha256sum */
    static const char hash[] = "ac6cbba0d68aeb4e0ac1a197fd061d18c3d469e22db30da95d353b57ba413c12";
    assert_string_equal(r.hash, hash);
    assert_null(r.redacted_by);
    assert_int_equal(r.responses, 2);
    assert_int_equal(r.n_pairs, 1);
    assert_int_equal(r.pair[0].id, 1);
    assert_int_equal(r.pair[0].labels, 4);
    assert_int_equal(r.pair[0].standing, 1);
    store_prompt_record_free(&r);
    OK(store_redact_prompt(store, 1, &(StoreRedaction){.who = "ada", .why = "a number"}, &redacted,
                           &err));
    OK(store_get_prompt_record(store, 1, &r, &err));
    assert_string_equal(r.prompt.text, "[redacted]");
    assert_string_equal(r.hash, hash);
    assert_string_equal(r.redacted_by, "ada");
    assert_string_equal(r.redacted_why, "a number");
    store_prompt_record_free(&r);
    store_redacted_free(&redacted);
    assert_int_equal(store_get_prompt_record(store, 9, &r, &err), -1);
    assert_string_equal(err.message, "there is no prompt 9 here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pair_has_every_label_in_order),
        TEST(a_label_is_checked_with_its_neighbours),
        TEST(a_changed_text_shows_in_the_label_given_to_it),
        TEST(a_pair_says_what_made_its_answers),
        TEST(a_prompt_has_its_pairs_and_its_redaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
