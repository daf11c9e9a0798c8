#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compare/trait.h"
#include "compare/verdict.h"

static const VerdictFacts SOUND = {.finished = .99,
                                   .base_finished = .99,
                                   .distinct = 1,
                                   .base_distinct = 1,
                                   .verbatim = .005,
                                   .base_verbatim = .008};

static Verdict verdict(int wins, int losses, VerdictFacts f)
{
    f.wins = win_rate_of_counts(wins, 0, losses);
    return verdict_of(&f, NULL);
}

static void an_interval_beside_one_half_is_better_or_worse(void **state)
{
    (void)state;
    assert_int_equal(verdict(275, 25, SOUND), VERDICT_BETTER);
    assert_int_equal(verdict(60, 40, SOUND), VERDICT_BETTER); /* [.502, .691] */
    assert_int_equal(verdict(40, 60, SOUND), VERDICT_WORSE);
}

static void only_a_narrow_interval_around_one_half_is_no_difference(void **state)
{
    (void)state;
    assert_int_equal(verdict(150, 150, SOUND), VERDICT_NO_DIFFERENCE); /* [.444, .556] */
    assert_int_equal(verdict(540, 500, SOUND), VERDICT_NO_DIFFERENCE); /* [.489, .549] */
    assert_int_equal(verdict(50, 50, SOUND), VERDICT_NO_DIFFERENCE);   /* [.404, .596] */
}

static void a_wide_interval_around_one_half_cannot_tell(void **state)
{
    (void)state;
    assert_int_equal(verdict(55, 45, SOUND), VERDICT_CANNOT_TELL); /* [.452, .644] */
    assert_int_equal(verdict(45, 55, SOUND), VERDICT_CANNOT_TELL); /* [.356, .548] */
    assert_int_equal(verdict(5, 5, SOUND), VERDICT_CANNOT_TELL);   /* [.237, .763] */
    assert_int_equal(verdict(0, 0, SOUND), VERDICT_CANNOT_TELL);
    assert_string_equal(verdict_name(VERDICT_CANNOT_TELL), "cannot tell");
}

/* A policy that learned to answer `oh dear , that is`: it wins 86%, 36% finished, 21% different. */
static void fragments_that_win_are_broken(void **state)
{
    (void)state;
    VerdictFacts f = SOUND;
    f.finished = .36;
    f.distinct = .21;
    f.wins = win_rate_of_counts(259, 0, 41);
    Text reasons = {0};
    assert_int_equal(verdict_of(&f, &reasons), VERDICT_BROKEN);
    assert_string_equal(reasons.bytes,
                        "finished answers 36% (base 99%), different answers 21% (base 100%)");
    assert_string_equal(verdict_name(VERDICT_BROKEN), "better by the score but broken");
    text_free(&reasons);
}

static void recited_answers_are_broken(void **state)
{
    (void)state;
    VerdictFacts f = SOUND;
    f.verbatim = .3;
    assert_int_equal(verdict(275, 25, f), VERDICT_BROKEN);
}

static void answers_cut_off_as_often_as_the_base_answers_are_not_broken(void **state)
{
    (void)state;
    VerdictFacts f = SOUND;
    f.finished = .60;
    f.base_finished = .61;
    assert_int_equal(verdict(275, 25, f), VERDICT_BETTER);
}

static void what_is_not_known_breaks_nothing(void **state)
{
    (void)state;
    const VerdictFacts f = {.finished = NAN,
                            .base_finished = NAN,
                            .distinct = NAN,
                            .base_distinct = NAN,
                            .verbatim = NAN,
                            .base_verbatim = NAN};
    assert_int_equal(verdict(275, 25, f), VERDICT_BETTER);
    VerdictFacts alone = f; /* nothing to hold it against but the limit */
    alone.finished = .3;
    assert_int_equal(verdict(275, 25, alone), VERDICT_BROKEN);
}

/* What the interval does decides the verdict, and the sentence says that and no other. */
static void each_verdict_says_what_its_interval_does(void **state)
{
    (void)state;
    assert_non_null(strstr(verdict_meaning(VERDICT_BETTER), "above 0.5"));
    assert_non_null(strstr(verdict_meaning(VERDICT_WORSE), "below 0.5"));
    assert_non_null(strstr(verdict_meaning(VERDICT_NO_DIFFERENCE), "holds 0.5"));
    assert_non_null(strstr(verdict_meaning(VERDICT_CANNOT_TELL), "holds 0.5"));
    assert_non_null(strstr(verdict_meaning(VERDICT_BROKEN), "cut off, alike or copied"));
}

static void a_trait_changes_only_beyond_its_interval(void **state)
{
    (void)state;
    const TraitCount rude = {"insult", false, 69, 300, 0, 300},
                     kind = {"kind", true, 66, 300, 285, 300};
    const TraitCount same = {"farewell", true, 75, 300, 70, 300},
                     lost = {"step", true, 72, 300, 0, 300};
    assert_true(trait_change(&rude).better && !trait_change(&rude).worse);
    assert_true(trait_change(&kind).better);
    assert_false(trait_change(&same).better || trait_change(&same).worse);
    assert_true(trait_change(&lost).worse);
    assert_float_equal(trait_change(&rude).difference, -.23, 1e-12);
    const TraitCount none = {"none", true, 0, 0, 0, 0};
    assert_false(trait_change(&none).better || trait_change(&none).worse);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interval_beside_one_half_is_better_or_worse),
        cmocka_unit_test(only_a_narrow_interval_around_one_half_is_no_difference),
        cmocka_unit_test(a_wide_interval_around_one_half_cannot_tell),
        cmocka_unit_test(fragments_that_win_are_broken),
        cmocka_unit_test(recited_answers_are_broken),
        cmocka_unit_test(answers_cut_off_as_often_as_the_base_answers_are_not_broken),
        cmocka_unit_test(what_is_not_known_breaks_nothing),
        cmocka_unit_test(each_verdict_says_what_its_interval_does),
        cmocka_unit_test(a_trait_changes_only_beyond_its_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
