#include "ppo/score_scale.h"

#include <math.h>

void score_moments_add(ScoreMoments *m, const double *x, int n)
{
    if (n == 0) return;
    double mean = 0, squares = 0;
    for (int i = 0; i < n; i++) mean += x[i] / n;
    for (int i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    const double all = m->n + n, apart = mean - m->mean;
    m->squares += squares + apart * apart * m->n * n / all;
    m->mean += apart * n / all;
    m->n = all;
}

double score_moments_deviation(const ScoreMoments *m)
{
    const double deviation = m->n > 1 ? sqrt(m->squares / (m->n - 1)) : 0;
    return deviation > 0 || isnan(deviation) ? deviation : 1;
}

double score_scaled(const ScoreMoments *m, double x, bool center)
{
    return (center ? x - m->mean : x) / score_moments_deviation(m);
}
