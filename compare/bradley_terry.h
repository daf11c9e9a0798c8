/* Strengths of several models from decisions between two of them at a time.  Bradley & Terry 1952; Hunter 2004
 *
 *   p(i beats j) = 1 / (1 + exp(strength[j] - strength[i])),   strengths sum to 0,   a tie is half a win for each
 *
 * The likelihood is greatest where every model wins as often as its strengths say. */
#ifndef COMPARE_BRADLEY_TERRY_H
#define COMPARE_BRADLEY_TERRY_H

#include <stdbool.h>

typedef struct {
    int i, j;     /* models */
    double share; /* of i: 1 won, 0.5 tied, 0 lost */
    int cluster; /* 0, 1, ...: decisions of one cluster (a prompt) are not independent of each other */
} BradleyTerryGame;

enum { BRADLEY_TERRY_MODELS = 16 };

/* strength (K), covariance (K,K) of the strengths, robust to dependence inside of clusters: H^-1 G H^-1, G the sum over
 * clusters of the outer product of their gradients.  K from 2 to BRADLEY_TERRY_MODELS.  False, and nothing is written, where
 * no finite strengths are the most likely ones: some of the models never lose anything to the others, or were never
 * compared with them (Hunter 2004, assumption 1). */
bool bradley_terry_fit(double *strength, double *covariance, int K, const BradleyTerryGame *games,
                       int n);
/* In points of Elo: 400 points are odds of ten to one. */
double bradley_terry_elo(double strength);

#endif
