#include "tests/store/import_test.h"

static void texts_and_classes_come_back(void **state)
{
    (void)state;
    StoreAdded added = {0};
    StoreClassTextList list = {0};
    StoreClassText rows[] = {
        {.text = "good film", .class_name = "pos", .source = "t", .split = SPLIT_TRAIN},
        {.text = "bad film", .class_name = "neg", .source = "t", .split = SPLIT_TEST},
        {.text = "good film", .class_name = "pos", .source = "t"}};
    OK(store_add_class_texts(store, rows, 3, &added, &err));
    assert_int_equal(added.added, 2);
    assert_int_equal(added.duplicate, 1);
    assert_int_equal(rows[2].id, rows[0].id);
    OK(store_list_class_texts(store, SPLIT_ANY, &list, &err));
    assert_int_equal(list.n, 2);
    assert_string_equal(list.row[0].text, "good film");
    assert_string_equal(list.row[0].class_name, "pos");
    assert_string_equal(list.row[1].class_name, "neg");
    store_class_texts_free(&list);
    OK(store_list_class_texts(store, SPLIT_TEST, &list, &err));
    assert_int_equal(list.n, 1);
    assert_string_equal(list.row[0].text, "bad film");
    store_class_texts_free(&list);
}

static void near_duplicates_share_a_split(void **state)
{
    (void)state;
    StoreAdded added = {0};
    StoreClassText rows[] = {
        {.text = "good film", .class_name = "pos", .source = "t", .split = SPLIT_TRAIN},
        {.text = "Good film!", .class_name = "pos", .source = "t", .split = SPLIT_TEST}};
    OK(store_add_class_texts(store, rows, 2, &added, &err));
    assert_int_equal(added.moved, 1);
    assert_int_equal(rows[1].split, SPLIT_TRAIN);
}

static void text_has_one_class(void **state)
{
    (void)state;
    StoreAdded added = {0};
    StoreClassText rows[] = {{.text = "good film", .class_name = "pos", .source = "t"},
                             {.text = "good film", .class_name = "neg", .source = "t"}};
    OK(store_add_class_texts(store, rows, 2, &added, &err));
    assert_int_equal(added.added, 1);
    assert_int_equal(added.refused, 1);
    assert_int_equal(raw_number("SELECT class='pos' FROM text_class"), 1);
}

static void what_is_empty_is_refused_and_nothing_kept(void **state)
{
    (void)state;
    StoreClassText rows[] = {{.text = "good film", .class_name = "pos", .source = "t"},
                             {.text = "good book", .class_name = "", .source = "t"}};
    assert_int_equal(store_add_class_texts(store, rows, 2, NULL, &err), -1);
    assert_non_null(strstr(err.message, "class is empty"));
    assert_int_equal(raw_number("SELECT count(*) FROM text_class"), 0);
    rows[1] = (StoreClassText){.text = "", .class_name = "pos", .source = "t"};
    assert_int_equal(store_add_class_texts(store, rows, 2, NULL, &err), -1);
    assert_non_null(strstr(err.message, "text is empty"));
}

static void an_import_refuses_another_class_of_a_text(void **state)
{
    (void)state;
    ImportResult r = import(write_file("c.jsonl", "{\"text\":\"good film\",\"label\":\"pos\"}\n"
                                                  "{\"text\":\"bad film\",\"label\":0}\n"
                                                  "{\"text\":\"good film\",\"label\":\"neg\"}\n"
                                                  "{\"text\":\"bad film\",\"label\":0}\n"));
    assert_int_equal(r.taken, 2);
    assert_int_equal(r.class_texts, 2);
    assert_int_equal(r.duplicate, 1);
    assert_int_equal(r.refused, 1);
    assert_int_equal(r.refusal[0].line, 3);
    assert_string_equal(r.refusal[0].reason, "the same text is there with the class \"pos\"");
    assert_string_equal(r.sample[1].prompt, "bad film");
    assert_string_equal(r.sample[1].chosen, "0");
    assert_int_equal(raw_number("SELECT count(*) FROM prompt"), 0);
    store_import_free(&r);
}

/* A prompt of the same words is another thing with the same text. */
static void a_redacted_text_is_listed_no_more(void **state)
{
    (void)state;
    StoreClassText row = {.text = "good film", .class_name = "pos", .source = "t"};
    StorePrompt prompt = {.text = "good film", .source = "t"};
    StoreClassTextList list = {0};
    StoreRedacted gone = {0};
    StoreStatus status;
    OK(store_add_class_texts(store, &row, 1, NULL, &err));
    OK(store_add_prompts(store, &prompt, 1, NULL, &err));
    OK(store_redact_class_text(store, row.id, &(StoreRedaction){.who = "eve"}, &gone, &err));
    assert_string_equal(gone.text, "good film");
    store_redacted_free(&gone);
    OK(store_list_class_texts(store, SPLIT_ANY, &list, &err));
    assert_int_equal(list.n, 0);
    OK(store_status(store, &status, &err));
    assert_int_equal(status.class_texts[SPLIT_ANY], 0);
    assert_int_equal(status.classes, 0);
    assert_int_equal(status.prompts[SPLIT_ANY], 0);
    store_status_free(&status);
    StoreVerified verified;
    OK(store_verify(store, &verified, &err));
    StoreAdded added = {0};
    OK(store_add_class_texts(store, &row, 1, &added, &err));
    assert_int_equal(added.duplicate, 1);
    assert_int_equal(raw_number("SELECT count(*) FROM content WHERE body='good film'"), 0);
}

static void a_text_that_is_an_answer_is_redacted_with_its_prompt(void **state)
{
    (void)state;
    StoreClassText row = {.text = "yes", .class_name = "pos", .source = "t"};
    StoreDemonstration answer = {.prompt = "well?", .response = "yes", .source = "t"};
    StoreRedacted gone = {0};
    const StoreRedaction how = {.who = "eve", .answers = true};
    OK(store_add_class_texts(store, &row, 1, NULL, &err));
    OK(store_add_demonstrations(store, &answer, 1, NULL, &err));
    assert_int_equal(store_redact_class_text(store, row.id, &how, &gone, &err), -1);
    assert_non_null(strstr(err.message, "the text is an answer to prompt 1 as well"));
    OK(store_redact_prompt(store, 1, &how, &gone, &err));
    store_redacted_free(&gone);
    assert_int_equal(raw_number("SELECT count(*) FROM content WHERE body='yes'"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(texts_and_classes_come_back),
        TEST(near_duplicates_share_a_split),
        TEST(text_has_one_class),
        TEST(an_import_refuses_another_class_of_a_text),
        TEST(a_redacted_text_is_listed_no_more),
        TEST(a_text_that_is_an_answer_is_redacted_with_its_prompt),
        TEST(what_is_empty_is_refused_and_nothing_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
