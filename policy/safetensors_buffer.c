#include "policy/safetensors_buffer.h"

#include <stdlib.h>

#include "base/mem.h"

int safetensors_to_buffer(real *to, const Safetensors *s, int index, Error *err)
{
    enum { PIECE = 1 << 16 };
    const int64_t count = safetensors_entry(s, index)->count;
    float *raw = mem_calloc(PIECE, sizeof *raw);
    real *values = mem_calloc(PIECE, sizeof *values);
    int rc = 0;
    for (int64_t first = 0; first < count && rc == 0; first += PIECE) {
        const int64_t n = count - first < PIECE ? count - first : PIECE;
        rc = safetensors_read_part(s, index, first, n, raw, err);
        for (int64_t i = 0; i < n; i++) values[i] = (real)raw[i];
        if (rc == 0) buffer_write(to + first, values, (size_t)n);
    }
    free(raw), free(values);
    return rc;
}

void safetensors_from_buffer(float *out, void *context, int64_t first, int64_t n)
{
    const real *from = *(const real *const *)context;
    real *values = mem_calloc((size_t)n, sizeof *values);
    buffer_read(values, from + first, (size_t)n);
    for (int64_t i = 0; i < n; i++) out[i] = (float)values[i];
    free(values);
}

bool safetensors_type_holds(Dtype type, const real *values, size_t n)
{
    enum { PIECE = 1 << 16 };
    if (type == DTYPE_F32) return true;
    float *singles = mem_calloc(PIECE, sizeof *singles);
    bool hold = true;
    for (size_t at = 0; at < n && hold; at += PIECE) {
        const size_t some = n - at < PIECE ? n - at : PIECE;
        safetensors_from_buffer(singles, &values, (int64_t)at, (int64_t)some);
        hold = dtype_holds(type, singles, some);
    }
    free(singles);
    return hold;
}
