/* Transposes of at most LANES by LANES numbers, in registers. */
#ifndef KERNELS_CPU_TRANSPOSE_H
#define KERNELS_CPU_TRANSPOSE_H

#include "kernels/cpu/vec.h"

/* Row i, lane j becomes row j, lane i.  A zip of the rows i and i + 8 takes the highest bit of the row to the
 * lowest of the lane, and that of the lane to the row: four of them exchange all bits. */
static inline __attribute__((always_inline)) void vec_transpose(vec v[LANES])
{
    vec w[LANES];
#pragma GCC unroll 2
    for (int round = 0; round < 2; round++) {
#pragma GCC unroll 8
        for (int i = 0; i < LANES / 2; i++) {
            w[2 * i] = vec_zip_low(v[i], v[i + LANES / 2]);
            w[2 * i + 1] = vec_zip_high(v[i], v[i + LANES / 2]);
        }
#pragma GCC unroll 8
        for (int i = 0; i < LANES / 2; i++) {
            v[2 * i] = vec_zip_low(w[i], w[i + LANES / 2]);
            v[2 * i + 1] = vec_zip_high(w[i], w[i + LANES / 2]);
        }
    }
}

/* Lane r of row c of `to` = element c of row r of `from`, for rows and columns up to LANES; lanes beyond
 * `rows` that are in `lanes` become 0, those that are not stay as they are. */
static inline void transpose(float *to, ptrdiff_t to_ld, const float *from, ptrdiff_t from_ld,
                             int rows, int columns, mask lanes)
{
    const mask some = mask_first(columns);
    vec v[LANES];
#pragma GCC unroll 16
    for (int r = 0; r < LANES; r++)
        v[r] = r < rows ? vec_load_mask(from + r * from_ld, some) : vec_zero();
    vec_transpose(v);
#pragma GCC unroll 16
    for (int c = 0; c < LANES; c++)
        if (c < columns) vec_store_mask(to + c * to_ld, lanes, v[c]);
}

#endif
