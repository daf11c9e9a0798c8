/* Rewards per token: the KL penalty at every token, the score at the last one.
 *
 *   reward[t] = -coef * kl(logp[t] - ref_logp[t]),  reward[T-1] += score
 *
 * The usual penalty is the k1 estimate, the difference itself: its sum over a response is an unbiased estimate of the
 * KL, and its gradient is the KL's (Ziegler et al. 2019; Stiennon et al. 2020). */
#ifndef PPO_TOKEN_REWARD_H
#define PPO_TOKEN_REWARD_H

#include <stdbool.h>

typedef enum { KL_K1, KL_K2, KL_K3, KL_ABS } KlEstimator;
typedef struct {
    double coef; /* reward lost per nat */
    KlEstimator estimator;
    double clip; /* of a token's estimate, either side; 0: none */
} KlPenalty;

/* What a token counts with d = logp - ref_logp: d, d^2 / 2, exp(-d) - 1 + d (with -d cut at 20), |d|. */
double kl_of_token(KlEstimator estimator, double d);

/* All arrays are (T), the tokens of one response with its stop token; T >= 1. */
void token_reward(double *reward, const double *logp, const double *ref_logp, double score, int T,
                  const KlPenalty *kl);

/* The score as PPO sees it: a response without its stop token loses `penalty`, or, with `replace`, scores -penalty;
 * then the result is limited to [-clip, clip]; clip 0 sets no limit. */
double score_shape(double score, bool finished, double penalty, bool replace, double clip);

/* What a response of n tokens, at most `longest`, loses for its length: nothing up to longest - buffer, then with every
 * token penalty / buffer more.  buffer 0: nothing.                               Yu et al. 2025 (DAPO), eq. 13 */
double overlong_penalty(int n, int longest, int buffer, double penalty);

#endif
