/* Tensors of a checkpoint into the flat weights, from files that are mapped, on all threads. */
#ifndef POLICY_TENSOR_READ_H
#define POLICY_TENSOR_READ_H

#include "kernels/kernels.h"
#include "policy/safetensors.h"

typedef struct {
    int index; /* in the files */
    real *to;  /* (rows, cols) */
    int rows, cols;
    bool turned; /* the file has (cols, rows) */
} TensorRead;

/* All of them; *finite becomes false when a number is none. */
int tensors_read(bool *finite, const Safetensors *s, const TensorRead *list, int n, Error *err);

#endif
