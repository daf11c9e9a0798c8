/* What the machine can do at most with these instructions: nothing here computes anything that is used. */
#include "kernels/cpu/bf16.h"

/* As many chains as the tile of the matrix product has sums: they fit in registers and hide each other's
 * latency. */
enum { CHAINS = TILE_ROWS * TILE_VECS };

/* What nobody uses, compilers would not compute. */
static void keep(float x)
{
    volatile float sink = x;
    (void)sink;
}

static float chains(size_t rounds)
{
    vec sum[CHAINS];
    const vec factor = vec_set(0.999f), term = vec_set(1e-3f);
    for (int i = 0; i < CHAINS; i++) sum[i] = vec_set((float)i);
    for (size_t round = 0; round < rounds; round++) {
#pragma GCC unroll 64
        for (int i = 0; i < CHAINS; i++) sum[i] = vec_fma(sum[i], factor, term);
    }
    vec all = vec_zero();
    for (int i = 0; i < CHAINS; i++) all = vec_add(all, sum[i]);
    return vec_sum(all);
}

double ISA(limit_fma)(size_t rounds, Compute compute)
{
    const int threads = kernels_thread_count(SIZE_MAX);
    const bool tiles = compute == COMPUTE_BF16 && BF16_ROUND > 0;
    float sum = 0;
#pragma omp parallel for num_threads(threads) if (threads > 1) reduction(+ : sum)
    for (int t = 0; t < threads; t++)
        if (tiles) cpu_bf16_chains(rounds);
        else sum += chains(rounds);
    keep(sum);
    return (double)threads * (tiles ? BF16_ROUND : CHAINS * LANES) * (double)rounds;
}

/* Four sums hide the latency of an addition. */
static float sum_part(const real *x, size_t n)
{
    vec sum[4] = {vec_zero(), vec_zero(), vec_zero(), vec_zero()};
    for (size_t i = 0; i + 4 * LANES <= n; i += 4 * LANES)
        for (size_t v = 0; v < 4; v++) sum[v] = vec_add(sum[v], vec_load(x + i + v * LANES));
    return vec_sum(vec_add(vec_add(sum[0], sum[1]), vec_add(sum[2], sum[3])));
}

double ISA(limit_read)(const real *buffer, size_t n)
{
    const int threads = kernels_thread_count(SIZE_MAX);
    const size_t part = n / (size_t)threads / (4 * LANES) * (4 * LANES);
    float sum = 0;
#pragma omp parallel for num_threads(threads) if (threads > 1) reduction(+ : sum)
    for (int t = 0; t < threads; t++) sum += sum_part(buffer + (size_t)t * part, part);
    keep(sum);
    return (double)part * threads * sizeof *buffer;
}
