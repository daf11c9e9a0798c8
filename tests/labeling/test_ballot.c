#include "labeling/ballot.h"

#include "tests/labeling/fixture.h"

static const Offer PLAIN = {1, true, true}, GRADED = {3, true, true}, SIDES = {1, false, false};
static Store *store;
static char path[FIXTURE_PATH];
static Error err;

/* Pair 1: a is "answer one of 1", b is "answer two of 1, which is longer". */
static int set_up(void **state)
{
    (void)state;
    store = fixture_open(path);
    fixture_fill(store, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_close(store, path);
    return 0;
}

static Ballot taken(const char *line, const Offer *offer)
{
    Ballot b = {0};
    if (ballot_read(&b, store, offer, line, strlen(line), &err) != 0)
        fail_msg("%s: %s", line, err.message);
    return b;
}

static void refused(const char *line, const Offer *offer, const char *reason)
{
    Ballot b = {0};
    if (ballot_read(&b, store, offer, line, strlen(line), &err) != 1) fail_msg("taken: %s", line);
    assert_string_equal(err.message, reason);
}

/* ab: first is a; ba: first is b.  a and b are the store's whatever was shown. */
static void sides_are_those_of_the_order_shown(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int preferred, first;
    } CASES[] = {{"{\"pair\":1,\"choice\":\"first\",\"order\":\"ab\"}", -1, -1},
                 {"{\"pair\":1,\"choice\":\"second\",\"order\":\"ab\"}", 1, -1},
                 {"{\"pair\":1,\"choice\":\"first\",\"order\":\"ba\"}", 1, 1},
                 {"{\"pair\":1,\"choice\":\"second\",\"order\":\"ba\"}", -1, 1},
                 {"{\"pair\":1,\"choice\":\"a\",\"order\":\"ba\"}", -1, 1},
                 {"{\"pair\":1,\"choice\":\"b\",\"order\":\"ba\"}", 1, 1},
                 {"{\"pair\":1,\"choice\":\"b\"}", 1, 0}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const Ballot b = taken(CASES[i].line, &PLAIN);
        assert_int_equal(b.ballot.comparison_id, 1);
        assert_int_equal(b.ballot.outcome, OUTCOME_PREF);
        assert_int_equal(b.ballot.preferred, CASES[i].preferred);
        assert_int_equal(b.ballot.first, CASES[i].first);
    }
}

static void texts_tell_the_order_and_must_be_the_pairs(void **state)
{
    (void)state;
    Ballot b = taken("{\"pair\":1,\"choice\":\"first\",\"first\":\"answer two of 1, which is "
                     "longer\",\"second\":\"answer one of 1\"}",
                     &PLAIN);
    assert_int_equal(b.ballot.preferred, 1);
    assert_int_equal(b.ballot.first, 1);
    refused("{\"pair\":1,\"choice\":\"a\",\"first\":\"answer one of 2\",\"second\":\"answer two of "
            "1, which is longer\"}",
            &PLAIN, "first and second are not the answers of pair 1");
    refused("{\"pair\":1,\"choice\":\"a\",\"order\":\"ab\",\"first\":\"answer two of 1, which is "
            "longer\",\"second\":\"answer one of 1\"}",
            &PLAIN, "first and second stand in the other order than ab");
    refused("{\"pair\":1,\"choice\":\"a\",\"first\":\"answer one of 1\"}", &PLAIN,
            "of first and second it has one alone");
}

static void what_goes_with_a_choice_is_kept(void **state)
{
    (void)state;
    Ballot b = taken("{\"pair\":1,\"choice\":\"skip\",\"reasons\":[\"long\",\"other\"],"
                     "\"comment\":\"a\\u001bb\",\"confidence\":9,\"seconds\":1.5,\"mine\":7}",
                     &PLAIN);
    assert_int_equal(b.ballot.outcome, OUTCOME_SKIP);
    assert_string_equal(b.ballot.reasons, "long,other");
    assert_string_equal(b.ballot.comment, "a<U+001B>b");
    assert_int_equal(b.ballot.confidence, 9);
    assert_int_equal(b.ballot.active_ms, 1500);
    ballot_free(&b);
    b = taken("{\"pair\":1,\"choice\":\"flag\",\"reasons\":\"unsafe,private\"}", &PLAIN);
    assert_string_equal(b.ballot.reasons, "unsafe,private");
    ballot_free(&b);
    b = taken("{\"pair\":1,\"choice\":\"b\",\"strength\":3}", &GRADED);
    assert_int_equal(b.ballot.preferred, 3);
}

