/* Thumbs for single answers; comparisons made while chatting. */
#include "tests/store/store_test.h"

static int64_t judge(int64_t session, int64_t response, bool good)
{
    StoreJudgement j = {.session_id = session, .response_id = response, .good = good};
    int64_t id = 0;
    store_make_uuid(j.uuid);
    OK(store_save_judgement(store, &j, &id, &err));
    return id;
}

static char *exported(Split split, int64_t *rows)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    OK(store_export(store, DATA_JUDGEMENTS, EXPORT_EXPLICIT, split, to, rows, &err));
    fclose(to);
    return text;
}

/* ---- judgements ------------------------------------------------------------------------------------ */

static void change_of_mind_supersedes(void **state)
{
    (void)state;
    add_pairs(1);
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    const int64_t ben = begin_session_of(store, "ben", ANNOTATOR_HUMAN);
    const int64_t first = judge(ada, 1, true);
    judge(ben, 1, true);
    judge(ada, 2, true);
    judge(ada, 1, false);
    assert_int_equal(raw_number("SELECT count(*) FROM judgement"), 4);
    assert_int_equal(raw_number("SELECT count(*) FROM judgement_current"), 3);
    assert_int_equal(raw_number("SELECT supersedes FROM judgement WHERE id=4"), first);
    assert_int_equal(raw_number("SELECT good FROM judgement_current WHERE id=4"), 0);
}

static void retry_is_the_same_judgement(void **state)
{
    (void)state;
    add_pairs(1);
    StoreJudgement j = {.session_id = begin_session_of(store, "ada", ANNOTATOR_HUMAN),
                        .response_id = 1,
                        .good = true};
    int64_t first = 0, second = 0;
    store_make_uuid(j.uuid);
    OK(store_save_judgement(store, &j, &first, &err));
    OK(store_save_judgement(store, &j, &second, &err));
    assert_int_equal(first, second);
    assert_int_equal(raw_number("SELECT count(*) FROM judgement"), 1);
}

static void answer_that_is_not_there_cannot_be_judged(void **state)
{
    (void)state;
    add_pairs(1);
    StoreJudgement j = {.session_id = begin_session_of(store, "ada", ANNOTATOR_HUMAN),
                        .response_id = 99};
    store_make_uuid(j.uuid);
    assert_int_equal(store_save_judgement(store, &j, NULL, &err), -1);
    assert_non_null(strstr(err.message, "there is no response 99"));
}

static void judgements_do_not_change(void **state)
{
    (void)state;
    char message[256];
    add_pairs(1);
    judge(begin_session_of(store, "ada", ANNOTATOR_HUMAN), 1, true);
    assert_int_not_equal(raw_sql_message("UPDATE judgement SET good=0", message, sizeof message),
                         SQLITE_OK);
    assert_string_equal(message, "judgement is append-only");
    assert_int_not_equal(raw_sql_message("DELETE FROM judgement", message, sizeof message),
                         SQLITE_OK);
    assert_string_equal(message, "judgement is append-only");
    assert_int_not_equal(
        raw_sql_message("INSERT INTO judgement SELECT 9,randomblob(16),2,annotator_id,session_id,"
                        "1,good,submitted_us,prev_hash,row_hash FROM judgement",
                        message, sizeof message),
        SQLITE_OK);
    assert_string_equal(message, "supersedes must stay with the person and the answer");
}

static void list_has_those_that_stand_with_their_texts(void **state)
{
    (void)state;
    StoreJudgedList list = {0};
    add_pairs(1);
    assert_int_equal(raw_sql("INSERT INTO conversation VALUES(1,'chatml')"), SQLITE_OK);
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    judge(ada, 1, true);
    judge(ada, 2, true);
    judge(ada, 1, false);
    OK(store_list_judgements(store, &list, &err));
    assert_int_equal(list.n, 2);
    assert_true(list.row[0].good && !list.row[1].good); /* the changed mind is the newer row */
    assert_string_not_equal(list.row[0].response, list.row[1].response);
    assert_string_equal(list.row[0].prompt, list.row[1].prompt);
    assert_string_equal(list.row[0].template, "chatml");
    assert_string_equal(list.row[0].annotator, "ada");
    assert_true(list.row[0].n_tokens > 0 && list.row[0].split != SPLIT_ANY);
    store_judgements_free(&list);
}

