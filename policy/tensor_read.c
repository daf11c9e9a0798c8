#include "policy/tensor_read.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    PART =
        1
        << 20, /* numbers of a file seen at a time: that many of it, on each thread, are in memory twice */
    PIECE = 1 << 13,      /* numbers converted at a time, in a cache of the first level */
    SIDE = 64,            /* of a square that is turned there */
    WORK_PER_NUMBER = 32, /* multiply-adds that fetching one costs: pages are mapped, and made */
};

/* What one task reads: n numbers from `first` on, of a turned tensor whole rows of the file. */
typedef struct {
    const TensorRead *of;
    Dtype type;
    int64_t first, n;
    bool failed, finite;
} Part;

static bool all_finite(const float *x, size_t n)
{
    const uint32_t exponent = 0x7f800000;
    uint32_t none = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        none |= (bits & exponent) == exponent;
    }
    return !none;
}

static void put(real *to, const float *x, size_t n)
{
#ifdef RLHF_DOUBLE
    for (size_t i = 0; i < n; i++) {
        const real wide = (real)x[i];
        buffer_write(to + i, &wide, 1);
    }
#else
    buffer_write(to, x, n);
#endif
}

static void take_straight(void *context, const unsigned char *bytes)
{
    Part *p = context;
    const size_t size = dtype_size(p->type), all = (size_t)p->n;
    float piece[PIECE];
    for (size_t at = 0; at < all; at += PIECE) {
        const size_t n = all - at < PIECE ? all - at : PIECE;
        dtype_read_floats(piece, bytes + at * size, n, p->type);
        if (!all_finite(piece, n)) p->finite = false;
        put(p->of->to + p->first + (int64_t)at, piece, n);
    }
}

/* A square of the file, rows `file_row` bytes apart, becomes columns of `to`, rows `ld` numbers apart.  `next`: another
 * follows it in the file, which no processor guesses from rows so far apart. */
static bool turn_square(real *to, size_t ld, const unsigned char *bytes, size_t file_row, int rows,
                        int cols, Dtype type, bool next)
{
    enum { LINE = 64 }; /* bytes that come from memory at a time */
    float square[SIDE][SIDE], run[SIDE];
    const size_t row = (size_t)rows * dtype_size(type);
    bool finite = true;
    for (int c = 0; c < cols; c++) {
        const unsigned char *at = bytes + (size_t)c * file_row;
        for (size_t k = 0; next && k < row; k += LINE) __builtin_prefetch(at + SIDE * file_row + k);
        dtype_read_floats(square[c], at, (size_t)rows, type);
        if (!all_finite(square[c], (size_t)rows)) finite = false;
    }
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < cols; c++) run[c] = square[c][r];
        put(to + (size_t)r * ld, run, (size_t)cols);
    }
    return finite;
}

static void take_turned(void *context, const unsigned char *bytes)
{
    Part *p = context;
    const TensorRead *t = p->of;
    const size_t size = dtype_size(p->type), file_row = (size_t)t->rows * size;
    const int c0 = (int)(p->first / t->rows), c1 = c0 + (int)(p->n / t->rows);
    for (int r = 0; r < t->rows; r += SIDE)
        for (int c = c0; c < c1; c += SIDE) {
            const int rows = t->rows - r < SIDE ? t->rows - r : SIDE;
            const int cols = c1 - c < SIDE ? c1 - c : SIDE;
            if (!turn_square(t->to + (size_t)r * (size_t)t->cols + (size_t)c, (size_t)t->cols,
                             bytes + (size_t)(c - c0) * file_row + (size_t)r * size, file_row, rows,
                             cols, p->type, c1 - c >= 2 * SIDE))
                p->finite = false;
        }
}

static int read_part(const Safetensors *s, Part *p, Error *err)
{
    p->finite = true;
    return safetensors_use(s, p->of->index, p->first, p->n,
                           p->of->turned ? take_turned : take_straight, p, err);
}

typedef struct {
    const Safetensors *file;
    Part *part;
} Reading;

static void read_task(void *context, int i)
{
    const Reading *r = context;
    Error unread;
    r->part[i].failed = read_part(r->file, &r->part[i], &unread) != 0;
}

/* Numbers of one part. */
static int64_t part_length(const TensorRead *t)
{
    if (!t->turned) return PART;
    const int64_t columns = PART / t->rows / SIDE * SIDE;
    return (columns > 0 ? columns : SIDE) * t->rows;
}

static int cut(Part **out, const Safetensors *s, const TensorRead *list, int n)
{
    int parts = 0, room = 0;
    *out = NULL;
    for (int i = 0; i < n; i++) {
        const int64_t all = (int64_t)list[i].rows * list[i].cols, most = part_length(&list[i]);
        for (int64_t first = 0; first < all; first += most) {
            if (parts == room) {
                room = room ? 2 * room : 256;
                *out = mem_realloc(*out, (size_t)room, sizeof **out);
            }
            (*out)[parts++] =
                (Part){.of = &list[i],
                       .type = dtype_named(safetensors_entry(s, list[i].index)->dtype),
                       .first = first,
                       .n = all - first < most ? all - first : most};
        }
    }
    return parts;
}

int tensors_read(bool *finite, const Safetensors *s, const TensorRead *list, int n, Error *err)
{
    Reading r = {.file = s};
    const int parts = cut(&r.part, s, list, n);
    size_t work = 0;
    int rc = 0;
    for (int i = 0; i < parts; i++) work += (size_t)r.part[i].n * WORK_PER_NUMBER;
    kernels_run(parts, work, read_task, &r);
    for (int i = 0; i < parts && rc == 0; i++) {
        if (r.part[i].failed) rc = read_part(s, &r.part[i], err); /* again, for its words */
        if (!r.part[i].finite) *finite = false;
    }
    free(r.part);
    return rc;
}
