/* The PPO loop: learning, resuming, the best of the run. */
/* whole, since its checks stand between private steps that a test has to come in between */
#include "ppo/ppo.c"
#include "ppo/ppo_update.c"

#include "tests/ppo/jobs.h"

static Error err;

/* ---- learning -------------------------------------------------------------------------------------------- */

/* One step of each model: the first moments are the gradients times (1 - beta1). */
static void the_gradient_does_not_depend_on_micro_batches(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.epochs = 1, c.minibatch_size = c.batch_size, c.max_grad_norm = 0, c.max_tokens = 1000;
    Job *whole = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    assert_worked(job_step(whole, 0, &err), &err);
    for (int room = 16; room < 80; room += 23) {
        c.max_tokens = room;
        Job *cut = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
        assert_worked(job_step(cut, 0, &err), &err);
        for (int i = 0; i < 4; i += 3) { /* policy, value */
            const Parameters *a = &cut->model[i]->parameters, *b = &whole->model[i]->parameters;
            assert_true(relative_error(a->m, b->m, b->n) <= 1e-6);
        }
        const Parameters *a = &cut->in.value->head, *b = &whole->in.value->head;
        assert_true(relative_error(a->m, b->m, b->n) <= 1e-6);
        job_free(cut);
    }
    job_free(whole);
}

static void training_raises_the_score(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.iterations = 30, c.batch_size = 32, c.minibatch_size = 16, c.max_tokens = 500,
    c.kl_coef = 0.02;
    c.learning_rate = 5e-3, c.generate_batch = 32, c.missing_stop_penalty = 0;
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    double first = 0, last = 0;
    for (int i = 0; i < c.iterations; i++) {
        assert_worked(job_step(j, i, &err), &err);
        if (i < 5) first += ppo_metrics(j->ppo)->scores / 5;
        if (i >= c.iterations - 5) last += ppo_metrics(j->ppo)->scores / 5;
    }
    assert_true(last > first + 0.5);
    assert_true(ppo_metrics(j->ppo)->kl > 0);
    job_free(j);
}

static void while_the_critic_warms_up_the_policy_stands_still(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.critic_warmup = 2;
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    char before[2][65], after[2][65];
    for (int i = 0; i < 2; i++) model_hash(before[i], j->model[3 * i]);
    for (int i = 0; i < 2; i++) {
        assert_worked(job_step(j, i, &err), &err);
        assert_true(ppo_metrics(j->ppo)->kl == 0);
        assert_true(ppo_metrics(j->ppo)->lr == 0);
    }
    for (int i = 0; i < 2; i++) model_hash(after[i], j->model[3 * i]);
    assert_string_equal(before[0], after[0]);
    assert_string_not_equal(before[1], after[1]);
    assert_worked(job_step(j, 2, &err), &err);
    model_hash(after[0], j->model[0]);
    assert_string_not_equal(before[0], after[0]);
    job_free(j);
}

static void a_rate_of_zero_leaves_the_policy_and_trains_the_critic(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.learning_rate = 0, c.value_learning_rate = 1e-3;
    Job *j = job_new(&TINY_GPT2, &TINY_LLAMA, &c);
    char before[2][65], after[2][65];
    for (int i = 0; i < 2; i++) model_hash(before[i], j->model[3 * i]);
    assert_worked(job_step(j, 0, &err), &err);
    assert_worked(job_step(j, 1, &err), &err);
    for (int i = 0; i < 2; i++) model_hash(after[i], j->model[3 * i]);
    assert_string_equal(before[0], after[0]);
    assert_string_not_equal(before[1], after[1]);
    assert_true(isfinite(ppo_metrics(j->ppo)->value_loss));
    job_free(j);
}

/* ---- resuming -------------------------------------------------------------------------------------------- */

static void train(const char *name, bool resume, int stop_after)
{
    PpoConfig c = job_settings();
    c.iterations = 5, c.kl_target = 0.5, c.kl_horizon = 50, c.critic_warmup = 1, c.warmup = 0.4;
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    trainer_run(ppo_trainer(j->ppo), name, 2, resume, stop_after);
    job_free(j);
}

static void assert_same_runs(const char *a, const char *b)
{
    static const char *const FILES_OF[] = {"model.safetensors", "optimizer.safetensors",
                                           "value/model.safetensors", "value/optimizer.safetensors",
                                           "ppo.json"};
    for (int i = 0; i < 5; i++) assert_same_hash(a, b, 5, FILES_OF[i]);
    assert_same_metrics(a, b);
}

static void stopped_and_resumed_gives_the_same_bits(void **state)
{
    (void)state;
    train("whole", false, 0);
    for (int stop = 1; stop < 5; stop++) {
        train("stopped", false, stop);
        train("stopped", true, 0);
        assert_same_runs("whole", "stopped");
    }
    /* the coefficient did move, so keeping it mattered */
    char *text = scratch_read(scratch_path("whole/checkpoints/step-000005/ppo.json"));
    double coef = 0;
    assert_int_equal(sscanf(text, "{\"kl_coef\": %lf", &coef), 1);
    assert_true(coef > 0 && coef != job_settings().kl_coef);
    free(text);
}

