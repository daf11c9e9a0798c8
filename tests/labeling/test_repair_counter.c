#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "labeling/repair_counter.h"
#include "labeling/repair_phrases.h"

enum { CONVERSATIONS = 4000 };

static RepairFacts facts_of(const char *prompt, const char *response)
{
    RepairFacts f;
    repair_facts(&f, prompt, response);
    return f;
}

static void same_key_gives_the_same_texts(void **state)
{
    (void)state;
    for (int item = 0; item < 50; item++) {
        Text p[3] = {{0}}, r[3] = {{0}};
        repair_conversation(&p[0], &r[0], 1, item);
        repair_conversation(&p[1], &r[1], 1, item);
        repair_conversation(&p[2], &r[2], 2, item);
        assert_string_equal(p[0].bytes, p[1].bytes);
        assert_string_equal(r[0].bytes, r[1].bytes);
        assert_true(strcmp(p[0].bytes, p[2].bytes) != 0 || strcmp(r[0].bytes, r[2].bytes) != 0);
        for (int i = 0; i < 3; i++) {
            text_free(&p[i]);
            text_free(&r[i]);
        }
    }
}

static void texts_have_the_form_the_model_sees(void **state)
{
    (void)state;
    for (int item = 0; item < 500; item++) {
        Text p = {0}, r = {0};
        repair_conversation(&p, &r, 1, item);
        assert_memory_equal(p.bytes, "Q: ", 3);
        assert_string_equal(p.bytes + p.n - 3, "\nA:");
        assert_int_equal(r.bytes[0], ' ');
        assert_true(r.bytes[1] != ' ');
        assert_true(r.bytes[r.n - 1] == '.' || r.bytes[r.n - 1] == '?');
        assert_null(strstr(p.bytes, "  "));
        assert_null(strstr(r.bytes, "  "));
        assert_null(strpbrk(r.bytes, "{}\n"));
        for (size_t i = 1; i < r.n; i++) assert_true(r.bytes[i] < 'A' || r.bytes[i] > 'Z');
        text_free(&p);
        text_free(&r);
    }
}

/* The design: kind 22%, insulting 25%, a first step 60%, a pitch 27%, a farewell 25%.  92% are about what
 * was asked, so the cause .40 * .92 = .368, a right first step .60 * .92 = .552, a second step
 * .30 * .92 = .276.  An answer of fewer than two parts (7.4%; 7.0% did not ramble, 5.4% did not say the
 * thing) gets the name and rambling: rambling .38 + .07 = .45.  The thing is said in the name or in the
 * step: (1 - .45 * .40 + .054) * .92 = .804; another one .874 * .08 * .96 = .067.
 * Flawless: .276 * .368 / .92 * .22 * (1 - .38) * (1 - .27) = .011. */
static void parts_occur_as_often_as_designed(void **state)
{
    (void)state;
    double warm = 0, rude = 0, step = 0, right = 0, second = 0, cause = 0, names = 0, wrong = 0;
    double ramble = 0, pitch = 0, bye = 0, flawless = 0, ended = 0;
    for (int item = 0; item < CONVERSATIONS; item++) {
        Text p = {0}, r = {0};
        repair_conversation(&p, &r, 1, item);
        const RepairFacts f = facts_of(p.bytes, r.bytes);
        assert_true(f.thing >= 0 && f.trouble >= 0);
        assert_true(f.step || !f.right_step);
        warm += f.warm, rude += f.rude, step += f.step, right += f.right_step, second += f.second;
        cause += f.cause, names += f.names, wrong += f.wrong, ramble += f.ramble, pitch += f.pitch;
        bye += f.bye, ended += f.ended;
        flawless += f.right_step && f.second && f.cause && f.warm &&
                    !(f.rude || f.pitch || f.ramble || f.wrong);
        text_free(&p);
        text_free(&r);
    }
    const struct {
        double count, share;
    } parts[] = {{warm, .22},    {rude, .25},   {step, .60},   {right, .552},
                 {second, .276}, {cause, .368}, {names, .804}, {wrong, .067},
                 {ramble, .45},  {pitch, .27},  {bye, .25},    {flawless, .011}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const double p = parts[i].share, error = sqrt(p * (1 - p) / CONVERSATIONS);
        assert_true(fabs(parts[i].count / CONVERSATIONS - p) < 4 * error);
    }
    assert_true(ended == CONVERSATIONS);
}

static void twelve_in_a_hundred_pairs_are_held_out(void **state)
{
    (void)state;
    assert_int_equal(repair_pair_count(false), 100);
    assert_int_equal(repair_pair_count(true), 12);
}

static void unseen_pairs_are_in_no_conversation_and_all_others_are(void **state)
{
    (void)state;
    static bool seen[REPAIR_THINGS][REPAIR_TROUBLES];
    bool thing_seen[REPAIR_THINGS] = {0}, trouble_seen[REPAIR_TROUBLES] = {0};
    int pairs = 0;
    for (int item = 0; item < CONVERSATIONS; item++) {
        Text p = {0}, r = {0};
        repair_conversation(&p, &r, 3, item);
        const RepairFacts f = facts_of(p.bytes, r.bytes);
        assert_false(f.unseen);
        pairs += !seen[f.thing][f.trouble];
        seen[f.thing][f.trouble] = true;
        thing_seen[f.thing] = trouble_seen[f.trouble] = true;
        text_free(&p);
        text_free(&r);
    }
    assert_int_equal(pairs, 100 - 12);
    for (int t = 0; t < REPAIR_THINGS; t++) assert_true(thing_seen[t]);
    for (int k = 0; k < REPAIR_TROUBLES; k++) assert_true(trouble_seen[k]);
}