static void what_is_handed_out_comes_back_undecided(void **state)
{
    (void)state;
    StorePairList pair = {0};
    Text row = {0};
    if (store_get_pair(store, 1, &pair, &err) != 0) fixture_fail(&err);
    ballot_put(&row, &pair.row[0], "as people read it", true);
    assert_string_equal(row.bytes,
                        "{\"pair\": 1, \"prompt\": \"as people read it\", \"first\": \"answer two "
                        "of 1, which is longer\", \"second\": \"answer one of 1\", \"order\": "
                        "\"ba\", \"choice\": null}\n");
    assert_true(taken(row.bytes, &PLAIN).open);
    assert_true(taken("{\"pair\":1,\"choice\":\"\"}", &PLAIN).open);
    text_free(&row);
    store_pairs_free(&pair);
}

static void a_bad_row_is_refused_with_the_reason(void **state)
{
    (void)state;
    refused("[1]", &PLAIN, "not a JSON object");
    refused("{\"choice\":\"a\"}", &PLAIN, "it names no pair");
    refused("{\"pair\":\"1\",\"choice\":\"a\"}", &PLAIN, "pair is no number of a pair");
    refused("{\"pair\":2,\"choice\":\"a\"}", &PLAIN, "there is no pair 2");
    refused("{\"pair\":1,\"choice\":1}", &PLAIN, "choice is no text");
    refused("{\"pair\":1,\"choice\":\"A\"}", &PLAIN,
            "choice: 'A' is none of a, b, first, second, tie, both_bad, skip, flag");
    refused("{\"pair\":1,\"choice\":\"both bad\"}", &PLAIN,
            "choice: 'both bad'; did you mean both_bad");
    refused("{\"pair\":1,\"choice\":\"\\u001b[31m\\n\"}", &PLAIN,
            "choice: '?[31m?' is none of a, b, first, second, tie, both_bad, skip, flag");
    refused("{\"pair\":1,\"choise\":\"a\"}", &PLAIN,
            "'choise' is no member of a row; did you mean choice");
    refused("{\"pair\":1,\"choice\":\"first\"}", &PLAIN,
            "first of what? order is missing: ab or ba");
    refused("{\"pair\":1,\"choice\":\"first\",\"order\":\"AB\"}", &PLAIN,
            "order: 'AB' is neither ab nor ba");
    refused("{\"pair\":1,\"choice\":\"a\"}", &GRADED, "strength is missing: 1 to 3, by how much");
    refused("{\"pair\":1,\"choice\":\"a\",\"strength\":4}", &GRADED,
            "strength: 4 is outside [1, 3]");
    refused("{\"pair\":1,\"choice\":\"a\",\"strength\":1.5}", &GRADED,
            "strength: 1.5 is no whole number");
    refused("{\"pair\":1,\"choice\":\"tie\",\"strength\":1}", &PLAIN, "strength goes with a side");
    refused("{\"pair\":1,\"choice\":\"tie\"}", &SIDES, "tie is not offered by the campaign");
    refused("{\"pair\":1,\"choice\":\"both_bad\"}", &SIDES,
            "both_bad is not offered by the campaign");
    refused("{\"pair\":1,\"choice\":\"skip\",\"reasons\":[\"unsafe\"]}", &PLAIN,
            "reasons: 'unsafe' is no reason to skip");
    refused("{\"pair\":1,\"choice\":\"a\",\"reasons\":[\"long\"]}", &PLAIN,
            "reasons are those of a skip or a flag; a comment goes with any");
    refused("{\"pair\":1,\"choice\":\"a\",\"confidence\":10}", &PLAIN,
            "confidence: 10 is outside [1, 9]");
    refused("{\"pair\":1,\"choice\":\"a\",\"seconds\":-1}", &PLAIN,
            "seconds: -1 is outside [0, 86400]");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sides_are_those_of_the_order_shown), TEST(texts_tell_the_order_and_must_be_the_pairs),
        TEST(what_goes_with_a_choice_is_kept), TEST(what_is_handed_out_comes_back_undecided),
        TEST(a_bad_row_is_refused_with_the_reason)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
