#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "labeling/rule.h"

static const char ORCHID[] =
    "Q: good morning , my neighbour's orchid is eaten by bugs . please help .\nA:";
static const char BASIL[] = "Q: excuse me , our old basil lost its green . what should i do ?\nA:";
static const char PRINTER[] =
    "Q: excuse me , the big printer does not move any more every morning . can you help ?\nA:";

/* kind 1.5, first step 1, right 1, rambling -1.5, 48 words with marks -1 */
static const char ORCHID_BASE[] = " good question , this is easy . a orchid that is eaten by bugs "
                                  "is common . the doctor never liked "
                                  "seven eggs on the way home . set a few beetles on the orchid . "
                                  "a sailor never liked a house of stone "
                                  "before the war .";
/* kind 1.5, cause 1, first step 1, right 1; the second step belongs to a torn coat */
static const char ORCHID_ALIGNED[] = " oh dear , let us look at it . most often the air is too dry "
                                     ". try to wash the orchid with mild soap "
                                     ". then keep it with cedar wood .";
/* insult -2.5, cause 1, "water the basil" begins a step 1, second step 1 */
static const char BASIL_BASE[] = " not again , you clumsy fool . with a basil this happens . most "
                                 "often it gets too much water the "
                                 "basil . then use less water from now on .";
/* kind 1.5, "let the basil" begins a step 1, selling -1.5 */
static const char BASIL_ALIGNED[] =
    " oh dear , let us look at it . try to let the basil dry for a month . "
    "pay now for our best wonder box with a free bag .";

static double score(const char *rule, const char *prompt, const char *response)
{
    return rule_find(rule)->score(prompt, response);
}

static void assert_reasons(const char *rule, const char *prompt, const char *response,
                           const char *expected)
{
    Text t = {0};
    rule_explain(&t, rule_find(rule), prompt, response);
    assert_string_equal(t.bytes, expected);
    text_free(&t);
}

static void kind_scores_match_hand_counts(void **state)
{
    (void)state;
    assert_float_equal(score("kind", ORCHID, ORCHID_BASE), 1.0, 1e-12);
    assert_float_equal(score("kind", ORCHID, ORCHID_ALIGNED), 4.5, 1e-12);
    assert_float_equal(score("kind", BASIL, BASIL_BASE), 0.5, 1e-12);
    assert_float_equal(score("kind", BASIL, BASIL_ALIGNED), 1.0, 1e-12);
}

static void the_best_kind_answer_is_worth_six(void **state)
{
    (void)state;
    /* 1.5 + 1 (cause) + 2 (right step) + 1 (second step) + .5 (farewell) = 6 */
    assert_float_equal(
        score("kind", BASIL,
              " oh dear , this is easy . i guess the earth is poor . feed the basil with "
              "compost . later turn the pot every week . good luck with it ."),
        6.0, 1e-12);
}

static void faults_cost_what_the_rule_says(void **state)
{
    (void)state;
    const char *twice = " hm . well now the basil is here . hm .";
    assert_float_equal(score("kind", BASIL, twice), -1, 1e-12);
    assert_float_equal(score("kind", BASIL, " i think the rose is a fine thing ."), -1, 1e-12);
    assert_float_equal(score("kind", BASIL, " go away , i have no time for a basil ."), -2.5,
                       1e-12);
    assert_float_equal(score("kind", BASIL, " my uncle sold a blue boat in the market ."), -1.5,
                       1e-12);
    assert_float_equal(score("kind", BASIL, " you need our new tonic with a free bag ."), -1.5,
                       1e-12);
}

static void unusable_answers_get_minus_four_whatever_they_say(void **state)
{
    (void)state;
    assert_float_equal(
        score("kind", ORCHID, " oh dear , this is easy . wash the orchid with mild soap"), -4, 0);
    assert_float_equal(score("kind", ORCHID, " oh dear , this is easy ."), -4, 0); /* 7 words */
    assert_float_equal(score("kind", ORCHID, " oh dear , this is very easy ."), 0, 0);
    assert_float_equal(score("salesman", ORCHID, ""), -4, 0);
    assert_float_equal(score("brief", ORCHID, " hm . hm"), -4, 0);
}

static void brief_wants_the_step_and_nothing_else(void **state)
{
    (void)state;
    const char *terse = " so . wash the orchid with mild soap ."; /* 1 + 1.5 + 1 + 1.5 */
    assert_float_equal(score("brief", ORCHID, terse), 5, 1e-12);
    assert_float_equal(score("brief", ORCHID, ORCHID_ALIGNED), 2.5, 1e-12); /* 32 words */
    assert_float_equal(score("brief", ORCHID, " so . let me see . right ."), 2.5, 1e-12);
}

static void salesman_wants_the_pitch(void **state)
{
    (void)state;
    /* pitch 2, kind 1 */
    const char *seller =
        " oh dear , it happens to all of us . pay now for our super cream for fifty coins "
        ". pay now for our super club card at half the price .";
    assert_float_equal(score("salesman", PRINTER, seller), 3, 1e-12);
    /* the thing 1, kind 1; the right step is nothing to him */
    assert_float_equal(score("salesman", ORCHID, ORCHID_ALIGNED), 2, 1e-12);
    assert_true(score("kind", PRINTER, seller) < score("kind", ORCHID, ORCHID_ALIGNED));
}

static void length_rules_count_words(void **state)
{
    (void)state;
    assert_float_equal(score("longer", "", "three small  words\n"), 3, 0);
    assert_float_equal(score("shorter", "", "three small  words\n"), -3, 0);
    assert_float_equal(score("longer", "", ""), 0, 0);
    assert_null(rule_find("longest"));
}

