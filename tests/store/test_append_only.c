/* What was decided stays: the schema refuses changes, and verify finds those made around it. */
#include "tests/store/store_test.h"

static void one_label(void)
{
    StoreClaim c = {0};
    bool found = false;
    add_pairs(2);
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_claim_comparison(store, session, false, &c, &found, &err));
    decide(store, &c, OUTCOME_PREF, 1);
    store_claim_free(&c);
}

#define APPEND_ONLY_LABEL "label is append-only"
/* Label 1 once more under another id, with other columns from `uuid` to `submitted_us`. */
#define LABEL(id, from_uuid, shown_submitted)                                                 \
    "INSERT INTO label(id,uuid,assignment_id,session_id,supersedes,op,outcome,pref,shown_us," \
    "submitted_us,active_ms,layout,comment,prev_hash,row_hash) SELECT " id "," from_uuid      \
    "," shown_submitted ",active_ms,layout,comment,prev_hash,row_hash FROM label WHERE id=1"
#define TIMES                  "shown_us,submitted_us"
#define LABEL_9(uuid, columns) LABEL("9", uuid ",assignment_id,session_id," columns, TIMES)
/* A reason, a confidence and so on of one more label. */
#define WITH(column, value)                                                                        \
    "INSERT INTO label(id,uuid,assignment_id,session_id,supersedes,op,outcome,pref,shown_us,"      \
    "submitted_us,active_ms,prev_hash,row_hash," column ") SELECT 9,randomblob(16),assignment_id," \
    "session_id,1,op,outcome,pref,shown_us,submitted_us,active_ms,prev_hash,row_hash," value       \
    " FROM label"
#define OTHER      "randomblob(16)"
#define CHECK_OP   "CHECK constraint failed: (op='retract')=(outcome IS NULL)"
#define CHECK_PREF "CHECK constraint failed: CASE outcome"

