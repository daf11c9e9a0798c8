#include "reward/preference_loss.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

double log_sigmoid(double x)
{
    return x < 0 ? x - log1p(exp(x)) : -log1p(exp(-x));
}

double sigmoid(double x)
{
    const double e = exp(-fabs(x));
    return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

double davidson_nu(double tie_share)
{
    return 2 * tie_share / (1 - tie_share);
}

/* -log P of an outcome, and its derivatives by delta and by log nu. */
typedef struct {
    double loss, delta, log_nu;
} Outcome;

/* With q = e^(-|delta|/2), which cannot overflow: Z = (1 + q^2 + nu q) / q, and of the side that leads by delta
 *
 *   -log P    = log1p(q^2 + nu q) + max(0, -delta)
 *   by delta  = -(q^2 + nu q / 2) / (1 + q^2 + nu q)     delta >= 0; the loser's share of Z and half the tie's
 *             = -(1   + nu q / 2) / (1 + q^2 + nu q)     delta <  0
 *   by log nu = nu q / (1 + q^2 + nu q) = P(tie) */
static Outcome davidson_side(double delta, double nu)
{
    const double q = exp(-fabs(delta) / 2), over = q * q + nu * q;
    return (Outcome){.loss = log1p(over) + fmax(0, -delta),
                     .delta = -((delta < 0 ? 1 : q * q) + nu * q / 2) / (1 + over),
                     .log_nu = nu * q / (1 + over)};
}

/* -log P(tie) = log Z - log nu, half of the two sides' sum but for log nu. */
static Outcome davidson_tie(double delta, double nu)
{
    const Outcome won = davidson_side(delta, nu), lost = davidson_side(-delta, nu);
    return (Outcome){.loss = (won.loss + lost.loss) / 2 - log(nu),
                     .delta = (won.delta - lost.delta) / 2,
                     .log_nu = won.log_nu - 1};
}

static Outcome side(double delta, const PreferenceModel *m)
{
    const double noise = m->noise;
    if (m->tie_nu > 0) {
        Outcome o = davidson_side(delta, m->tie_nu);
        if (noise == 0) return o;
        const double sure = (1 - noise) * exp(-o.loss), p = noise / 2 + sure;
        return (Outcome){-log(p), o.delta * sure / p, o.log_nu * sure / p};
    }
    if (noise == 0) /* keeps its precision where P is near 1 */
        return (Outcome){.loss = -log_sigmoid(delta), .delta = -sigmoid(-delta)};
    const double p = noise / 2 + (1 - noise) * sigmoid(delta);
    return (Outcome){.loss = -log(p), .delta = -(1 - noise) * sigmoid(delta) * sigmoid(-delta) / p};
}

static Outcome tie(double delta, const PreferenceModel *m)
{
    Outcome o = davidson_tie(delta, m->tie_nu);
    o.loss -= log1p(-m->noise);
    return o;
}

/* 0 * inf is not 0: a side without weight must not spoil the other. */
static Outcome label(double delta, double target, const PreferenceModel *m)
{
    if (m->tie_nu > 0 && target == 0.5) return tie(delta, m);
    const double better = target + m->smoothing * (1 - 2 * target);
    const Outcome won = side(delta, m), lost = side(-delta, m);
    Outcome o = {.delta = better * won.delta - (1 - better) * lost.delta,
                 .log_nu = better * won.log_nu + (1 - better) * lost.log_nu};
    if (better > 0) o.loss += better * won.loss;
    if (better < 1) o.loss += (1 - better) * lost.loss;
    return o;
}

double preference_loss(PreferenceGradient *grad, const ScoredPairs *pairs, const PreferenceModel *m)
{
    const double *weight = pairs->weight;
    const int n = pairs->n;
    assert(n > 0 && m->noise >= 0 && m->noise < 1 && m->smoothing >= 0 && m->smoothing < 0.5);
    double total = 0, loss = 0, log_nu = 0;
    for (int i = 0; i < n; i++) total += weight ? weight[i] : 1;

    for (int i = 0; i < n; i++) {
        const double margin = pairs->margin ? pairs->margin[i] : 0;
        const double target = pairs->target ? pairs->target[i] : 1;
        const double share = total > 0 ? (weight ? weight[i] : 1) / total : 0;
        assert(target >= 0 && target <= 1 && share >= 0);
        const Outcome o = label(pairs->chosen[i] - pairs->rejected[i] - margin, target, m);
        if (share > 0) loss += share * o.loss;
        log_nu += share * o.log_nu;
        if (grad && grad->chosen) grad->chosen[i] = share * o.delta;
        if (grad && grad->rejected) grad->rejected[i] = -(share * o.delta);
    }
    if (grad) grad->log_nu = log_nu;
    return loss;
}
