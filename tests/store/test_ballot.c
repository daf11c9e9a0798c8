#include "tests/store/store_test.h"

static int64_t ada; /* a session of hers */

static void begin(int pairs)
{
    add_pairs(pairs);
    ada = begin_session_of(store, "ada", ANNOTATOR_HUMAN);
}

static BallotFate put(StoreBallot b, bool replace)
{
    OK(store_add_ballots(store, ada, &b, 1, (BallotTerms){.replace = replace}, &err));
    return b.fate;
}

static StoreBallot prefer(int64_t comparison, int preferred)
{
    return (StoreBallot){
        .comparison_id = comparison, .outcome = OUTCOME_PREF, .preferred = preferred};
}

/* Both sides, shown either way round: what is preferred is as stored, what was shown is as said. */
static void a_ballot_is_a_label_of_its_person(void **state)
{
    (void)state;
    StorePreferenceList list = {0};
    begin(4);
    for (int i = 0; i < 4; i++) {
        StoreBallot b = prefer(i + 1, i % 2 ? 2 : -3);
        b.first = i < 2 ? -1 : 1;
        assert_int_equal(put(b, false), BALLOT_ADDED);
    }
    OK(store_list_preferences(store, NULL, &list, &err));
    assert_int_equal(list.n, 4);
    for (int i = 0; i < 4; i++) {
        const StorePreference *p = &list.row[i];
        assert_int_equal(p->kind, ANNOTATOR_HUMAN);
        assert_string_equal(p->annotator, "ada");
        assert_int_equal(strncmp(p->chosen, i % 2 ? "answer two" : "answer one", 10), 0);
        assert_int_equal(p->strength, i % 2 ? 2 : 3);
        /* a (i even) was first in the first two, b (i odd) in the last two */
        assert_int_equal(p->first, (i % 2 == 0) == (i < 2));
    }
    store_preferences_free(&list);
}

static void the_same_ballots_add_nothing(void **state)
{
    (void)state;
    begin(3);
    StoreBallot rows[] = {
        prefer(1, -1),
        {.comparison_id = 2, .outcome = OUTCOME_SKIP, .reasons = "long", .comment = "too much"},
        {.comparison_id = 3, .outcome = OUTCOME_TIE, .confidence = 4}};
    OK(store_add_ballots(store, ada, rows, 3, (BallotTerms){.whole = true}, &err));
    for (int again = 0; again < 2; again++) {
        /* with `replace` as without: what stands is no other */
        OK(store_add_ballots(store, ada, rows, 3, (BallotTerms){.replace = again}, &err));
        for (int i = 0; i < 3; i++) assert_int_equal(rows[i].fate, BALLOT_THERE);
    }
    assert_int_equal(raw_number("SELECT count(*) FROM label"), 3);
    assert_int_equal(rows[2].label_id, 3);
}

static void a_ballot_against_a_label_replaces_it_when_asked(void **state)
{
    (void)state;
    begin(1);
    StoreVerified verified;
    assert_int_equal(put(prefer(1, -1), false), BALLOT_ADDED);
    assert_int_equal(put(prefer(1, 1), false), BALLOT_AGAINST);
    assert_int_equal(raw_number("SELECT count(*) FROM label"), 1);
    assert_int_equal(put(prefer(1, 1), true), BALLOT_ADDED);
    assert_int_equal(raw_number("SELECT supersedes FROM label WHERE id=2"), 1);
    assert_int_equal(raw_number("SELECT pref FROM label_current"), 1);
    OK(store_verify(store, &verified, &err));
    assert_int_equal(verified.labels, 2);
}

/* Each difference is one: by how much, a remark, how sure. */
static void another_remark_is_another_decision(void **state)
{
    (void)state;
    begin(1);
    assert_int_equal(put(prefer(1, -1), false), BALLOT_ADDED);
    assert_int_equal(put(prefer(1, -2), false), BALLOT_AGAINST);
    StoreBallot b = prefer(1, -1);
    b.comment = "clearer";
    assert_int_equal(put(b, false), BALLOT_AGAINST);
    b = prefer(1, -1);
    b.confidence = 9;
    assert_int_equal(put(b, false), BALLOT_AGAINST);
}

static void a_look_adds_none(void **state)
{
    (void)state;
    begin(2);
    StoreBallot rows[] = {prefer(1, -1), prefer(2, 1)};
    assert_int_equal(put(prefer(2, -1), false), BALLOT_ADDED);
    OK(store_add_ballots(store, ada, rows, 2, (BallotTerms){.look = true}, &err));
    assert_int_equal(rows[0].fate, BALLOT_ADDED);
    assert_int_equal(rows[1].fate, BALLOT_AGAINST);
    assert_int_equal(raw_number("SELECT count(*) FROM label"), 1);
}