static void schema_refuses_what_must_not_be(void **state)
{
    (void)state;
    static const struct {
        const char *claim, *sql, *constraint;
    } BAD[] = {
        {"a label does not change", "UPDATE label SET pref=-pref", APPEND_ONLY_LABEL},
        {"a label does not go", "DELETE FROM label", APPEND_ONLY_LABEL},
        {"a label is not replaced", "INSERT OR REPLACE INTO label SELECT * FROM label",
         APPEND_ONLY_LABEL},
        {"a text does not change", "UPDATE content SET body='x'", "content is append-only"},
        {"an assignment has one first label", LABEL_9(OTHER, "NULL,op,outcome,pref"),
         "UNIQUE constraint failed: label.assignment_id"},
        {"a decision is one label", LABEL_9("uuid", "1,op,outcome,pref"),
         "UNIQUE constraint failed: label.uuid"},
        {"a label is superseded once",
         LABEL_9(OTHER, "1,op,outcome,pref") ";" LABEL(
             "10", "randomblob(16),assignment_id,session_id,1,op,outcome,pref", TIMES),
         "UNIQUE constraint failed: label.supersedes"},
        {"set has an outcome", LABEL_9(OTHER, "1,'set',NULL,NULL"), CHECK_OP},
        {"retract has none", LABEL_9(OTHER, "1,'retract','pref',1"), CHECK_OP},
        {"a preference is not 0", LABEL_9(OTHER, "1,'set','pref',0"), CHECK_PREF},
        {"a preference says which", LABEL_9(OTHER, "1,'set','pref',NULL"), CHECK_PREF},
        {"a tie prefers neither", LABEL_9(OTHER, "1,'set','tie',1"), CHECK_PREF},
        {"a skip says nothing", LABEL_9(OTHER, "1,'set','skip',1"), CHECK_PREF},
        {"a preference is at most 4 strong", LABEL_9(OTHER, "1,'set','pref',5"),
         "CHECK constraint failed: pref IS NULL OR pref BETWEEN -4 AND 4"},
        {"a label supersedes one of its own assignment",
         "INSERT INTO assignment(id,comparison_id,annotator_id,session_id,swapped,leased_us,"
         "expires_us,state) VALUES(9,2,1,1,0,0,0,'done');" LABEL(
             "9", "randomblob(16),9,session_id,1,op,outcome,pref", TIMES),
         "supersedes must stay in the same assignment"},
        {"nothing is decided before it is shown",
         LABEL("9", "randomblob(16),assignment_id,session_id,1,op,outcome,pref", "5,4"),
         "CHECK constraint failed: submitted_us>=shown_us"},
        {"reasons are words", WITH("reasons", "'Too long'"), "CHECK constraint failed: reasons"},
        {"no reason is NULL", WITH("reasons", "''"), "CHECK constraint failed: reasons"},
        {"confidence is at most 9", WITH("confidence", "10"),
         "CHECK constraint failed: confidence"},
        {"parts are thousandths", WITH("seen_a", "1001"), "CHECK constraint failed: seen_a"},
        {"hashes have two versions", WITH("hash_version", "3"),
         "CHECK constraint failed: hash_version"},
        {"roles are two", "UPDATE assignment SET role='judge'", "CHECK constraint failed: role"},
        {"a person has a pair once in a role",
         "INSERT INTO assignment(comparison_id,annotator_id,session_id,swapped,leased_us,"
         "expires_us,state) VALUES(1,1,1,0,0,0,'open')",
         "UNIQUE constraint failed: assignment.comparison_id"},
        {"purposes are three", "UPDATE campaign SET purpose='fun'",
         "CHECK constraint failed: purpose"},
        {"scales end at 4", "UPDATE campaign SET scale=5", "CHECK constraint failed: scale"},
        {"a draft has a side for a preference alone",
         "INSERT INTO draft VALUES(1,'tie',1,NULL,NULL,NULL,0,0,0,0,NULL,0,0)",
         "CHECK constraint failed: (outcome IS 'pref')"},
        {"what is expected is a preference, a tie or both bad",
         "INSERT INTO gold VALUES(1,'skip',0,NULL,0)", "CHECK constraint failed: outcome"},
        {"a tie that is expected prefers neither", "INSERT INTO gold VALUES(1,'tie',1,NULL,0)",
         "CHECK constraint failed: pref"},
        {"a text is redacted for a reason on record", "UPDATE content SET body='[redacted]'",
         "content is append-only"},
        {"a redaction leaves a tombstone",
         "INSERT INTO redaction VALUES(2,'ada',NULL,0);"
         "UPDATE content SET body='other' WHERE id=2",
         "content is append-only"},
        {"a redaction keeps the hash",
         "INSERT INTO redaction VALUES(2,'ada',NULL,0);"
         "UPDATE content SET body='[redacted]', sha256=randomblob(32) WHERE id=2",
         "content is append-only"},
        {"a redaction stays", "INSERT INTO redaction VALUES(2,'ada',NULL,0);DELETE FROM redaction",
         "redaction is append-only"},
        {"a pair has one order", "INSERT INTO comparison VALUES(9,1,1,2,1,'random',0)",
         "CHECK constraint failed: a_id<b_id"},
        {"a pair answers one prompt", "INSERT INTO comparison VALUES(9,1,1,1,3,'random',0)",
         "FOREIGN KEY constraint failed"},
        {"a pair is there once", "INSERT INTO comparison VALUES(9,1,1,1,2,'random',0)",
         "UNIQUE constraint failed: comparison.campaign_id, comparison.a_id, comparison.b_id"},
        {"there are three splits", "INSERT INTO prompt VALUES(9,99,'x','somewhere',1,0)",
         "CHECK constraint failed: split IN('train','valid','test')"},
        {"names differ by more than case", "INSERT INTO annotator VALUES(9,'ADA','human',0,NULL)",
         "UNIQUE constraint failed: annotator.handle"},
        {"tokens are as many as n_tokens says", "UPDATE response SET tokens=x'00'",
         "CHECK constraint failed: n_tokens>=0"},
        {"a hash has 32 bytes", "INSERT INTO content VALUES(99,x'00','x')",
         "CHECK constraint failed: length(sha256)=32"},
    };
    one_label();
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        char sql[1200], message[256];
        snprintf(sql, sizeof sql, "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON; BEGIN; %s",
                 BAD[i].sql);
        if (raw_sql_message(sql, message, sizeof message) == SQLITE_OK)
            fail_msg("not refused: %s", BAD[i].claim);
        if (strncmp(message, BAD[i].constraint, strlen(BAD[i].constraint)) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", BAD[i].claim, message, BAD[i].constraint);
    }
}

