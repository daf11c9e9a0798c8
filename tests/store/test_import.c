#include "tests/store/store_test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <zlib.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/mem.h"

static char file[FILE_PATH_MAX + 64];

static const char *write_file(const char *name, const char *text)
{
    snprintf(file, sizeof file, "%s/%s", folder, name);
    OK(file_write(file, text, strlen(text), &err));
    return file;
}

static ImportResult import(const char *path)
{
    ImportResult r = {0};
    OK(store_import(store, path, NULL, &r, &err));
    return r;
}

/* The text of one preference: the i-th in order of import. */
static void assert_preference(const char *prompt, const char *chosen, const char *rejected,
                              size_t i)
{
    StorePreferenceList list = {0};
    OK(store_list_preferences(store, NULL, &list, &err));
    assert_true(i < list.n);
    assert_string_equal(list.row[i].prompt, prompt);
    assert_string_equal(list.row[i].chosen, chosen);
    assert_string_equal(list.row[i].rejected, rejected);
    store_preferences_free(&list);
}

/* ---- forms ----------------------------------------------------------------------------------------- */

static void explicit_form_is_taken_byte_for_byte(void **state)
{
    (void)state;
    ImportResult r = import(RLHF_SOURCE_DIR "/tests/golden/prefs/trl_standard.jsonl");
    assert_int_equal(r.taken, 10);
    assert_int_equal(r.comparisons, 10);
    assert_int_equal(r.refused, 0);
    assert_preference("Is 0.1+0.2 == 0.3?",
                      "Not in binary floating point; compare with a tolerance.", "Yes.", 0);
    assert_preference("List:\n- a\n- b", "- a\n- b\n- c", "a b", 1);
    assert_preference("Tell me a joke \xF0\x9F\x98\x80",
                      "Why did the stack overflow? It never popped in. \xF0\x9F\x98\x80", "", 2);
    store_import_free(&r);
}

static void raw_dialogues_are_cut_after_the_last_shared_turn(void **state)
{
    (void)state;
    ImportResult r = import(RLHF_SOURCE_DIR "/tests/golden/prefs/hh_style.jsonl");
    assert_int_equal(r.taken, 10);
    assert_preference("\n\nHuman: Is 0.1+0.2 == 0.3?\n\nAssistant: Go on.\n\nHuman: Answer, "
                      "please.\n\nAssistant:",
                      " Not in binary floating point; compare with a tolerance.", " Yes.", 0);
    store_import_free(&r);
}

static void dialogues_that_part_early_share_the_earlier_turn(void **state)
{
    (void)state;
    ImportResult r = import(write_file(
        "hh.jsonl",
        "{\"chosen\":\"\\n\\nHuman: a\\n\\nAssistant: b\\n\\nHuman: c\\n\\nAssistant: d\","
        "\"rejected\":\"\\n\\nHuman: a\\n\\nAssistant: x\\n\\nHuman: c\\n\\nAssistant: d\"}\n"));
    assert_preference("\n\nHuman: a\n\nAssistant:", " b\n\nHuman: c\n\nAssistant: d",
                      " x\n\nHuman: c\n\nAssistant: d", 0);
    store_import_free(&r);
}

static void forms_are_told_apart_row_by_row(void **state)
{
    (void)state;
    ImportResult r = import(
        write_file("mixed.jsonl", "\xEF\xBB\xBF{\"prompt\":\"only\"}\r\n"
                                  "\n"
                                  "{\"prompt\":\"say\",\"completion\":\" it\"}\n"
                                  "{\"prompt\":\"pick\",\"chosen\":\"a\",\"rejected\":\"b\"}"));
    assert_int_equal(r.taken, 3);
    assert_int_equal(r.prompts, 3);
    assert_int_equal(r.demonstrations, 1);
    assert_int_equal(r.comparisons, 1);
    assert_int_equal(r.n_samples, 3);
    assert_string_equal(r.sample[0].prompt, "only");
    assert_null(r.sample[0].chosen);
    assert_string_equal(r.sample[1].chosen, " it");
    assert_string_equal(r.sample[2].rejected, "b");
    assert_int_equal(r.sample[2].line, 4);
    store_import_free(&r);
}

