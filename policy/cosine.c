#include "policy/cosine.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

static double dot(const real *a, const real *b, int C)
{
    double sum = 0;
    for (int i = 0; i < C; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

double cosine(const real *a, const real *b, int C)
{
    const double both = sqrt(dot(a, a, C)) * sqrt(dot(b, b, C));
    return both > 0 ? dot(a, b, C) / both : 0;
}

/* out (C): the mean of the rows, each made 1 long. */
static double *mean_direction(const real *x, int T, int C)
{
    double *out = mem_calloc((size_t)C, sizeof *out);
    for (int t = 0; t < T; t++) {
        const real *row = x + (size_t)t * (size_t)C;
        const double length = sqrt(dot(row, row, C));
        for (int i = 0; length > 0 && i < C; i++) out[i] += (double)row[i] / length / T;
    }
    return out;
}

/* The mean over pairs of unit vectors' products is the product of their means. */
double cosine_mean(const real *a, int Ta, const real *b, int Tb, int C)
{
    double *u = mean_direction(a, Ta, C), *v = mean_direction(b, Tb, C), sum = 0;
    for (int i = 0; i < C; i++) sum += u[i] * v[i];
    free(u);
    free(v);
    return sum;
}
