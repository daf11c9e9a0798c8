/* The product of matrices in bfloat16: both operands are rounded to it, sums are floats.
 *
 * The arithmetic is that of the machines that are made for it (TDPBF16PS): steps of the depth in blocks of
 * BF16_STEPS from its start, filled with zeros at its end; in each block the products of even steps are one
 * chain of fma from 0, those of odd steps another, and even + odd is added to the sum before.  Subnormal
 * numbers count as 0, wherever they come up.  Every instruction set follows that order, so all give the same
 * bits. */
#ifndef KERNELS_CPU_BF16_H
#define KERNELS_CPU_BF16_H

#include "kernels/cpu/cpu.h"

/* Steps of a block; two of them are a word, the even one below. */
enum { BF16_STEPS = 32, BF16_WORDS = BF16_STEPS / 2 * LANES };

/* The right operand: panels of WIDTH columns; in each, block by block, words (16 pairs of steps, 16 columns) of its
 * left half, then of its right one.  K counts as a multiple of BF16_STEPS. */
static inline ptrdiff_t bf16_panel(int K)
{
    return round_up(K, BF16_STEPS) * WIDTH;
}
static inline int bf16_pairs(int K)
{
    return (K + BF16_STEPS - 1) / BF16_STEPS * (BF16_STEPS / 2);
}
/* Panels of values (K,N), rows ld apart. */
void cpu_bf16_rows(uint32_t *panels, const float *values, ptrdiff_t ld, int K, int N);
/* Rows 2 * pair and 2 * pair + 1 of that. */
void cpu_bf16_row_pair(uint32_t *panels, const float *values, ptrdiff_t ld, int pair, int K, int N);
/* Panels of the transpose of values (N,K), rows ld apart. */
void cpu_bf16_columns(uint32_t *panels, const float *values, ptrdiff_t ld, int N, int K);

/* Rows of the left operand, as the tiles of this instruction set want them: AMX bfloat16 tiles of 16 rows by a
 * block, all of 16 rows one after the other; else floats, a row of `round_up(steps, BF16_STEPS)` after the other. */
#if defined(KERNELS_ISA_amx)
enum { BF16_ROWS = 256 };
#else
enum { BF16_ROWS = 128 };
#endif
/* Steps at a time: a panel of them (16 KiB) stays in the nearest cache, BF16_ROWS rows of them in the next one, and
 * these go into PACK_ROOM. */
enum { BF16_DEPTH = 256 };
void cpu_bf16_left(float *packed, Left left, int rows, int steps);

/* out (rows, columns) (+)= left right, for one panel. */
typedef struct {
    const float *left;
    const uint32_t *right;
    float *out;
    ptrdiff_t ld;
    int rows, columns, blocks;
    bool add;
    const uint32_t *next; /* panel, to be fetched meanwhile; or NULL */
} Bf16Tile;
/* Between these two there is no other arithmetic: subnormal numbers are 0 and tile registers in use. */
typedef struct {
    unsigned before;
} Bf16State;
Bf16State cpu_bf16_begin(void);
void cpu_bf16_tile(const Bf16Tile *t);
void cpu_bf16_end(Bf16State s);

/* Multiply-adds of so many rounds in tile registers alone, BF16_ROUND in each; where there are none, it is 0. */
#if defined(KERNELS_ISA_amx)
enum { BF16_ROUND = 4 * BF16_STEPS * LANES * LANES };
#else
enum { BF16_ROUND = 0 };
#endif
void cpu_bf16_chains(size_t rounds);

/* What cpu_matmul and cpu_matmul_rows are for such a right operand. */
void cpu_bf16_matmul(const Product *p);
void cpu_bf16_matmul_rows(const Product *p, int i0, int i1, float *room);
/* cpu_add_outer, in bfloat16 */
void cpu_bf16_add_outer(float *dw, const float *left, ptrdiff_t left_ld, int M, const float *right,
                        ptrdiff_t right_ld, int K, int N);

#endif
