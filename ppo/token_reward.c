#include "ppo/token_reward.h"

#include <assert.h>
#include <math.h>

static const double KL_EXPONENT_MAX = 20; /* exp(20) nats say "broken" as well as infinity does */

double kl_of_token(KlEstimator estimator, double d)
{
    switch (estimator) {
    case KL_K1: return d;
    case KL_K2: return d * d / 2;
    case KL_K3: return expm1(-d > KL_EXPONENT_MAX ? KL_EXPONENT_MAX : -d) + d;
    case KL_ABS: return fabs(d);
    }
    return NAN;
}

/* Comparisons, since fmin and fmax would turn a NaN into a bound and hide it. */
static double limit(double x, double bound)
{
    if (bound > 0 && x > bound) return bound;
    if (bound > 0 && x < -bound) return -bound;
    return x;
}

void token_reward(double *reward, const double *logp, const double *ref_logp, double score, int T,
                  const KlPenalty *kl)
{
    assert(T > 0);
    for (int t = 0; t < T; t++)
        reward[t] = -kl->coef * limit(kl_of_token(kl->estimator, logp[t] - ref_logp[t]), kl->clip);
    reward[T - 1] += score;
}

double score_shape(double score, bool finished, double penalty, bool replace, double clip)
{
    assert(penalty >= 0 && clip >= 0);
    if (!finished) score = replace ? -penalty : score - penalty;
    return limit(score, clip);
}

double overlong_penalty(int n, int longest, int buffer, double penalty)
{
    const int over = n - (longest - buffer);
    return buffer > 0 && over > 0 ? penalty * over / buffer : 0;
}
