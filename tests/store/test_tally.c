#include "store/tally.h"

#include "base/mem.h"
#include "base/text.h"
#include "tests/store/import_test.h"

/* ---- what the numbers are, by the words of store/status.h ------------------------------------------ */

#define REDACTED "(SELECT q.id FROM prompt q JOIN redaction z ON z.content_id=q.content_id)"
#define TRAINS   " JOIN campaign g ON g.id=c.campaign_id AND g.purpose='train'"
#define SPLIT_OF " JOIN prompt p ON p.id=c.prompt_id AND p.split='%s'"

static void assert_by_split(const int64_t counted[SPLIT_N], const char *sql)
{
    int64_t all = 0;
    for (Split split = SPLIT_TRAIN; split <= SPLIT_TEST; split++) {
        char *one = mem_format(sql, split_name(split));
        assert_int_equal(counted[split], raw_number(one));
        all += counted[split];
        free(one);
    }
    assert_int_equal(counted[SPLIT_ANY], all);
}

static void assert_status_is_by_definition(void)
{
    StoreStatus s = {0};
    OK(store_status(store, &s, &err));
    assert_by_split(s.prompts,
                    "SELECT count(*) FROM prompt WHERE split='%s' AND id NOT IN " REDACTED);
    assert_by_split(s.unanswered,
                    "SELECT count(*) FROM prompt WHERE split='%s' AND id NOT IN " REDACTED
                    " AND id NOT IN(SELECT prompt_id FROM response)");
    assert_by_split(s.preferences,
                    "SELECT count(*) FROM label_current l JOIN comparison c ON "
                    "c.id=l.comparison_id" TRAINS SPLIT_OF " WHERE l.pref IS NOT NULL");
    assert_by_split(s.undecided, "SELECT count(*) FROM comparison c" TRAINS SPLIT_OF
                                 " WHERE p.id NOT IN " REDACTED
                                 " AND c.id NOT IN(SELECT comparison_id FROM label_current)");
    assert_int_equal(s.labeled, raw_number("SELECT count(DISTINCT comparison_id) FROM label_current"
                                           " WHERE outcome<>'skip'"));
    assert_int_equal(s.skipped,
                     raw_number("SELECT count(*) FROM (SELECT 1 FROM label_current"
                                " GROUP BY comparison_id HAVING sum(outcome<>'skip')=0)"));
    assert_int_equal(s.comparisons, raw_number("SELECT count(*) FROM comparison"));
    assert_int_equal(s.responses, raw_number("SELECT count(*) FROM response"));
    assert_int_equal(s.judgements, raw_number("SELECT count(*) FROM judgement_current"));
    assert_int_equal(s.labels_by_kind[ANNOTATOR_ANY],
                     raw_number("SELECT count(*) FROM label_current"));
    for (size_t i = 0; i < s.n_annotators; i++) {
        char *sql = mem_format("SELECT count(*) FROM label_current l JOIN annotator n ON"
                               " n.id=l.annotator_id WHERE n.handle='%s' AND l.outcome<>'skip'",
                               s.annotator[i].handle);
        assert_int_equal(s.annotator[i].labels, raw_number(sql));
        free(sql);
    }
    store_status_free(&s);
}

/* However few rows were added. */
static void keep(void)
{
    Tally t = {0};
    OK(tally_load(&t, store, &err));
    OK(tally_finish(&t, store, &err));
    t.behind = 1 << 20;
    OK(tally_keep(&t, store, &err));
    tally_free(&t);
}

/* ---- everything that changes a count --------------------------------------------------------------- */

static void say(const char *who, int64_t comparison, Outcome outcome, int preferred)
{
    StoreClaim c = {0};
    const int64_t session = begin_session_of(store, who, ANNOTATOR_HUMAN);
    OK(store_hold_comparison(store, session, comparison, &c, &err));
    decide(store, &c, outcome, preferred);
    store_claim_free(&c);
}

static void undo(const char *who)
{
    StoreClaim c = {0};
    bool found = false;
    OK(store_undo_label(store, begin_session_of(store, who, ANNOTATOR_HUMAN), &c, &found, &err));
    assert_true(found);
    store_claim_free(&c);
}

static void review(Outcome outcome)
{
    StoreClaim c = {0};
    bool found = false;
    const int64_t session = begin_session_of(store, "cy", ANNOTATOR_HUMAN);
    OK(store_claim_disagreed(store, session, 0, &c, &found, &err));
    assert_true(found);
    decide(store, &c, outcome, outcome == OUTCOME_PREF ? 1 : 0);
    store_claim_free(&c);
}

static void undo_review(void)
{
    StoreClaim c = {0};
    bool found = false;
    OK(store_undo_review(store, begin_session_of(store, "cy", ANNOTATOR_HUMAN), &c, &found, &err));
    assert_true(found);
    store_claim_free(&c);
}

static void rule_says(int64_t first, int64_t last)
{
    const int64_t session = begin_session_of(store, "rule:x", ANNOTATOR_RULE);
    for (int64_t i = first; i <= last; i++)
        OK(store_add_labels(store, session, &(StoreVerdict){.comparison_id = i, .preferred = -1}, 1,
                            NULL, &err));
}

