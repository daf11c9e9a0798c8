/* The types numbers have in files: what stands there becomes float or double, and floats go back where
 * the type holds them exactly. */
#ifndef POLICY_DTYPE_H
#define POLICY_DTYPE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum { DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_F64, DTYPE_OTHER } Dtype;

/* As safetensors writes it: "F32", ...; any other word is DTYPE_OTHER. */
Dtype dtype_named(const char *name);
const char *dtype_name(Dtype type);
/* As a config.json writes it: "float32", ... */
const char *dtype_torch_name(Dtype type);
/* Bytes of one number; not of DTYPE_OTHER. */
size_t dtype_size(Dtype type);

/* Number i of raw; not of DTYPE_OTHER. */
double dtype_read(const void *raw, size_t i, Dtype type);
/* The first n numbers of raw, those of F64 rounded. */
void dtype_read_floats(float *out, const void *raw, size_t n, Dtype type);
/* x as number i of raw.  False when the type, one of F32, F16 and BF16, does not hold all its bits. */
bool dtype_write(void *raw, size_t i, float x, Dtype type);
/* Whether such a type holds all bits of n numbers. */
bool dtype_holds(Dtype type, const float *values, size_t n);

#endif
