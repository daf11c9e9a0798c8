/* A trait of answers, and whether it became more or less common. */
#ifndef COMPARE_TRAIT_H
#define COMPARE_TRAIT_H

#include <stdbool.h>

/* How often a trait occurs in the answers of two models. */
typedef struct {
    const char *name;
    bool wanted; /* else a fault */
    int base, n_base, aligned, n_aligned;
} TraitCount;

typedef struct {
    double base, aligned, difference, low, high; /* aligned - base with its 95% interval */
    bool better, worse;                          /* beyond the interval */
} TraitChange;

TraitChange trait_change(const TraitCount *trait);

#endif
