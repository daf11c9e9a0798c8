/* Pretraining and supervised fine-tuning: what is counted, what a micro-batch may change, and resuming. */
#include "policy/supervised.h"

#include <math.h>

#include "tests/golden.h"
#include "tests/job.h"
#include "tests/trainer.h"

static const ModelConfig *const CONFIG[] = {&TINY_GPT2, &TINY_LLAMA};

/* Twenty answers to prompts of one to four tokens; one of them has nothing to learn. */
enum { EXAMPLES = 20 };
static int token[EXAMPLES * 16], start[EXAMPLES + 1];
static unsigned char learned[EXAMPLES * 16];

static Examples make_examples(int V)
{
    for (int i = 0; i < EXAMPLES; i++) {
        const int prompt = 1 + i % 4, n = i == 7 ? prompt : prompt + 1 + (5 * i) % 11;
        start[i + 1] = start[i] + n;
        for (int t = start[i]; t < start[i + 1]; t++)
            token[t] = rng_below(V, 1, RNG_TEST, (uint64_t)i, (uint64_t)t),
            learned[t] = t >= start[i] + prompt;
    }
    return (Examples){EXAMPLES, token, start, learned};
}

static SupervisedConfig settings(void)
{
    SupervisedConfig c;
    Config all = {0};
    config_bind(&all, &PRETRAIN_TABLE, &c);
    c.steps = 6, c.batch_size = 7, c.max_tokens = 64, c.valid_every = 2, c.weight_decay = 0.1;
    c.learning_rate = 1e-2;
    return c;
}

static Job job_new(const ModelConfig *config, const Examples *e, const SupervisedConfig *c)
{
    const PolicyOptions o = supervised_options(c);
    Job j = job_open(config, &o);
    j.trainer = supervised_trainer(supervised_new(j.policy, e, e, c, 9));
    return j;
}

static void job_free(Job *j)
{
    supervised_free(j->trainer.self);
    job_close(j);
}

/* -log p of every token after the prompt, found one example at a time. */
static double loss_by_hand(Policy *p, const Examples *e, int *counted)
{
    double sum = 0;
    *counted = 0;
    for (int i = 0; i < e->n; i++) {
        const int n = e->start[i + 1] - e->start[i];
        AskedBatch s = asked_random(&n, 1, 2, 0);
        memcpy(s.token, e->token + e->start[i], (size_t)n * sizeof *s.token);
        asked_evaluate(p, &s, 1);
        for (int t = 0; t < n; t++)
            if (e->learned[e->start[i] + t]) sum -= s.logp[t], ++*counted;
        asked_free(&s);
    }
    return sum / *counted;
}

static void the_loss_is_the_mean_over_response_tokens(void **state)
{
    (void)state;
    const Examples e = make_examples(TINY_GPT2.V);
    Model *m = model_new(&TINY_GPT2, 3);
    Policy *p = policy_open(m, &(PolicyOptions){.heads = 1, .max_tokens = 64});
    int counted;
    const double expected = loss_by_hand(p, &e, &counted);
    assert_true(counted < start[EXAMPLES] - EXAMPLES);
    assert_near(supervised_loss(p, &e), expected, 1e-12);
    policy_close(p);
    model_free(m);

    SupervisedConfig c = settings();
    c.batch_size = EXAMPLES; /* one epoch is one batch */
    Job j = job_new(&TINY_GPT2, &e, &c);
    assert_near(job_step(&j, 0), expected, 1e-7);
    job_free(&j);
}

static void the_gradient_does_not_depend_on_micro_batches(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        const Examples e = make_examples(CONFIG[k]->V);
        SupervisedConfig c = settings();
        c.batch_size = EXAMPLES, c.max_grad_norm = 0, c.max_tokens = 1000;
        Job whole = job_new(CONFIG[k], &e, &c);
        const double loss = job_step(&whole, 0);
        for (int room = 16; room < 200; room += 61) {
            c.max_tokens = room;
            Job cut = job_new(CONFIG[k], &e, &c);
            assert_near(job_step(&cut, 0), loss, 1e-8);
            assert_same_gradient(&whole, &cut);
            job_free(&cut);
        }
        job_free(&whole);
    }
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Pretraining: all but the first token of each. */
static void without_marks_all_is_learned_but_first_tokens(void **state)
{
    (void)state;
    Examples e = make_examples(TINY_GPT2.V);
    unsigned char all[sizeof learned];
    memset(all, 1, sizeof all);
    for (int i = 0; i < EXAMPLES; i++) all[start[i]] = 0;
    Model *m = model_new(&TINY_GPT2, 3);
    Policy *p = policy_open(m, &(PolicyOptions){.max_tokens = 64});
    e.learned = NULL;
    const double loss = supervised_loss(p, &e);
    e.learned = all;
    assert_near(loss, supervised_loss(p, &e), 0);
    assert_int_equal(examples_count(&e, 3), start[4] - start[3] - 1);
    policy_close(p);
    model_free(m);
}

