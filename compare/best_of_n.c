#include "compare/best_of_n.h"

#include <assert.h>
#include <stdlib.h>

static int ascending(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The weight of the highest score is C(N-1, n-1) / C(N, n) = n / N; each lower one's follows from
 * C(k-2, n-1) / C(k-1, n-1) = (k-n) / (k-1). */
double best_of_n_mean(double *score, int N, int n)
{
    assert(n >= 1 && n <= N);
    qsort(score, (size_t)N, sizeof *score, ascending);
    double weight = (double)n / N, sum = 0;
    for (int k = N; k >= n; k--) {
        sum += weight * score[k - 1];
        if (k > 1) weight *= (double)(k - n) / (k - 1);
    }
    return sum;
}