static void requests_are_about_the_pairs_asked_for(void **state)
{
    (void)state;
    for (int item = 0; item < 2000; item++) {
        Text p = {0};
        repair_request(&p, 1, item, item % 2 == 1);
        const RepairFacts f = facts_of(p.bytes, "");
        assert_true(f.thing >= 0 && f.trouble >= 0);
        assert_int_equal(f.unseen, item % 2);
        text_free(&p);
    }
}

static int list_length(const char *const *list)
{
    int n = 0;
    for (; list[n]; n++)
        for (int i = 0; i < n; i++)
            if (strcmp(list[i], list[n]) == 0) return n; /* the repeats come last */
    return n;
}

/* 5 greetings, 10 owners, 11 times, 8 questions, and 3 ways to say 100 troubles of things. */
static void there_are_a_million_requests(void **state)
{
    (void)state;
    const int ways = list_length(REPAIR_HELLO) * list_length(REPAIR_WHO) *
                     list_length(REPAIR_WHEN) * list_length(REPAIR_ASK);
    assert_int_equal(ways, 5 * 10 * 11 * 8);
    assert_true(ways * REPAIR_WAYS * 100 > 100000);
}

/* Else a right answer would be counted as talk about another thing. */
static void no_phrase_names_a_thing(void **state)
{
    (void)state;
    for (int k = 0; k < REPAIR_TROUBLES; k++) {
        const RepairTrouble *trouble = &REPAIR_TROUBLE[k];
        for (int i = 0; i < REPAIR_WAYS; i++) {
            char *answer = mem_format(" %s . %s . %s . %s .", trouble->said[i], trouble->cause[i],
                                      trouble->step[i], trouble->second[i]);
            assert_false(facts_of("Q: hello\nA:", answer).wrong);
            free(answer);
        }
    }
}

static const char ORCHID[] =
    "Q: good morning , my neighbour's orchid is eaten by bugs . please help .\nA:";

static void facts_of_an_answer_read_by_hand(void **state)
{
    (void)state;
    const RepairFacts f = facts_of(
        ORCHID, " oh dear , let us look at it . most often the air is too dry . try to wash "
                "the orchid with mild soap . then keep it with cedar wood .");
    assert_string_equal(REPAIR_THING[f.thing].name, "orchid");
    assert_true(f.names && f.warm && f.cause && f.step && f.right_step && f.ended);
    assert_false(f.wrong || f.rude || f.second || f.pitch || f.ramble || f.bye || f.twice);
    assert_int_equal(f.words, 9 + 8 + 9 + 7); /* marks included */
}

static void the_right_step_on_another_thing_is_not_right(void **state)
{
    (void)state;
    const RepairFacts f = facts_of(ORCHID, " wash the fern with mild soap .");
    assert_true(f.step && f.wrong);
    assert_false(f.right_step || f.names);
}

static void words_inside_words_do_not_count(void **state)
{
    (void)state;
    const RepairFacts f = facts_of(ORCHID, " the orchids are unsold and the prices unfounded .");
    assert_false(f.names || f.wrong || f.ramble || f.pitch);
    assert_true(facts_of(ORCHID, " he sold the orchid .").ramble);
}

static void spelling_of_marks_and_capitals_does_not_matter(void **state)
{
    (void)state;
    const RepairFacts f = facts_of("My Orchid is eaten by bugs!",
                                   "Oh dear, let us look at it. Wash the orchid with mild soap!");
    assert_true(f.warm && f.right_step && f.ended);
    assert_int_equal(f.words, 9 + 7);
}

static void broken_off_and_repeated_sentences_are_seen(void **state)
{
    (void)state;
    assert_false(facts_of(ORCHID, " wash the orchid with").ended);
    assert_false(facts_of(ORCHID, "").ended);
    assert_true(facts_of(ORCHID, " what helps ?").ended);
    assert_true(facts_of(ORCHID, " hm . good luck with it . hm .").twice);
    assert_false(facts_of(ORCHID, " hm . hm , good luck . luck .").twice);
}

static void a_prompt_from_elsewhere_has_no_pair(void **state)
{
    (void)state;
    const RepairFacts f =
        facts_of("What is the capital of France?", " wash the fern with mild soap .");
    assert_int_equal(f.thing, -1);
    assert_int_equal(f.trouble, -1);
    assert_false(f.right_step || f.cause || f.names || f.unseen);
    assert_true(f.step && f.wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_key_gives_the_same_texts),
        cmocka_unit_test(texts_have_the_form_the_model_sees),
        cmocka_unit_test(parts_occur_as_often_as_designed),
        cmocka_unit_test(twelve_in_a_hundred_pairs_are_held_out),
        cmocka_unit_test(unseen_pairs_are_in_no_conversation_and_all_others_are),
        cmocka_unit_test(requests_are_about_the_pairs_asked_for),
        cmocka_unit_test(there_are_a_million_requests),
        cmocka_unit_test(no_phrase_names_a_thing),
        cmocka_unit_test(facts_of_an_answer_read_by_hand),
        cmocka_unit_test(the_right_step_on_another_thing_is_not_right),
        cmocka_unit_test(words_inside_words_do_not_count),
        cmocka_unit_test(spelling_of_marks_and_capitals_does_not_matter),
        cmocka_unit_test(broken_off_and_repeated_sentences_are_seen),
        cmocka_unit_test(a_prompt_from_elsewhere_has_no_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
