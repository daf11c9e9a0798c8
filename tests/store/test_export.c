#include "tests/store/import_test.h"

#include "base/json.h"

static void export_and_import_give_the_same_rows(void **state)
{
    (void)state;
    static const DataKind KINDS[] = {DATA_PREFERENCES, DATA_DEMONSTRATIONS, DATA_PROMPTS,
                                     DATA_CLASSES};
    ImportResult r = import(RLHF_SOURCE_DIR "/tests/golden/prefs/trl_standard.jsonl");
    store_import_free(&r);
    r = import(RLHF_SOURCE_DIR "/tests/golden/prefs/hh_style.jsonl");
    store_import_free(&r);
    r = import(write_file(
        "d.jsonl", "{\"prompt\":\"say\",\"completion\":\" \\u00e9 \\\"it\\\"\\n\\u0001\"}\n"));
    store_import_free(&r);
    r = import(write_file("c.jsonl", "{\"text\":\"say \\u00e9\",\"label\":\"new\\nline\"}\n"
                                     "{\"text\":\"x\",\"label\":3}\n"));
    store_import_free(&r);
    for (size_t k = 0; k < sizeof KINDS / sizeof *KINDS; k++) {
        char *first = NULL, *second = NULL, path[FILE_PATH_MAX + 64];
        size_t n = 0, m = 0;
        int64_t rows = 0;
        FILE *to = open_memstream(&first, &n);
        OK(store_export(store, KINDS[k], EXPORT_EXPLICIT, SPLIT_ANY, to, &rows, &err));
        fclose(to);
        assert_true(rows > 0);

        snprintf(path, sizeof path, "%s/copy-%zu.db", folder, k);
        Store *copy = NULL;
        OK(store_create(path, 9, &err));
        OK(store_open(&copy, path, &err));
        OK(store_import(copy, write_file("out.jsonl", first), NULL, &r, &err));
        assert_int_equal(r.taken, rows);
        to = open_memstream(&second, &m);
        OK(store_export(copy, KINDS[k], EXPORT_EXPLICIT, SPLIT_ANY, to, &rows, &err));
        fclose(to);
        assert_string_equal(first, second);
        store_import_free(&r);
        store_close(copy);
        free(first);
        free(second);
    }
}

static char *exported_dialogues(Store *from)
{
    char *text = NULL;
    size_t n = 0;
    int64_t rows = 0;
    FILE *to = open_memstream(&text, &n);
    OK(store_export(from, DATA_PREFERENCES, EXPORT_HH, SPLIT_ANY, to, &rows, &err));
    fclose(to);
    return text;
}

static void dialogues_and_import_give_the_same_rows(void **state)
{
    (void)state;
    ImportResult r = import(RLHF_SOURCE_DIR "/tests/golden/prefs/hh_style.jsonl");
    store_import_free(&r);
    char *first = exported_dialogues(store), path[FILE_PATH_MAX + 64];
    StorePreferenceList was = {0}, is = {0};
    Store *copy = NULL;
    snprintf(path, sizeof path, "%s/copy.db", folder);
    OK(store_create(path, 9, &err));
    OK(store_open(&copy, path, &err));
    OK(store_import(copy, write_file("hh-out.jsonl", first), NULL, &r, &err));
    assert_int_equal(r.taken, 10);
    OK(store_list_preferences(store, NULL, &was, &err));
    OK(store_list_preferences(copy, NULL, &is, &err));
    assert_int_equal(is.n, was.n);
    for (size_t i = 0; i < was.n; i++) {
        assert_string_equal(is.row[i].prompt, was.row[i].prompt);
        assert_string_equal(is.row[i].chosen, was.row[i].chosen);
        assert_string_equal(is.row[i].rejected, was.row[i].rejected);
    }
    store_preferences_free(&was);
    store_preferences_free(&is);
    store_import_free(&r);
    store_close(copy);
    free(first);
}

static void a_prompt_that_is_no_dialogue_stands_before_both_answers(void **state)
{
    (void)state;
    ImportResult r = import(write_file(
        "q.jsonl", "{\"prompt\":\"Q: 1+1\\nA:\",\"chosen\":\" 2\",\"rejected\":\"\"}\n"));
    store_import_free(&r);
    char *text = exported_dialogues(store);
    assert_string_equal(text, "{\"chosen\": \"Q: 1+1\\nA: 2\", \"rejected\": \"Q: 1+1\\nA:\"}\n");
    free(text);
}

static void exported_labels_are_json_with_their_history(void **state)
{
    (void)state;
    StoreClaim c = {0};
    bool found = false;
    char *text = NULL;
    size_t n = 0;
    int64_t rows = 0;
    add_pairs(1);
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_claim_comparison(store, session, false, &c, &found, &err));
    decide(store, &c, OUTCOME_PREF, 1);
    store_claim_free(&c);
    OK(store_undo_label(store, session, &c, &found, &err));
    store_claim_free(&c);
    FILE *to = open_memstream(&text, &n);
    OK(store_export(store, DATA_LABELS, EXPORT_EXPLICIT, SPLIT_ANY, to, &rows, &err));
    fclose(to);
    assert_int_equal(rows, 2);
    cJSON *line = NULL;
    char *second = strchr(text, '\n') + 1;
    OK(json_parse(&line, text, (size_t)(second - text), &err));
    assert_string_equal(json_text(line, "annotator", ""), "ada");
    assert_string_equal(json_text(line, "op", ""), "set");
    cJSON_Delete(line);
    OK(json_parse(&line, second, strlen(second), &err));
    assert_string_equal(json_text(line, "op", ""), "retract");
    assert_true(json_number(line, "supersedes", 0) == 1);
    cJSON_Delete(line);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(export_and_import_give_the_same_rows),
        TEST(dialogues_and_import_give_the_same_rows),
        TEST(a_prompt_that_is_no_dialogue_stands_before_both_answers),
        TEST(exported_labels_are_json_with_their_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
