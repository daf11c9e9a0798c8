#include "compare/scaling_law.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { K = LAW_TERMS };

/* Solve A x = y for x of n <= K by elimination with pivots, in place; false where A is singular. */
static bool solve(double A[K][K], double *y, int n)
{
    for (int i = 0; i < n; i++) {
        int best = i;
        for (int r = i + 1; r < n; r++)
            if (fabs(A[r][i]) > fabs(A[best][i])) best = r;
        if (!(fabs(A[best][i]) > 0)) return false;
        for (int c = 0; c < n; c++) {
            const double swap = A[i][c];
            A[i][c] = A[best][c], A[best][c] = swap;
        }
        const double swap = y[i];
        y[i] = y[best], y[best] = swap;
        for (int r = i + 1; r < n; r++) {
            const double f = A[r][i] / A[i][i];
            for (int c = i; c < n; c++) A[r][c] -= f * A[i][c];
            y[r] -= f * y[i];
        }
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int c = i + 1; c < n; c++) y[i] -= A[i][c] * y[c];
        y[i] /= A[i][i];
    }
    return true;
}

double scaling_law_loss(const ScalingLaw *law, double N, double D)
{
    const double *v = law->value;
    return v[LAW_E] + exp(v[LAW_LN_A] - v[LAW_P] * log(N)) + exp(v[LAW_LN_B] - v[LAW_Q] * log(D));
}

static double squares(const ScalingLaw *law, const ScalingPoint *point, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        const double r = point[i].loss - scaling_law_loss(law, point[i].N, point[i].D);
        sum += r * r;
    }
    return sum;
}

/* E, a and b by normal equations for given exponents; false where a or b would not be positive.  Where E would be
 * negative it is 0 and the others are fitted alone. */
static bool linear_fit(ScalingLaw *law, const ScalingPoint *point, int n, double p, double q)
{
    double A[K][K] = {{0}}, y[3] = {0};
    /* powers of N and D over those of the first point, or columns would differ by orders of magnitude */
    const double N0 = point[0].N, D0 = point[0].D;
    for (int i = 0; i < n; i++) {
        const double x[3] = {1, pow(point[i].N / N0, -p), pow(point[i].D / D0, -q)};
        for (int r = 0; r < 3; r++) {
            for (int c = 0; c < 3; c++) A[r][c] += x[r] * x[c];
            y[r] += x[r] * point[i].loss;
        }
    }
    double B[K][K] = {{A[1][1], A[1][2]}, {A[2][1], A[2][2]}}, z[2] = {y[1], y[2]};
    if (!solve(A, y, 3)) return false;
    if (y[0] < 0) {
        if (!solve(B, z, 2)) return false;
        y[0] = 0, y[1] = z[0], y[2] = z[1];
    }
    if (!(y[1] > 0) || !(y[2] > 0)) return false;
    *law = (ScalingLaw){.value = {y[0], log(y[1]) + p * log(N0), p, log(y[2]) + q * log(D0), q}};
    return true;
}

static bool best_of_grid(ScalingLaw *law, const ScalingPoint *point, int n)
{
    static const double EXPONENT[] = {0.05, 0.1, 0.2, 0.3, 0.45, 0.7, 1, 1.5};
    enum { GRID = sizeof EXPONENT / sizeof *EXPONENT };
    double least = INFINITY;
    for (int i = 0; i < GRID * GRID; i++) {
        ScalingLaw at;
        if (!linear_fit(&at, point, n, EXPONENT[i / GRID], EXPONENT[i % GRID])) continue;
        const double sum = squares(&at, point, n);
        if (sum < least) least = sum, *law = at;
    }
    return isfinite(least);
}

/* J^T J and J^T r of the residuals r = loss - L; row i of J is dL:
 *
 *   1, a/N^p, -ln N a/N^p, b/D^q, -ln D b/D^q */
static void normal_equations(double A[K][K], double y[K], const ScalingLaw *law,
                             const ScalingPoint *point, int n)
{
    memset(A, 0, sizeof(double[K][K]));
    memset(y, 0, sizeof(double[K]));
    for (int i = 0; i < n; i++) {
        const double *v = law->value, ln_N = log(point[i].N), ln_D = log(point[i].D);
        const double of_N = exp(v[LAW_LN_A] - v[LAW_P] * ln_N);
        const double of_D = exp(v[LAW_LN_B] - v[LAW_Q] * ln_D);
        const double j[K] = {1, of_N, -ln_N * of_N, of_D, -ln_D * of_D};
        const double r = point[i].loss - scaling_law_loss(law, point[i].N, point[i].D);
        for (int a = 0; a < K; a++) {
            for (int b = 0; b < K; b++) A[a][b] += j[a] * j[b];
            y[a] += j[a] * r;
        }
    }
}

/* Marquardt 1963: a step that does not help is taken again, shorter and more down the gradient. */
static void descend(ScalingLaw *law, const ScalingPoint *point, int n)
{
    enum { STEPS = 500 };
    double damping = 1e-3, sum = squares(law, point, n);
    for (int step = 0; step < STEPS && damping < 1e12; step++) {
        double A[K][K], y[K];
        ScalingLaw next = *law;
        normal_equations(A, y, law, point, n);
        for (int k = 0; k < K; k++) A[k][k] *= 1 + damping;
        const bool solved = solve(A, y, K);
        for (int k = 0; k < K && solved; k++) next.value[k] += y[k];
        next.value[LAW_E] = fmax(next.value[LAW_E], 0);
        const double after = solved ? squares(&next, point, n) : INFINITY;
        if (after < sum) *law = next, sum = after, damping /= 10;
        else damping *= 10;
    }
}

double scaling_law_student(int freedom)
{
    static const double T[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365,
                               2.306,  2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
                               2.131,  2.120, 2.110, 2.101, 2.093, 2.086};
    enum { TABLE = sizeof T / sizeof *T };
    assert(freedom > 0);
    if (freedom <= TABLE) return T[freedom - 1];
    /* Fisher and Cornish's first term about the normal distribution's 1.96 */
    const double z = 1.959964;
    return z + (z * z * z + z) / (4 * freedom);
}

/* half = t sqrt(s^2 (J^T J)^-1), s^2 = squares / (n - 5); infinite where the points do not tell. */
static void find_intervals(ScalingLaw *law, const ScalingPoint *point, int n)
{
    const double variance = squares(law, point, n) / (n - K);
    law->residual = sqrt(variance);
    for (int k = 0; k < K; k++) {
        double A[K][K], y[K], unit[K] = {0};
        normal_equations(A, y, law, point, n);
        unit[k] = 1;
        const bool told = solve(A, unit, K) && unit[k] >= 0;
        law->half[k] = told ? scaling_law_student(n - K) * sqrt(variance * unit[k]) : INFINITY;
    }
}

int scaling_law_fit(ScalingLaw *out, const ScalingPoint *point, int n, Error *err)
{
    ScalingLaw law;
    bool sizes = false, amounts = false;
    if (n <= K) return error_set(err, "%d points are too few to fit %d numbers to", n, K);
    for (int i = 1; i < n; i++) {
        if (point[i].N != point[0].N) sizes = true;
        if (point[i].D != point[0].D) amounts = true;
    }
    if (!sizes || !amounts)
        return error_set(err, "all points have the same %s", sizes ? "data" : "size");
    if (!best_of_grid(&law, point, n))
        return error_set(err, "the loss does not fall with both the size and the data");
    descend(&law, point, n);
    find_intervals(&law, point, n);
    *out = law;
    return 0;
}
