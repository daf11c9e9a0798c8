/* A small PPO run: a random policy, its frozen copy, and a random reward model whose scores it can raise. */
#ifndef TESTS_PPO_JOBS_H
#define TESTS_PPO_JOBS_H

#include "ppo/ppo.h"
#include "ppo/rollout.h"
#include "reward/reward.h"
#include "tests/golden.h"
#include "tests/models.h"
#include "tests/trainer.h"

enum { JOB_PROMPTS = 12, JOB_STOP = 1 };

typedef struct {
    Model *model[4];
    int token[JOB_PROMPTS * 8], start[JOB_PROMPTS + 1];
    PpoInputs in;
    PpoConfig config;
    Ppo *ppo;
} Job;

static inline PpoConfig job_settings(void)
{
    PpoConfig c;
    Config all = {0};
    config_bind(&all, &PPO_TABLE, &c);
    c.iterations = 4, c.batch_size = 8, c.minibatch_size = 4, c.epochs = 2, c.max_tokens = 40;
    c.max_new_tokens = 7, c.generate_batch = 3, c.learning_rate = 3e-3, c.temperature = 0.9;
    c.warmup = 0, c.eps = 1e-8, c.show_every = c.eval_every = 0;
    return c;
}

/* The policy's shape for policy and reference, the other's for reward and value. */
static inline Job *job_new(const ModelConfig *policy, const ModelConfig *reward, const PpoConfig *c)
{
    Job *j = mem_calloc(1, sizeof *j);
    j->config = *c;
    for (int i = 0; i < 4; i++) j->model[i] = model_new(i < 2 ? policy : reward, i < 2 ? 3 : 4);
    const PolicyOptions frozen = {.max_tokens = 64, .heads = 1, .seed = 5};
    const PolicyOptions trained = ppo_policy_options(c);
    PolicyOptions reference = frozen, value = ppo_value_options(c);
    reference.heads = 0;
    value.seed = 5; /* the reward model's own head */
    for (int i = 0; i < JOB_PROMPTS; i++) {
        j->start[i + 1] = j->start[i] + 1 + i % 5;
        for (int t = j->start[i]; t < j->start[i + 1]; t++)
            j->token[t] = 2 + rng_below(policy->V - 2, 1, RNG_TEST, 7, (uint64_t)t);
    }
    j->in = (PpoInputs){.policy = policy_open(j->model[0], &trained),
                        .reference = policy_open(j->model[1], &reference),
                        .reward = policy_open(j->model[2], &frozen),
                        .value = c->value == VALUE_SHARED ? NULL : policy_open(j->model[3], &value),
                        .prompts = {JOB_PROMPTS, j->token, j->start},
                        .held_out = {JOB_PROMPTS, j->token, j->start},
                        .stop = {JOB_STOP},
                        .n_stop = 1,
                        .seed = 6};
    if (!j->in.value) j->in.value = j->in.policy;
    j->ppo = ppo_new(&j->in, &j->config);
    return j;
}

static inline void job_free(Job *j)
{
    ppo_free(j->ppo);
    Policy *const value = j->in.value == j->in.policy ? NULL : j->in.value;
    Policy *const policy[] = {j->in.policy, j->in.reference, j->in.reward, value};
    for (int i = 0; i < 4; i++) policy_close(policy[i]), model_free(j->model[i]);
    free(j);
}

static inline int job_step(Job *j, int64_t at, Error *err)
{
    Trainer t = ppo_trainer(j->ppo);
    Text members = {0}, note = {0};
    const int rc = t.step(t.self, at, &members, &note, err);
    text_free(&members);
    text_free(&note);
    return rc;
}

/* A rollout of episodes 0..B-1 with prompts in order, everything filled in. */
static inline Rollout job_rollout(Job *j, int B, double kl_coef)
{
    int prompt[64];
    uint64_t key[64];
    Rollout r = {0};
    Error err;
    for (int b = 0; b < B; b++) prompt[b] = b % JOB_PROMPTS, key[b] = (uint64_t)b;
    assert_worked(rollout_sample(&r, &j->in, &j->config, prompt, key, B, &err), &err);
    rollout_score(&r, &j->in, &j->config);
    rollout_advantages(&r, &j->config, kl_coef);
    return r;
}

#endif
