#include "tests/store/import_test.h"

#include <signal.h>

#include "base/interrupt.h"

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
        {"{\"prompt\":\"a\",\"completion\":\"b\",\"label\":1}", "\"label\""},
        {"{\"prompt\":[{\"role\":\"user\",\"content\":\"a\"}]}", "conversations are not taken"},
        {"{\"prompt\":3}", "\"prompt\" is no text"},
        {"{\"text\":\"a\"}", "unknown form"},
        {"{\"chosen\":\"a b\",\"rejected\":\"c b\"}", "no prompt"},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bad_rows_are_refused_with_line_and_reason),
        TEST(over_long_line_is_refused_and_the_next_one_taken),
        TEST(summary_says_what_was_taken_and_what_not),
        TEST(the_first_refusals_are_kept_by_line),
        TEST(rejects_are_written_as_they_came),
        TEST(rejects_that_cannot_be_written_end_the_import),
        TEST(stopped_before_a_row_it_takes_none_and_says_so),
        TEST(strict_import_is_all_or_nothing),
        TEST(nothing_to_take_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
