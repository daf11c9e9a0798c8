/* The settings of PPO.  Those of other programs by these names: Ziegler et al. 2019 (lm-human-preferences), Huang et
 * al. 2024 (the N+ implementation details), TRL, OpenRLHF, verl, trlX. */
#ifndef PPO_PPO_CONFIG_H
#define PPO_PPO_CONFIG_H

#include "policy/optimizer_config.h"

/* clang-format off */
/*    type    name           default  min   max      source   meaning */
#define PPO_ROLLOUT_ROWS(X) \
    X(int_live, iterations,  40,      1,    1e9,     "Ziegler et al. 2019",  "rollouts, each followed by updates; times batch_size the episodes of the run") \
    X(int,    batch_size,    128,     1,    65536,   "Ziegler et al. 2019",  "episodes per rollout") \
    X(int,    minibatch_size, 32,     1,    65536,   "Schulman et al. 2017", "episodes per optimizer step") \
    X(int,    max_tokens,    2048,    16,   1048576, "",                    "tokens of one micro-batch; changes memory, and results by rounding at most") \
    X(int,    epochs,        4,       1,    100,     "Ziegler et al. 2019", "passes over each rollout") \
    X(double, temperature,   1.0,     0.01, 10,      "Ziegler et al. 2019",  "of the sampler, and of every log-probability") \
    X(int,    max_new_tokens, 128,    1,    1048576, "Ziegler et al. 2019",  "longest response; where nobody sets it, half of a context below 256") \
    X(int,    generate_batch, 64,     1,    4096,    "",                    "responses decoded together; changes speed, not results")

#define PPO_LOSS_ROWS(X) \
    X(double, clip_range,    0.2,     0,    1,       "Schulman et al. 2017", "half-width of the ratio clip") \
    X(double, dual_clip,     0,       0,    1000,    "Ye et al. 2020",      "most that a bad token weighs, as a ratio; 0: any") \
    X(double, clip_range_value, 0.2,  0,    1000,    "Ziegler et al. 2019", "half-width of the value clip") \
    X(double, value_coef,    0.1,     0,    10,      "Ziegler et al. 2019", "weight of the value loss") \
    X(double, entropy_coef,  0,       0,    10,      "Schulman et al. 2017", "weight of the entropy, which the loss then rewards") \
    X(double, kl_loss_coef,  0,       0,    10,      "Shao et al. 2024",    "weight of the KL to the reference in the loss itself, beside that in the rewards") \
    X(choice, kl_loss,       "k3",    "k3|k2", 0,    "Schulman 2020",       "its estimate: exp(-d)-1+d, or d^2/2") \
    X(choice, loss_average,  "token", "token|sequence_sum|sequence_mean|length", 0, "verl", "mean over tokens; over responses of sums, or of means, of their tokens; sums over max_new_tokens") \
    X(double_live, ratio_guard, 0,    0,    1e6,     "TRL 0.9",             "a policy step whose mean ratio is above is left out; 0: none is") \
    X(double_live, epoch_kl, 0,       0,    1000,    "TRL 0.9",             "no more passes over a rollout above this mean of old - new logp; 0: all") \
    X(double, gamma,         1.0,     0,    1,       "Ziegler et al. 2019", "discount per token") \
    X(double, lambda,        0.95,    0,    1,       "Schulman et al. 2016", "decay of the GAE trace")

