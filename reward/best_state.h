/* The best state that a training has been in, kept on the disk while it goes on.
 *
 * Which one it is belongs to every checkpoint; the weights lie once, beside the checkpoints.  A run taken up again
 * at a checkpoint may find those of a later step: it comes to that step again and to the same bits, so at the
 * end the folder holds the state that loss and step name. */
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
/* Back into p, moments and all. */
int best_state_restore(const BestState *b, Policy *p, Error *err);

#endif
