/* Proximal policy optimization of a language model against a reward model, with a penalty for moving
 * away from the frozen reference.          Schulman et al. 2017; Ziegler et al. 2019; Stiennon et al. 2020
 *
 * One iteration: sample a response to each of batch_size prompts; score them; reward every token with
 * -kl_coef * (logp - ref_logp) and the last with the score; advantages by GAE, whitened; then `epochs`
 * passes of clipped policy and value updates.
 *
 * The run watches its own arithmetic: until the first optimizer step after a rollout every ratio must be
 * exactly 1, and before the first update of a run the KL must be exactly 0. */
#ifndef PPO_PPO_H
#define PPO_PPO_H

#include "base/training.h"
#include "policy/generate.h"
#include "policy/optimizer_config.h"
#include "ppo/ppo_metrics.h"

/* clang-format off */
/*    type    name           default  min   max      source   meaning */
#define PPO_CONFIG(X) \
    X(int,    iterations,    40,      1,    1e9,     "",                    "rollouts, each followed by updates") \
    X(int,    batch_size,    128,     1,    65536,   "",                    "episodes per rollout") \
    X(int,    minibatch_size, 32,     1,    65536,   "",                    "episodes per optimizer step") \
    X(int,    max_tokens,    2048,    16,   1048576, "",                    "tokens of one micro-batch; changes memory, not results") \
    X(int,    epochs,        4,       1,    100,     "Ziegler et al. 2019", "passes over each rollout") \
    X(double, temperature,   1.0,     0.01, 10,      "",                    "of the sampler, and of every log-probability") \
    X(int,    max_new_tokens, 128,    1,    1048576, "",                    "longest response") \
    X(int,    generate_batch, 64,     1,    4096,    "",                    "responses decoded together; changes speed, not results") \
    X(double, clip_range,    0.2,     0,    1,       "Schulman et al. 2017", "half-width of the ratio clip") \
    X(double, clip_range_value, 0.2,  0,    1000,    "Ziegler et al. 2019", "half-width of the value clip") \
    X(double, value_coef,    0.1,     0,    10,      "Ziegler et al. 2019", "weight of the value loss") \
    X(double, gamma,         1.0,     0,    1,       "Ziegler et al. 2019", "discount per token") \
    X(double, lambda,        0.95,    0,    1,       "Schulman et al. 2016", "decay of the GAE trace") \
    X(double, kl_coef,       0.05,    0,    10,      "Huang et al. 2024",   "reward lost per nat of KL to the reference") \
    X(double, kl_target,     0,       0,    1000,    "Ziegler et al. 2019", "nats per response that kl_coef steers to; 0 keeps kl_coef fixed") \
    X(double, kl_horizon,    10000,   1,    1e9,     "Ziegler et al. 2019", "episodes over which kl_coef follows") \
    X(bool,   whiten_rewards, false,  0,    1,       "Huang et al. 2024",   "rewards to deviation 1 before advantages") \
    X(double, missing_stop_penalty, 1.0, 0, 100,     "Stiennon et al. 2020", "taken off the score of a response without its stop token") \
    X(double, score_clip,    0,       0,    1000,    "",                    "scores beyond this are cut; 0: none are") \
    X(choice, value_head,    "reward", "reward|zero", 0, "Huang et al. 2024", "where the value head starts; its trunk starts as the reward model's") \
    X(double, value_learning_rate, 0, 0,    1,       "",                    "of the value model; 0: learning_rate") \
    X(int,    critic_warmup, 0,       0,    1000,    "",                    "first iterations in which only the value model learns") \
    X(int,    save_every,    10,      0,    1e9,     "",                    "iterations between checkpoints; 0: ten minutes; one at the end") \
    X(int,    keep,          2,       1,    1000,    "",                    "checkpoints kept") \
    OPTIMIZER_CONFIG(X, 3e-6, 0.0, 0.999, 1e-5, 0.0)

typedef struct { PPO_CONFIG(CONFIG_MEMBER) } PpoConfig;
/* clang-format on */
extern const ConfigTable PPO_TABLE;

/* Prompts end to end. */
typedef struct {
    int n;
    const int *token, *start; /* start (n+1) */
} PromptSet;

typedef struct {
    Policy *policy;      /* trained */
    Policy *reference;   /* frozen: what KL is measured to */
    bool aligned_before; /* the policy left the reference in an earlier run; else they are equal */
    Policy *reward;      /* frozen, one head */
    Policy *value;       /* trained, one head */
    PromptSet prompts;
    int stop[4], n_stop;
    uint64_t seed;
} PpoInputs;

/* Fails when settings contradict each other. */
int ppo_check_settings(const PpoConfig *c, Error *err);
/* The same, and when the models or prompts do not fit. */
int ppo_check(const PpoConfig *c, const PpoInputs *in, Error *err);

typedef struct Ppo Ppo;
/* All borrowed. */
Ppo *ppo_new(const PpoInputs *in, const PpoConfig *c);
void ppo_free(Ppo *p);
Trainer ppo_trainer(Ppo *p);
/* Of the last iteration; ppo/rollout.h says what a rollout is. */
const PpoMetrics *ppo_metrics(const Ppo *p);
const struct Rollout *ppo_rollout(const Ppo *p);
PolicyOptions ppo_policy_options(const PpoConfig *c);
PolicyOptions ppo_value_options(const PpoConfig *c);

#endif
