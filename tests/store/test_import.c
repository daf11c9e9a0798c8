#include "tests/store/import_test.h"

#include <fcntl.h>
#include <inttypes.h>
#include <zlib.h>

#include "base/json.h"
#include "base/text.h"

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

/* Of three pairs of a model here two come back, one each way round, and with the third's prompt another pair. */
static void a_pair_of_our_models_is_itself_when_it_comes_back(void **state)
{
    (void)state;
    add_pairs(3);
    write_file("own.jsonl", "{\"prompt\":\"question aaa\",\"chosen\":\"answer one to 0\","
                            "\"rejected\":\"answer two to 0\"}\n"
                            "{\"prompt\":\"question baa\",\"chosen\":\"answer two to 1\","
                            "\"rejected\":\"answer one to 1\",\"margin\":2}\n"
                            "{\"prompt\":\"question caa\",\"chosen\":\"answer one to 2\","
                            "\"rejected\":\"answer one to 1\"}\n");
    ImportResult r = import(file);
    assert_int_equal(r.taken, 3);
    assert_int_equal(r.own_pairs, 2);
    assert_int_equal(r.comparisons, 1);
    store_import_free(&r);
    assert_int_equal(raw_number("SELECT count(*) FROM comparison"), 4);
    assert_int_equal(raw_number("SELECT count(*) FROM response"), 8);
    assert_preference("question aaa", "answer one to 0", "answer two to 0", 0);
    assert_preference("question baa", "answer two to 1", "answer one to 1", 1);
    assert_int_equal(raw_number("SELECT count(*) FROM label WHERE comment='margin 2'"), 1);

    r = import(file);
    assert_int_equal(r.duplicate, 3);
    store_import_free(&r);
    write_file("own.jsonl", "{\"prompt\":\"question aaa\",\"chosen\":\"answer two to 0\","
                            "\"rejected\":\"answer one to 0\"}\n");
    assert_int_equal(store_import(store, file, NULL, &r, &err), -1);
    assert_non_null(strstr(err.message, "the same pair is there with the other answer preferred"));
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

/* What a person's first screen asks of the store. */
static int64_t work_of_first_screen(int64_t annotator, int64_t session)
{
    StoreClaim claim = {0};
    bool found = true;
    int64_t left = 0, done = 0, skipped = 0, today = 0;
    work_begin();
    OK(store_claim_comparison(store, session, false, &claim, &found, &err));
    OK(store_count_claimable(store, annotator, false, &left, &done, &err));
    OK(store_count_skipped(store, annotator, &skipped, &err));
    OK(store_count_since(store, annotator, store_time_us() + 1000000, &today, &err));
    assert_false(found);
    return work_done;
}

/* They are nobody's to label, so nobody waits while they are gone over. */
static void imported_pairs_cost_a_person_nothing(void **state)
{
    (void)state;
    ImportResult r;
    int64_t ada = 0;
    import_many(0, 500, &r);
    store_import_free(&r);
    OK(store_add_annotator(store, "ada", ANNOTATOR_HUMAN, &ada, &err));
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    const int64_t first = work_of_first_screen(ada, session);
    import_many(500, 5500, &r);
    store_import_free(&r);
    const int64_t again = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    /* one instruction for each new pair would be 5,000 */
    assert_true(work_of_first_screen(ada, again) < first + 500);
}

/* Labels are written forty at a time: 100 are two such and a rest. */
static void labels_of_an_import_are_one_sound_chain(void **state)
{
    (void)state;
    ImportResult r;
    StoreVerified verified = {0};
    import_many(0, 100, &r);
    store_import_free(&r);
    OK(store_verify(store, &verified, &err));
    assert_int_equal(verified.labels, 100);
    assert_int_equal(raw_number("SELECT count(*) FROM assignment WHERE state='done'"), 100);
    assert_preference("ask iaaa of me", "good answer 8, really, and long enough to be one",
                      "bad answer 8, of some length as well", 8);
}

/* The i-th of rows that share prompts and answers in every way: 3 prompts and 5 answers, so that row i + 15 is row i
 * again, once the other way round. */
static void put_shared_row(Text *t, int i)
{
    const int chosen = i % 5, rejected = (i + 2) % 5;
    const bool turned = i / 15 % 3 == 2;
    text_format(
        t, "{\"prompt\":\"ask %c of me\",\"chosen\":\"answer %d\",\"rejected\":\"answer %d\"}\n",
        'a' + i % 3, turned ? rejected : chosen, turned ? chosen : rejected);
}

/* What a store has, and what an export of it says; the caller frees. */
static char *summary_of(const char *sums)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    OK(store_export(store, DATA_PREFERENCES, EXPORT_EXPLICIT, SPLIT_ANY, out, NULL, &err));
    fprintf(out, "%s content %" PRId64 " prompt %" PRId64 " response %" PRId64 "\n", sums,
            raw_number("SELECT count(*) FROM content"), raw_number("SELECT count(*) FROM prompt"),
            raw_number("SELECT count(*) FROM response"));
    fclose(out);
    return text;
}