static void evaluate_pair(int64_t prompt, int64_t a)
{
    StoreCampaign c = {.name = "check",
                       .title = "",
                       .purpose = PURPOSE_EVALUATE,
                       .scale = 1,
                       .overlap = 1,
                       .lease_s = 600};
    int64_t id = 0;
    OK(store_add_campaign(store, &c, &id, &err));
    OK(store_use_campaign(store, "check", &err));
    OK(store_add_comparisons(
        store,
        &(StoreComparison){.prompt_id = prompt, .a_id = a, .b_id = a + 1, .origin = "random"}, 1,
        NULL, &err));
    OK(store_use_campaign(store, STORE_CAMPAIGN, &err));
}

static void judge(int64_t response, bool good)
{
    StoreJudgement j = {.session_id = begin_session_of(store, "ada", ANNOTATOR_HUMAN),
                        .response_id = response,
                        .good = good};
    store_make_uuid(j.uuid);
    OK(store_save_judgement(store, &j, NULL, &err));
}

static void redact(int64_t prompt, bool answers)
{
    StoreRedacted r = {0};
    OK(store_redact_prompt(store, prompt, &(StoreRedaction){.who = "ada", .answers = answers}, &r,
                           &err));
    store_redacted_free(&r);
}

static void take(const char *rows)
{
    ImportResult r = import(write_file("rows.jsonl", rows));
    store_import_free(&r);
}

static void answer(int64_t prompt, const char *text)
{
    StoreResponse r = {.prompt_id = prompt, .model_id = 1, .text = text};
    OK(store_add_responses(store, &r, 1, NULL, &err));
}

/* Step i of the life of a project; false after the last. */
static bool step(int i)
{
    switch (i) {
    case 0: add_pairs(30); break;
    case 1: say("ada", 1, OUTCOME_PREF, 1); break;
    case 2: say("ada", 2, OUTCOME_SKIP, 0); break;
    case 3: say("ada", 3, OUTCOME_FLAG, 0); break;
    case 4: say("ada", 1, OUTCOME_SKIP, 0); break;
    case 5: say("ada", 1, OUTCOME_TIE, 0); break;
    case 6: undo("ada"); break;
    case 7: say("ada", 1, OUTCOME_BOTH_BAD, 0); break;
    case 8: say("bo", 2, OUTCOME_PREF, -1); break;
    case 9: say("bo", 1, OUTCOME_PREF, -1); break;
    case 10: undo("bo"); break;
    case 11: undo("ada"); break;
    case 12: say("ada", 4, OUTCOME_PREF, 1), say("bo", 4, OUTCOME_TIE, 0); break;
    case 13: review(OUTCOME_PREF); break;
    case 14: undo_review(); break;
    case 15: review(OUTCOME_SKIP); break;
    case 16: rule_says(3, 9); break;
    case 17: evaluate_pair(20, 39); break;
    case 18: say("ada", 31, OUTCOME_PREF, 1); break;
    case 19: judge(1, true), judge(2, false); break;
    case 20: judge(1, false); break;
    case 21: redact(5, true); break;
    case 22: redact(12, false); break;
    case 23: say("bo", 5, OUTCOME_PREF, 1); break;
    case 24: say("bo", 12, OUTCOME_SKIP, 0); break;
    case 25:
        take("{\"prompt\":\"new one\"}\n{\"prompt\":\"new two\",\"completion\":\"yes\"}\n");
        break;
    case 26: answer(31, "late"), answer(31, "later"), answer(1, "another"); break;
    case 27:
        take("{\"prompt\":\"new two\",\"chosen\":\"yes\",\"rejected\":\"no\"}\n"
             "{\"prompt\":\"new three\",\"chosen\":\"yes\",\"rejected\":\"no\"}\n"
             "{\"prompt\":\"new three\",\"completion\":\"yes\",\"label\":true}\n");
        break;
    case 28: say("ada", 32, OUTCOME_PREF, 1); break;
    default: return false;
    }
    return true;
}

/* The tally is kept after every `every` steps, and status begins with it. */
static void live(int every)
{
    StoreVerified verified = {0};
    for (int i = 0; step(i); i++) {
        assert_status_is_by_definition();
        if (i % every == every - 1) keep();
        assert_status_is_by_definition();
        OK(store_verify(store, &verified, &err));
    }
}

static void status_is_right_from_a_tally_of_the_step_before(void **state)
{
    (void)state;
    live(1);
}

static void status_is_right_from_a_tally_of_long_ago(void **state)
{
    (void)state;
    live(7);
}