static void more_can_be_left_out_than_asked_for(void **state)
{
    (void)state;
    const char *path = RLHF_SOURCE_DIR "/tests/golden/prefs/hh_style.jsonl";
    ImportResult r = {0};
    OK(store_import(store, path, &(ImportOptions){.kind = DATA_DEMONSTRATIONS}, &r, &err));
    assert_int_equal(r.demonstrations, 10);
    assert_int_equal(r.comparisons, 0);
    store_import_free(&r);
    OK(store_import(store, path, &(ImportOptions){.kind = DATA_PROMPTS}, &r, &err));
    assert_int_equal(r.duplicate, 10);
    store_import_free(&r);
    path = write_file("p.jsonl", "{\"prompt\":\"a\"}\n");
    assert_int_equal(
        store_import(store, path, &(ImportOptions){.kind = DATA_PREFERENCES}, &r, &err), -1);
    assert_non_null(strstr(err.message, "no \"chosen\" and \"rejected\""));
}

static void gzip_is_read_and_a_cut_one_found_out(void **state)
{
    (void)state;
    snprintf(file, sizeof file, "%s/p.jsonl.gz", folder);
    gzFile gz = gzopen(file, "wb");
    for (int i = 0; i < 5000; i++)
        gzprintf(gz, "{\"prompt\":\"w%c%c%c %d\"}\n", 'a' + i % 26, 'a' + i / 26 % 26,
                 'a' + i / 676, rand());
    gzclose(gz);
    ImportResult r = import(file);
    assert_int_equal(r.taken, 5000);
    store_import_free(&r);

    assert_int_equal(truncate(file, file_size(file) / 2), 0);
    assert_int_equal(store_import(store, file, NULL, &r, &err), -1);
    assert_non_null(strstr(err.message, "cut short"));
}

static void standard_input_is_a_file_too(void **state)
{
    (void)state;
    write_file("in.jsonl", "{\"prompt\":\"from a pipe\"}\n");
    const int old = dup(0), in = open(file, O_RDONLY);
    dup2(in, 0);
    ImportResult r = import("-");
    dup2(old, 0);
    close(in);
    close(old);
    assert_int_equal(r.taken, 1);
    StorePromptList list = {0};
    OK(store_list_prompts(store, NULL, &list, &err));
    assert_string_equal(list.row[0].source, "stdin");
    store_prompts_free(&list);
    store_import_free(&r);
}

/* ---- bad rows -------------------------------------------------------------------------------------- */

static void bad_rows_are_refused_with_line_and_reason(void **state)
{
    (void)state;
    static const struct {
        const char *line, *reason;
    } BAD[] = {
        {"{\"prompt\":\"\"}", "prompt is empty"},
        {"{\"prompt\":\" \\n\\t\"}", "prompt is empty"},
        {"{\"prompt\":\"a\",\"chosen\":\"b\",\"rejected\":\"b\"}", "chosen is equal to rejected"},
        {"{\"prompt\":\"a\",\"chosen\":\"b\"}", "\"chosen\" without \"rejected\""},
        {"{\"prompt\":\"a\",\"completion\":\"\"}", "completion is empty"},
        {"{\"prompt\":\"a\",\"chosen\":\" \",\"rejected\":\"b\"}", "chosen is empty"},
        {"{\"chosen\":\"a\\n\\nAssistant:\",\"rejected\":\"a\\n\\nAssistant: b\"}",
         "chosen is empty"},
        {"{\"prompt\":\"a\",\"completion\":\"b\",\"label\":false}", "\"label\""},
        {"{\"prompt\":[{\"role\":\"user\",\"content\":\"a\"}]}", "lists of messages"},
        {"{\"prompt\":3}", "\"prompt\" is no text"},
        {"{\"text\":\"a\"}", "unknown form"},
        {"{\"chosen\":\"a b\",\"rejected\":\"a c\"}", "no prompt"},
        {"[]", "not a JSON object"},
        {"hello", "not JSON"},
        {"{\"prompt\":\"a\"", "not JSON"},
        {"{\"prompt\":\"a\"} x", "not JSON"},
        {"{\"prompt\":\"a\\u0000b\"}", "u0000"},
        {"{\"prompt\":\"\\ud800\"}", "surrogate"},
        {"{\"prompt\":\"a\xFF\"}", "UTF-8"},
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        char text[512];
        /* One good row stands after the bad one, unlike any before. */
        snprintf(text, sizeof text, "\n%s\n{\"prompt\":\"good %c\"}\n", BAD[i].line,
                 (char)('a' + i));
        ImportResult r = import(write_file("bad.jsonl", text));
        assert_int_equal(r.taken, 1);
        assert_int_equal(r.refused, 1);
        assert_int_equal(r.refusal[0].line, 2);
        if (!strstr(r.refusal[0].reason, BAD[i].reason))
            fail_msg("'%s' for %s", r.refusal[0].reason, BAD[i].line);
        store_import_free(&r);
    }
}

