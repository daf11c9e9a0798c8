/* Scores of another size than the KL penalty's: divided by their deviation.   trlX `scale_reward` */
#ifndef PPO_SCORE_SCALE_H
#define PPO_SCORE_SCALE_H

#include <stdbool.h>

/* Mean and spread of all numbers seen; start from {0}. */
typedef struct {
    double n, mean;
    double squares; /* sum of squared distances to the mean */
} ScoreMoments;

/* Chan, Golub & LeVeque 1983: of parts as of the whole. */
void score_moments_add(ScoreMoments *m, const double *x, int n);
/* sqrt(squares / (n - 1)); 1 where it would be 0 or not known, which scales nothing. */
double score_moments_deviation(const ScoreMoments *m);
/* (x - mean) / deviation, or x / deviation. */
double score_scaled(const ScoreMoments *m, double x, bool center);

#endif
