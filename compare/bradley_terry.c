#include "compare/bradley_terry.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { M = BRADLEY_TERRY_MODELS, STEPS_MAX = 100, HALVINGS_MAX = 60 };
static const double STEP_END =
    1e-12; /* of strengths: below what any number of decisions can tell */

typedef struct {
    double at[M][M];
} Matrix;

/* ---- whether there is a fit ---- */

/* Every model reaches every other by a chain of models, each of which took something from the next. */
static bool has_fit(int K, const BradleyTerryGame *games, int n)
{
    bool reaches[M][M] = {{false}};
    for (int g = 0; g < n; g++) {
        if (games[g].share > 0) reaches[games[g].i][games[g].j] = true;
        if (games[g].share < 1) reaches[games[g].j][games[g].i] = true;
    }
    for (int k = 0; k < K; k++)
        for (int i = 0; i < K; i++)
            for (int j = 0; j < K; j++)
                reaches[i][j] = reaches[i][j] || (reaches[i][k] && reaches[k][j]);
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++)
            if (i != j && !reaches[i][j]) return false;
    return true;
}

/* ---- the likelihood ---- */

static double chance(const double *strength, const BradleyTerryGame *g)
{
    return 1 / (1 + exp(strength[g->j] - strength[g->i]));
}

/* log(1 + exp(x)) without overflow */
static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double log_likelihood(const double *strength, const BradleyTerryGame *games, int n)
{
    double sum = 0;
    for (int g = 0; g < n; g++) {
        const double lead = strength[games[g].i] - strength[games[g].j];
        sum -= games[g].share * softplus(-lead) + (1 - games[g].share) * softplus(lead);
    }
    return sum;
}

/* The negative second derivative, and 1/K everywhere: the likelihood does not change when all strengths move
 * together, which would leave the matrix without an inverse; of what sums to 0 the addition changes nothing. */
static void curvature(Matrix *h, const double *strength, int K, const BradleyTerryGame *games,
                      int n)
{
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++) h->at[i][j] = 1. / K;
    for (int g = 0; g < n; g++) {
        const double p = chance(strength, &games[g]), v = p * (1 - p);
        const int i = games[g].i, j = games[g].j;
        h->at[i][i] += v, h->at[j][j] += v;
        h->at[i][j] -= v, h->at[j][i] -= v;
    }
}

/* Gauss and Jordan; symmetric and positive definite, so that no row has to be exchanged. */
static void invert(Matrix *inverse, const Matrix *matrix, int K)
{
    Matrix a = *matrix;
    *inverse = (Matrix){{{0}}};
    for (int i = 0; i < K; i++) inverse->at[i][i] = 1;
    for (int c = 0; c < K; c++) {
        const double pivot = a.at[c][c];
        for (int j = 0; j < K; j++) a.at[c][j] /= pivot, inverse->at[c][j] /= pivot;
        for (int r = 0; r < K; r++) {
            if (r == c) continue;
            const double f = a.at[r][c];
            for (int j = 0; j < K; j++) {
                a.at[r][j] -= f * a.at[c][j];
                inverse->at[r][j] -= f * inverse->at[c][j];
            }
        }
    }
}

static void multiply(Matrix *out, const Matrix *a, const Matrix *b, int K)
{
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++) {
            double sum = 0;
            for (int k = 0; k < K; k++) sum += a->at[i][k] * b->at[k][j];
            out->at[i][j] = sum;
        }
}

/* ---- the fit ---- */

/* One step of Newton's, halved until the likelihood does not fall; returns its length. */
static double improve(double *strength, int K, const BradleyTerryGame *games, int n)
{
    Matrix h, inverse;
    double gradient[M] = {0}, step[M] = {0}, next[M], length = 0;
    for (int g = 0; g < n; g++) {
        const double rest = games[g].share - chance(strength, &games[g]);
        gradient[games[g].i] += rest, gradient[games[g].j] -= rest;
    }
    curvature(&h, strength, K, games, n);
    invert(&inverse, &h, K);
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++) step[i] += inverse.at[i][j] * gradient[j];
    const double before = log_likelihood(strength, games, n);
    for (int halving = 0; halving < HALVINGS_MAX; halving++) {
        length = 0;
        for (int i = 0; i < K; i++) {
            next[i] = strength[i] + ldexp(step[i], -halving);
            length = fmax(length, fabs(next[i] - strength[i]));
        }
        if (log_likelihood(next, games, n) >= before) break;
        if (length < STEP_END) return 0;
    }
    memcpy(strength, next, (size_t)K * sizeof *strength);
    return length;
}

/* The sum over clusters of u u', u the cluster's gradient. */
static void add_clusters(Matrix *out, const double *strength, int K, const BradleyTerryGame *games,
                         int n)
{
    int clusters = 0;
    for (int g = 0; g < n; g++)
        if (games[g].cluster >= clusters) clusters = games[g].cluster + 1;
    double *gradient = mem_calloc((size_t)clusters * (size_t)K + 1, sizeof *gradient);
    for (int g = 0; g < n; g++) {
        double *u = gradient + (size_t)games[g].cluster * (size_t)K;
        const double rest = games[g].share - chance(strength, &games[g]);
        u[games[g].i] += rest, u[games[g].j] -= rest;
    }
    *out = (Matrix){{{0}}};
    for (int c = 0; c < clusters; c++)
        for (int i = 0; i < K; i++)
            for (int j = 0; j < K; j++)
                out->at[i][j] += gradient[(size_t)c * (size_t)K + (size_t)i] *
                                 gradient[(size_t)c * (size_t)K + (size_t)j];
    free(gradient);
}

bool bradley_terry_fit(double *strength, double *covariance, int K, const BradleyTerryGame *games,
                       int n)
{
    assert(K >= 2 && K <= BRADLEY_TERRY_MODELS);
    double fitted[M] = {0};
    Matrix h, inverse, spread, half, all;
    if (!has_fit(K, games, n)) return false;
    for (int step = 0; step < STEPS_MAX; step++)
        if (improve(fitted, K, games, n) < STEP_END) break;
    curvature(&h, fitted, K, games, n);
    invert(&inverse, &h, K);
    add_clusters(&spread, fitted, K, games, n);
    multiply(&half, &inverse, &spread, K);
    multiply(&all, &half, &inverse, K);
    memcpy(strength, fitted, (size_t)K * sizeof *strength);
    for (int i = 0; i < K; i++)
        for (int j = 0; j < K; j++) covariance[i * K + j] = all.at[i][j];
    return true;
}

double bradley_terry_elo(double strength)
{
    return 400 / log(10) * strength;
}