static void over_long_line_is_refused_and_the_next_one_taken(void **state)
{
    (void)state;
    snprintf(file, sizeof file, "%s/long.jsonl", folder);
    FILE *f = fopen(file, "w");
    fputs("{\"prompt\":\"", f);
    for (int i = 0; i < 17 << 10; i++) fprintf(f, "%01024d", 0);
    fputs("\"}\n{\"prompt\":\"short\"}\n", f);
    fclose(f);
    ImportResult r = import(file);
    assert_int_equal(r.taken, 1);
    assert_int_equal(r.refusal[0].line, 1);
    assert_non_null(strstr(r.refusal[0].reason, "longer than 16 MiB"));
    store_import_free(&r);
}

static void summary_says_what_was_taken_and_what_not(void **state)
{
    (void)state;
    char said[512];
    const ImportResult r = {.taken = 2391, .refused = 9};
    store_import_summary(&r, "prompts.jsonl", said, sizeof said);
    assert_string_equal(said, "prompts.jsonl: 2,391 rows taken, 9 refused");
}

/* Line 2 contradicts line 1, which is seen after lines 3 to 7 have been read; seven are refused. */
static void the_first_refusals_are_kept_by_line(void **state)
{
    (void)state;
    ImportResult r =
        import(write_file("c.jsonl", "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}\n"
                                     "{\"prompt\":\"p\",\"chosen\":\"b\",\"rejected\":\"a\"}\n"
                                     "x\n{}\nx\nx\nx\nx\n"));
    assert_int_equal(r.refused, 7);
    for (int i = 0; i < IMPORT_REFUSALS; i++) assert_int_equal(r.refusal[i].line, 2 + i);
    assert_non_null(strstr(r.refusal[0].reason, "the other answer preferred"));
    assert_non_null(strstr(r.refusal[1].reason, "not JSON"));
    assert_non_null(strstr(r.refusal[2].reason, "unknown form"));
    store_import_free(&r);
}

static void rejects_are_written_as_they_came(void **state)
{
    (void)state;
    char *kept = NULL;
    size_t n = 0;
    ImportResult r = {0};
    FileWriter rejects = {.stream = open_memstream(&kept, &n)};
    write_file("p.jsonl", "{\"prompt\":\"a\"}\n{ bad\n{\"prompt\":\"b\"}\n");
    OK(store_import(store, file, &(ImportOptions){.rejects = &rejects}, &r, &err));
    fclose(rejects.stream);
    assert_string_equal(kept, "{ bad\n");
    free(kept);
    store_import_free(&r);
}

static void rejects_that_cannot_be_written_end_the_import(void **state)
{
    (void)state;
    ImportResult r = {0};
    FileWriter rejects = {.stream = fopen("/dev/full", "w"), .path = "full"};
    setvbuf(rejects.stream, NULL, _IONBF, 0);
    write_file("p.jsonl", "{\"prompt\":\"a\"}\n{ bad\n");
    assert_int_equal(store_import(store, file, &(ImportOptions){.rejects = &rejects}, &r, &err),
                     -1);
    assert_string_equal(err.message, "cannot write full: No space left on device");
    fclose(rejects.stream);
}

static void stopped_before_a_row_it_takes_none_and_says_so(void **state)
{
    (void)state;
    ImportResult r = {0};
    write_file("p.jsonl", "{\"prompt\":\"a\"}\n");
    interrupt_raise(SIGTERM);
    const int rc = store_import(store, file, NULL, &r, &err);
    const int strict = store_import(store, file, &(ImportOptions){.strict = true}, &r, &err);
    interrupt_raise(0);
    assert_int_equal(rc, 0);
    assert_true(r.stopped);
    assert_int_equal(r.taken, 0);
    assert_int_equal(strict, -1);
    assert_true(err.stopped);
}

static void strict_import_is_all_or_nothing(void **state)
{
    (void)state;
    int64_t n = -1;
    ImportResult r = {0};
    write_file("p.jsonl", "{\"prompt\":\"a\"}\n{\"prompt\":\"\"}\n");
    assert_int_equal(store_import(store, file, &(ImportOptions){.strict = true}, &r, &err), -1);
    assert_non_null(strstr(err.message, "line 2: prompt is empty"));
    OK(store_count_prompts(store, NULL, &n, &err));
    assert_int_equal(n, 0);
}

