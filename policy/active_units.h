/* Which units of an MLP a text moves most. */
#ifndef POLICY_ACTIVE_UNITS_H
#define POLICY_ACTIVE_UNITS_H

#include "kernels/kernels.h"

typedef struct {
    int unit, at; /* of 0..F-1; the token at which it is furthest from 0, the earliest of equals */
    double value; /* its activation there */
    double mean;  /* of its activation without sign, over the text */
} ActiveUnit;

/* The at most `count` units of units (T,F), on the host, that go furthest from 0 at any token, the furthest first,
 * the lower of two equal units before the other.  SwiGLU's go both ways.  Returns how many. */
int active_units(ActiveUnit *out, int count, const real *units, int T, int F);

#endif
