/* GGUF files, version 3: what llama.cpp and its kin read.  A header, keys with values, a list of tensors,
 * then the tensors, each at a multiple of 32 bytes.  All numbers are little-endian.
 *
 * This only writes; there is no reader. */
#ifndef POLICY_GGUF_H
#define POLICY_GGUF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "policy/gguf_row.h"

/* Keys in the order they were put, none twice.  Zero-initialised is empty; gguf_keys_free. */
typedef struct {
    Text bytes;
    uint64_t n;
} GgufKeys;

void gguf_put_u32(GgufKeys *k, const char *key, uint32_t value);
void gguf_put_f32(GgufKeys *k, const char *key, float value);
void gguf_put_bool(GgufKeys *k, const char *key, bool value);
void gguf_put_text(GgufKeys *k, const char *key, const char *value);
/* Arrays of n. */
void gguf_put_texts(GgufKeys *k, const char *key, const char *const *value, int n);
void gguf_put_i32s(GgufKeys *k, const char *key, const int *value, int n);
void gguf_put_f32s(GgufKeys *k, const char *key, const float *value, int n);
void gguf_keys_free(GgufKeys *k);

enum { GGUF_NAME_MAX = 64 }; /* ggml's, the terminator included */

/* A matrix, or a vector as its only row.  `read_row` copies out one row. */
typedef struct {
    char name[GGUF_NAME_MAX];
    GgufType type;
    bool vector;
    int64_t rows, cols; /* the file names the columns first */
    void (*read_row)(float *out, void *context, int64_t row);
    void *context;
} GgufTensor;

/* Write or replace the file by rename; tensors keep their order. */
int gguf_write(const char *path, const GgufKeys *keys, const GgufTensor *tensor, int n, Error *err);

#endif
