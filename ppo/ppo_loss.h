/* The clipped surrogate and the clipped value loss.   Schulman et al. 2017, eq. 7
 * A second clip for bad tokens follows Ye et al. 2020, eq. 5: with advantage < 0 the loss is at most -advantage * dual.
 * Value clipping follows Ziegler et al. 2019 (lm-human-preferences).
 *
 * Losses and gradients are sums over the given tokens divided by `total`, the response tokens of the whole
 * minibatch, so those of its micro-batches add up to the minibatch's however it is cut. */
#ifndef PPO_PPO_LOSS_H
#define PPO_PPO_LOSS_H

#include <stdbool.h>
#include <stdint.h>

/* Sums over tokens; start from {0}, each call adds.  Divide by n for a mean. */
typedef struct {
    int64_t n;
    double loss;                 /* surrogate, to minimize */
    double clipped;              /* tokens the ratio clip silenced */
    double approx_kl;            /* (logp - old_logp)^2 / 2, nats */
    double ratio, ratio_squared; /* exp(logp - old_logp) */
    double ratio_max;            /* the largest, not a sum */
    double log_ratio;            /* logp - old_logp, nats */
} PpoPolicySums;

typedef struct {
    int64_t n;
    double loss;    /* half the larger squared error */
    double clipped; /* tokens where the clipped value's error was the larger */
    double error;   /* (value - ret)^2 */
    double ret, ret_squared;
} PpoValueSums;

typedef struct {
    double range; /* half-width around 1 */
    double dual;  /* 0: off */
} RatioClip;

/* All arrays are (n).  dlogp is written, not added to: d loss / d logp. */
void ppo_policy_loss(double *dlogp, PpoPolicySums *sums, const double *logp, const double *old_logp,
                     const double *advantage, int n, int64_t total, RatioClip clip);

/* All arrays are (n).  dvalue is written, not added to: coef * d loss / d value.
 * clip_range infinite switches value clipping off. */
void ppo_value_loss(double *dvalue, PpoValueSums *sums, const double *value,
                    const double *old_value, const double *ret, int n, int64_t total,
                    double clip_range, double coef);

/* Add coef * k / total per token to the gradient, k the k3 estimate of the KL to the reference, exp(-d) - 1 + d, or
 * with k2 d^2 / 2; d = logp - ref_logp.  dlogp and arrays are (n). */
void ppo_kl_loss_gradient(double *dlogp, const double *logp, const double *ref_logp, int n,
                          int64_t total, double coef, bool k2);

/* 1 - error / variance of the returns: 1 is a perfect critic, 0 no better than their mean, and 0 where
 * the returns do not vary. */
double ppo_explained_variance(const PpoValueSums *sums);

#endif
