#include "cli/job_memory.h"

#include "cli/loaded.h"
#include "policy/memory.h"
#include "policy/supervised.h"
#include "ppo/ppo.h"
#include "reward/reward.h"

static const ModelUse PREDICTS = {.predicts = true}, SCORES = {0},
                      SCORES_TRAINED = {.trained = true},
                      PREDICTS_TRAINED = {
                          .predicts = true, .trained = true, .predictions_trained = true};

static size_t frozen(const ModelConfig *c, Adapter *adapter, int heads)
{
    return policy_memory(
        c, &(PolicyOptions){.adapter = adapter, .heads = heads, .max_tokens = SCORING_TOKENS});
}

static size_t trained(const ModelConfig *c, Adapter *adapter, PolicyOptions options)
{
    options.adapter = adapter;
    return policy_memory(c, &options);
}

static size_t decoding(const ModelConfig *c, const Adapter *a)
{
    const int longest = c->max_T < JOB_TOKENS ? c->max_T : JOB_TOKENS;
    return decoding_memory(c, a ? a->low : 0, JOB_BATCH, longest);
}

/* Of the adapter's own weights: a policy that has nothing to do. */
static size_t sampling(const ModelConfig *c, Adapter *a)
{
    return model_memory(c, &PREDICTS) + decoding(c, a) +
           (a ? policy_memory(c, &(PolicyOptions){.adapter = a, .max_tokens = 1}) : 0);
}

static size_t supervised(const ModelConfig *c, Adapter *a)
{
    SupervisedConfig settings;
    config_bind(&(Config){0}, &SFT_TABLE, &settings);
    return model_memory(c, &PREDICTS_TRAINED) + trained(c, a, supervised_options(&settings));
}

static size_t reward(const ModelConfig *c, Adapter *a)
{
    RewardConfig settings;
    config_bind(&(Config){0}, &REWARD_TABLE, &settings);
    return model_memory(c, &SCORES_TRAINED) + trained(c, a, reward_options(&settings, 0));
}

static size_t ppo(const JobModel *of)
{
    const ModelConfig *c = &of->model->config;
    Adapter *a = of->trained;
    PpoConfig settings;
    config_bind(&(Config){0}, &PPO_TABLE, &settings);
    const size_t policies = trained(c, a, ppo_policy_options(&settings)) +
                            trained(c, a, ppo_value_options(&settings)) +
                            frozen(c, of->adapter, 0) + frozen(c, a, 1) + decoding(c, a);
    if (a) return model_memory(c, &PREDICTS_TRAINED) + policies;
    return model_memory(c, &PREDICTS_TRAINED) + model_memory(c, &PREDICTS) +
           model_memory(c, &SCORES) + model_memory(c, &SCORES_TRAINED) + policies;
}

size_t job_memory(Job job, const JobModel *of)
{
    const ModelConfig *c = &of->model->config;
    switch (job) {
    case JOB_SCORE:
        return model_memory(c, of->heads ? &SCORES : &PREDICTS) + frozen(c, of->adapter, of->heads);
    case JOB_SAMPLE: return sampling(c, of->adapter);
    case JOB_SFT: return supervised(c, of->trained);
    case JOB_REWARD: return reward(c, of->trained);
    default: return ppo(of);
    }
}

const char *job_name(Job job)
{
    static const char *const NAME[JOBS] = {"score", "sample", "sft", "reward", "ppo"};
    return NAME[job];
}

bool job_trains(Job job)
{
    return job >= JOB_SFT;
}

bool job_done_with(Job job, int heads)
{
    return heads == 0 || job == JOB_SCORE;
}

Adapter *job_adapter(const Model *m)
{
    return adapter_outline(m, &(AdapterConfig){.rank = 16, .alpha = 32, .targets = TARGETS_ALL});
}