/* One example a step and a rate of 0: the losses of an epoch tell who was seen. */
static void every_example_is_seen_once_an_epoch(void **state)
{
    (void)state;
    const Examples e = make_examples(TINY_GPT2.V);
    SupervisedConfig c = settings();
    c.steps = 2 * EXAMPLES, c.batch_size = 1, c.learning_rate = 0;
    double alone[EXAMPLES], seen[2][EXAMPLES];
    Job j = job_new(&TINY_GPT2, &e, &c);
    for (int i = 0; i < EXAMPLES; i++) {
        const Examples one = {1, token, start + i, learned};
        alone[i] = supervised_loss(j.policy, &one);
    }
    for (int i = 0; i < 2 * EXAMPLES; i++) seen[i / EXAMPLES][i % EXAMPLES] = job_step(&j, i);
    assert_memory_not_equal(seen[0], seen[1], sizeof seen[0]); /* shuffled anew */
    qsort(alone, EXAMPLES, sizeof *alone, ascending);
    for (int k = 0; k < 2; k++) {
        qsort(seen[k], EXAMPLES, sizeof **seen, ascending);
        for (int i = 0; i < EXAMPLES; i++) assert_near(seen[k][i], alone[i], 1e-7);
    }
    job_free(&j);
}

static void epochs_become_steps(void **state)
{
    (void)state;
    const Examples e = make_examples(TINY_GPT2.V);
    SupervisedConfig c = settings();
    c.steps = 0, c.epochs = 2.5, c.batch_size = 8;
    Job j = job_new(&TINY_GPT2, &e, &c);
    assert_int_equal(j.trainer.total, 7); /* 50 / 8, rounded up */
    job_free(&j);
    c.epochs = 0.01;
    j = job_new(&TINY_GPT2, &e, &c);
    assert_int_equal(j.trainer.total, 1);
    job_free(&j);
}

static void training_learns_the_examples(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        const Examples e = make_examples(CONFIG[k]->V);
        SupervisedConfig c = settings();
        c.steps = 150;
        Job j = job_new(CONFIG[k], &e, &c);
        const double before = supervised_loss(j.policy, &e);
        for (int i = 0; i < c.steps; i++) job_step(&j, i);
        assert_true(supervised_loss(j.policy, &e) < 0.4 * before);
        job_free(&j);
    }
}

static void a_loss_that_is_not_a_number_stops_the_run(void **state)
{
    (void)state;
    const Examples e = make_examples(TINY_GPT2.V);
    const SupervisedConfig c = settings();
    Job j = job_new(&TINY_GPT2, &e, &c);
    const real bad = NAN;
    buffer_write(j.model->parameters.w + j.model->final_norm.at, &bad, 1);
    job_refuses(&j, "the loss is nan; try a lower learning_rate");
    job_free(&j);
}

/* ---- resuming --------------------------------------------------------------------------------------- */

static void train(const ModelConfig *config, const char *name, bool resume, int stop_after)
{
    const Examples e = make_examples(config->V);
    const SupervisedConfig c = settings();
    Job j = job_new(config, &e, &c);
    trainer_run(j.trainer, name, 2, resume, stop_after);
    job_free(&j);
}

static void assert_same_runs(const char *a, const char *b)
{
    assert_same_hash(a, b, 6, "model.safetensors");
    assert_same_hash(a, b, 6, "optimizer.safetensors");
    assert_same_hash(a, b, 6, "config.json");
    assert_same_metrics(a, b);
}

static void stopped_and_resumed_gives_the_same_bits(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        train(CONFIG[k], "whole", false, 0);
        for (int stop = 1; stop < 6; stop += 2) {
            train(CONFIG[k], "stopped", false, stop);
            train(CONFIG[k], "stopped", true, 0);
            assert_same_runs("whole", "stopped");
        }
    }
}

static void a_damaged_checkpoint_is_passed_over_without_losing_a_bit(void **state)
{
    (void)state;
    static const char *const FILE_NAME[] = {"model.safetensors", "optimizer.safetensors",
                                            "config.json"};
    train(CONFIG[0], "whole", false, 0);
    for (int i = 0; i < 3; i++) {
        train(CONFIG[0], "damaged", false, 5);
        trainer_damage("damaged", 5, FILE_NAME[i]);
        train(CONFIG[0], "damaged", true, 0);
        assert_same_runs("whole", "damaged");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_loss_is_the_mean_over_response_tokens),
        cmocka_unit_test(the_gradient_does_not_depend_on_micro_batches),
        cmocka_unit_test(without_marks_all_is_learned_but_first_tokens),
        cmocka_unit_test(every_example_is_seen_once_an_epoch),
        cmocka_unit_test(epochs_become_steps),
        cmocka_unit_test(training_learns_the_examples),
        cmocka_unit_test(a_loss_that_is_not_a_number_stops_the_run),
        cmocka_unit_test(stopped_and_resumed_gives_the_same_bits),
        cmocka_unit_test(a_damaged_checkpoint_is_passed_over_without_losing_a_bit),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
