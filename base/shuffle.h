/* The endless order in which training takes its examples: epoch after epoch, each a permutation keyed by
 * the seed and its number.  So where a run stands is a number, and a resumed run goes on in the same order. */
#ifndef BASE_SHUFFLE_H
#define BASE_SHUFFLE_H

#include <stdint.h>

typedef struct {
    int n;
    uint64_t seed;
    int *order;    /* (n) of `epoch` */
    int64_t epoch; /* -1: none yet */
} Shuffle;

/* n > 0; given back by shuffle_free. */
Shuffle shuffle_new(int n, uint64_t seed);
void shuffle_free(Shuffle *s);
/* Which of the n examples is number i >= 0. */
int shuffle_at(Shuffle *s, int64_t i);

#endif
