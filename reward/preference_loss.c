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

/* -log P of the side that leads by delta, and its derivative by delta. */
static double side_loss(double *slope, double delta, double noise)
{
    if (noise == 0) { /* keeps its precision where P is near 1 */
        *slope = -sigmoid(-delta);
        return -log_sigmoid(delta);
    }
    const double p = noise / 2 + (1 - noise) * sigmoid(delta);
    *slope = -(1 - noise) * sigmoid(delta) * sigmoid(-delta) / p;
    return -log(p);
}

double preference_loss(double *dchosen, double *drejected, const double *chosen,
                       const double *rejected, const double *target, const double *weight, int n,
                       double noise)
{
    assert(n > 0 && noise >= 0 && noise < 1);
    double total = 0, loss = 0;
    for (int i = 0; i < n; i++) total += weight ? weight[i] : 1;

    for (int i = 0; i < n; i++) {
        const double delta = chosen[i] - rejected[i];
        const double better = target ? target[i] : 1;
        const double share = total > 0 ? (weight ? weight[i] : 1) / total : 0;
        double won, lost;
        assert(better >= 0 && better <= 1 && share >= 0);

        /* 0 * inf is not 0: a side without weight must not spoil the other. */
        const double victory = side_loss(&won, delta, noise),
                     defeat = side_loss(&lost, -delta, noise);
        if (better > 0) loss += share * better * victory;
        if (better < 1) loss += share * (1 - better) * defeat;
        const double ddelta = share * (better * won - (1 - better) * lost);
        if (dchosen) dchosen[i] = ddelta;
        if (drejected) drejected[i] = -ddelta;
    }
    return loss;
}
