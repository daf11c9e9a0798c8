/* Whitening: mean 0 and variance 1 over all tokens of a batch.  Ziegler et al. 2019, lm-human-preferences
 *
 *   out = (x - mean) / sqrt(variance + 1e-8), and + mean again when the mean is kept */
#ifndef PPO_WHITEN_H
#define PPO_WHITEN_H

#include <stdbool.h>

/* out and x (n); out may be x.  shift_mean: the mean becomes 0 (advantages), else it is kept (rewards).
 * unbiased: the variance is divided by n - 1 (TRL) instead of n (lm-human-preferences); that of a
 * single number is 0 either way. */
void whiten(double *out, const double *x, int n, bool shift_mean, bool unbiased);

#endif
