/* What a step of training costs, and so how long it takes at the speed of a machine.
 *
 * Matrix products and attention are counted in multiply-adds.  All else in a layer (norms, rotations, activations, the
 * optimizer, the work around the products) goes with the width, and counts as a number of multiply-adds for each
 * unit of it, measured once (step_work.c). */
#ifndef POLICY_STEP_WORK_H
#define POLICY_STEP_WORK_H

#include "policy/machine_speed.h"

typedef enum {
    WORK_FORWARD, /* whole sequences, once forward */
    WORK_TRAINED, /* forward and back */
    WORK_SAMPLED, /* drawn one after the other, a prompt's tokens among them */
    WORK_KINDS
} WorkKind;

/* Of one step, in tokens. */
typedef struct {
    double trunk[WORK_KINDS]; /* that go through the layers */
    double head[WORK_KINDS];  /* those of them at which the next token is predicted */
    double length;            /* of a sequence, in the mean: a token looks back on half of it */
    int rows;                 /* of a micro-batch */
    int batch;                /* sequences decoded together; 0: none are */
    /* what is trained is an adapter: no products for gradients of the frozen weights */
    bool adapter;
} StepWork;

/* Multiply-adds of that kind of work in one step; 0 where there is none. */
double step_work_of(const StepWork *w, WorkKind kind, const ModelConfig *c);
/* Of all kinds together. */
double step_work_all(const StepWork *w, const ModelConfig *c);
double step_work_seconds(const StepWork *w, const ModelConfig *c, const MachineSpeed *speed);

#endif