static void nothing_to_take_is_an_error(void **state)
{
    (void)state;
    ImportResult r = {0};
    assert_int_equal(store_import(store, write_file("e.jsonl", ""), NULL, &r, &err), -1);
    assert_non_null(strstr(err.message, "there are no rows in it"));
    assert_int_equal(store_import(store, write_file("b.jsonl", "x\n"), NULL, &r, &err), -1);
    assert_non_null(strstr(err.message, "no row could be taken"));
    assert_int_equal(store_import(store, "/nonexistent.jsonl", NULL, &r, &err), -1);
    assert_non_null(strstr(err.message, "/nonexistent.jsonl"));
}

/* ---- what becomes of rows -------------------------------------------------------------------------- */

static void row_imported_twice_is_one_row(void **state)
{
    (void)state;
    ImportResult r = import(RLHF_SOURCE_DIR "/tests/golden/prefs/trl_standard.jsonl");
    store_import_free(&r);
    ImportOptions renamed = {.source = "another name"};
    OK(store_import(store, RLHF_SOURCE_DIR "/tests/golden/prefs/trl_standard.jsonl", &renamed, &r,
                    &err));
    assert_int_equal(r.taken, 0);
    assert_int_equal(r.duplicate, 10);
    store_import_free(&r);
    assert_int_equal(raw_number("SELECT count(*) FROM label"), 10);
    assert_int_equal(raw_number("SELECT count(*) FROM response"), 20);
}

static void contradiction_is_refused(void **state)
{
    (void)state;
    ImportResult r =
        import(write_file("c.jsonl", "{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\"}\n"
                                     "{\"prompt\":\"p\",\"chosen\":\"b\",\"rejected\":\"a\"}\n"));
    assert_int_equal(r.taken, 1);
    assert_int_equal(r.refusal[0].line, 2);
    assert_non_null(strstr(r.refusal[0].reason, "the other answer preferred"));
    assert_preference("p", "a", "b", 0);
    store_import_free(&r);
}

static void imported_labels_are_nobody_of_ours(void **state)
{
    (void)state;
    StoreStatus status = {0};
    ImportResult r = import(RLHF_SOURCE_DIR "/tests/golden/prefs/trl_standard.jsonl");
    store_import_free(&r);
    OK(store_status(store, &status, &err));
    assert_int_equal(status.labels_by_kind[ANNOTATOR_IMPORT], 10);
    assert_int_equal(status.labels_by_kind[ANNOTATOR_HUMAN], 0);
    assert_string_equal(status.annotator[0].handle, "import:trl_standard");
    store_status_free(&status);
    /* And nobody is asked to judge them again. */
    int64_t left = -1, done = -1, ada = 0;
    OK(store_add_annotator(store, "ada", ANNOTATOR_HUMAN, &ada, &err));
    OK(store_count_claimable(store, ada, false, &left, &done, &err));
    assert_int_equal(left, 0);
}