static void a_damaged_checkpoint_is_passed_over_without_losing_a_bit(void **state)
{
    (void)state;
    static const char *const FILES_OF[] = {"model.safetensors", "value/optimizer.safetensors",
                                           "ppo.json"};
    train("whole", false, 0);
    for (int i = 0; i < 3; i++) {
        train("damaged", false, 3);
        trainer_damage("damaged", 3, FILES_OF[i]);
        train("damaged", true, 0);
        assert_same_runs("whole", "damaged");
    }
}

/* ---- the best of the run --------------------------------------------------------------------------------- */

static void the_checkpoint_that_wins_most_without_breaking_is_the_best(void **state)
{
    (void)state;
    const HeldOutResult looks[] = {{.win_rate = 0.9, .broken = true},
                                   {.win_rate = 0.4},
                                   {.win_rate = 0.6},
                                   {.win_rate = 0.6},
                                   {.win_rate = 0.8, .broken = true}};
    const int64_t best[] = {-1, 2, 3, 3, 3};
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    double rate;
    for (int i = 0; i < 5; i++) {
        note_best(j->ppo, i + 1, &looks[i]);
        assert_int_equal(ppo_best(j->ppo, &rate), best[i]);
        assert_int_equal(advice(j->ppo).best, best[i]);
    }
    assert_near(rate, 0.6, 0);
    job_free(j);
}

/* After iterations 2 and 4 of 5, and after the last. */
static void held_out_prompts_are_asked_every_so_often_and_at_the_end(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.eval_every = 2, c.iterations = 5;
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    Trainer t = ppo_trainer(j->ppo);
    for (int i = 0; i < 5; i++) {
        Text members = {0}, note = {0};
        assert_worked(t.step(t.self, i, &members, &note, &err), &err);
        assert_int_equal(strstr(members.bytes, "\"eval/win_rate\":") != NULL, i % 2 == 1 || i == 4);
        text_free(&members), text_free(&note);
    }
    job_free(j);
}

static void a_run_that_ended_out_of_bounds_is_so_when_it_is_opened_again(void **state)
{
    (void)state;
    const PpoConfig c = job_settings();
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    const char *dir = scratch_folder("beyond", true);
    j->ppo->config.stop_kl = 1, j->ppo->metrics.kl = 2;
    check_bounds(j->ppo);
    assert_worked(save_numbers(j->ppo, dir, &err), &err);
    j->ppo->metrics.kl = 0;
    check_bounds(j->ppo);
    assert_null(ppo_out_of_bounds(j->ppo));
    assert_worked(load_numbers(j->ppo, dir, &err), &err);
    assert_non_null(ppo_out_of_bounds(j->ppo));
    check_bounds(j->ppo); /* one more iteration, which is within */
    assert_null(ppo_out_of_bounds(j->ppo));
    job_free(j);
}

static void a_resumed_run_goes_on_with_a_coefficient_that_was_changed(void **state)
{
    (void)state;
    PpoConfig c = job_settings();
    c.kl_target = 0.5, c.kl_horizon = 50;
    Job *j = job_new(&TINY_LLAMA, &TINY_GPT2, &c);
    const char *dir = scratch_folder("numbers", true);
    j->ppo->kl.coef = 0.031;
    assert_worked(save_numbers(j->ppo, dir, &err), &err);
    assert_worked(load_numbers(j->ppo, dir, &err), &err);
    assert_near(j->ppo->kl.coef, 0.031, 0);
    j->ppo->config.kl_coef = 0.2;
    assert_worked(load_numbers(j->ppo, dir, &err), &err);
    assert_near(j->ppo->kl.coef, 0.2, 0);
    job_free(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gradient_does_not_depend_on_micro_batches),
        cmocka_unit_test(training_raises_the_score),
        cmocka_unit_test(while_the_critic_warms_up_the_policy_stands_still),
        cmocka_unit_test(a_rate_of_zero_leaves_the_policy_and_trains_the_critic),
        cmocka_unit_test(stopped_and_resumed_gives_the_same_bits),
        cmocka_unit_test(a_damaged_checkpoint_is_passed_over_without_losing_a_bit),
        cmocka_unit_test(the_checkpoint_that_wins_most_without_breaking_is_the_best),
        cmocka_unit_test(held_out_prompts_are_asked_every_so_often_and_at_the_end),
        cmocka_unit_test(a_run_that_ended_out_of_bounds_is_so_when_it_is_opened_again),
        cmocka_unit_test(a_resumed_run_goes_on_with_a_coefficient_that_was_changed),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
