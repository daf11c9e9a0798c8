/* What the files of kernels/cpu share.  They are compiled once per instruction set and linked
 * together, so every shared name carries the set: ISA(matmul) is matmul_avx512, and so on; what is
 * called by name here is cpu_matmul. */
#ifndef KERNELS_CPU_CPU_H
#define KERNELS_CPU_CPU_H

#include "kernels/cpu/vec.h"
#include "kernels/table.h"

#include <stdbool.h>
#include <stdint.h>

#define ISA_JOIN(name, isa) name##_##isa
#define ISA_NAME(name, isa) ISA_JOIN(name, isa)
#define ISA(name)           ISA_NAME(name, KERNELS_ISA)

#define cpu_workspace        ISA(workspace)
#define cpu_tile             ISA(tile)
#define cpu_matmul           ISA(matmul)
#define cpu_matmul_rows      ISA(matmul_rows)
#define cpu_plan             ISA(plan)
#define cpu_share            ISA(share)
#define cpu_pack_rows        ISA(pack_rows)
#define cpu_pack_row         ISA(pack_row)
#define cpu_pair_rows        ISA(pair_rows)
#define cpu_pair_columns     ISA(pair_columns)
#define cpu_all_bfloat16     ISA(all_bfloat16)
#define cpu_bf16_rows        ISA(bf16_rows)
#define cpu_bf16_row_pair    ISA(bf16_row_pair)
#define cpu_bf16_columns     ISA(bf16_columns)
#define cpu_bf16_left        ISA(bf16_left)
#define cpu_bf16_begin       ISA(bf16_begin)
#define cpu_bf16_end         ISA(bf16_end)
#define cpu_bf16_tile        ISA(bf16_tile)
#define cpu_bf16_chains      ISA(bf16_chains)
#define cpu_bf16_matmul      ISA(bf16_matmul)
#define cpu_bf16_matmul_rows ISA(bf16_matmul_rows)
#define cpu_bf16_add_outer   ISA(bf16_add_outer)
#define cpu_pack_columns     ISA(pack_columns)
#define cpu_add_columns      ISA(add_columns)
#define cpu_add_outer        ISA(add_outer)
#define cpu_weight_forward   ISA(weight_forward)
#define cpu_weight_backward  ISA(weight_backward)

/* A loop over a constant number of registers. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* ---- workspace ------------------------------------------------------------------------------- */

/* Scratch memory that only grows; one block per thread that asks and per use, so that uses may be open at
 * the same time. */
enum { WORK_LEFT, WORK_RIGHT, WORK_HEAD, WORK_ATTENTION, WORK_SUMS, WORK_COUNT };
float *cpu_workspace(int use, size_t n);

/* Where each number is only passed through, moving it costs as much as this many multiply-adds. */
#define PASS_WORK ((size_t)8)

/* ---- matrix product -------------------------------------------------------------------------- */

/* The right operand of a product lies in panels of WIDTH columns, each (K, WIDTH), the last one
 * filled with zeros; the left one lies as it is, element (i,k) at left[i * row + k * step]. */
enum { WIDTH = 32 };
enum { LINE = 16 }; /* floats of a cache line */

typedef struct {
    const float *at;
    ptrdiff_t row, step;
} Left;

typedef struct {
    const float *at;       /* or NULL: */
    const uint32_t *pairs; /* where every number is a bfloat16: columns c and c + 16 in one word; */
    const uint32_t *bf16;  /* for a product in bfloat16 (kernels/cpu/bf16.h) */
    ptrdiff_t panel;       /* numbers from one panel to the next */
} Right;

/* The same from a column on, a multiple of WIDTH, and a step, in bfloat16 a multiple of BF16_STEPS. */
static inline Right cpu_right_at(Right r, int column, int step)
{
    const ptrdiff_t numbers = column / WIDTH * r.panel + (ptrdiff_t)step * WIDTH;
    return (Right){.at = r.at ? r.at + numbers : NULL,
                   .pairs = r.pairs ? r.pairs + numbers / 2 : NULL,
                   .bf16 = r.bf16 ? r.bf16 + numbers / 2 : NULL,
                   .panel = r.panel};
}

/* A register tile of at most TILE_ROWS rows: out (+)= left right, each output one chain of fma over
 * `depth` ascending, from 0 or (`add`) from what is there, then + bias.  16 columns of the right
 * operand at a time: vector g of step k lies at right[g * vector + k * step].  With `apart` not 0, at
 * most APART_ROWS rows have a right operand each, so far from one to the next: products of one row,
 * side by side because one alone waits for its own sums. */
enum { APART_ROWS = 4 };
/* What a right operand is of: floats, or pairs, a step of which is 16 words whose lower halves are the first 16
 * columns of a panel; the tile begins with those, or with the upper ones. */
typedef enum { RIGHT_FLOATS, RIGHT_LOWER, RIGHT_UPPER } RightForm;
typedef struct {
    Left left;
    const float *right;
    RightForm form;
    ptrdiff_t vector, step, apart;
    float *out;
    ptrdiff_t ld;
    const float *bias;
    int columns, depth, add;
    const float *next;  /* out of the tile that follows, to be fetched meanwhile; or NULL */
    const float *ahead; /* from here so many cache lines are fetched, too */
    int ahead_lines;
    /* what memory has to send: far_lines with each of the first far_steps steps, to the second-level cache */
    const float *far;
    int far_steps, far_lines;
} Tile;
void cpu_tile(const Tile *t, int rows);