static void whole_adds_none_where_one_is_against(void **state)
{
    (void)state;
    begin(3);
    StoreBallot rows[] = {prefer(1, -1), prefer(2, 1), prefer(3, -1)};
    assert_int_equal(put(prefer(2, -1), false), BALLOT_ADDED);
    OK(store_add_ballots(store, ada, rows, 3, (BallotTerms){.whole = true}, &err));
    assert_int_equal(rows[1].fate, BALLOT_AGAINST);
    assert_int_equal(raw_number("SELECT count(*) FROM label"), 1);
    OK(store_add_ballots(store, ada, rows, 3, (BallotTerms){0}, &err));
    assert_int_equal(raw_number("SELECT count(*) FROM label"), 3);
    /* and one pair twice, otherwise: the first of the two is what the second is against */
    StoreBallot twice[] = {prefer(1, -1), prefer(1, 1)};
    OK(store_add_ballots(store, ada, twice, 2, (BallotTerms){0}, &err));
    assert_int_equal(twice[0].fate, BALLOT_THERE);
    assert_int_equal(twice[1].fate, BALLOT_AGAINST);
    StoreVerified verified;
    OK(store_verify(store, &verified, &err));
}

/* The hash of the first label covers what was shown: it may not change under it. */
static void what_was_shown_stays_as_it_was_labeled(void **state)
{
    (void)state;
    begin(1);
    StoreVerified verified;
    StoreBallot b = prefer(1, -1);
    b.first = 1;
    assert_int_equal(put(b, false), BALLOT_ADDED);
    b.preferred = 1;
    b.first = -1;
    assert_int_equal(put(b, true), BALLOT_ADDED);
    assert_int_equal(raw_number("SELECT swapped FROM assignment"), 1);
    OK(store_verify(store, &verified, &err));
}

static void a_pair_on_the_screen_may_be_decided_elsewhere(void **state)
{
    (void)state;
    begin(1);
    StoreClaim claim = {0};
    bool found = false, swapped = true;
    OK(store_claim_comparison(store, ada, false, &claim, &found, &err));
    OK(store_ask_swapped(store, 1, 1, &swapped, &err));
    assert_int_equal(swapped, claim.swapped);
    assert_int_equal(put(prefer(1, 1), false), BALLOT_ADDED);
    /* what is then chosen on the screen is a change of mind */
    assert_int_equal(decide(store, &claim, OUTCOME_TIE, 0), 2);
    assert_int_equal(raw_number("SELECT supersedes FROM label WHERE id=2"), 1);
    store_claim_free(&claim);
}

static void what_was_taken_back_may_come_again(void **state)
{
    (void)state;
    begin(1);
    StoreClaim claim = {0};
    bool found = false;
    assert_int_equal(put(prefer(1, -1), false), BALLOT_ADDED);
    OK(store_undo_label(store, ada, &claim, &found, &err));
    assert_int_equal(put(prefer(1, -1), false), BALLOT_ADDED);
    assert_int_equal(raw_number("SELECT supersedes FROM label WHERE id=3"), 2);
    store_claim_free(&claim);
}

static void refused(int64_t comparison, const char *reason)
{
    StorePairList pair = {0};
    assert_int_equal(store_find_votable(store, comparison, &pair, &err), 1);
    assert_string_equal(err.message, reason);
}

static void pairs_that_are_not_to_decide_are_told_apart(void **state)
{
    (void)state;
    begin(2);
    StorePairList pair = {0};
    StoreRedacted redacted = {0};
    int64_t id = 0;
    StoreCampaign other = {.name = "eval-1", .title = "", .scale = 1, .overlap = 1, .lease_s = 1};
    OK(store_find_votable(store, 1, &pair, &err));
    assert_string_equal(pair.row[0].a, "answer one to 0");
    store_pairs_free(&pair);
    refused(3, "there is no pair 3");
    OK(store_redact_prompt(store, 2, &(StoreRedaction){.who = "ada"}, &redacted, &err));
    refused(2, "pair 2: its prompt is redacted");
    OK(store_add_campaign(store, &other, &id, &err));
    OK(store_use_campaign(store, "eval-1", &err));
    refused(1, "pair 1 is of campaign default");
    store_redacted_free(&redacted);
}

static void what_may_be_claimed_is_listed_and_not_held(void **state)
{
    (void)state;
    begin(4);
    int64_t *id = NULL;
    size_t n = 0;
    StoreClaim claim = {0};
    bool found = false;
    const int64_t ben = begin_session_of(store, "ben", ANNOTATOR_HUMAN);
    OK(store_claim_comparison(store, ben, false, &claim, &found, &err)); /* pair 1 is his */
    assert_int_equal(put(prefer(3, -1), false), BALLOT_ADDED);           /* and 3 done */
    OK(store_list_claimable(store, 1, false, 0, &id, &n, &err));
    assert_int_equal(n, 2);
    assert_int_equal(id[0], 2);
    assert_int_equal(id[1], 4);
    free(id);
    OK(store_list_claimable(store, 1, false, 1, &id, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(raw_number("SELECT count(*) FROM assignment"), 2);
    free(id);
    store_claim_free(&claim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_ballot_is_a_label_of_its_person),
        TEST(the_same_ballots_add_nothing),
        TEST(a_ballot_against_a_label_replaces_it_when_asked),
        TEST(another_remark_is_another_decision),
        TEST(a_look_adds_none),
        TEST(whole_adds_none_where_one_is_against),
        TEST(what_was_shown_stays_as_it_was_labeled),
        TEST(a_pair_on_the_screen_may_be_decided_elsewhere),
        TEST(what_was_taken_back_may_come_again),
        TEST(pairs_that_are_not_to_decide_are_told_apart),
        TEST(what_may_be_claimed_is_listed_and_not_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
