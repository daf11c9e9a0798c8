#include "tests/store/store_test.h"

static void hold_one(int64_t session)
{
    StoreClaim c = {0};
    bool found = false;
    OK(store_claim_comparison(store, session, false, &c, &found, &err));
    assert_true(found);
    store_claim_free(&c);
}

static void label_one(int64_t session)
{
    StoreClaim c = {0};
    bool found = false;
    OK(store_claim_comparison(store, session, false, &c, &found, &err));
    assert_true(found);
    decide(store, &c, OUTCOME_PREF, 1);
    store_claim_free(&c);
}

static void expect_taken(const char *who, StoreTaken expected)
{
    StoreTaken got = {0};
    int64_t id = 0;
    OK(store_add_annotator(store, who, ANNOTATOR_HUMAN, &id, &err));
    OK(store_count_taken(store, id, &got, &err));
    assert_int_equal(got.labeled, expected.labeled);
    assert_int_equal(got.held, expected.held);
    assert_int_equal(got.held_elsewhere, expected.held_elsewhere);
    assert_int_equal(got.imported, expected.imported);
}

/* Of five pairs ada has labeled two and holds one, bob holds one, and one came with a data set. */
static void every_taken_pair_is_counted_for_one_reason(void **state)
{
    (void)state;
    add_pairs(5);
    OK(raw_sql("UPDATE comparison SET origin='import' WHERE id=5"));
    const int64_t ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    const int64_t bob = begin_session_of(store, "bob", ANNOTATOR_HUMAN);
    label_one(ada);
    label_one(ada);
    hold_one(ada);
    hold_one(bob);
    expect_taken("cyd", (StoreTaken){.labeled = 2, .held = 2, .imported = 1});
    expect_taken("bob", (StoreTaken){.labeled = 2, .held = 1, .held_elsewhere = 1, .imported = 1});
    /* rules take nothing from people, and a lease that ran out holds nothing */
    const int64_t rule = begin_session_of(store, "rule:test", ANNOTATOR_RULE);
    OK(store_add_labels(store, rule, &(StoreVerdict){.comparison_id = 5, .preferred = 1}, 1, NULL,
                        &err));
    OK(raw_sql("UPDATE assignment SET expires_us=1 WHERE state='open'"));
    expect_taken("cyd", (StoreTaken){.labeled = 2, .imported = 1});
}

static void of_no_pairs_none_is_taken(void **state)
{
    (void)state;
    expect_taken("ada", (StoreTaken){0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_taken_pair_is_counted_for_one_reason),
        TEST(of_no_pairs_none_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
