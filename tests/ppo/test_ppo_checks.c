/* What PPO refuses before it starts, and what stops it while it runs. */
/* whole, since its checks stand between private steps that a test has to come in between */
#include "ppo/ppo.c"
#include "ppo/ppo_update.c"

#include "tests/ppo/jobs.h"

static Error err;

/* ---- settings -------------------------------------------------------------------------------------------- */

static void refused(Job *j, const char *words)
{
    assert_int_equal(ppo_check(&j->config, &j->in, &err), -1);
    assert_says(&err, words);
}

static void what_does_not_fit_is_refused_before_it_starts(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    assert_worked(ppo_check(&j->config, &j->in, &err), &err);
    j->config.minibatch_size = 3;
    refused(j, "ppo.minibatch_size 3 does not divide ppo.batch_size 8");
    j->config.minibatch_size = 4, j->config.max_new_tokens = 28;
    refused(j,
            "prompt 5 has 5 tokens; with ppo.max_new_tokens 28 that is beyond the context of 32");
    j->config.max_new_tokens = 7, j->in.prompts.n = 0;
    refused(j, "no prompts to train on");
    j->in.prompts.n = JOB_PROMPTS, j->start[1] = 0;
    refused(j, "prompt 1 is empty");
    j->start[1] = 1;
    Policy *reference = j->in.reference;
    j->in.reference = j->in.reward;
    refused(j, "the reference is of another architecture than the policy");
    j->in.reference = reference;
    job_free(j);
}

static void a_reward_model_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    ModelConfig other = TINY_GPT2, shorter = TINY_GPT2;
    other.V = 24, shorter.max_T = 11;
    Job *j = job_new(&TINY_GPT2, &other, &c);
    refused(j,
            "the reward model knows 24 tokens and the policy 23: they have different tokenizers");
    job_free(j);
    j = job_new(&TINY_GPT2, &shorter, &c);
    refused(j, "beyond the context of 11");
    job_free(j);
}

/* ---- the arithmetic watches itself ----------------------------------------------------------------------- */

static void undisturbed_the_first_kl_and_every_first_ratio_are_exact(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    assert_worked(job_step(j, 0, &err), &err);
    assert_true(ppo_metrics(j->ppo)->kl == 0);
    assert_true(ppo_metrics(j->ppo)->kl_k3 == 0);
    for (int i = 1; i < 4; i++) assert_worked(job_step(j, i, &err), &err);
    assert_true(ppo_metrics(j->ppo)->kl != 0);
    job_free(j);
}

static void with_one_step_a_rollout_every_ratio_is_one(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.epochs = 1, c.minibatch_size = c.batch_size;
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    for (int i = 0; i < 3; i++) {
        assert_worked(job_step(j, i, &err), &err);
        const PpoMetrics *m = ppo_metrics(j->ppo);
        assert_true(m->ratio == 1 && m->ratio_var == 0 && m->ratio_max == 1 && m->approxkl == 0);
        assert_near(m->policy_loss, 0, 1e-9); /* minus the mean of whitened advantages */
    }
    job_free(j);
}

/* Values are read in the same states and to the same bits as when the rollout was scored. */
static void before_its_step_the_critic_errs_as_in_the_rollout(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.epochs = 1, c.minibatch_size = c.batch_size;
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    for (int i = 0; i < 3; i++) {
        assert_worked(job_step(j, i, &err), &err);
        const Rollout *r = &j->ppo->rollout;
        double squares = 0;
        for (int t = 0; t < r->N; t++)
            squares += (r->value[t] - r->ret[t]) * (r->value[t] - r->ret[t]);
        assert_near(ppo_metrics(j->ppo)->value_error, squares / r->n_response, 1e-12);
        assert_true(ppo_metrics(j->ppo)->value_clipfrac == 0);
    }
    job_free(j);
}

static void a_reference_one_ulp_off_stops_the_run(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    nudge(j->model[1], j->model[1]->final_norm.at + 3, 1);
    assert_int_equal(job_step(j, 0, &err), -1);
    assert_says(&err, "policy and reference differ by ");
    assert_says(&err, "nats at a token before the first update");
    assert_int_equal(policy_steps(j->in.policy), 0);
    job_free(j);
}

static void a_second_round_may_begin_away_from_the_reference(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    nudge(j->model[1], j->model[1]->final_norm.at + 3, 1);
    j->ppo->in.aligned_before = true;
    assert_worked(job_step(j, 0, &err), &err);
    assert_true(ppo_metrics(j->ppo)->kl != 0);
    job_free(j);
}

static void a_model_that_is_not_a_number_stops_the_run(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    poison(j->model[1], j->model[1]->final_norm.at + 3);
    assert_int_equal(job_step(j, 0, &err), -1);
    assert_says(&err, "a log-probability of the policy or the reference is not a number");
    job_free(j);
}

static void a_policy_that_changes_between_sampling_and_learning_stops_the_run(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    Sums sums = {0};
    const Rates rate = rates_at(&c, 0);
    assert_worked(roll_out(j->ppo, 0, &err), &err);
    nudge(j->model[0], j->model[0]->final_norm.at + 3, 1);
    assert_int_equal(ppo_update(j->ppo, 0, true, &rate, &sums, &err), -1);
    assert_says(&err, "a response token has log-probability ");
    assert_says(&err, "every ratio must be exactly 1; the arithmetic or the weights changed");
    assert_int_equal(policy_steps(j->in.policy), 0);
    job_free(j);
}

static void a_score_that_is_not_a_number_stops_the_run(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    const real bad = NAN;
    buffer_write(j->in.reward->head.w, &bad, 1);
    weight_changed(j->in.reward->head_weight);
    char before[65], after[65];
    model_hash(before, j->model[0]);
    assert_int_equal(job_step(j, 0, &err), -1);
    model_hash(after, j->model[0]);
    assert_string_equal(before, after);
    job_free(j);
}

/* A return beyond what a float holds: the loss, a double, is finite, the value model's gradient is not. */
static void a_value_gradient_that_is_not_finite_changes_neither_model(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    Sums sums = {0};
    const Rates rate = rates_at(&c, 0);
    char before[65], after[65];
    assert_worked(roll_out(j->ppo, 0, &err), &err);
    for (int t = 0; t < j->ppo->rollout.N; t++) j->ppo->rollout.ret[t] = 1e60;
    model_hash(before, j->model[0]);
    assert_int_equal(ppo_update(j->ppo, 0, true, &rate, &sums, &err), -1);
    assert_says(&err, "the norm of the value model's gradient is ");
    assert_int_equal(policy_steps(j->in.policy), 0);
    assert_int_equal(policy_steps(j->in.value), 0);
    model_hash(after, j->model[0]);
    assert_string_equal(before, after);
    job_free(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_fit_is_refused_before_it_starts),
        cmocka_unit_test(a_reward_model_that_does_not_fit_is_refused),
        cmocka_unit_test(undisturbed_the_first_kl_and_every_first_ratio_are_exact),
        cmocka_unit_test(with_one_step_a_rollout_every_ratio_is_one),
        cmocka_unit_test(before_its_step_the_critic_errs_as_in_the_rollout),
        cmocka_unit_test(a_reference_one_ulp_off_stops_the_run),
        cmocka_unit_test(a_second_round_may_begin_away_from_the_reference),
        cmocka_unit_test(a_model_that_is_not_a_number_stops_the_run),
        cmocka_unit_test(a_policy_that_changes_between_sampling_and_learning_stops_the_run),
        cmocka_unit_test(a_score_that_is_not_a_number_stops_the_run),
        cmocka_unit_test(a_value_gradient_that_is_not_finite_changes_neither_model),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
