#include "tests/store/store_test.h"

static StoreCampaign campaign_named(const char *name)
{
    return (StoreCampaign){.name = name,
                           .title = "which is more helpful",
                           .guidelines = "be kind",
                           .purpose = PURPOSE_EVALUATE,
                           .scale = 3,
                           .tie = true,
                           .overlap = 2,
                           .lease_s = 60,
                           .goal = 300};
}

static void campaign_is_kept_as_given(void **state)
{
    (void)state;
    const StoreCampaign given = campaign_named("eval-1");
    StoreCampaign got = {0};
    int64_t id = 0;
    OK(store_add_campaign(store, &given, &id, &err));
    OK(store_get_campaign(store, "eval-1", &got, &err));
    assert_int_equal(got.id, id);
    assert_string_equal(got.title, "which is more helpful");
    assert_string_equal(got.guidelines, "be kind");
    assert_int_equal(got.guidelines_version, 1);
    assert_int_equal(got.purpose, PURPOSE_EVALUATE);
    assert_int_equal(got.scale, 3);
    assert_true(got.tie && !got.both_bad && !got.closed);
    assert_int_equal(got.overlap, 2);
    assert_int_equal(got.lease_s, 60);
    assert_int_equal(got.goal, 300);
    store_campaign_free(&got);
}

static void guidelines_that_differ_are_the_next_version(void **state)
{
    (void)state;
    StoreCampaign c = {0};
    static const struct {
        const char *text;
        int version;
    } EDIT[] = {{"be kind", 1}, {"be kind", 1}, {"be brief", 2}, {NULL, 2}, {"be kind", 3}};
    for (size_t i = 0; i < sizeof EDIT / sizeof *EDIT; i++) {
        OK(store_get_campaign(store, NULL, &c, &err));
        free((char *)c.guidelines);
        c.guidelines = EDIT[i].text ? strdup(EDIT[i].text) : NULL;
        OK(store_edit_campaign(store, &c, &err));
        store_campaign_free(&c);
        OK(store_get_campaign(store, NULL, &c, &err));
        assert_int_equal(c.guidelines_version, EDIT[i].version);
        store_campaign_free(&c);
    }
}

static void assignment_remembers_its_guidelines(void **state)
{
    (void)state;
    StoreCampaign c = {0};
    StoreClaim claim = {0};
    bool found = false;
    add_pairs(2);
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_claim_comparison(store, session, false, &claim, &found, &err));
    decide(store, &claim, OUTCOME_TIE, 0);
    store_claim_free(&claim);
    OK(store_get_campaign(store, NULL, &c, &err));
    c.guidelines = strdup("be kind");
    OK(store_edit_campaign(store, &c, &err));
    OK(store_claim_comparison(store, session, false, &claim, &found, &err));
    assert_int_equal(raw_number("SELECT guideline_id IS NULL FROM assignment WHERE id=1"), 1);
    assert_int_equal(raw_number("SELECT guideline_id FROM assignment WHERE id=2"), 1);
    store_claim_free(&claim);
    store_campaign_free(&c);
}

static void campaign_is_closed_and_opened_again(void **state)
{
    (void)state;
    StoreCampaign c = {0};
    for (int closed = 1; closed >= 0; closed--) {
        OK(store_get_campaign(store, NULL, &c, &err));
        c.closed = closed;
        OK(store_edit_campaign(store, &c, &err));
        store_campaign_free(&c);
        OK(store_get_campaign(store, NULL, &c, &err));
        assert_int_equal(c.closed, closed);
        store_campaign_free(&c);
    }
}

static void what_is_no_campaign_is_refused(void **state)
{
    (void)state;
    int64_t id = 0;
    StoreCampaign c = campaign_named("default");
    assert_int_equal(store_add_campaign(store, &c, &id, &err), -1);
    assert_non_null(strstr(err.message, "default is there already"));
    static const char *const NAMES[] = {"", "a b", "a/b", "a:b"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        c = campaign_named(NAMES[i]);
        assert_int_equal(store_add_campaign(store, &c, &id, &err), -1);
        assert_non_null(strstr(err.message, "a name is"));
    }
    c = campaign_named("x");
    c.scale = 5;
    assert_int_equal(store_add_campaign(store, &c, &id, &err), -1);
    assert_non_null(strstr(err.message, "1 to 4 grades"));
    c = campaign_named("x");
    c.overlap = 0;
    assert_int_equal(store_add_campaign(store, &c, &id, &err), -1);
    assert_int_equal(id, 0);
}

static void unknown_campaign_names_those_that_are_there(void **state)
{
    (void)state;
    StoreCampaign c = campaign_named("eval-1");
    int64_t id = 0;
    OK(store_add_campaign(store, &c, &id, &err));
    assert_int_equal(store_use_campaign(store, "eval", &err), -1);
    assert_string_equal(err.message, "there is no campaign 'eval'; there is default, eval-1");
    assert_string_equal(err.hint, "make one with: rlhf campaign new NAME");
}

