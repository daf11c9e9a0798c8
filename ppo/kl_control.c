#include "ppo/kl_control.h"

#include <assert.h>
#include <math.h>

static const double KL_ERROR_MAX = 0.2;  /* Ziegler et al. 2019 */
static const double KL_FACTOR_MIN = 0.1; /* a horizon far below the batch must not turn the sign */
static const double KL_EXPONENT_MAX = 20.0; /* exp(20) nats say "broken" as well as infinity does */

void kl_control_update(KlControl *control, double kl, int episodes)
{
    assert(isfinite(kl) && episodes >= 0);
    if (control->target <= 0) return;
    assert(control->horizon > 0);
    const double error = fmin(fmax(kl / control->target - 1, -KL_ERROR_MAX), KL_ERROR_MAX);
    control->coef *= fmax(1 + error * episodes / control->horizon, KL_FACTOR_MIN);
}

KlEstimate kl_estimate(const double *logp, const double *ref_logp, int T)
{
    KlEstimate sum = {0};
    for (int t = 0; t < T; t++) {
        const double d = logp[t] - ref_logp[t];
        sum.k1 += d;
        sum.k2 += d * d / 2;
        sum.k3 += expm1(fmin(-d, KL_EXPONENT_MAX)) + d;
    }
    return sum;
}
