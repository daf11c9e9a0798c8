/* Rewards per token: the KL penalty at every token, the score at the last one.
 *
 *   reward[t] = -kl_coef * (logp[t] - ref_logp[t]),  reward[T-1] += score
 *
 * The penalty is the k1 estimate: its sum over a response is an unbiased estimate of the KL, and its
 * gradient is the KL's (Ziegler et al. 2019; Stiennon et al. 2020). */
#ifndef PPO_TOKEN_REWARD_H
#define PPO_TOKEN_REWARD_H

#include <stdbool.h>

/* All arrays are (T), the tokens of one response with its stop token; T >= 1. */
void token_reward(double *reward, const double *logp, const double *ref_logp, double score, int T,
                  double kl_coef);

/* The score as PPO sees it: a response without its stop token loses `penalty`, then the result is
 * limited to [-clip, clip]; clip 0 sets no limit. */
double score_shape(double score, bool finished, double penalty, double clip);

#endif
