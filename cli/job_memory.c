#include "cli/job_memory.h"

#include "cli/loaded.h"
#include "policy/memory.h"
#include "policy/supervised.h"
#include "ppo/ppo_memory.h"
#include "reward/reward.h"

static const ModelUse PREDICTS = {.predicts = true}, SCORES = {0};

/* Of a model that is trained through an adapter, or, without one, itself. */
static size_t trained_model(const ModelConfig *c, bool predicts, const Adapter *adapter)
{
    return model_memory(c, &(ModelUse){.predicts = predicts,
                                       .trained = true,
                                       .predictions_trained = predicts,
                                       .changed = !adapter});
}

size_t scoring_memory(const ModelConfig *c, Adapter *adapter, int heads)
{
    return policy_memory(
        c, &(PolicyOptions){.adapter = adapter, .heads = heads, .max_tokens = SCORING_TOKENS});
}

/* Of the adapter's own weights: a policy that has nothing to do. */
size_t sampling_memory(const ModelConfig *c, Adapter *adapter, int batch, int longest)
{
    return decoding_memory(c, adapter ? adapter->low : 0, batch,
                           longest < c->max_T ? longest : c->max_T) +
           (adapter ? policy_memory(c, &(PolicyOptions){.adapter = adapter, .max_tokens = 1}) : 0);
}

static size_t trained(const ModelConfig *c, Adapter *adapter, PolicyOptions options)
{
    options.adapter = adapter;
    return policy_memory(c, &options);
}

static size_t supervised(const ModelConfig *c, Adapter *a)
{
    SupervisedConfig settings;
    config_bind(&(Config){0}, &SFT_TABLE, &settings);
    return trained_model(c, true, a) + trained(c, a, supervised_options(&settings));
}

static size_t reward(const ModelConfig *c, Adapter *a)
{
    RewardConfig settings;
    config_bind(&(Config){0}, &REWARD_TABLE, &settings);
    return trained_model(c, false, a) + trained(c, a, reward_options(&settings, 0));
}

static size_t ppo(const JobModel *of)
{
    const ModelConfig *c = &of->model->config;
    Adapter *a = of->trained;
    PpoConfig settings;
    config_bind(&(Config){0}, &PPO_TABLE, &settings);
    PpoModels m = {
        .policy = {of->model, c, ppo_policy_options(&settings)},
        .reference = {of->model, c, {.adapter = of->adapter, .max_tokens = SCORING_TOKENS}},
        .value = {of->model, c, ppo_value_options(&settings)},
        .reward = {of->model, c, {.adapter = a, .heads = 1, .max_tokens = SCORING_TOKENS}},
        .longest = c->max_T < JOB_TOKENS ? c->max_T : JOB_TOKENS,
        .together = JOB_BATCH};
    m.policy.options.adapter = m.value.options.adapter = a;
    if (!a) m.policy.base = &m.policy, m.value.base = &m.value, m.reward.base = &m.reward;
    const PpoMemory memory = ppo_memory(&m, &settings);
    return ppo_memory_total(&memory);
}

size_t job_memory(Job job, const JobModel *of)
{
    const ModelConfig *c = &of->model->config;
    switch (job) {
    case JOB_SCORE:
        return model_memory(c, of->heads ? &SCORES : &PREDICTS) +
               scoring_memory(c, of->adapter, of->heads);
    case JOB_SAMPLE:
        return model_memory(c, &PREDICTS) + sampling_memory(c, of->adapter, JOB_BATCH, JOB_TOKENS);
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