/* Many at a time is as one by one: what is new, what is there already, what contradicts. */
static void a_file_is_taken_as_its_rows_one_by_one_would_be(void **state)
{
    enum { ROWS = 42 };
    int64_t taken = 0, duplicate = 0, refused = 0;
    char sums[96];
    Text all = {0}, one = {0};
    for (int i = 0; i < ROWS; i++) {
        ImportResult r = {0};
        text_clear(&one);
        put_shared_row(&one, i);
        put_shared_row(&all, i);
        /* a file whose only row is refused is an error */
        if (store_import(store, write_file("rows.jsonl", one.bytes), NULL, &r, &err) != 0)
            refused++;
        taken += r.taken, duplicate += r.duplicate;
        store_import_free(&r);
    }
    snprintf(sums, sizeof sums, "%" PRId64 " %" PRId64 " %" PRId64, taken, duplicate, refused);
    assert_string_equal(sums, "15 15 12"); /* 15 rows, again, and 12 the other way round */
    char *by_rows = summary_of(sums);
    tear_down(state), set_up(state);

    ImportResult r = import(write_file("rows.jsonl", all.bytes));
    snprintf(sums, sizeof sums, "%" PRId64 " %" PRId64 " %" PRId64, r.taken, r.duplicate,
             r.refused);
    char *at_once = summary_of(sums);
    assert_string_equal(at_once, by_rows);
    store_import_free(&r);
    free(by_rows), free(at_once);
    text_free(&all), text_free(&one);
}

/* A text may be a prompt, an answer to another, and a demonstration, all in one batch. */
static void one_text_has_many_parts(void **state)
{
    (void)state;
    ImportResult r =
        import(write_file("p.jsonl", "{\"prompt\":\"a\",\"chosen\":\"b\",\"rejected\":\"c\"}\n"
                                     "{\"prompt\":\"b\",\"completion\":\"a\"}\n"
                                     "{\"prompt\":\"c\",\"completion\":\"b\",\"label\":true}\n"
                                     "{\"prompt\":\"c\",\"completion\":\"b\",\"label\":true}\n"
                                     "{\"prompt\":\"c\",\"completion\":\"b\",\"label\":false}\n"
                                     "{\"prompt\":\"c\",\"chosen\":\"b\",\"rejected\":\"a\"}\n"));
    assert_int_equal(r.taken, 4);
    assert_int_equal(r.duplicate, 1);
    assert_int_equal(r.refused, 1);
    assert_int_equal(r.refusal[0].line, 5);
    store_import_free(&r);
    assert_int_equal(raw_number("SELECT count(*) FROM content"), 3);
    assert_int_equal(raw_number("SELECT count(*) FROM prompt"), 3);
    assert_int_equal(raw_number("SELECT count(*) FROM response"), 4); /* b, c to a; b, a to c */
    assert_int_equal(raw_number("SELECT count(*) FROM demonstration"), 1);
    assert_int_equal(raw_number("SELECT count(*) FROM judgement"), 1);
    assert_preference("c", "b", "a", 1);
    StoreVerified verified = {0};
    OK(store_verify(store, &verified, &err));
}

