/* KL to the reference: what it is estimated to be, and what a nat of it costs.
 *
 *   error = clip(kl / target - 1, -0.2, 0.2)
 *   coef  = coef * (1 + error * episodes / horizon)             Ziegler et al. 2019, section 2.2 */
#ifndef PPO_KL_CONTROL_H
#define PPO_KL_CONTROL_H

typedef struct {
    double coef;    /* reward lost per nat */
    double target;  /* nats per response; 0 keeps coef as it is */
    double horizon; /* episodes over which coef follows */
} KlControl;

/* kl: mean over the `episodes` of a rollout of the KL summed over the response (k1); call after the
 * optimizer steps of that rollout.  A sampled kl below 0 counts as 0: coef shrinks as far as it may. */
void kl_control_update(KlControl *control, double kl, int episodes);

/* Sums over the tokens of estimates of KL(policy || reference) from tokens the policy sampled.
 * With d = logp - ref_logp (Schulman, "Approximating KL Divergence", 2020): k1 = d; k2 = d^2 / 2;
 * k3 = exp(-d) - 1 + d.  k1 and k3 are unbiased, k3 is never negative; -d is cut at 20 for its exp. */
typedef struct {
    double k1, k2, k3; /* nats */
} KlEstimate;
KlEstimate kl_estimate(const double *logp, const double *ref_logp, int T);

#endif
