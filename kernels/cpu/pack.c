/* Right operands in panels: floats, or two bfloat16 to a word.
 *
 * The weights of most published checkpoints are bfloat16 numbers.  Panels that keep them as such are half as
 * long to read, which is all that counts where few rows are multiplied; what is multiplied are the same
 * numbers, so every sum has the same bits. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/transpose.h"

#include <string.h>

enum { HALF = WIDTH / 2 };

void cpu_pack_row(float *panels, const float *row, int k, int K, int N)
{
    float *to = panels + (ptrdiff_t)k * WIDTH;
    int j = 0;
    for (; j + WIDTH <= N; j += WIDTH, to += (ptrdiff_t)K * WIDTH) {
        vec_store(to, vec_load(row + j));
        vec_store(to + LANES, vec_load(row + j + LANES));
    }
    if (j < N) {
        vec_store(to, vec_load_mask(row + j, mask_first(N - j)));
        vec_store(to + LANES, vec_load_mask(row + j + LANES, mask_first(N - j - LANES)));
    }
}

void cpu_pack_rows(float *panels, const float *values, ptrdiff_t ld, int K, int N)
{
    const int threads = kernels_thread_count(PASS_WORK * (size_t)K * (size_t)N);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int k = 0; k < K; k++) cpu_pack_row(panels, values + k * ld, k, K, N);
}

/* Steps [k, k+LANES), as far as there are, of the panel at column j: a cache line of every row, whatever
 * their distance. */
static void transpose_steps(float *to, const float *values, ptrdiff_t ld, int j, int k, int N,
                            int K)
{
    for (int c = 0; c < WIDTH; c += LANES)
        transpose(to + c, WIDTH, values + (ptrdiff_t)(j + c) * ld + k, ld,
                  at_most(N - j - c, LANES), at_most(K - k, LANES), mask_first(LANES));
}

void cpu_pack_columns(float *panels, const float *values, ptrdiff_t ld, int N, int K)
{
    const int threads = kernels_thread_count(PASS_WORK * (size_t)K * (size_t)N);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int j = 0; j < N; j += WIDTH)
        for (int k = 0; k < K; k += LANES)
            transpose_steps(panels + (ptrdiff_t)j * K + (ptrdiff_t)k * WIDTH, values, ld, j, k, N,
                            K);
}

/* ---- pairs --------------------------------------------------------------------------------------- */

/* One step of a panel: column c is the lower half of word c, column c + HALF the upper one. */
static inline void pair_step(uint32_t *words, const float *step)
{
    uint32_t bits[WIDTH];
    memcpy(bits, step, sizeof bits);
    for (int c = 0; c < HALF; c++) words[c] = bits[c] >> 16 | (bits[c + HALF] & 0xffff0000);
}

void cpu_pair_rows(uint32_t *panels, const float *values, ptrdiff_t ld, int K, int N)
{
    const int threads = kernels_thread_count(PASS_WORK * (size_t)K * (size_t)N);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int k = 0; k < K; k++)
        for (int j = 0; j < N; j += WIDTH) {
            float step[WIDTH];
            cpu_pack_row(step, values + k * ld + j, 0, 1, at_most(N - j, WIDTH));
            pair_step(panels + (ptrdiff_t)j / WIDTH * K * HALF + (ptrdiff_t)k * HALF, step);
        }
}

void cpu_pair_columns(uint32_t *panels, const float *values, ptrdiff_t ld, int N, int K)
{
    const int threads = kernels_thread_count(PASS_WORK * (size_t)K * (size_t)N);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int j = 0; j < N; j += WIDTH) {
        uint32_t *panel = panels + (ptrdiff_t)j / WIDTH * K * HALF;
        float steps[LANES * WIDTH];
        for (int k0 = 0; k0 < K; k0 += LANES) {
            transpose_steps(steps, values, ld, j, k0, N, K);
            for (int k = k0; k < at_most(K, k0 + LANES); k++)
                pair_step(panel + (ptrdiff_t)k * HALF, steps + (ptrdiff_t)(k - k0) * WIDTH);
        }
    }
}

/* The first number that is none ends it, so it costs nothing where they are trained. */
bool cpu_all_bfloat16(const float *x, size_t n)
{
    enum { CHUNK = 1024 };
    for (size_t i = 0; i < n; i += CHUNK) {
        uint32_t bits[CHUNK], all = 0;
        const size_t m = n - i < CHUNK ? n - i : CHUNK;
        memcpy(bits, x + i, m * sizeof *bits);
        for (size_t k = 0; k < m; k++) all |= bits[k];
        if (all & 0xffff) return false;
    }
    return true;
}
