/* How often one model's answer beats the other's, and how sure that is.
 *
 * A tie counts half.  One decision per prompt: decisions about the same prompt are not independent. */
#ifndef COMPARE_WIN_RATE_H
#define COMPARE_WIN_RATE_H

#include "base/text.h"

typedef struct {
    int n, wins, ties, losses;
    double rate;      /* (wins + ties / 2) / n; 0.5 when n is 0 */
    double low, high; /* 95% Wilson interval; [0, 1] when n is 0 */
    double p;         /* two-sided sign test over the decisions that are no ties */
} WinRate;

WinRate win_rate_of_counts(int wins, int ties, int losses);
/* Answer i of each model scored by one judge; differences up to 1e-9 are ties. */
WinRate win_rate_of_scores(const double *score, const double *other_score, int n);

/* Append "won 93, lost 6, tied 1; sign test p < 0.0001". */
void win_rate_put_counts(Text *out, const WinRate *w);

/* 95% interval of a share.  Wilson 1927.  `successes` may be half a number; [0, 1] when n is 0. */
void wilson_interval(double *low, double *high, double successes, double n);
/* 95% interval of share a - share b of independent samples.  Newcombe 1998, method 10 */
void share_difference_interval(double *low, double *high, double a, double n_a, double b,
                               double n_b);
/* Standard error of the mean of x (n), whose items are independent; NAN for fewer than two. */
double mean_standard_error(const double *x, int n);
/* Probability of a split at least this uneven from fair coin tosses, exact. */
double sign_test(int wins, int losses);

/* KL, in nats, of picking the best of n samples from the model that drew them: ln n - (n - 1) / n, an
 * upper bound when scores tie; 0 when all do, since the first of them is as good a sample as any.
 * Stiennon et al. 2020; Beirami et al. 2024 */
double best_of_n_kl(int n);

#endif
