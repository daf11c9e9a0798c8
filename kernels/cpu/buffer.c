/* Sums over whole buffers, and the scratch memory of the other files. */
#include "kernels/cpu/cpu.h"

#include <assert.h>

float *cpu_workspace(int use, size_t n)
{
    static struct {
        float *at;
        size_t n;
    } blocks[THREADS_MAX][WORK_COUNT];

    assert(use >= 0 && use < WORK_COUNT);
    const int thread = kernels_thread();
    if (blocks[thread][use].n < n) {
        buffer_free(blocks[thread][use].at);
        blocks[thread][use].n = n + n / 4;
        blocks[thread][use].at = buffer_new(blocks[thread][use].n);
    }
    return blocks[thread][use].at;
}

enum { CHUNK = 4096 };

void ISA(buffer_add)(real *to, const real *from, size_t n)
{
    const int threads = kernels_thread_count(PASS_WORK * n);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (size_t i = 0; i < n; i += LANES) {
        const mask some = mask_first((ptrdiff_t)(n - i));
        vec_store_mask(to + i, some,
                       vec_add(vec_load_mask(to + i, some), vec_load_mask(from + i, some)));
    }
}

/* Squares of floats are exact in double, so no compiler can round this otherwise. */
static double chunk_sum_squares(const real *x, size_t n)
{
    double sum[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t l = 0; l < LANES; l++) sum[l] += (double)x[i + l] * (double)x[i + l];
    for (size_t l = 0; i + l < n; l++) sum[l] += (double)x[i + l] * (double)x[i + l];
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t l = 0; l < half; l++) sum[l] += sum[l + half];
    return sum[0];
}

double ISA(buffer_sum_squares)(const real *buffer, size_t n)
{
    const size_t chunks = (n + CHUNK - 1) / CHUNK;
    const int threads = kernels_thread_count(PASS_WORK * n);
    double *sums = (double *)(void *)cpu_workspace(WORK_SUMS, 2 * chunks);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (size_t c = 0; c < chunks; c++)
        sums[c] =
            chunk_sum_squares(buffer + c * CHUNK, n - c * CHUNK < CHUNK ? n - c * CHUNK : CHUNK);
    double total = 0;
    for (size_t c = 0; c < chunks; c++) total += sums[c];
    return total;
}