/* The same two answers may be asked about in two campaigns, and neither sees the other's labels. */
static void campaigns_share_answers_not_labels(void **state)
{
    (void)state;
    StoreCampaign c = campaign_named("eval-1");
    StoreClaim claim = {0};
    int64_t id = 0, left = 0, done = 0;
    bool found = false;
    add_pairs(1);
    OK(store_add_campaign(store, &c, &id, &err));
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    OK(store_claim_comparison(store, session, false, &claim, &found, &err));
    const int64_t first = claim.comparison_id;
    decide(store, &claim, OUTCOME_PREF, -1);
    StoreComparison again = {
        .prompt_id = claim.prompt_id, .a_id = claim.a_id, .b_id = claim.b_id, .origin = "random"};
    store_claim_free(&claim);

    OK(store_use_campaign(store, "eval-1", &err));
    OK(store_claim_comparison(store, session, false, &claim, &found, &err));
    assert_false(found);
    OK(store_add_comparisons(store, &again, 1, NULL, &err));
    assert_int_not_equal(again.id, first);
    OK(store_count_claimable(store, 1, false, &left, &done, &err));
    assert_int_equal(left, 1);
    assert_int_equal(done, 0);
    OK(store_claim_comparison(store, session, false, &claim, &found, &err));
    assert_true(found);
    assert_int_equal(claim.comparison_id, again.id);
    store_claim_free(&claim);
}

/* One label in each of three campaigns. */
static void labels_to_evaluate_or_practise_are_not_trained_on(void **state)
{
    (void)state;
    StorePreferenceList list = {0};
    StoreClaim claim = {0};
    int64_t id = 0;
    bool found = false;
    add_pairs(1);
    const int64_t session = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
    for (int purpose = PURPOSE_TRAIN; purpose < PURPOSE_N; purpose++) {
        StoreCampaign c = campaign_named(purpose == PURPOSE_EVALUATE ? "eval-1" : "school");
        c.purpose = (Purpose)purpose;
        if (purpose != PURPOSE_TRAIN) {
            OK(store_add_campaign(store, &c, &id, &err));
            OK(store_use_campaign(store, c.name, &err));
            OK(store_add_comparisons(
                store, &(StoreComparison){.prompt_id = 1, .a_id = 1, .b_id = 2, .origin = "random"},
                1, NULL, &err));
        }
        OK(store_claim_comparison(store, session, false, &claim, &found, &err));
        assert_true(found);
        decide(store, &claim, OUTCOME_PREF, -1);
        store_claim_free(&claim);
    }
    OK(store_list_preferences(store, NULL, &list, &err));
    assert_int_equal(list.n, 1);
    assert_int_equal(list.row[0].comparison_id, 1);
    store_preferences_free(&list);
    OK(store_list_preferences(store, &(StorePreferenceFilter){.purpose = PURPOSE_EVALUATE}, &list,
                              &err));
    assert_int_equal(list.n, 1);
    assert_int_equal(list.row[0].comparison_id, 2);
    store_preferences_free(&list);
    /* Asked for by campaign it is not training data either. */
    OK(store_list_preferences(store, &(StorePreferenceFilter){.campaign_id = 2}, &list, &err));
    assert_int_equal(list.n, 0);
    store_preferences_free(&list);
}

/* Two people differ and a third settles it. */
static void reviewer_stands_for_the_others(void **state)
{
    (void)state;
    StorePreferenceList list = {0};
    add_pairs(1);
    static const char *const WHO[] = {"ada", "bo", "cy"};
    for (int i = 0; i < 3; i++) {
        StoreClaim claim = {0};
        const int64_t session = begin_session_of(store, WHO[i], ANNOTATOR_HUMAN);
        OK(store_hold_comparison(store, session, 1, &claim, &err));
        if (i == 2)
            assert_int_equal(raw_sql("UPDATE assignment SET role='reviewer' WHERE id=3"), 0);
        decide(store, &claim, OUTCOME_PREF, (i == 1) == claim.swapped ? -1 : 1);
        store_claim_free(&claim);
        OK(store_list_preferences(store, NULL, &list, &err));
        assert_int_equal(list.n, i == 2 ? 1 : i + 1);
        if (i == 2) assert_string_equal(list.row[0].annotator, "cy");
        store_preferences_free(&list);
    }
    StoreVerified verified = {0};
    OK(store_verify(store, &verified, &err));
    assert_int_equal(verified.labels, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(campaign_is_kept_as_given),
        TEST(guidelines_that_differ_are_the_next_version),
        TEST(assignment_remembers_its_guidelines),
        TEST(campaign_is_closed_and_opened_again),
        TEST(what_is_no_campaign_is_refused),
        TEST(unknown_campaign_names_those_that_are_there),
        TEST(campaigns_share_answers_not_labels),
        TEST(labels_to_evaluate_or_practise_are_not_trained_on),
        TEST(reviewer_stands_for_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
