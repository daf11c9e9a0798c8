#include "base/shuffle.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"

Shuffle shuffle_new(int n, uint64_t seed)
{
    assert(n > 0);
    return (Shuffle){n, seed, mem_calloc((size_t)n, sizeof(int)), -1};
}

void shuffle_free(Shuffle *s)
{
    free(s->order);
    *s = (Shuffle){0};
}

int shuffle_at(Shuffle *s, int64_t i)
{
    const int64_t epoch = i / s->n;
    assert(i >= 0);
    if (epoch != s->epoch) {
        rng_permutation(s->order, s->n, s->seed, RNG_SHUFFLE, (uint64_t)epoch);
        s->epoch = epoch;
    }
    return s->order[i % s->n];
}
