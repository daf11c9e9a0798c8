/* The classifier: its loss, training, resuming. */
#include "reward/classifier.h"

#include "tests/golden_model.h"
#include "tests/job.h"
#include "tests/reward/marked.h"
#include "tests/trainer.h"

/* Random texts, each holding many of the token that its class is known by. */
enum { TEXTS = 30, CLASSES = 3, MARK = 5, ROOM = TEXTS * 16 };
static int token[ROOM], start[TEXTS + 1], label[TEXTS];

static LabeledTexts make_texts(int V)
{
    int mark[TEXTS];
    for (int i = 0; i < TEXTS; i++) {
        label[i] = i % 5 == 4 ? 2 : i % 2;
        mark[i] = MARK + label[i];
    }
    marked_texts(token, start, mark, TEXTS, 9, V);
    return (LabeledTexts){TEXTS, token, start, label};
}

static ClassifyConfig settings(void)
{
    ClassifyConfig c;
    Config all = {0};
    config_bind(&all, &CLASSIFY_TABLE, &c);
    c.epochs = 1, c.batch_size = 5, c.max_tokens = 64, c.learning_rate = 1e-2;
    return c;
}

static Job job_new(const ModelConfig *config, const LabeledTexts *texts, const ClassifyConfig *c)
{
    const PolicyOptions o = classifier_options(c, CLASSES, 4);
    Job j = job_open(config, &o);
    j.trainer = classifier_trainer(classifier_training_new(j.policy, CLASSES, texts, texts, c, 9),
                                   NULL, NULL);
    return j;
}

static void job_free(Job *j)
{
    classifier_training_free(j->trainer.self);
    job_close(j);
}

static void logits_do_not_depend_on_the_batch(void **state)
{
    (void)state;
    const LabeledTexts texts = make_texts(TINY_LLAMA.V);
    const ClassifyConfig c = settings();
    Job j = job_new(&TINY_LLAMA, &texts, &c);
    double all[TEXTS * CLASSES], one[CLASSES];
    classifier_logits(all, j.policy, CLASSES, token, start, TEXTS);
    for (int i = 0; i < TEXTS; i++) {
        const int n = start[i + 1] - start[i];
        classifier_logits(one, j.policy, CLASSES, token + start[i], (int[]){0, n}, 1);
        assert_memory_equal(one, all + (size_t)i * CLASSES, sizeof one);
    }
    job_free(&j);
}

/* Whole in one micro-batch or cut into several: the same loss and gradient. */
static void the_gradient_does_not_depend_on_micro_batches(void **state)
{
    (void)state;
    const LabeledTexts texts = make_texts(TINY_GPT2.V);
    ClassifyConfig c = settings();
    c.batch_size = TEXTS, c.max_grad_norm = 0, c.max_tokens = 1000, c.balance = true;
    c.label_smoothing = 0.1;
    Job whole = job_new(&TINY_GPT2, &texts, &c);
    const double loss = job_step(&whole, 0);
    for (int room = 16; room < 200; room += 61) {
        c.max_tokens = room;
        Job cut = job_new(&TINY_GPT2, &texts, &c);
        assert_near(job_step(&cut, 0), loss, 1e-8);
        assert_same_gradient(&whole, &cut);
        job_free(&cut);
    }
    job_free(&whole);
}

/* 12, 12 and 6 texts: balanced, each class's mean loss counts a third. */
static void balanced_classes_weigh_the_same(void **state)
{
    (void)state;
    const LabeledTexts texts = make_texts(TINY_GPT2.V);
    ClassifyConfig c = settings();
    c.batch_size = TEXTS, c.balance = true;
    Job j = job_new(&TINY_GPT2, &texts, &c);
    double logit[TEXTS * CLASSES], sum[CLASSES] = {0};
    int count[CLASSES] = {0};
    classifier_logits(logit, j.policy, CLASSES, token, start, TEXTS);
    for (int i = 0; i < TEXTS; i++) {
        sum[label[i]] +=
            class_loss(NULL, logit + (size_t)i * CLASSES, label + i, NULL, 1, CLASSES, 0);
        count[label[i]]++;
    }
    assert_int_equal(count[2], 6);
    const double mean = (sum[0] / count[0] + sum[1] / count[1] + sum[2] / count[2]) / 3;
    assert_near(job_step(&j, 0), mean, 1e-8);
    job_free(&j);
}

static void training_learns_the_classes(void **state)
{
    (void)state;
    static const ModelConfig *const config[] = {&TINY_GPT2, &TINY_LLAMA};
    for (int k = 0; k < 2; k++) {
        const LabeledTexts texts = make_texts(config[k]->V);
        ClassifyConfig c = settings();
        c.epochs = 20;
        Job j = job_new(config[k], &texts, &c);
        job_train(&j);
        long confusion[CLASSES * CLASSES];
        const ClassScores s = classifier_evaluate(confusion, j.policy, CLASSES, &texts);
        assert_true(s.accuracy > 0.9);
        assert_near(s.commonest, 0.4, 1e-15);
        assert_true(confusion[0] + confusion[4] + confusion[8] > 27);
        job_free(&j);
    }
}

static void train(const char *name, bool resume, int stop_after)
{
    const LabeledTexts texts = make_texts(TINY_LLAMA.V);
    ClassifyConfig c = settings();
    c.epochs = 1.2, c.valid_every = 2;
    Job j = job_new(&TINY_LLAMA, &texts, &c);
    trainer_run(j.trainer, name, 2, resume, stop_after);
    job_free(&j);
}

static void stopped_and_resumed_gives_the_same_bits(void **state)
{
    (void)state;
    train("whole", false, 0);
    for (int stop = 1; stop < 8; stop += 3) {
        train("stopped", false, stop);
        train("stopped", true, 0);
        assert_same_hash("whole", "stopped", 8, "model.safetensors");
        assert_same_hash("whole", "stopped", 8, "optimizer.safetensors");
        assert_same_metrics("whole", "stopped");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_do_not_depend_on_the_batch),
        cmocka_unit_test(the_gradient_does_not_depend_on_micro_batches),
        cmocka_unit_test(balanced_classes_weigh_the_same),
        cmocka_unit_test(training_learns_the_classes),
        cmocka_unit_test(stopped_and_resumed_gives_the_same_bits),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
