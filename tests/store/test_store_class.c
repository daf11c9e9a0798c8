#include "tests/store/store_test.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(texts_and_classes_come_back),
        TEST(near_duplicates_share_a_split),
        TEST(text_has_one_class),
        TEST(what_is_empty_is_refused_and_nothing_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