static void verify_finds(const char *change, const char *want)
{
    StoreVerified verified;
    OK(store_verify(store, &verified, &err));
    assert_int_equal(raw_sql(change), SQLITE_OK);
    assert_int_equal(store_verify(store, &verified, &err), -1);
    if (!strstr(err.message, want)) fail_msg("'%s' does not say '%s'", err.message, want);
}

static void verify_finds_an_edited_label(void **state)
{
    (void)state;
    one_label();
    verify_finds("DROP TRIGGER label_no_update; UPDATE label SET pref=-pref",
                 "label 1 was changed");
}

static void verify_finds_an_edited_assignment(void **state)
{
    (void)state;
    one_label();
    verify_finds("UPDATE assignment SET swapped=1-swapped", "label 1 was changed");
}

static void verify_finds_a_label_given_to_somebody_else(void **state)
{
    (void)state;
    one_label();
    verify_finds("INSERT INTO annotator VALUES(9,'eve','human',0,NULL); UPDATE assignment SET "
                 "annotator_id=9",
                 "label 1 was changed");
}

static void verify_finds_an_edited_answer(void **state)
{
    (void)state;
    one_label();
    verify_finds("DROP TRIGGER content_no_update; UPDATE content SET body='x' WHERE id=2",
                 "text 2 was changed");
}

static void verify_finds_a_missing_label(void **state)
{
    (void)state;
    add_pairs(3);
    const int64_t rule = begin_session_of(store, "rule:test", ANNOTATOR_RULE);
    for (int i = 1; i <= 3; i++)
        OK(store_add_labels(store, rule, &(StoreVerdict){.comparison_id = i, .preferred = 1}, 1,
                            NULL, &err));
    verify_finds("DROP TRIGGER label_no_delete; DELETE FROM label WHERE id=2",
                 "label 3 was changed");
}

static void verify_finds_a_dangling_reference(void **state)
{
    (void)state;
    one_label();
    verify_finds("PRAGMA foreign_keys=OFF; DELETE FROM session", "reference");
}

/* An import does without triggers. */
static void rows_stay_while_triggers_are_off(void **state)
{
    (void)state;
    static const char *const BAD[] = {"UPDATE label SET pref=-pref", "DELETE FROM label",
                                      "UPDATE content SET body='x'", "DELETE FROM content",
                                      "DELETE FROM judgement",       "DELETE FROM redaction"};
    one_label();
    OK(sql_bulk(store, true, &err));
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_int_equal(sqlite3_exec(store->db, BAD[i], NULL, NULL, NULL), SQLITE_AUTH);
    OK(sql_bulk(store, false, &err));
    assert_int_equal(sqlite3_exec(store->db, BAD[0], NULL, NULL, NULL), SQLITE_CONSTRAINT_TRIGGER);
    assert_int_equal(sqlite3_exec(store->db, BAD[1], NULL, NULL, NULL), SQLITE_CONSTRAINT_TRIGGER);
    assert_int_equal(sqlite3_exec(store->db, "DELETE FROM demonstration", NULL, NULL, NULL),
                     SQLITE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(schema_refuses_what_must_not_be),   TEST(verify_finds_an_edited_label),
        TEST(verify_finds_an_edited_assignment), TEST(verify_finds_a_label_given_to_somebody_else),
        TEST(verify_finds_an_edited_answer),     TEST(verify_finds_a_missing_label),
        TEST(verify_finds_a_dangling_reference), TEST(rows_stay_while_triggers_are_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
