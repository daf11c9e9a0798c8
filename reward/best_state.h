/* The best state that a training has been in, kept on the disk while it goes on.
 *
 * Which one it is belongs to every checkpoint; the weights lie once, beside the checkpoints, with their step.  A run
 * taken up again at a checkpoint may find those of a later step.  They were better than any before them, and the
 * run comes to that step again: so what the checkpoint names is forgotten then. */
#ifndef REWARD_BEST_STATE_H
#define REWARD_BEST_STATE_H

#include <stdint.h>

#include "policy/policy.h"

typedef struct {
    const char *folder; /* borrowed; NULL: nothing is kept */
    double loss;        /* INFINITY before the first */
    int64_t step;       /* after which it was; 0 before the first */
} BestState;

/* Keeps the state of p after `step` if its loss is the lowest so far; one that is not a number never is. */
int best_state_offer(BestState *b, const Policy *p, double loss, int64_t step, Error *err);
/* After a resume: forgets what loss and step name unless the folder holds it. */
void best_state_confirm(BestState *b);
/* Back into p, moments and all. */
int best_state_restore(const BestState *b, Policy *p, Error *err);

#endif
