/* The clipped surrogate and the clipped value loss.   Schulman et al. 2017, eq. 7
 * Value clipping follows Ziegler et al. 2019 (lm-human-preferences).
 *
 * Losses and gradients are sums over the given tokens divided by `total`, the response tokens of the whole
 * minibatch, so those of its micro-batches add up to the minibatch's however it is cut. */
#ifndef PPO_PPO_LOSS_H
#define PPO_PPO_LOSS_H

#include <stdint.h>

/* Sums over tokens; start from {0}, each call adds.  Divide by n for a mean. */
typedef struct {
    int64_t n;
    double loss;                 /* surrogate, to minimize */
    double clipped;              /* tokens the ratio clip silenced */
    double approx_kl;            /* (logp - old_logp)^2 / 2, nats */
    double ratio, ratio_squared; /* exp(logp - old_logp) */
    double ratio_max;            /* the largest, not a sum */
} PpoPolicySums;

typedef struct {
    int64_t n;
    double loss;    /* half the larger squared error */
    double clipped; /* tokens where the clipped value's error was the larger */
    double error;   /* (value - ret)^2 */
    double ret, ret_squared;
} PpoValueSums;

/* All arrays are (n).  dlogp is written, not added to: d loss / d logp. */
void ppo_policy_loss(double *dlogp, PpoPolicySums *sums, const double *logp, const double *old_logp,
                     const double *advantage, int n, int64_t total, double clip_range);

/* All arrays are (n).  dvalue is written, not added to: coef * d loss / d value.
 * clip_range infinite switches value clipping off. */
void ppo_value_loss(double *dvalue, PpoValueSums *sums, const double *value,
                    const double *old_value, const double *ret, int n, int64_t total,
                    double clip_range, double coef);

/* 1 - error / variance of the returns: 1 is a perfect critic, 0 no better than their mean, and 0 where
 * the returns do not vary. */
double ppo_explained_variance(const PpoValueSums *sums);

#endif
