/* Memory of the kernels, for implementations that work in the host's memory. */
#include "kernels/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    ALIGN = 64,               /* a cache line, and the widest vector */
    HUGE_PAGE = 2 << 20,      /* page-table misses halve the speed of reading big weights */
    HUGE_FROM = 2 * HUGE_PAGE /* below, rounding up to whole huge pages would waste memory */
};

static void out_of_memory(size_t n)
{
    fprintf(stderr, "rlhf: out of memory: %zu x %zu bytes\n", n, sizeof(real));
    abort();
}

real *buffer_new(size_t n)
{
    size_t bytes;
    if (__builtin_mul_overflow(n ? n : 1, sizeof(real), &bytes) || bytes > SIZE_MAX / 2)
        out_of_memory(n);
    const size_t align = bytes < HUGE_FROM ? ALIGN : HUGE_PAGE;
    bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    void *buffer = NULL;
    if (posix_memalign(&buffer, align, bytes) != 0) out_of_memory(n);
#ifdef MADV_HUGEPAGE
    if (align == HUGE_PAGE) madvise(buffer, bytes, MADV_HUGEPAGE);
#endif
    memset(buffer, 0, bytes);
    return buffer;
}

void buffer_free(real *buffer)
{
    free(buffer);
}

void buffer_write(real *buffer, const real *host, size_t n)
{
    memcpy(buffer, host, n * sizeof *buffer);
}

void buffer_read(real *host, const real *buffer, size_t n)
{
    memcpy(host, buffer, n * sizeof *buffer);
}

/* A range at a time, so that several threads can share a long pass over memory. */
enum { PIECE = 1 << 14 };
static const size_t PASS_WORK = 8; /* multiply-adds that moving a number costs */

static size_t piece_length(size_t at, size_t n)
{
    return n - at < PIECE ? n - at : PIECE;
}

void buffer_zero(real *buffer, size_t n)
{
    const int count = kernels_thread_count(PASS_WORK * n);
#pragma omp parallel for num_threads(count) if (count > 1)
    for (size_t i = 0; i < n; i += PIECE)
        memset(buffer + i, 0, piece_length(i, n) * sizeof *buffer);
}

void buffer_copy(real *to, const real *from, size_t n)
{
    const int count = kernels_thread_count(PASS_WORK * n);
#pragma omp parallel for num_threads(count) if (count > 1)
    for (size_t i = 0; i < n; i += PIECE) memcpy(to + i, from + i, piece_length(i, n) * sizeof *to);
}
