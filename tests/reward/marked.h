/* Random texts that are known by a token: every other one of theirs. */
#ifndef TESTS_REWARD_MARKED_H
#define TESTS_REWARD_MARKED_H

#include "base/rng.h"

/* n texts of 4 to 12 tokens, laid end to end; text i has mark[i] at even places, none where that is -1, and tokens
 * from `first` on elsewhere. */
static inline void marked_texts(int *token, int *start, const int *mark, int n, int first, int V)
{
    start[0] = 0;
    for (int i = 0; i < n; i++) {
        start[i + 1] = start[i] + 4 + (7 * i) % 9;
        for (int t = start[i]; t < start[i + 1]; t++)
            token[t] = mark[i] >= 0 && t % 2 == 0
                           ? mark[i]
                           : first + rng_below(V - first, 1, RNG_TEST, (uint64_t)i, (uint64_t)t);
    }
}

#endif
