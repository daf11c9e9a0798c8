/* Operands of a product in bfloat16: rounded, two steps of the depth to a word. */
#include "kernels/cpu/bf16.h"
#include "kernels/cpu/transpose.h"

enum { PAIRS = BF16_STEPS / 2 };

/* ---- the right operand ----------------------------------------------------------------------------- */

void cpu_bf16_row_pair(uint32_t *panels, const float *values, ptrdiff_t ld, int pair, int K, int N)
{
    const float *even = values + 2 * pair * ld, *odd = even + ld;
    const bool alone = 2 * pair + 1 >= K, none = 2 * pair >= K;
    float *to = (float *)(void *)panels + pair / PAIRS * 2 * BF16_WORDS + pair % PAIRS * LANES;
    for (int j = 0; j < round_up(N, WIDTH); j += LANES) {
        const mask some = mask_first(N - j);
        const vec a = none ? vec_zero() : vec_load_mask(even + j, some);
        const vec b = alone ? vec_zero() : vec_load_mask(odd + j, some);
        vec_store(to + j / WIDTH * (bf16_panel(K) / 2) + j % WIDTH / LANES * BF16_WORDS,
                  vec_pair(a, b));
    }
}

void cpu_bf16_rows(uint32_t *panels, const float *values, ptrdiff_t ld, int K, int N)
{
    const int threads = kernels_thread_count(PASS_WORK * (size_t)K * (size_t)N);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int pair = 0; pair < bf16_pairs(K); pair++)
        cpu_bf16_row_pair(panels, values, ld, pair, K, N);
}

/* A block of LANES columns, at `values`: (columns, steps) of what there is of it. */
static void block_columns(float *to, const float *values, ptrdiff_t ld, int columns, int steps)
{
    float step[BF16_STEPS * LANES] = {0};
    for (int k = 0; k < steps; k += LANES)
        transpose(step + k * LANES, LANES, values + k, ld, columns, at_most(steps - k, LANES),
                  mask_first(LANES));
    for (int pair = 0; pair < PAIRS; pair++)
        vec_store(to + pair * LANES, vec_pair(vec_load(step + 2 * pair * LANES),
                                              vec_load(step + (2 * pair + 1) * LANES)));
}

void cpu_bf16_columns(uint32_t *panels, const float *values, ptrdiff_t ld, int N, int K)
{
    const int threads = kernels_thread_count(PASS_WORK * (size_t)K * (size_t)N);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int j = 0; j < (int)round_up(N, WIDTH); j += LANES) {
        float *panel = (float *)(void *)panels + j / WIDTH * (bf16_panel(K) / 2) +
                       j % WIDTH / LANES * BF16_WORDS;
        for (int k = 0; k < K; k += BF16_STEPS)
            block_columns(panel + k / BF16_STEPS * 2 * BF16_WORDS, values + j * ld + k, ld,
                          at_most(N - j, LANES), at_most(K - k, BF16_STEPS));
    }
}

/* ---- the left operand ------------------------------------------------------------------------------ */

#if defined(KERNELS_ISA_amx)

static vec words(vec first, vec second)
{
    return (vec)_mm512_cvtne2ps_pbh(second, first);
}

/* LANES rows of a block of steps. */
static void tile_of_rows(float *to, const float *from, ptrdiff_t row, int rows, int steps)
{
    const mask first = mask_first(steps), second = mask_first(steps - LANES);
    for (int i = 0; i < LANES; i++) {
        const vec a = i < rows ? vec_load_mask(from + i * row, first) : vec_zero();
        const vec b = i < rows ? vec_load_mask(from + i * row + LANES, second) : vec_zero();
        vec_store(to + i * LANES, words(a, b));
    }
}

static void tile_of_columns(float *to, const float *from, ptrdiff_t step, int rows, int steps)
{
    const mask some = mask_first(rows);
    vec v[PAIRS];
#pragma GCC unroll 16
    for (int pair = 0; pair < PAIRS; pair++) {
        const float *even = from + 2 * pair * step;
        const vec a = 2 * pair < steps ? vec_load_mask(even, some) : vec_zero();
        const vec b = 2 * pair + 1 < steps ? vec_load_mask(even + step, some) : vec_zero();
        v[pair] = vec_pair(a, b);
    }
    vec_transpose(v);
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i++) vec_store(to + i * LANES, v[i]);
}

void cpu_bf16_left(float *packed, Left left, int rows, int steps)
{
    for (int i = 0; i < rows; i += LANES)
        for (int k = 0; k < steps; k += BF16_STEPS, packed += BF16_WORDS) {
            const float *from = left.at + i * left.row + k * left.step;
            const int n = at_most(rows - i, LANES), m = at_most(steps - k, BF16_STEPS);
            if (left.step == 1) tile_of_rows(packed, from, left.row, n, m);
            else tile_of_columns(packed, from, left.step, n, m);
        }
}

#else

static void round_rows(float *packed, Left left, int rows, int steps)
{
    const ptrdiff_t depth = round_up(steps, BF16_STEPS);
    for (int i = 0; i < rows; i++)
        for (int k = 0; k < depth; k += LANES)
            vec_store(packed + i * depth + k, vec_bfloat16(vec_load_mask(left.at + i * left.row + k,
                                                                         mask_first(steps - k))));
}

static void round_columns(float *packed, Left left, int rows, int steps)
{
    const ptrdiff_t depth = round_up(steps, BF16_STEPS);
    for (int i = 0; i < rows; i += LANES)
        for (int k = 0; k < depth; k += LANES) {
            float *to = packed + i * depth + k;
            const int n = at_most(rows - i, LANES);
            transpose(to, depth, left.at + i + k * left.step, left.step, at_most(steps - k, LANES),
                      n, mask_first(LANES));
            for (int r = 0; r < n; r++)
                vec_store(to + r * depth, vec_bfloat16(vec_load(to + r * depth)));
        }
}

void cpu_bf16_left(float *packed, Left left, int rows, int steps)
{
    if (left.step == 1) round_rows(packed, left, rows, steps);
    else round_columns(packed, left, rows, steps);
}

#endif