static void export_and_import_give_the_same_rows(void **state)
{
    (void)state;
    static const DataKind KINDS[] = {DATA_PREFERENCES, DATA_DEMONSTRATIONS, DATA_PROMPTS};
    ImportResult r = import(RLHF_SOURCE_DIR "/tests/golden/prefs/trl_standard.jsonl");
    store_import_free(&r);
    r = import(RLHF_SOURCE_DIR "/tests/golden/prefs/hh_style.jsonl");
    store_import_free(&r);
    r = import(write_file(
        "d.jsonl", "{\"prompt\":\"say\",\"completion\":\" \\u00e9 \\\"it\\\"\\n\\u0001\"}\n"));
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

/* ---- at size --------------------------------------------------------------------------------------- */

/* Preferences [first, last) of a long list of them, as a file; the work of importing it. */
static int64_t import_many(int first, int last, ImportResult *r)
{
    snprintf(file, sizeof file, "%s/big.jsonl", folder);
    FILE *f = fopen(file, "w");
    for (int i = first; i < last; i++)
        fprintf(f,
                "{\"prompt\":\"ask %c%c%c%c of me\",\"chosen\":\"good answer %d, really, and long "
                "enough to be "
                "one\",\"rejected\":\"bad answer %d, of some length as well\"}\n",
                'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676 % 26, 'a' + i / 17576, i, i);
    fclose(f);
    work_begin();
    *r = import(file);
    return work_done;
}

static void twenty_thousand_rows_are_split_80_10_10(void **state)
{
    (void)state;
    ImportResult r;
    import_many(0, 20000, &r);
    assert_int_equal(r.taken, 20000);
    /* within 4 standard deviations */
    assert_in_range(r.by_split[SPLIT_TRAIN], 15774, 16226);
    assert_in_range(r.by_split[SPLIT_VALID], 1830, 2170);
    assert_in_range(r.by_split[SPLIT_TEST], 1830, 2170);
    store_import_free(&r);
}

/* 1,000 rows into an empty file, 8,000 more, and then 1,000 again: as much work as the first, new or not. */
static void a_row_costs_the_same_however_many_are_there(void **state)
{
    (void)state;
    ImportResult r;
    const int64_t first = import_many(0, 1000, &r);
    store_import_free(&r);
    const int64_t again = import_many(0, 1000, &r);
    assert_int_equal(r.duplicate, 1000);
    store_import_free(&r);
    import_many(1000, 9000, &r);
    store_import_free(&r);
    const int64_t late = import_many(9000, 10000, &r);
    assert_int_equal(r.taken, 1000);
    store_import_free(&r);
    const int64_t late_again = import_many(0, 1000, &r);
    assert_int_equal(r.duplicate, 1000);
    store_import_free(&r);
    assert_true(first > 0 && late <= first + first / 10);
    assert_true(again > 0 && late_again <= again + again / 10);
}

static int code_points(const char *text)
{
    int n = 0;
    for (; *text; text++) n += (*text & 0xC0) != 0x80;
    return n;
}

/* Real rows, read in place: every prompt ends where the list beside them says. */
static void hh_sample_is_cut_where_its_list_says(void **state)
{
    (void)state;
    char data[FILE_PATH_MAX], list_path[FILE_PATH_MAX + 64], rows_path[FILE_PATH_MAX + 64];
    const char *shared = getenv("RLHF_SHARED");
    snprintf(data, sizeof data, "%s", shared ? shared : RLHF_SOURCE_DIR "/../shared");
    snprintf(rows_path, sizeof rows_path, "%s/data/prefs/hh_harmless_test_300.jsonl", data);
    snprintf(list_path, sizeof list_path, "%s/data/prefs/hh_harmless_test_300_split.json", data);
    if (!file_exists(rows_path) || !file_exists(list_path)) {
        print_message("skipped: %s is not here\n", rows_path);
        skip();
    }
    cJSON *list = NULL;
    StorePreferenceList got = {0};
    OK(json_read(&list, list_path, 1 << 24, false, &err));
    ImportResult r = import(rows_path);
    assert_int_equal(r.taken, 300);
    assert_int_equal(r.refused, 0);
    OK(store_list_preferences(store, NULL, &got, &err));
    assert_int_equal(got.n, 300);
    const cJSON *want;
    size_t i = 0;
    cJSON_ArrayForEach(want, list)
    {
        /* One row parts in the last question already: the turn both share ends earlier. */
        assert_int_equal(code_points(got.row[i].prompt),
                         (int)json_number(want, "rejected_prompt_chars", 0));
        i++;
    }
    cJSON_Delete(list);
    store_preferences_free(&got);
    store_import_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(explicit_form_is_taken_byte_for_byte),
        TEST(raw_dialogues_are_cut_after_the_last_shared_turn),
        TEST(dialogues_that_part_early_share_the_earlier_turn),
        TEST(forms_are_told_apart_row_by_row),
        TEST(more_can_be_left_out_than_asked_for),
        TEST(gzip_is_read_and_a_cut_one_found_out),
        TEST(standard_input_is_a_file_too),
        TEST(bad_rows_are_refused_with_line_and_reason),
        TEST(over_long_line_is_refused_and_the_next_one_taken),
        TEST(summary_says_what_was_taken_and_what_not),
        TEST(the_first_refusals_are_kept_by_line),
        TEST(rejects_are_written_as_they_came),
        TEST(rejects_that_cannot_be_written_end_the_import),
        TEST(stopped_before_a_row_it_takes_none_and_says_so),
        TEST(strict_import_is_all_or_nothing),
        TEST(nothing_to_take_is_an_error),
        TEST(row_imported_twice_is_one_row),
        TEST(contradiction_is_refused),
        TEST(imported_labels_are_nobody_of_ours),
        TEST(export_and_import_give_the_same_rows),
        TEST(dialogues_and_import_give_the_same_rows),
        TEST(a_prompt_that_is_no_dialogue_stands_before_both_answers),
        TEST(exported_labels_are_json_with_their_history),
        TEST(twenty_thousand_rows_are_split_80_10_10),
        TEST(a_row_costs_the_same_however_many_are_there),
        TEST(hh_sample_is_cut_where_its_list_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
