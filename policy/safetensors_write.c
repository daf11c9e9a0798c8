#include "policy/safetensors.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

enum { PIECE = 1 << 16, ALIGNMENT = 8 }; /* floats per piece; bytes the data is aligned to */

/* Wide numbers first, so that all are aligned; then by name. */
static int in_file(const void *a, const void *b)
{
    const SafetensorsTensor *const *x = a, *const *y = b;
    const size_t wide_x = dtype_size((*x)->type), wide_y = dtype_size((*y)->type);
    if (wide_x != wide_y) return wide_x > wide_y ? -1 : 1;
    return strcmp((*x)->name, (*y)->name);
}

static int64_t elements(const SafetensorsTensor *t)
{
    int64_t count = 1;
    for (int i = 0; i < t->n_dims; i++) count *= t->shape[i];
    return count;
}

/* The header, its length in front, padded so that the data begins aligned. */
static void make_header(Text *out, const SafetensorsTensor *const *sorted, int n)
{
    Text json = {0};
    int64_t at = 0;
    text_add(&json, "{\"__metadata__\":{\"format\":\"pt\"}");
    for (int i = 0; i < n; i++) {
        const SafetensorsTensor *t = sorted[i];
        text_add(&json, ",");
        json_put_text(&json, t->name, strlen(t->name));
        text_format(&json, ":{\"dtype\":\"%s\",\"shape\":[", dtype_name(t->type));
        for (int d = 0; d < t->n_dims; d++)
            text_format(&json, "%s%" PRId64, d ? "," : "", t->shape[d]);
        const int64_t end = at + elements(t) * (int64_t)dtype_size(t->type);
        text_format(&json, "],\"data_offsets\":[%" PRId64 ",%" PRId64 "]}", at, end);
        at = end;
    }
    text_add(&json, "}");
    while (json.n % ALIGNMENT != 0) text_add(&json, " ");

    const uint64_t length = json.n;
    char prefix[8];
    for (int i = 0; i < 8; i++) prefix[i] = (char)(length >> (8 * i) & 0xff);
    text_append(out, prefix, sizeof prefix);
    text_append(out, json.bytes, json.n);
    text_free(&json);
}

static int put_piece(FileWriter *w, float *piece, int64_t n, Dtype type, Error *err)
{
    if (type != DTYPE_F32)
        for (int64_t i = 0; i < n; i++) { /* in place: no number is wider than a float */
            const bool exact = dtype_write(piece, (size_t)i, piece[i], type);
            assert(exact);
            (void)exact;
        }
    return file_put(w, piece, (size_t)n * dtype_size(type), err);
}

static int put_values(FileWriter *w, const SafetensorsTensor *t, float *piece, Error *err)
{
    const int64_t count = elements(t);
    if (t->values && t->type == DTYPE_F32)
        return file_put(w, t->values, (size_t)count * sizeof(float), err);
    for (int64_t at = 0; at < count; at += PIECE) {
        const int64_t n = count - at < PIECE ? count - at : PIECE;
        if (t->values) memcpy(piece, t->values + at, (size_t)n * sizeof *piece);
        else t->read(piece, t->context, at, n);
        if (put_piece(w, piece, n, t->type, err) != 0) return -1;
    }
    return 0;
}

int safetensors_write(const char *path, const SafetensorsTensor *tensors, int n, Error *err)
{
    const SafetensorsTensor **sorted = mem_calloc((size_t)n, sizeof *sorted);
    float *piece = mem_calloc(PIECE, sizeof *piece);
    Text header = {0};
    FileWriter w;
    int rc = -1;

    for (int i = 0; i < n; i++) {
        assert(tensors[i].n_dims >= 0 && tensors[i].n_dims <= SAFETENSORS_DIMS_MAX);
        assert(tensors[i].values || tensors[i].read || elements(&tensors[i]) == 0);
        sorted[i] = &tensors[i];
    }
    qsort(sorted, (size_t)n, sizeof *sorted, in_file);
    for (int i = 1; i < n; i++) assert(strcmp(sorted[i - 1]->name, sorted[i]->name) != 0);
    make_header(&header, sorted, n);

    if (file_begin(&w, path, err) != 0) goto done;
    rc = file_put(&w, header.bytes, header.n, err);
    for (int i = 0; i < n && rc == 0; i++) rc = put_values(&w, sorted[i], piece, err);
    if (rc == 0) rc = file_commit(&w, err);
    else file_abandon(&w);
done:
    text_free(&header);
    free(piece);
    free(sorted);
    return rc;
}