static void changed_judgement_is_found(void **state)
{
    (void)state;
    static const char *const CHANGE[] = {"UPDATE judgement SET good=1-good WHERE id=2",
                                         "UPDATE judgement SET submitted_us=1 WHERE id=1",
                                         "DELETE FROM judgement WHERE id=1",
                                         "UPDATE response SET content_id=1 WHERE id=1"};
    StoreVerified v;
    add_pairs(1);
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    for (int i = 0; i < 3; i++) judge(ada, 1 + i % 2, i == 0);
    OK(store_verify(store, &v, &err));
    assert_int_equal(v.judgements, 3);
    for (size_t i = 0; i < sizeof CHANGE / sizeof *CHANGE; i++) {
        char copy[FILE_PATH_MAX + 64];
        Store *other = NULL;
        sqlite3 *db = NULL;
        snprintf(copy, sizeof copy, "%s/copy-%zu.db", folder, i);
        OK(store_backup(store, copy, &err));
        assert_int_equal(sqlite3_open(copy, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db,
                                      "DROP TRIGGER judgement_no_update;"
                                      "DROP TRIGGER judgement_no_delete;",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, CHANGE[i], NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
        OK(store_open(&other, copy, &err));
        assert_int_equal(store_verify(other, &v, &err), -1);
        assert_non_null(strstr(err.message, i == 2 ? "" : "was changed after it was given"));
        store_close(other);
    }
}

static void export_has_what_stands(void **state)
{
    (void)state;
    int64_t rows = 0;
    add_pairs(1);
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    judge(ada, 1, true);
    judge(ada, 2, true);
    judge(ada, 1, false);
    char *text = exported(SPLIT_ANY, &rows);
    assert_int_equal(rows, 2);
    assert_non_null(strstr(text,
                           "{\"prompt\": \"question aaa\", \"completion\": \"answer two to 0\", "
                           "\"label\": true, \"annotator\": \"ada\", \"model\": \"base\", "));
    assert_non_null(strstr(text, "\"completion\": \"answer one to 0\", \"label\": false, "));
    free(text);
}

/* ---- comparisons of a chat ------------------------------------------------------------------------- */

static void very_comparison_is_held(void **state)
{
    (void)state;
    StoreClaim held = {0}, other = {0};
    bool found = false;
    add_pairs(3);
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_hold_comparison(store, ada, 3, &held, &err));
    assert_int_equal(held.comparison_id, 3);
    assert_string_equal(held.prompt, "question caa");
    assert_string_equal(held.first, held.swapped ? "answer two to 2" : "answer one to 2");
    OK(store_claim_comparison(store, ada, false, &other, &found, &err));
    assert_int_equal(other.comparison_id, 1);
    decide(store, &held, OUTCOME_PREF, -1);
    assert_int_equal(raw_number("SELECT pref FROM label"), held.swapped ? 1 : -1);
    store_claim_free(&held);
    store_claim_free(&other);
}

static void decided_comparison_can_be_decided_again(void **state)
{
    (void)state;
    StoreClaim held = {0};
    add_pairs(1);
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    for (int i = 0; i < 2; i++) {
        OK(store_hold_comparison(store, ada, 1, &held, &err));
        decide(store, &held, OUTCOME_PREF, i ? 1 : -1);
        store_claim_free(&held);
    }
    OK(store_end_session(store, ada, "quit", &err));
    assert_int_equal(raw_number("SELECT count(*) FROM label"), 2);
    assert_int_equal(raw_number("SELECT count(*) FROM label_current"), 1);
    assert_int_equal(raw_number("SELECT count(*) FROM assignment"), 1);
}

static void conversation_keeps_its_template(void **state)
{
    (void)state;
    StorePrompt rows[] = {
        {.text = "<|im_start|>user\nwhy ?", .source = "chat", .template = "chatml"},
        {.text = "why ?", .source = "test"}};
    StorePrompt again = {.text = "why ?", .source = "chat", .template = "plain"};
    StorePromptList list = {0};
    OK(store_add_prompts(store, rows, 2, NULL, &err));
    OK(store_add_prompts(store, &again, 1, NULL, &err));
    OK(store_list_prompts(store, NULL, &list, &err));
    assert_int_equal(list.n, 2);
    assert_string_equal(list.row[0].template, "chatml");
    assert_null(list.row[1].template);
    store_prompts_free(&list);
}

static void preference_knows_the_template_of_its_prompt(void **state)
{
    (void)state;
    StoreClaim held = {0};
    StorePreferenceList list = {0};
    add_pairs(2);
    assert_int_equal(raw_sql("INSERT INTO conversation VALUES(2,'chatml')"), SQLITE_OK);
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    for (int64_t i = 1; i <= 2; i++) {
        OK(store_hold_comparison(store, ada, i, &held, &err));
        decide(store, &held, OUTCOME_TIE, 0);
        store_claim_free(&held);
    }
    OK(store_list_preferences(store, NULL, &list, &err));
    assert_int_equal(list.n, 2);
    assert_null(list.row[0].template);
    assert_string_equal(list.row[1].template, "chatml");
    store_preferences_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(change_of_mind_supersedes),
        TEST(list_has_those_that_stand_with_their_texts),
        TEST(retry_is_the_same_judgement),
        TEST(answer_that_is_not_there_cannot_be_judged),
        TEST(judgements_do_not_change),
        TEST(changed_judgement_is_found),
        TEST(export_has_what_stands),
        TEST(very_comparison_is_held),
        TEST(decided_comparison_can_be_decided_again),
        TEST(conversation_keeps_its_template),
        TEST(preference_knows_the_template_of_its_prompt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
