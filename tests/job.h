/* A small model in training: the weights, a policy over them, and the trainer whose steps a test takes itself. */
#ifndef TESTS_JOB_H
#define TESTS_JOB_H

#include <math.h>

#include "base/training.h"
#include "tests/models.h"
#include "tests/scratch.h"

typedef struct {
    Model *model;
    Policy *policy;
    Trainer trainer; /* filled in by who opened the job; its `self` is theirs to free, first */
} Job;

static inline Job job_open(const ModelConfig *config, const PolicyOptions *o)
{
    Job j = {.model = model_new(config, 3)};
    j.policy = policy_open(j.model, o);
    return j;
}

static inline void job_close(Job *j)
{
    policy_close(j->policy);
    model_free(j->model);
}

/* The loss of step `at`; `rest` gets what follows it in the record. */
static inline double job_record(char rest[512], const Job *j, int64_t at)
{
    Error err = {0};
    Text members = {0}, note = {0};
    double loss = NAN;
    assert_worked(j->trainer.step(j->trainer.self, at, &members, &note, &err), &err);
    assert_int_equal(sscanf(members.bytes, "\"loss\":%lf,%511s", &loss, rest), 2);
    text_free(&members);
    text_free(&note);
    return loss;
}

static inline double job_step(const Job *j, int64_t at)
{
    char ignored[512];
    return job_record(ignored, j, at);
}

static inline void job_train(const Job *j)
{
    for (int64_t at = 0; at < j->trainer.total; at++) job_step(j, at);
}

/* A step that says why it cannot be taken, and takes none. */
static inline void job_refuses(const Job *j, const char *words)
{
    Error err = {0};
    Text members = {0}, note = {0};
    assert_int_equal(j->trainer.step(j->trainer.self, 0, &members, &note, &err), -1);
    assert_says(&err, words);
    assert_int_equal(policy_steps(j->policy), 0);
    text_free(&members);
    text_free(&note);
}

/* The first moments after one step are the gradient times (1 - beta1). */
static inline void assert_same_gradient(const Job *a, const Job *b)
{
    const Parameters *of[] = {&a->model->parameters, &a->policy->head, &b->model->parameters,
                              &b->policy->head};
    for (int i = 0; i < 2; i++)
        if (of[i]->n > 0) assert_true(relative_error(of[i + 2]->m, of[i]->m, of[i]->n) <= 1e-6);
}

#endif
