#include "store/import_form.h"

#include "store/import_file.h"
#include "tests/store/import_test.h"

static FormKind look(const char *path, const char *text)
{
    return import_form_look(path, text, strlen(text)).kind;
}

static void a_file_is_what_it_begins_like(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        FormKind kind;
    } CASE[] = {
        {"{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n", FORM_LINES},
        {"{\"prompt\":\"a\"", FORM_LINES},                       /* broken, and its only line */
        {"{\"prompt\":\"a\"\n{\"prompt\":\"b\"}\n", FORM_LINES}, /* broken, a good one after it */
        {"\n {\n\t\"prompt\": \"}\\\"{\"\n}\n", FORM_OBJECTS},
        {"[\n{\"prompt\":\"a\"}\n]\n", FORM_ARRAY},
        {"[1]\n{\"prompt\":\"a\"}\n", FORM_LINES}, /* a bad row of its own */
        {"[INST] Why?\n", FORM_TEXT},
        {"Why, prompt?\nprompt,chosen\n", FORM_TEXT},
        {"id,\"Prompt\",chosen\r\n1,a,b\r\n", FORM_TABLE},
        {"", FORM_LINES},
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++)
        if (look("x.json", CASE[i].text) != CASE[i].kind) fail_msg("%s", CASE[i].text);
    assert_int_equal(look("x.CSV", "Why?\n"), FORM_TABLE);
    assert_int_equal(import_form_look("x", "a;prompt;c,d\n", 13).separator, ';');
}

/* The second object is broken in line 5; the third begins in line 7. */
static void objects_of_several_lines_are_rows(void **state)
{
    (void)state;
    ImportResult r = import(write_file("o.json", "{\n \"prompt\": \"a } b\"\n}\n"
                                                 "{\n \"prompt\n}\n"
                                                 "{\"prompt\": \"c\",\n \"completion\": \"d\"}\n"));
    assert_int_equal(r.taken, 2);
    assert_int_equal(r.refused, 1);
    assert_int_equal(r.refusal[0].line, 4);
    assert_int_equal(r.sample[1].line, 7);
    assert_string_equal(r.sample[0].prompt, "a } b");
    store_import_free(&r);
}

static void lines_of_text_are_prompts_as_they_stand(void **state)
{
    (void)state;
    ImportResult r = {0};
    write_file("p.txt", "\xEF\xBB\xBF Why?\r\n\n  \n[1]\nb \"c\"\n\xFF\n");
    OK(store_import(store, file, &(ImportOptions){.lines = true}, &r, &err));
    assert_int_equal(r.prompts, 3);
    assert_int_equal(r.refused, 1);
    assert_int_equal(r.refusal[0].line, 6);
    assert_string_equal(r.sample[0].prompt, " Why?");
    assert_string_equal(r.sample[1].prompt, "[1]");
    assert_string_equal(r.sample[2].prompt, "b \"c\"");
    store_import_free(&r);
    write_file("p.jsonl", "{\"prompt\": \"a\"}\n");
    assert_int_equal(store_import(store, file, &(ImportOptions){.lines = true}, &r, &err), -1);
    assert_non_null(strstr(err.message, "it begins with JSON"));
}

/* Two members, as `cat a.gz b.gz` makes them, and zeros behind, as a tape pads. */
static void members_of_a_gzip_file_are_one_text(void **state)
{
    (void)state;
    snprintf(file, sizeof file, "%s/two.jsonl.gz", folder);
    for (int i = 0; i < 2; i++) {
        gzFile gz = gzopen(file, "ab");
        gzprintf(gz,
                 i ? "\"two\"}\n{\"prompt\":\"three\"}\n" : "{\"prompt\":\"one\"}\n{\"prompt\":");
        gzclose(gz);
    }
    FILE *f = fopen(file, "ab");
    fwrite("\0\0\0\0", 1, 4, f);
    fclose(f);
    ImportResult r = import(file);
    assert_int_equal(r.taken, 3);
    assert_string_equal(r.sample[1].prompt, "two");
    store_import_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_what_it_begins_like),
        TEST(objects_of_several_lines_are_rows),
        TEST(lines_of_text_are_prompts_as_they_stand),
        TEST(members_of_a_gzip_file_are_one_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
