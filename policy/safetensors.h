/* Safetensors files: a JSON header with names, types and shapes, then the numbers.
 *
 * A file from outside is checked completely before anything is believed: the header's length,
 * every shape and offset, no gap, no overlap, no name twice, not a byte left over.  Numbers are
 * copied out, or seen for the time of a call, so alignment and a file that changes underneath cannot
 * do harm. */
#ifndef POLICY_SAFETENSORS_H
#define POLICY_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "policy/dtype.h"

enum { SAFETENSORS_DIMS_MAX = 8 };

typedef struct {
    char *name;
    const char *dtype; /* "F32", "F16", "BF16", "F64", ... */
    int n_dims;        /* 0 is a single number */
    int64_t shape[SAFETENSORS_DIMS_MAX];
    int64_t count;       /* product of the shape */
    uint64_t begin, end; /* bytes, from the first byte after the header */
    int file;            /* which shard */
} SafetensorsEntry;

typedef struct Safetensors Safetensors;

/* One file. */
int safetensors_open(Safetensors **out, const char *path, Error *err);
/* dir/model.safetensors, or the shards that dir/model.safetensors.index.json names, as one. */
int safetensors_open_folder(Safetensors **out, const char *dir, Error *err);
void safetensors_close(Safetensors *s);

/* Tensors are sorted by name. */
int safetensors_count(const Safetensors *s);
const SafetensorsEntry *safetensors_entry(const Safetensors *s, int index);
int safetensors_find(const Safetensors *s, const char *name); /* index, or -1 */

/* Copy tensor `index` into out (count), converted from F32, F16, BF16 or F64; other types are
 * errors. */
int safetensors_read(const Safetensors *s, int index, float *out, Error *err);
/* n of its numbers, from the one at `first` on. */
int safetensors_read_part(const Safetensors *s, int index, int64_t first, int64_t n, float *out,
                          Error *err);
int safetensors_read_double(const Safetensors *s, int index, double *out, Error *err);

/* Map the files that can be, for much that is read: until they are closed, SIGBUS is handled (base/mapped_file.h). */
void safetensors_map(Safetensors *s);
/* Call use(context, bytes) with n of tensor `index`'s numbers, from the one at `first` on, as they stand in the file:
 * mapped, or else read.  After a failure `use` may have been left in the middle, so it takes no memory and no lock.  Any
 * number of threads at a time. */
int safetensors_use(const Safetensors *s, int index, int64_t first, int64_t n,
                    void (*use)(void *context, const unsigned char *bytes), void *context,
                    Error *err);

/* The first tensor, by name, that has a number which is not finite, or -1; types that cannot be read are passed
 * over.  Reads all of the file: for a message. */
int safetensors_find_not_finite(const Safetensors *s);
/* The file that the tensor is in, one of several where there are shards. */
const char *safetensors_path(const Safetensors *s, int index);

/* What to write: `values`, or, when that is NULL, what `read` copies out in pieces: n numbers from
 * element `first`.  `type` holds all of them exactly (dtype_write); F32 does always. */
typedef struct {
    const char *name;
    Dtype type;
    int n_dims;
    int64_t shape[SAFETENSORS_DIMS_MAX];
    const float *values;
    void (*read)(float *out, void *context, int64_t first, int64_t n);
    void *context;
} SafetensorsTensor;

/* Write or replace a file by rename.  The same tensors in any order give the same bytes. */
int safetensors_write(const char *path, const SafetensorsTensor *tensors, int n, Error *err);

/* Check a header of n bytes over data_size bytes of numbers; *entries (the caller frees them with
 * safetensors_entries_free) come sorted by name. */
int safetensors_parse(SafetensorsEntry **entries, int *n_entries, const char *header, size_t n,
                      uint64_t data_size, Error *err);
void safetensors_entries_free(SafetensorsEntry *entries, int n);

#endif
