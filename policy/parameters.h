/* A flat set of weights with, when trained, gradients and AdamW moments: one buffer each, so that norm,
 * update and checkpoint are single passes. */
#ifndef POLICY_PARAMETERS_H
#define POLICY_PARAMETERS_H

#include "kernels/kernels.h"

typedef struct {
    real *w;         /* (n) */
    real *g, *m, *v; /* (n); NULL while frozen */
    size_t n;
    size_t n_decay; /* the first n_decay weights are matrices and take weight decay */
} Parameters;

void parameters_new(Parameters *p, size_t n, size_t n_decay);
void parameters_free(Parameters *p);
/* Allocate gradients and moments, zeroed; nothing when they are there. */
void parameters_train(Parameters *p);
/* SHA-256 (hex) of the weights as they are. */
void parameters_hash(char out[65], const Parameters *p);
/* One AdamW update of everything, decay on the first n_decay only; s->weight_decay is theirs. */
void parameters_step(Parameters *p, const AdamStep *s);

#endif
