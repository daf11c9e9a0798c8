#include "ppo/whiten.h"

#include <math.h>

static const double WHITEN_EPSILON = 1e-8; /* lm-human-preferences, whiten() */

void whiten(double *out, const double *x, int n, bool shift_mean, bool unbiased)
{
    if (n == 0) return;
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++) sum += x[i];
    const double mean = sum / n;
    for (int i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    const double variance = squares / (unbiased && n > 1 ? n - 1 : n);
    const double scale = 1 / sqrt(variance + WHITEN_EPSILON), back = shift_mean ? 0 : mean;
    for (int i = 0; i < n; i++) out[i] = (x[i] - mean) * scale + back;
}
