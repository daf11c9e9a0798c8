/* Policy and value over one trunk. */
/* whole, since its checks stand between private steps that a test has to come in between */
#include "ppo/ppo.c"
#include "ppo/ppo_update.c"

#include "tests/ppo/jobs.h"

static Error err;

static PpoConfig shared_settings(void)
{
    PpoConfig c = job_settings();
    c.value = VALUE_SHARED, c.value_coef = 0.5;
    return c;
}

/* The gradient of both is the sum of each one's own, through one trunk. */
static void a_shared_trunk_gets_the_gradients_of_both(void **state)
{
    (void)state;
    PpoConfig c = shared_settings();
    c.epochs = 1, c.minibatch_size = c.batch_size, c.max_tokens = 1000;
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    Ppo *p = j->ppo;
    int episode[8];
    assert_worked(roll_out(p, 0, &err), &err);
    const Rollout *r = &p->rollout;
    for (int i = 0; i < r->B; i++) episode[i] = i;
    const SequenceItems items = {r->token, r->start, 1, episode, r->B};
    const Parameters *w = &j->model[0]->parameters;
    real *both = mem_calloc(w->n, sizeof *both), *sum = mem_calloc(w->n, sizeof *sum);
    Sums sums = {0};
    micro_fill(p, &items, 0, r->n_response);
    assert_worked(shared_gradient(p, r->n_response, true, &sums, &err), &err);
    buffer_read(both, w->g, w->n);
    policy_discard(j->in.policy);
    assert_worked(policy_gradient(p, r->n_response, true, &sums, &err), &err);
    value_gradient(p, r->n_response, &sums);
    buffer_read(sum, w->g, w->n);
    assert_true(relative_error(both, sum, w->n) <= 1e-6);
    free(both);
    free(sum);
    job_free(j);
}

static void a_shared_value_starts_at_zero_and_learns(void **state)
{
    (void)state;
    const PpoConfig c = shared_settings();
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    assert_worked(ppo_check(&j->config, &j->in, &err), &err);
    assert_worked(job_step(j, 0, &err), &err);
    const Rollout *r = &j->ppo->rollout;
    for (int i = 0; i < r->N; i++) assert_true(r->value[i] == 0);
    assert_true(ppo_metrics(j->ppo)->kl == 0);
    assert_worked(job_step(j, 1, &err), &err);
    double squares = 0;
    for (int i = 0; i < r->N; i++) squares += r->value[i] * r->value[i];
    assert_true(squares > 0);
    job_free(j);
}

static void what_a_shared_trunk_cannot_have_is_refused(void **state)
{
    (void)state;
    PpoConfig c = shared_settings();
    c.critic_warmup = 1;
    assert_int_equal(ppo_check_settings(&c, &err), -1);
    assert_says(&err, "ppo.value shared has one trunk and one optimizer");
    c = job_settings();
    c.score_center = true;
    assert_int_equal(ppo_check_settings(&c, &err), -1);
    assert_says(&err, "ppo.score_center goes with a ppo.score_scale");
}

static void train_shared(const char *name, bool resume, int stop_after)
{
    PpoConfig c = shared_settings();
    c.iterations = 4, c.score_scale = SCALE_RUNNING;
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    trainer_run(ppo_trainer(j->ppo), name, 2, resume, stop_after);
    job_free(j);
}

/* The head is no part of the model: what is saved predicts tokens, as the policy did. */
static void a_shared_run_resumes_to_the_bit_and_saves_a_language_model(void **state)
{
    (void)state;
    static const char *const FILES_OF[] = {"model.safetensors", "optimizer.safetensors",
                                           "heads.safetensors", "ppo.json"};
    Model *m = NULL;
    train_shared("one", false, 0);
    train_shared("two", false, 3);
    train_shared("two", true, 0);
    for (int i = 0; i < 4; i++) assert_same_hash("one", "two", 4, FILES_OF[i]);
    assert_same_metrics("one", "two");
    assert_false(file_exists(scratch_path("one/checkpoints/step-000004/value")));
    assert_worked(model_open(&m, scratch_path("one/checkpoints/step-000004"), &err), &err);
    assert_int_equal(m->config.n_labels, 0);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shared_trunk_gets_the_gradients_of_both),
        cmocka_unit_test(a_shared_value_starts_at_zero_and_learns),
        cmocka_unit_test(what_a_shared_trunk_cannot_have_is_refused),
        cmocka_unit_test(a_shared_run_resumes_to_the_bit_and_saves_a_language_model),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
