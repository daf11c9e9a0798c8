#include "ppo/token_reward.h"

#include <assert.h>

void token_reward(double *reward, const double *logp, const double *ref_logp, double score, int T,
                  double kl_coef)
{
    assert(T > 0);
    for (int t = 0; t < T; t++) reward[t] = -kl_coef * (logp[t] - ref_logp[t]);
    reward[T - 1] += score;
}

double score_shape(double score, bool finished, double penalty, double clip)
{
    assert(penalty >= 0 && clip >= 0);
    if (!finished) score -= penalty;
    /* Comparisons, since fmin and fmax would turn a NaN into a bound and hide it. */
    if (clip > 0 && score > clip) return clip;
    if (clip > 0 && score < -clip) return -clip;
    return score;
}
