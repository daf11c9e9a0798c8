/* A rule labels what is there, as a rule, and only once. */
#include "tests/labeling/fixture.h"

#include "labeling/judge.h"

static int64_t labels_of(Store *s, AnnotatorKind kind, const char *handle)
{
    Error err = {0};
    StorePreferenceList list = {0};
    const StorePreferenceFilter filter = {.kind = kind, .annotator = handle};
    if (store_list_preferences(s, &filter, &list, &err) != 0) fixture_fail(&err);
    const int64_t n = (int64_t)list.n;
    store_preferences_free(&list);
    return n;
}

static void every_pair_is_labeled_once_as_a_rules(void **state)
{
    (void)state;
    char path[FIXTURE_PATH];
    Store *s = fixture_open(path);
    Error err = {0};
    const RuleNoise none = {.seed = 1};
    JudgeResult r = {0};
    fixture_fill(s, 12);
    assert_int_equal(judge_by_rule(s, rule_find("longer"), &none, NULL, &r, &err), 0);
    assert_int_equal(r.decided, 12);
    assert_int_equal(r.ties, 0);
    assert_int_equal(r.longer, 12);
    assert_int_equal(r.n_shown, JUDGE_SHOWN);
    assert_string_equal(r.handle, "rule:longer");
    judge_result_free(&r);
    assert_int_equal(labels_of(s, ANNOTATOR_RULE, "rule:longer"), 12);
    assert_int_equal(labels_of(s, ANNOTATOR_HUMAN, NULL), 0);

    assert_int_equal(judge_by_rule(s, rule_find("longer"), &none, NULL, &r, &err), 0);
    assert_int_equal(r.decided, 0);
    judge_result_free(&r);
    fixture_pair(s, "prompt 13", "one", "two words");
    assert_int_equal(judge_by_rule(s, rule_find("longer"), &none, NULL, &r, &err), 0);
    assert_int_equal(r.decided, 1);
    judge_result_free(&r);
    fixture_close(s, path);
}

static void the_preferred_answer_is_the_one_the_rule_prefers(void **state)
{
    (void)state;
    char path[FIXTURE_PATH];
    Store *s = fixture_open(path);
    Error err = {0};
    const RuleNoise none = {.seed = 1};
    JudgeResult r = {0};
    fixture_pair(s, "p", "three words here", "one");
    fixture_pair(s, "q", "one", "three words here");
    fixture_pair(s, "r", "two words", "words two");
    assert_int_equal(judge_by_rule(s, rule_find("shorter"), &none, NULL, &r, &err), 0);
    assert_int_equal(r.ties, 1);
    judge_result_free(&r);
    StorePreferenceList list = {0};
    assert_int_equal(store_list_preferences(s, NULL, &list, &err), 0);
    assert_int_equal(list.n, 3);
    assert_string_equal(list.row[0].chosen, "one");
    assert_string_equal(list.row[1].chosen, "one");
    assert_true(list.row[2].tie);
    store_preferences_free(&list);
    fixture_close(s, path);
}

/* 400 decisions with error rate 0.25: the mean is 100, four standard deviations are 35. */
static void the_error_rate_turns_that_share_round(void **state)
{
    (void)state;
    char path[FIXTURE_PATH];
    Store *s = fixture_open(path);
    Error err = {0};
    const RuleNoise noise = {.flip = 0.25, .seed = 5};
    JudgeResult r = {0};
    fixture_fill(s, 400);
    assert_int_equal(judge_by_rule(s, rule_find("longer"), &noise, NULL, &r, &err), 0);
    assert_in_range(r.flipped, 65, 135);
    assert_int_equal(r.longer, 400 - r.flipped);
    judge_result_free(&r);
    fixture_close(s, path);
}

static void coin_tosses_are_saved_under_their_own_name(void **state)
{
    (void)state;
    char path[FIXTURE_PATH];
    Store *s = fixture_open(path);
    Error err = {0};
    const RuleNoise coin = {.coin = true, .seed = 5};
    JudgeResult r = {0};
    fixture_fill(s, 400);
    assert_int_equal(judge_by_rule(s, rule_find("longer"), &coin, NULL, &r, &err), 0);
    assert_string_equal(r.handle, "rule:coin");
    assert_in_range(r.longer, 160, 240); /* 200, four standard deviations are 40 */
    judge_result_free(&r);
    assert_int_equal(labels_of(s, ANNOTATOR_RULE, "rule:longer"), 0);
    fixture_close(s, path);
}

static void a_rules_labels_leave_the_pairs_to_people(void **state)
{
    (void)state;
    char path[FIXTURE_PATH];
    Store *s = fixture_open(path);
    Error err = {0};
    const RuleNoise none = {.seed = 1};
    JudgeResult r = {0};
    int64_t ada = 0, left = 0, done = 0;
    fixture_fill(s, 4);
    assert_int_equal(judge_by_rule(s, rule_find("longer"), &none, NULL, &r, &err), 0);
    judge_result_free(&r);
    assert_int_equal(store_add_annotator(s, "ada", ANNOTATOR_HUMAN, &ada, &err), 0);
    assert_int_equal(store_count_claimable(s, ada, false, &left, &done, &err), 0);
    assert_int_equal(left, 4);
    int64_t alone = 0;
    assert_int_equal(store_count_by_rule_alone(s, &alone, &err), 0);
    assert_int_equal(alone, 4);
    fixture_close(s, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_is_labeled_once_as_a_rules),
        cmocka_unit_test(the_preferred_answer_is_the_one_the_rule_prefers),
        cmocka_unit_test(the_error_rate_turns_that_share_round),
        cmocka_unit_test(coin_tosses_are_saved_under_their_own_name),
        cmocka_unit_test(a_rules_labels_leave_the_pairs_to_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
