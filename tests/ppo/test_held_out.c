/* The win rate that chooses a checkpoint. */
#include "ppo/held_out.h"

#include "tests/ppo/jobs.h"

static Error err;

/* 2 wins, 1 tie, 1 loss: (2 + 1/2) / 4. */
static void a_tie_counts_half(void **state)
{
    (void)state;
    const double score[] = {1, 2, 3, 4}, other[] = {0, 2 + 1e-10, 5, 3};
    assert_near(held_out_win_rate(score, other, 4), 0.625, 0);
}

/* Both limits, and the slack: a reference that is as bad breaks nothing. */
static void answers_break_beside_a_reference_that_is_sound(void **state)
{
    (void)state;
    const AnswerShares sound = {1, 1}, poor = {0.5, 0.5};
    assert_false(held_out_is_broken(&(AnswerShares){0.95, 0.90}, &sound));
    assert_true(held_out_is_broken(&(AnswerShares){0.94, 1}, &sound));
    assert_true(held_out_is_broken(&(AnswerShares){1, 0.89}, &sound));
    assert_false(held_out_is_broken(&(AnswerShares){0.49, 0.49}, &poor));
    assert_true(held_out_is_broken(&(AnswerShares){0.47, 0.5}, &poor));
}

/* Responses 7 7, 7, 7 7: two different of three; the second one ended. */
static void shares_count_whole_answers(void **state)
{
    (void)state;
    int token[] = {1, 7, 7, 2, 7, 3, 7, 7}, start[] = {0, 3, 5, 8}, response[] = {1, 4, 6};
    bool finished[] = {false, true, false};
    const Rollout r = {
        .B = 3, .N = 8, .token = token, .start = start, .response = response, .finished = finished};
    const AnswerShares s = answer_shares(&r);
    assert_near(s.distinct, 2.0 / 3, 1e-15);
    assert_near(s.finished, 1.0 / 3, 1e-15);
}

/* With the same random numbers a policy that is the reference gives its answers. */
static void before_the_first_update_all_are_ties(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    HeldOut *h = held_out_new(&j->in, &j->config);
    HeldOutResult r;
    assert_worked(held_out_evaluate(h, &r, &err), &err);
    assert_near(r.win_rate, 0.5, 0);
    assert_near(r.score, r.base_score, 0);
    assert_false(r.broken);
    for (int i = 0; i < 4; i++) assert_worked(job_step(j, i, &err), &err);
    assert_worked(held_out_evaluate(h, &r, &err), &err);
    assert_true(r.score != r.base_score);
    held_out_free(h);
    job_free(j);
}

static void without_held_out_prompts_there_is_none(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    assert_null(held_out_new(&(PpoInputs){0}, &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tie_counts_half),
        cmocka_unit_test(answers_break_beside_a_reference_that_is_sound),
        cmocka_unit_test(shares_count_whole_answers),
        cmocka_unit_test(before_the_first_update_all_are_ties),
        cmocka_unit_test(without_held_out_prompts_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