/* Wherever it stopped: pairs of which a label is counted later, answers of a prompt counted before. */
static void pieces_of_any_size_are_the_same(void **state)
{
    (void)state;
    Tally whole = {0};
    for (int i = 0; step(i);) i++;
    OK(tally_finish(&whole, store, &err));
    for (int rows = 1; rows <= 13; rows += 3) {
        Tally t = {0};
        OK(tally_approach(&t, store, rows, &err));
        for (size_t i = 0; i < whole.n_counts; i++)
            assert_int_equal(tally_of(&t, whole.count[i].what, whole.count[i].of),
                             whole.count[i].n);
        tally_free(&t);
    }
    tally_free(&whole);
}

/* ---- what is kept ---------------------------------------------------------------------------------- */

static void few_rows_are_not_worth_keeping(void **state)
{
    (void)state;
    StoreStatus s = {0};
    add_pairs(3);
    OK(store_status(store, &s, &err));
    assert_int_equal(raw_number("SELECT count(*) FROM tally"), 0);
    store_status_free(&s);
}

/* 6,000 rows are 24,000 in the tables; then a status looks at what came later alone. */
static const char *preferences(void)
{
    Text t = {0};
    for (int i = 0; i < 6000; i++)
        text_format(&t,
                    "{\"prompt\":\"ask %c%c%c\",\"chosen\":\"good %d\",\"rejected\":\"bad %d\"}\n",
                    'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676, i, i);
    const char *path = write_file("rows.jsonl", t.bytes);
    text_free(&t);
    return path;
}

static void import_keeps_the_tally(void **state)
{
    (void)state;
    StoreStatus s = {0};
    ImportResult r = import(preferences());
    store_import_free(&r);
    assert_int_equal(raw_number("SELECT n FROM tally WHERE what='labeled'"), 6000);
    work_begin();
    OK(store_status(store, &s, &err));
    assert_true(work_done < 6000);
    assert_int_equal(s.labeled, 6000);
    assert_status_is_by_definition();
    store_status_free(&s);
}

#define HIDE_TALLY "ALTER TABLE tally RENAME TO hidden"
#define SHOW_TALLY "ALTER TABLE hidden RENAME TO tally"

/* Nothing is counted before the last batch is there: the second connection is closed, and opens again. */
static void show_at_end(void *unused, int64_t bytes, int64_t total)
{
    (void)unused;
    if (bytes == total) assert_int_equal(raw_sql(SHOW_TALLY), SQLITE_OK);
}

static void count_that_fails_on_the_way_is_made_up_for(void **state)
{
    (void)state;
    const ImportOptions options = {.on_progress = show_at_end};
    ImportResult r = {0};
    const char *path = preferences();
    assert_int_equal(raw_sql(HIDE_TALLY), SQLITE_OK);
    OK(store_import(store, path, &options, &r, &err));
    assert_int_equal(r.taken, 6000);
    assert_int_equal(raw_number("SELECT n FROM tally WHERE what='labeled'"), 6000);
    assert_status_is_by_definition();
    store_import_free(&r);
}

static void count_that_fails_is_no_failure_of_the_import(void **state)
{
    (void)state;
    StoreVerified verified = {0};
    const char *path = preferences();
    assert_int_equal(raw_sql(HIDE_TALLY), SQLITE_OK);
    ImportResult r = import(path);
    assert_int_equal(r.taken, 6000);
    assert_int_equal(raw_sql(SHOW_TALLY), SQLITE_OK);
    assert_int_equal(raw_number("SELECT count(*) FROM tally"), 0);
    assert_status_is_by_definition();
    OK(store_verify(store, &verified, &err));
    assert_int_equal(verified.labels, 6000);
    store_import_free(&r);
}

static void a_tally_that_is_wrong_is_found_out(void **state)
{
    (void)state;
    StoreVerified verified = {0};
    add_pairs(3);
    keep();
    OK(store_verify(store, &verified, &err));
    assert_int_equal(raw_sql("UPDATE tally SET n=n+1 WHERE what='comparisons'"), SQLITE_OK);
    assert_int_equal(store_verify(store, &verified, &err), -1);
    assert_non_null(strstr(err.message, "the tally has 4 for comparisons of 0, and there are 3"));
}

/* Another writes: status does not wait for the lock, and says what it says. */
static void status_does_not_wait_to_keep_it(void **state)
{
    (void)state;
    sqlite3 *other = NULL;
    StoreStatus s = {0};
    Tally t = {.behind = 1 << 20};
    add_pairs(3);
    assert_int_equal(sqlite3_open(db_path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    sql_wait(store, false);
    assert_int_equal(tally_keep(&t, store, &err), -1);
    sql_wait(store, true);
    OK(store_status(store, &s, &err));
    assert_int_equal(s.comparisons, 3);
    store_status_free(&s);
    sqlite3_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(status_is_right_from_a_tally_of_the_step_before),
        TEST(status_is_right_from_a_tally_of_long_ago),
        TEST(pieces_of_any_size_are_the_same),
        TEST(few_rows_are_not_worth_keeping),
        TEST(import_keeps_the_tally),
        TEST(count_that_fails_on_the_way_is_made_up_for),
        TEST(count_that_fails_is_no_failure_of_the_import),
        TEST(a_tally_that_is_wrong_is_found_out),
        TEST(status_does_not_wait_to_keep_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
