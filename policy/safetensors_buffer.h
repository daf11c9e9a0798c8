/* The numbers of buffers into safetensors files and out of them, piece by piece: no tensor is ever in
 * memory twice. */
#ifndef POLICY_SAFETENSORS_BUFFER_H
#define POLICY_SAFETENSORS_BUFFER_H

#include "kernels/kernels.h"
#include "policy/safetensors.h"

/* Tensor `index`, all of its numbers, into `to`. */
int safetensors_to_buffer(real *to, const Safetensors *s, int index, Error *err);
/* A SafetensorsTensor's `read`; its context is where a pointer to the numbers stands, a const real *. */
void safetensors_from_buffer(float *out, void *context, int64_t first, int64_t n);
/* Whether the type, one of F32, F16 and BF16, holds n numbers as they are. */
bool safetensors_type_holds(Dtype type, const real *values, size_t n);

#endif