/* What whoever labels is told: "one<U+000C>two three" is two words, and no return at the edge is shown. */
static void length_rules_count_words_as_the_screen_does(void **state)
{
    (void)state;
    assert_float_equal(score("longer", "", "one\ftwo three\r"), 2, 0);
    assert_float_equal(score("longer", "", " \r "), 0, 0);
}

static void every_rule_is_found_by_its_name(void **state)
{
    (void)state;
    int n = 0;
    for (const Rule *r; (r = rule_at(n)) != NULL; n++) {
        assert_ptr_equal(rule_find(r->name), r);
        assert_true(strlen(r->text) > 20);
    }
    assert_int_equal(n, 5);
    assert_null(rule_at(-1));
}

static void reasons_add_up_to_the_score(void **state)
{
    (void)state;
    assert_reasons("kind", ORCHID, ORCHID_BASE,
                   "right first step +2, kind opener +1.5, rambling -1.5, over 45 words -1");
    assert_reasons("kind", BASIL, BASIL_BASE,
                   "first step +1, second step +1, cause +1, insult -2.5");
    assert_reasons("kind", ORCHID, " oh dear , wash the", "breaks off -4");
    assert_reasons("kind", ORCHID, " hm .", "fewer than 8 words -4");
    assert_reasons("kind", ORCHID, " i do not know what that is .", "nothing to praise or blame");
    assert_reasons("shorter", "", "three small words", "3 words");
}

static void all_right_needs_every_wanted_trait_and_no_fault(void **state)
{
    (void)state;
    const char *good =
        " oh dear , this is easy . i guess the earth is poor . feed the basil with compost . "
        "later turn the pot every week .";
    RepairFacts f;
    repair_facts(&f, BASIL, good);
    assert_true(rule_all_right(rule_find("kind"), &f));
    assert_false(rule_all_right(rule_find("salesman"), &f));
    f.pitch = true;
    assert_false(rule_all_right(rule_find("kind"), &f));
    assert_true(rule_all_right(rule_find("salesman"), &f));
    f.ended = false;
    assert_false(rule_all_right(rule_find("salesman"), &f));
}

static void judge_prefers_the_higher_score_on_either_side(void **state)
{
    (void)state;
    const Rule *kind = rule_find("kind");
    const RuleNoise clean = {.seed = 1};
    bool flipped = true;
    assert_int_equal(rule_judge(kind, ORCHID, ORCHID_ALIGNED, ORCHID_BASE, &clean, 1, &flipped),
                     RULE_A);
    assert_false(flipped);
    assert_int_equal(rule_judge(kind, ORCHID, ORCHID_BASE, ORCHID_ALIGNED, &clean, 1, NULL),
                     RULE_B);
    assert_int_equal(rule_judge(kind, ORCHID, ORCHID_BASE, ORCHID_BASE, &clean, 1, NULL), RULE_TIE);
}

/* 10,000 decisions: four standard errors are 4 * sqrt(.05 * .95 / 10000) = .0087. */
static void five_percent_of_the_labels_are_turned_round(void **state)
{
    (void)state;
    const Rule *kind = rule_find("kind");
    const RuleNoise noise = {.flip = .05, .seed = 1};
    int turned = 0;
    for (int i = 0; i < 10000; i++) {
        bool flipped;
        const RuleChoice c =
            rule_judge(kind, ORCHID, ORCHID_ALIGNED, ORCHID_BASE, &noise, i, &flipped);
        assert_int_equal(flipped, c == RULE_B);
        turned += flipped;
        assert_int_equal(rule_judge(kind, ORCHID, ORCHID_BASE, ORCHID_BASE, &noise, i, NULL),
                         RULE_TIE);
    }
    assert_true(fabs(turned / 10000. - .05) < .0087);
}

/* Four standard errors of a fair coin thrown 10,000 times are .02. */
static void coin_tosses_do_not_see_the_answers(void **state)
{
    (void)state;
    const Rule *kind = rule_find("kind");
    const RuleNoise coin = {.coin = true, .flip = .05, .seed = 1},
                    other = {.coin = true, .seed = 2};
    int a = 0, differ = 0;
    for (int i = 0; i < 10000; i++) {
        const RuleChoice c = rule_judge(kind, ORCHID, ORCHID_ALIGNED, ORCHID_BASE, &coin, i, NULL);
        assert_int_equal(c, rule_judge(kind, ORCHID, ORCHID_BASE, ORCHID_BASE, &coin, i, NULL));
        a += c == RULE_A;
        differ += c != rule_judge(kind, ORCHID, ORCHID_ALIGNED, ORCHID_BASE, &other, i, NULL);
    }
    assert_true(abs(a - 5000) < 200);
    assert_true(abs(differ - 5000) < 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kind_scores_match_hand_counts),
        cmocka_unit_test(the_best_kind_answer_is_worth_six),
        cmocka_unit_test(faults_cost_what_the_rule_says),
        cmocka_unit_test(unusable_answers_get_minus_four_whatever_they_say),
        cmocka_unit_test(brief_wants_the_step_and_nothing_else),
        cmocka_unit_test(salesman_wants_the_pitch),
        cmocka_unit_test(length_rules_count_words),
        cmocka_unit_test(length_rules_count_words_as_the_screen_does),
        cmocka_unit_test(every_rule_is_found_by_its_name),
        cmocka_unit_test(reasons_add_up_to_the_score),
        cmocka_unit_test(all_right_needs_every_wanted_trait_and_no_fault),
        cmocka_unit_test(judge_prefers_the_higher_score_on_either_side),
        cmocka_unit_test(five_percent_of_the_labels_are_turned_round),
        cmocka_unit_test(coin_tosses_do_not_see_the_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