/* The first batch is of 4,096 rows, and the next is read while it is written. */
static void rows_of_another_batch_are_found(void **state)
{
    (void)state;
    ImportResult r;
    Text t = {0};
    for (int i = 0; i < 5000; i++)
        text_format(
            &t, "{\"prompt\":\"ask %c%c of me\",\"chosen\":\"answer %d\",\"rejected\":\"none\"}\n",
            'a' + i % 26, 'a' + i / 26 % 26, i % 4500);
    r = import(write_file("rows.jsonl", t.bytes));
    /* 676 prompts, which 4,500 is no multiple of: no pair is there twice */
    assert_int_equal(r.taken, 5000);
    assert_int_equal(r.prompts, 676);
    assert_int_equal(r.comparisons, 5000);
    store_import_free(&r);
    assert_int_equal(raw_number("SELECT count(*) FROM content"), 676 + 4500 + 1);
    assert_int_equal(raw_number("SELECT count(*) FROM response"), 676 + 5000);
    r = import(file);
    assert_int_equal(r.duplicate, 5000);
    store_import_free(&r);
    text_free(&t);
}

static void count_batch(void *context, int64_t bytes, int64_t total)
{
    (void)bytes, (void)total;
    ++*(int *)context;
}

/* Batches of 60,000 prompts that were not there before. */
static int batches_of_prompts(const char *words)
{
    ImportResult r = {0};
    Text t = {0};
    int n = 0;
    const ImportOptions options = {.lines = true, .on_progress = count_batch, .context = &n};
    for (int i = 0; i < 60000; i++)
        text_format(&t, "%s %c%c%c%c\n", words, 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676 % 26,
                    'a' + i / 17576);
    OK(store_import(store, write_file("prompts.txt", t.bytes), &options, &r, &err));
    assert_int_equal(r.taken, 60000);
    store_import_free(&r);
    text_free(&t);
    return n;
}

/* Twice as many rows each time from 4,096 on; beside somebody who labels, 16,384 at most. */
static void beside_people_an_import_goes_in_small_steps(void **state)
{
    (void)state;
    StoreSession session = {.ui = "tui"};
    int64_t id;
    OK(store_add_annotator(store, "ada", ANNOTATOR_HUMAN, &session.annotator_id, &err));
    OK(store_begin_session(store, &session, &id, &err));
    assert_int_equal(batches_of_prompts("one"), 5);
    OK(store_end_session(store, id, "quit", &err));
    assert_int_equal(batches_of_prompts("two"), 4);
    /* a sitting whose program was killed: no process has this number */
    assert_int_equal(raw_sql("UPDATE session SET ended_us=NULL, process='4194305 1'"), SQLITE_OK);
    assert_int_equal(batches_of_prompts("three"), 4);
}

/* What was counted on the way is what is there: a tally of all 60,000, without asking for the status. */
static void the_tally_is_kept_up_by_an_import(void **state)
{
    (void)state;
    StoreVerified verified = {0};
    batches_of_prompts("one");
    assert_int_equal(raw_number("SELECT sum(n) FROM tally WHERE what='prompts'"), 60000);
    OK(store_verify(store, &verified, &err));
}

/* Bulk mode ends with the import. */
static void checks_and_references_hold_again_after_an_import(void **state)
{
    (void)state;
    ImportResult r;
    import_many(0, 1, &r);
    store_import_free(&r);
    assert_int_not_equal(
        sqlite3_exec(store->db, "INSERT INTO conversation VALUES(99,'chatml')", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_not_equal(
        sqlite3_exec(store->db, "UPDATE prompt SET split='none'", NULL, NULL, NULL), SQLITE_OK);
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
        TEST(row_imported_twice_is_one_row),
        TEST(contradiction_is_refused),
        TEST(imported_labels_are_nobody_of_ours),
        TEST(a_pair_of_our_models_is_itself_when_it_comes_back),
        TEST(twenty_thousand_rows_are_split_80_10_10),
        TEST(a_row_costs_the_same_however_many_are_there),
        TEST(imported_pairs_cost_a_person_nothing),
        TEST(labels_of_an_import_are_one_sound_chain),
        TEST(a_file_is_taken_as_its_rows_one_by_one_would_be),
        TEST(one_text_has_many_parts),
        TEST(rows_of_another_batch_are_found),
        TEST(beside_people_an_import_goes_in_small_steps),
        TEST(the_tally_is_kept_up_by_an_import),
        TEST(checks_and_references_hold_again_after_an_import),
        TEST(hh_sample_is_cut_where_its_list_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
