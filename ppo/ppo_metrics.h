/* What a PPO iteration reports, under the names TRL's PPOTrainer uses, over real tokens alone. */
#ifndef PPO_PPO_METRICS_H
#define PPO_PPO_METRICS_H

#include <stdbool.h>

#include "base/text.h"
#include "ppo/ppo_loss.h"

/* mean_b: over responses of the sum over their tokens; mean_t: over tokens. */
typedef struct {
    double eps;              /* episodes per second */
    double kl;               /* mean_b k1, nats; a sample of it may be below 0 */
    double kl_k3;            /* mean_b k3, never below 0 */
    double kl_coef;          /* as used in this iteration's rewards */
    double entropy;          /* mean_b -logp */
    double non_score_reward; /* mean_b -kl_coef k1 */
    double rlhf_reward;      /* scores + non_score_reward */
    double scores;           /* mean score after penalty and clipping */
    double response_length;  /* mean tokens */
    double policy_entropy;   /* mean_t of the full entropy, at the updates */
    double approxkl;         /* mean_t (logp - old_logp)^2 / 2 */
    double clipfrac;         /* mean_t clipped ratios */
    double policy_loss, value_loss;
    double value_clipfrac;
    double value_error; /* mean_t squared */
    double explained_variance;
    double ratio, ratio_var, ratio_max; /* over tokens, not over micro-batch means */
    double num_eos_tokens;              /* responses that ended by themselves */
    double finished, distinct;          /* shares of the responses */
    double skipped;                     /* policy steps that ratio_guard left out */
    double passes;                      /* over the rollout, begun */
    double lr;
    double episode;                     /* so far in this run */
    double sampling, scoring, updating; /* seconds */
} PpoMetrics;

/* Fill what a rollout of B responses says.  logp and ref_logp are packed, response b being
 * start[b]..start[b+1]; score (B) is what entered the reward; finished (B). */
void ppo_metrics_rollout(PpoMetrics *m, const double *logp, const double *ref_logp,
                         const int *start, const double *score, const bool *finished, int B,
                         double kl_coef);

/* Fill what all optimizer steps of an iteration say; entropy is the sum over policy->n tokens. */
void ppo_metrics_update(PpoMetrics *m, const PpoPolicySums *policy, const PpoValueSums *value,
                        double entropy);

/* The metrics as a list: "objective/kl" and its value for i = 0..ppo_metrics_count()-1. */
int ppo_metrics_count(void);
const char *ppo_metrics_name(int i);
double ppo_metrics_value(const PpoMetrics *m, int i);

/* Append `"objective/kl":4.7,"objective/entropy":...` without braces, for a JSON line. */
void ppo_metrics_json(const PpoMetrics *m, Text *out);

#endif
