/* What a reward model's scores of labeled pairs are worth. */
#ifndef REWARD_EVALUATION_H
#define REWARD_EVALUATION_H

#include "reward/reward.h"

typedef struct {
    int n, labels;         /* pairs, each counted once, and their labels */
    bool all_equal;        /* no pair has two different scores: they say nothing */
    double accuracy, loss; /* over pairs, ties count half; over labels, nats */
    double calibration_error;
    double longer_wins; /* accuracy of "the longer answer wins" */
    double length_correlation;
    double margin; /* mean of chosen - rejected */
} RewardEvaluation;
/* chosen, rejected (pairs->n) receive the scores; may be NULL. */
RewardEvaluation reward_evaluate(Policy *p, const Pairs *pairs, double *chosen, double *rejected);

#endif
