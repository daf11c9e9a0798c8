/* Memory of the kernels, for implementations that work in the host's memory. */
#include "kernels/table.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    ALIGN = 64,                /* a cache line, and the widest vector */
    HUGE_PAGE = 2 << 20,       /* page-table misses halve the speed of reading big weights */
    HUGE_FROM = 2 * HUGE_PAGE, /* below, rounding up to whole huge pages would waste memory */
    APART_FROM = 1 << 19       /* large enough to be worth a system call each */
};

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0 /* they watch the ends of what malloc gave, and of nothing else */
#endif

/* Stands before the numbers of every buffer. */
typedef union {
    struct {
        void *mapped; /* NULL: of malloc */
        size_t bytes;
    };
    char room[ALIGN];
} Origin;
/* A large buffer that is freed goes back to the machine.  Left alone, glibc raises the size from which that is so to
 * that of the largest block freed, and what phases of a job hold in turn would add up. */
static void give_back_large(void)
{
#ifdef M_MMAP_THRESHOLD
    static atomic_bool done;
    if (!atomic_exchange(&done, 1)) mallopt(M_MMAP_THRESHOLD, APART_FROM);
#endif
}

static void out_of_memory(size_t n)
{
    fprintf(stderr, "rlhf: out of memory: %zu x %zu bytes\n", n, sizeof(real));
    abort();
}

/* The system gives zeros, page by page when a page is first touched: whichever thread writes the numbers pays for
 * its own pages, and what is never used is never taken. */
static void *map_zeros(size_t bytes)
{
    const size_t all = bytes + HUGE_PAGE + ALIGN;
    char *at = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return NULL;
    const size_t past = (size_t)((uintptr_t)(at + ALIGN) % HUGE_PAGE);
    char *buffer = at + ALIGN + (past ? HUGE_PAGE - past : 0);
#ifdef MADV_HUGEPAGE
    madvise(buffer, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#endif
    ((Origin *)(void *)buffer)[-1] = (Origin){{.mapped = at, .bytes = all}};
    return buffer;
}

static void *take_zeros(size_t bytes)
{
    void *taken = NULL;
    if (posix_memalign(&taken, ALIGN, sizeof(Origin) + bytes) != 0) return NULL;
    memset(taken, 0, sizeof(Origin) + bytes);
    return (Origin *)taken + 1;
}

real *buffer_new(size_t n)
{
    size_t bytes;
    if (__builtin_mul_overflow(n ? n : 1, sizeof(real), &bytes) || bytes > SIZE_MAX / 2)
        out_of_memory(n);
    give_back_large();
    bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    void *buffer = bytes < HUGE_FROM || SANITIZED ? take_zeros(bytes) : map_zeros(bytes);
    if (!buffer) out_of_memory(n);
    return buffer;
}

void buffer_free(real *buffer)
{
    if (!buffer) return;
    Origin *origin = (Origin *)(void *)buffer - 1;
    if (origin->mapped) munmap(origin->mapped, origin->bytes);
    else free(origin);
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
