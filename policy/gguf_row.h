/* One row of a tensor as GGUF files hold it.  Numbers are rounded to the nearest that the type has, ties
 * to even in the halves; Q8_0 is blocks of 32 bytes that share one scale, rounded as ggml's reference
 * quantizer does. */
#ifndef POLICY_GGUF_ROW_H
#define POLICY_GGUF_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Numbers are ggml's. */
typedef enum { GGUF_F32 = 0, GGUF_F16 = 1, GGUF_Q8_0 = 8, GGUF_BF16 = 30 } GgufType;

enum { GGUF_BLOCK = 32 }; /* numbers that share a scale in Q8_0: its rows are whole blocks */

/* f32, f16, bf16 or q8_0, as people write them; another word is wrong use. */
int gguf_type_named(GgufType *out, const char *name, Error *err);
/* Bytes of a row of n numbers. */
size_t gguf_row_size(GgufType type, int64_t n);
/* Write the row there.  A number beyond the largest of the type is an error. */
int gguf_row_encode(void *out, const float *row, int64_t n, GgufType type, Error *err);

#endif