#define PPO_REWARD_ROWS(X) \
    X(double_live, kl_coef,  0.05,    0,    10,      "Huang et al. 2024",   "reward lost per nat of KL to the reference") \
    X(double_live, kl_target, 0,      0,    1000,    "Ziegler et al. 2019", "nats that kl_coef steers to; 0 keeps kl_coef fixed") \
    X(double_live, kl_horizon, 10000, 1,    1e9,     "Ziegler et al. 2019", "episodes over which kl_coef follows") \
    X(choice, kl_per,        "response", "response|token", 0, "Ziegler et al. 2019; verl", "what kl_target counts nats of") \
    X(choice, kl_estimator,  "k1",    "k1|k2|k3|abs", 0, "Schulman 2020",   "KL of a token in the rewards: d, d^2/2, exp(-d)-1+d, |d|; d = logp - ref_logp") \
    X(double, kl_clip,       0,       0,    1000,    "OpenRLHF",            "a token's estimate beyond this is cut; 0: none is") \
    X(bool,   whiten_rewards, false,  0,    1,       "Huang et al. 2024",   "rewards to deviation 1 before advantages") \
    X(bool,   whiten_advantages, true, 0,   1,       "Ziegler et al. 2019", "advantages to mean 0 and deviation 1") \
    X(choice, whiten_over,   "rollout", "rollout|minibatch", 0, "Huang et al. 2024; Ziegler et al. 2019", "the tokens that are whitened together") \
    X(bool,   whiten_unbiased, false, 0,    1,       "TRL",                 "their variance over n - 1 instead of n") \
    X(double, missing_stop_penalty, 1.0, 0, 100,     "Stiennon et al. 2020", "what a response without its stop token loses") \
    X(choice, missing_stop,  "subtract", "subtract|replace", 0, "TRL; Ziegler et al. 2019", "off its score, or minus it in place of its score") \
    X(int,    overlong_buffer, 0,     0,    1048576, "Yu et al. 2025; OpenRLHF", "tokens before max_new_tokens in which a response loses more with each; 0: none does") \
    X(double, overlong_penalty, 1.0,  0,    100,     "Yu et al. 2025; OpenRLHF", "what the longest response loses so") \
    X(choice, score_scale,   "none",  "none|batch|running|first", 0, "trlX", "what scores are divided by: the deviation of this rollout's, of all so far, of the first rollout's") \
    X(bool,   score_center,  false,   0,    1,       "LLaMA-Factory",       "their mean is taken off first") \
    X(double, score_clip,    0,       0,    1000,    "trlX",                "scores beyond this are cut; 0: none are")

#define PPO_VALUE_ROWS(X) \
    X(choice, value,         "separate", "separate|shared", 0, "Huang et al. 2024; Ziegler et al. 2019", "a model of its own, or a head on the policy's trunk, which starts at 0") \
    X(choice, value_head,    "reward", "reward|zero", 0, "Huang et al. 2024", "where the value head of a separate model starts; its trunk starts as the reward model's") \
    X(double_live, value_learning_rate, 0, 0, 1,     "OpenRLHF; verl",       "of the value model; 0: learning_rate") \
    X(int,    critic_warmup, 0,       0,    1000,    "verl",                 "first iterations in which only the value model learns")

#define PPO_RUN_ROWS(X) \
    X(double_live, stop_kl,  0,       0,    1e6,     "",                    "the run halts above this KL of a response, nats; 0: never") \
    X(double_live, stop_ratio, 0,     0,    1e9,     "",                    "and above this largest ratio of a token; 0: never") \
    X(double_live, stop_finished, 0,  0,    1,       "",                    "and below this share of responses that end by themselves; 0: never") \
    X(double_live, stop_distinct, 0,  0,    1,       "",                    "and below this share of different responses; 0: never") \
    X(int_live, show_every,  10,      0,    1e9,     "",                    "iterations between answers to the same two held-out prompts; 0: none") \
    X(int_live, eval_every,  10,      0,    1e9,     "",                    "iterations between win rates against the reference on held-out prompts; the best is kept; 0: none") \
    X(int,    eval_prompts,  64,      1,    65536,   "",                    "prompts of each, at most") \
    X(int_live, save_every,  10,      0,    1e9,     "",                    "iterations between checkpoints; 0: ten minutes; one at the end") \
    X(int_live, keep,        2,       1,    1000,    "",                    "checkpoints kept")

#define PPO_CONFIG(X) \
    PPO_ROLLOUT_ROWS(X) PPO_LOSS_ROWS(X) PPO_REWARD_ROWS(X) PPO_VALUE_ROWS(X) PPO_RUN_ROWS(X) \
    OPTIMIZER_CONFIG(X, 3e-6, 0.0, 0.999, 1e-5, 0.0)

typedef struct { PPO_CONFIG(CONFIG_MEMBER) } PpoConfig;
/* clang-format on */
extern const ConfigTable PPO_TABLE;

enum { LOSS_PER_TOKEN, LOSS_SEQUENCE_SUM, LOSS_SEQUENCE_MEAN, LOSS_LENGTH };
enum { KL_PER_RESPONSE, KL_PER_TOKEN };
enum { KL_LOSS_K3, KL_LOSS_K2 };
enum { WHITEN_ROLLOUT, WHITEN_MINIBATCH };
enum { VALUE_SEPARATE, VALUE_SHARED };
enum { SCALE_NONE, SCALE_BATCH, SCALE_RUNNING, SCALE_FIRST };

#endif
