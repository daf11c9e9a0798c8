#include "compare/win_rate.h"

#include <assert.h>
#include <math.h>

/* The 97.5% point of the standard normal. */
static const double Z = 1.959963984540054;
static const double TIE = 1e-9;

void wilson_interval(double *low, double *high, double successes, double n)
{
    assert(successes >= 0 && successes <= n);
    *low = 0;
    *high = 1;
    if (n == 0) return;
    const double p = successes / n, scale = 1 + Z * Z / n;
    const double centre = (p + Z * Z / (2 * n)) / scale;
    const double half = Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / scale;
    if (successes > 0) *low = fmax(0, centre - half); /* exactly 0 and 1 at the ends */
    if (successes < n) *high = fmin(1, centre + half);
}

void share_difference_interval(double *low, double *high, double a, double n_a, double b,
                               double n_b)
{
    *low = -1;
    *high = 1;
    if (n_a == 0 || n_b == 0) return;
    double low_a, high_a, low_b, high_b;
    wilson_interval(&low_a, &high_a, a, n_a);
    wilson_interval(&low_b, &high_b, b, n_b);
    const double p_a = a / n_a, p_b = b / n_b;
    *low = p_a - p_b - hypot(p_a - low_a, high_b - p_b);
    *high = p_a - p_b + hypot(high_a - p_a, p_b - low_b);
}

double mean_standard_error(const double *x, int n)
{
    double mean = 0, squares = 0;
    if (n < 2) return NAN;
    for (int i = 0; i < n; i++) mean += x[i] / n;
    for (int i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    return sqrt(squares / (n - 1) / n);
}

double sign_test(int wins, int losses)
{
    assert(wins >= 0 && losses >= 0);
    const int n = wins + losses, fewer = wins < losses ? wins : losses;
    double tail = 0;
    for (int k = 0; k <= fewer; k++)
        tail += exp(lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0) - n * log(2));
    return fmin(1, 2 * tail);
}

WinRate win_rate_of_counts(int wins, int ties, int losses)
{
    WinRate w = {.n = wins + ties + losses, .wins = wins, .ties = ties, .losses = losses};
    const double halves = wins + 0.5 * ties;
    w.rate = w.n ? halves / w.n : 0.5;
    wilson_interval(&w.low, &w.high, halves, w.n);
    w.p = sign_test(wins, losses);
    return w;
}

WinRate win_rate_of_scores(const double *score, const double *other_score, int n)
{
    int wins = 0, losses = 0;
    for (int i = 0; i < n; i++) {
        wins += score[i] - other_score[i] > TIE;
        losses += other_score[i] - score[i] > TIE;
    }
    return win_rate_of_counts(wins, n - wins - losses, losses);
}

double best_of_n_kl(int n)
{
    assert(n >= 1);
    return log(n) - (n - 1.0) / n;
}

void win_rate_put_counts(Text *out, const WinRate *w)
{
    text_format(out, "won %d, lost %d, tied %d; sign test ", w->wins, w->losses, w->ties);
    if (w->p < 1e-4) text_add(out, "p < 0.0001");
    else text_format(out, "p = %.*f", w->p < 0.01 ? 4 : 2, w->p);
}
