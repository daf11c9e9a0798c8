/* How fast this machine multiplies matrices, measured: what estimates of time rest on where nothing better is known. */
#ifndef POLICY_MACHINE_SPEED_H
#define POLICY_MACHINE_SPEED_H

#include "policy/model_config.h"

/* Multiply-adds a second. */
typedef struct {
    double forward;  /* products of `rows` activations with a matrix */
    double training; /* the same with both products of the backward */
    double decoding; /* products of `batch` activations: one token of each sequence */
    double floats;   /* forward in floats, where the model is computed otherwise; else 0 */
} MachineSpeed;

/* Of a matrix of the model's own width and MLP width (the latter cut where it is vast).  Takes a tenth of a second or
 * two and changes nothing.  rows: tokens of a micro-batch; batch: sequences decoded together, 0: none are. */
MachineSpeed machine_speed_measure(const ModelConfig *c, int rows, int batch);

#endif
