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

/* With p = sigmoid(delta), d loss / d delta = -target (1 - p) + (1 - target) p, which is p - target;
 * the long form keeps its precision where p is near 1. */
double preference_loss(double *dchosen, double *drejected, const double *chosen,
                       const double *rejected, const double *target, const double *weight, int n)
{
    assert(n > 0);
    double total = 0, loss = 0;
    for (int i = 0; i < n; i++) total += weight ? weight[i] : 1;

    for (int i = 0; i < n; i++) {
        const double delta = chosen[i] - rejected[i];
        const double better = target ? target[i] : 1;
        const double share = total > 0 ? (weight ? weight[i] : 1) / total : 0;
        assert(better >= 0 && better <= 1 && share >= 0);

        /* 0 * inf is not 0: a side without weight must not spoil the other. */
        if (better > 0) loss -= share * better * log_sigmoid(delta);
        if (better < 1) loss -= share * (1 - better) * log_sigmoid(-delta);
        const double ddelta = share * ((1 - better) * sigmoid(delta) - better * sigmoid(-delta));
        if (dchosen) dchosen[i] = ddelta;
        if (drejected) drejected[i] = -ddelta;
    }
    return loss;
}