/* out (M,N) rows ld apart (+)= left (M,K) right (K,N) + bias, by tiles and on several threads. */
typedef struct {
    float *out;
    ptrdiff_t ld;
    Left left;
    Right right;
    const float *bias;
    int M, N, K, add;
} Product;
void cpu_matmul(const Product *p);
/* Rows [i0,i1), on the calling thread alone; the left operand's step must be 1.  `room`: so many floats for the
 * left operand of a product in bfloat16. */
enum {
    PACK_ROOM = 1 << 17
}; /* 512 KiB, which stay in a second-level cache beside the other operand */
void cpu_matmul_rows(const Product *p, int i0, int i1, float *room);

static inline int cpu_quotient_up(int n, int by)
{
    return (n + by - 1) / by;
}

/* How a team divides a product: into blocks of rows by groups of panels, a task each, which owns its outputs for the
 * whole depth. */
typedef struct {
    int i0, i1, j0, j1; /* rows, and columns from a border of panels on */
} Block;
typedef struct {
    int threads, blocks, groups;
    int unit;      /* blocks begin at its multiples */
    float *room;   /* of the first thread, the others' behind it; or NULL */
    size_t floats; /* of a thread's room */
} Plan;
/* For so many multiply-adds; blocks have about `rows` at most. */
Plan cpu_plan(const Product *p, size_t work, int rows, int unit, size_t floats);
/* Called by every thread of a team; all have done their share when it returns. */
void cpu_share(const Product *p, const Plan *plan,
               void (*block_product)(const Product *p, Block b, float *room));

/* panels (WIDTH columns each) of values (K,N), rows ld apart */
void cpu_pack_rows(float *panels, const float *values, ptrdiff_t ld, int K, int N);
/* one row of those values, as step k */
void cpu_pack_row(float *panels, const float *row, int k, int K, int N);
/* panels of the transpose of values (N,K), rows ld apart */
void cpu_pack_columns(float *panels, const float *values, ptrdiff_t ld, int N, int K);
/* the same of bfloat16 numbers, as pairs */
void cpu_pair_rows(uint32_t *panels, const float *values, ptrdiff_t ld, int K, int N);
void cpu_pair_columns(uint32_t *panels, const float *values, ptrdiff_t ld, int N, int K);
bool cpu_all_bfloat16(const float *x, size_t n);

static inline ptrdiff_t round_up(ptrdiff_t n, ptrdiff_t to)
{
    return (n + to - 1) / to * to;
}
static inline int at_most(int n, int limit)
{
    return n < limit ? n : limit;
}

/* out[c] += sum over rows ascending of x[n][c] */
void cpu_add_columns(float *out, const float *x, int N, int C);

/* dw (M,K) += left^T right over N rows ascending, rows of left (N,M) and right (N,K) so far apart: the gradient
 * of a weight. */
void cpu_add_outer(float *dw, const float *left, ptrdiff_t left_ld, int M, const float *right,
                   ptrdiff_t right_ld, int K, int N);

/* ---- weights --------------------------------------------------------------------------------- */

/* One of the three, or none yet. */
typedef struct {
    float *floats;
    uint32_t *pairs, *bf16;
    float *lent; /* where they are, if it is not their own */
    bool ready;
} Panels;

/* Panels of w^T for the forward and, made when a backward first wants them, of w; as pairs where every
 * value is a bfloat16 number. */
struct Weight {
    const float *values;
    int OUT, IN;
    Compute compute;
    Panels forward, backward;
};
Right cpu_weight_forward(Weight *w);
Right cpu_weight_backward(Weight *w);

/* ---- the table's functions --------------------------------------------------------------------- */

#define ENTRY(name) extern __typeof__(*((const Kernels *)0)->name) ISA(name)
ENTRY(buffer_add);
ENTRY(buffer_sum_squares);
ENTRY(weight_new);
ENTRY(weight_free);
ENTRY(weight_changed);
ENTRY(weight_pack);
ENTRY(weight_backward_size);
ENTRY(weight_lend);
ENTRY(weight_release);
ENTRY(linear_forward);
ENTRY(linear_backward);
ENTRY(lowrank_forward);
ENTRY(lowrank_backward);
ENTRY(lowrank_weights);
ENTRY(layernorm_forward);
ENTRY(layernorm_backward);
ENTRY(rmsnorm_forward);
ENTRY(rmsnorm_backward);
ENTRY(rope);
ENTRY(kv_cache_new);
ENTRY(kv_cache_free);
ENTRY(kv_cache_write);
ENTRY(kv_cache_copy);
ENTRY(attention_forward);
ENTRY(attention_backward);
ENTRY(gelu_forward);
ENTRY(gelu_backward);
ENTRY(swiglu_forward);
ENTRY(swiglu_backward);
ENTRY(logprob_forward);
ENTRY(logprob_backward);
ENTRY(logsumexp_forward);
ENTRY(logits_logprob);
ENTRY(sample_forward);
ENTRY(adamw_step);
ENTRY(limit_fma);
ENTRY(limit_read);

#endif
