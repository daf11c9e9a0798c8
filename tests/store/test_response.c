/* Answers that come with their pairs, and which prompts lack some. */
#include "tests/store/store_test.h"

enum { K = 3 };
static StoreModel base = {.name = "base", .role = "base"};

/* A prompt and K rows that answer it; the second and the third with the same text. */
static int64_t prompt_and_rows(StoreResponse *row, const char *sampling)
{
    static const char *const TEXT[K] = {"yes", "no", "no"};
    StorePrompt prompt = {.text = "is it ?", .source = "test", .split = SPLIT_TRAIN};
    OK(store_add_model(store, &base, &err));
    OK(store_add_prompts(store, &prompt, 1, NULL, &err));
    for (int k = 0; k < K; k++)
        row[k] = (StoreResponse){.prompt_id = prompt.id,
                                 .model_id = base.id,
                                 .text = TEXT[k],
                                 .finish = "stop",
                                 .sample_no = k,
                                 .sampling_json = sampling};
    return prompt.id;
}

static int64_t count_answered(const StorePromptFilter *filter)
{
    int64_t n = 0;
    OK(store_count_prompts(store, filter, &n, &err));
    return n;
}

static int64_t count_responses(void)
{
    StoreResponseList list = {0};
    OK(store_list_responses(store, NULL, &list, &err));
    const int64_t n = (int64_t)list.n;
    store_responses_free(&list);
    return n;
}

static void answers_come_with_their_pairs(void **state)
{
    (void)state;
    StoreResponse row[K];
    StorePairList pairs = {0};
    StoreAdded added = {0};
    prompt_and_rows(row, "{}");
    OK(store_add_answers(store, row, K, (StorePairing[]){{0, 1}, {1, 2}}, 2, &added, &err));
    assert_int_equal(added.added, 1);
    assert_int_equal(added.refused, 1); /* two equal texts */
    OK(store_list_unlabeled(store, 0, 0, &pairs, &err));
    assert_int_equal(pairs.n, 1);
    assert_string_equal(pairs.row[0].a, "yes");
    assert_string_equal(pairs.row[0].b, "no");
    store_pairs_free(&pairs);
}

static void the_same_answers_again_change_nothing(void **state)
{
    (void)state;
    StoreResponse row[K];
    StoreAdded added = {0};
    prompt_and_rows(row, "{}");
    OK(store_add_answers(store, row, K, (StorePairing[]){{0, 1}}, 1, NULL, &err));
    OK(store_add_answers(store, row, K, (StorePairing[]){{0, 1}}, 1, &added, &err));
    assert_int_equal(added.added, 0);
    assert_int_equal(added.duplicate, 1);
    assert_int_equal(count_responses(), K);
}

/* The last row answers no prompt: not even the first ones are there. */
static void no_answer_is_stored_without_the_others(void **state)
{
    (void)state;
    StoreResponse row[K];
    prompt_and_rows(row, "{}");
    row[K - 1].prompt_id += 1;
    assert_int_equal(store_add_answers(store, row, K, (StorePairing[]){{0, 1}}, 1, NULL, &err), -1);
    assert_int_equal(count_responses(), 0);
}

static void no_answer_is_stored_without_its_pairs(void **state)
{
    (void)state;
    StoreResponse row[K];
    StorePrompt other = {.text = "what is it ?", .source = "test", .split = SPLIT_TRAIN};
    prompt_and_rows(row, "{}");
    OK(store_add_prompts(store, &other, 1, NULL, &err));
    row[K - 1].prompt_id = other.id; /* an answer, but no pair with the first one */
    assert_int_equal(store_add_answers(store, row, K, (StorePairing[]){{0, 2}}, 1, NULL, &err), -1);
    assert_int_equal(count_responses(), 0);
}

static void a_prompt_is_answered_once_it_has_so_many_answers(void **state)
{
    (void)state;
    StoreResponse row[K];
    prompt_and_rows(row, "{}");
    StorePromptFilter filter = {.answered = ANSWERED_NO, .model_id = base.id, .answers = K};
    OK(store_add_answers(store, row, K - 1, NULL, 0, NULL, &err));
    assert_int_equal(count_answered(&filter), 1);
    OK(store_add_answers(store, row, K, NULL, 0, NULL, &err));
    assert_int_equal(count_answered(&filter), 0);
    filter.answered = ANSWERED_YES;
    assert_int_equal(count_answered(&filter), 1);
}

static void answers_of_other_settings_are_not_counted(void **state)
{
    (void)state;
    StoreResponse row[K];
    prompt_and_rows(row, "{\"temperature\":1,\"models\":[\"a\",\"b\"]}");
    StorePromptFilter filter = {.answered = ANSWERED_YES, .words = "\"models\":[\"a\",\"b\"]"};
    OK(store_add_answers(store, row, K, NULL, 0, NULL, &err));
    assert_int_equal(count_answered(&filter), 1);
    filter.words = "\"models\":[\"a\",\"c\"]";
    assert_int_equal(count_answered(&filter), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_come_with_their_pairs),
        TEST(the_same_answers_again_change_nothing),
        TEST(no_answer_is_stored_without_the_others),
        TEST(no_answer_is_stored_without_its_pairs),
        TEST(a_prompt_is_answered_once_it_has_so_many_answers),
        TEST(answers_of_other_settings_are_not_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
