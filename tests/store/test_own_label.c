/* What a person sees of the labels given so far, and in which order pairs come. */
#include "tests/store/store_test.h"

static int64_t claim_and_decide(int64_t session, Outcome outcome, int preferred)
{
    StoreClaim claim = {0};
    bool found = false;
    OK(store_claim_comparison(store, session, false, &claim, &found, &err));
    assert_true(found);
    decide(store, &claim, outcome, preferred);
    const int64_t id = claim.comparison_id;
    store_claim_free(&claim);
    return id;
}

static int64_t id_of(const char *handle)
{
    int64_t id = 0;
    OK(store_add_annotator(store, handle, ANNOTATOR_HUMAN, &id, &err));
    return id;
}

/* Sides as they were shown, whichever way they were stored. */
static void own_labels_are_listed_newest_first_as_shown(void **state)
{
    (void)state;
    StoreOwnLabelList list = {0};
    add_pairs(12);
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    int64_t comparison[10];
    for (int i = 0; i < 10; i++)
        comparison[i] = claim_and_decide(session, OUTCOME_PREF, i % 2 ? 1 : -1);
    OK(store_list_own_labels(store, id_of("ada"), 0, 0, &list, &err));
    assert_int_equal(list.n, 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(list.row[i].comparison_id, comparison[9 - i]);
        assert_int_equal(list.row[i].preferred, i % 2 ? -1 : 1);
        assert_memory_equal(list.row[i].prompt, "question ", 9);
        assert_null(list.row[i].template);
    }
    store_own_labels_free(&list);
    OK(store_list_own_labels(store, id_of("ada"), 0, 3, &list, &err));
    assert_int_equal(list.n, 3);
    store_own_labels_free(&list);
    OK(store_list_own_labels(store, id_of("ada"), store_time_us() + 1, 0, &list, &err));
    assert_int_equal(list.n, 0);
    store_own_labels_free(&list);
    OK(store_list_own_labels(store, id_of("bob"), 0, 0, &list, &err));
    assert_int_equal(list.n, 0);
    store_own_labels_free(&list);
}

static void an_undone_label_is_not_among_them(void **state)
{
    (void)state;
    StoreOwnLabelList list = {0};
    StoreClaim claim = {0};
    bool found = false;
    add_pairs(3);
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    claim_and_decide(session, OUTCOME_TIE, 0);
    claim_and_decide(session, OUTCOME_SKIP, 0);
    OK(store_undo_label(store, session, &claim, &found, &err));
    store_claim_free(&claim);
    OK(store_list_own_labels(store, id_of("ada"), 0, 0, &list, &err));
    assert_int_equal(list.n, 1);
    assert_int_equal(list.row[0].outcome, OUTCOME_TIE);
    store_own_labels_free(&list);
}

/* The first prompt gets a second pair after all others have one: it is asked second all the same. */
static void pairs_of_one_prompt_come_one_after_another(void **state)
{
    (void)state;
    StoreResponseList list = {0};
    add_pairs(5);
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_list_responses(store, &(StoreResponseFilter){.limit = 1}, &list, &err));
    StoreResponse more = list.row[0];
    more.text = "a third answer", more.tokens = NULL, more.n_tokens = 0, more.sample_no = 2;
    OK(store_add_responses(store, &more, 1, NULL, &err));
    StoreComparison pair = {
        .prompt_id = more.prompt_id, .a_id = list.row[0].id, .b_id = more.id, .origin = "random"};
    OK(store_add_comparisons(store, &pair, 1, NULL, &err));
    store_responses_free(&list);
    assert_int_equal(claim_and_decide(session, OUTCOME_TIE, 0), 1);
    assert_int_equal(claim_and_decide(session, OUTCOME_TIE, 0), 6);
    assert_int_equal(claim_and_decide(session, OUTCOME_TIE, 0), 2);
}

/* Among many pairs, the look for another of the same prompt passes over none of the others. */
static void the_look_for_the_same_prompt_reads_no_other(void **state)
{
    (void)state;
    int64_t work[2];
    add_pairs(600);
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    for (int i = 0; i < 2; i++) {
        StoreClaim claim = {0};
        bool found = false;
        work_begin();
        OK(store_claim_comparison(store, session, false, &claim, &found, &err));
        work[i] = work_done;
        decide(store, &claim, OUTCOME_TIE, 0);
        store_claim_free(&claim);
    }
    assert_true(work[1] < work[0] + 600);
}

static void a_signal_keeps_the_pair_for_its_annotator(void **state)
{
    (void)state;
    StoreClaim claim = {0}, other = {0}, again = {0};
    bool found = false;
    add_pairs(3);
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_claim_comparison(store, session, false, &claim, &found, &err));
    OK(store_end_session(store, session, STORE_SIGNAL, &err));
    const int64_t bob = begin_session_of(store, "bob", ANNOTATOR_HUMAN);
    OK(store_claim_comparison(store, bob, false, &other, &found, &err));
    assert_int_not_equal(other.comparison_id, claim.comparison_id);
    const int64_t next = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_claim_comparison(store, next, false, &again, &found, &err));
    assert_int_equal(again.comparison_id, claim.comparison_id);
    store_claim_free(&claim);
    store_claim_free(&other);
    store_claim_free(&again);
}

/* One is bob's to decide, one was ada's own, one is free. */
static void what_others_hold_is_awaited(void **state)
{
    (void)state;
    StoreClaim claim = {0};
    bool found = false;
    int64_t n = 7, first_us = 7;
    add_pairs(3);
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    const int64_t bob = begin_session_of(store, "bob", ANNOTATOR_HUMAN);
    claim_and_decide(ada, OUTCOME_TIE, 0);
    OK(store_count_awaited(store, id_of("ada"), &n, &first_us, &err));
    assert_int_equal(n, 0);
    assert_int_equal(first_us, 0);
    OK(store_claim_comparison(store, bob, false, &claim, &found, &err));
    OK(store_count_awaited(store, id_of("ada"), &n, &first_us, &err));
    assert_int_equal(n, 1);
    assert_int_equal(first_us, claim.expires_us);
    store_claim_free(&claim);
}

static void gold_is_listed_with_its_reason(void **state)
{
    (void)state;
    StoreGoldList list = {0};
    add_pairs(3);
    OK(store_put_gold(store, &(StoreGold){3, OUTCOME_TIE, 0, NULL}, &err));
    OK(store_put_gold(store, &(StoreGold){1, OUTCOME_PREF, -2, "A is right."}, &err));
    OK(store_list_gold(store, &list, &err));
    assert_int_equal(list.n, 2);
    assert_int_equal(list.row[0].preferred, -2);
    assert_string_equal(list.row[0].why, "A is right.");
    assert_int_equal(list.row[1].comparison_id, 3);
    assert_null(list.row[1].why);
    store_gold_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(own_labels_are_listed_newest_first_as_shown),
        TEST(an_undone_label_is_not_among_them),
        TEST(pairs_of_one_prompt_come_one_after_another),
        TEST(the_look_for_the_same_prompt_reads_no_other),
        TEST(a_signal_keeps_the_pair_for_its_annotator),
        TEST(what_others_hold_is_awaited),
        TEST(gold_is_listed_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
