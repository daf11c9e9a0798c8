#include "ppo/ppo_loss.h"

#include <assert.h>
#include <math.h>

/* exp(20) is a ratio of 5e8: the run is lost by then, and says so by its KL rather than by a NaN. */
static const double LOG_RATIO_MAX = 20;

/* Not fmin and fmax, which would turn a NaN into a bound and hide it. */
static double clamp(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* d ratio / d logp = ratio, so the unclipped term's derivative is the term itself; where the clipped
 * term is the larger it is a constant. */
void ppo_policy_loss(double *dlogp, PpoPolicySums *sums, const double *logp, const double *old_logp,
                     const double *advantage, int n, int64_t total, RatioClip clip)
{
    assert(total >= n && total > 0 && clip.range >= 0);
    for (int i = 0; i < n; i++) {
        const double log_ratio = clamp(logp[i] - old_logp[i], -LOG_RATIO_MAX, LOG_RATIO_MAX);
        const double ratio = exp(log_ratio);
        const double unclipped = -advantage[i] * ratio;
        const double clipped = -advantage[i] * clamp(ratio, 1 - clip.range, 1 + clip.range);
        double loss = clipped > unclipped ? clipped : unclipped;
        bool silenced = clipped > unclipped;
        if (clip.dual > 0 && advantage[i] < 0 && loss > -advantage[i] * clip.dual)
            loss = -advantage[i] * clip.dual, silenced = true;
        dlogp[i] = silenced ? 0 : unclipped / (double)total;

        sums->loss += loss;
        sums->clipped += silenced;
        sums->log_ratio += log_ratio;
        sums->approx_kl += log_ratio * log_ratio / 2;
        sums->ratio += ratio;
        sums->ratio_squared += ratio * ratio;
        if (ratio > sums->ratio_max) sums->ratio_max = ratio;
    }
    sums->n += n;
}

/* k3 = e^-d - 1 + d, so dk3/dd = 1 - e^-d; d(d^2 / 2)/dd = d; dd/dlogp = 1. */
void ppo_kl_loss_gradient(double *dlogp, const double *logp, const double *ref_logp, int n,
                          int64_t total, double coef, bool k2)
{
    for (int i = 0; i < n; i++) {
        const double d = clamp(logp[i] - ref_logp[i], -LOG_RATIO_MAX, LOG_RATIO_MAX);
        dlogp[i] += coef * (k2 ? d : -expm1(-d)) / (double)total;
    }
}

void ppo_value_loss(double *dvalue, PpoValueSums *sums, const double *value,
                    const double *old_value, const double *ret, int n, int64_t total,
                    double clip_range, double coef)
{
    assert(total >= n && total > 0 && clip_range >= 0);
    for (int i = 0; i < n; i++) {
        const double near_old =
            clamp(value[i], old_value[i] - clip_range, old_value[i] + clip_range);
        const double error = value[i] - ret[i], clipped_error = near_old - ret[i];
        const double square = error * error, clipped_square = clipped_error * clipped_error;
        dvalue[i] = clipped_square > square ? 0 : coef * error / (double)total;

        sums->loss += (clipped_square > square ? clipped_square : square) / 2;
        sums->clipped += clipped_square > square;
        sums->error += square;
        sums->ret += ret[i];
        sums->ret_squared += ret[i] * ret[i];
    }
    sums->n += n;
}

double ppo_explained_variance(const PpoValueSums *sums)
{
    if (sums->n == 0) return 0;
    const double n = (double)sums->n, mean = sums->ret / n;
    const double variance = sums->ret_squared / n - mean * mean;
    return variance > 1e-12 * sums->ret_squared / n ? 1 - sums->error / n / variance : 0;
}
