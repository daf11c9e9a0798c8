/* The product of matrices: blocks of rows by groups of panels, one task each.  A task owns its outputs
 * for the whole depth, so neither threads nor blocking touch the order of any sum. */
#include "kernels/cpu/cpu.h"

#include <assert.h>
#include <omp.h>

enum {
    DEPTH = 384,      /* steps of the depth at a time: a panel of them (48 KiB) stays near */
    BLOCK_TILES = 12, /* row tiles of a block: with DEPTH they stay in the second-level cache */
    TASKS = 4,        /* per thread, so that a busy core does not hold up the others */
};

typedef struct {
    int i0, i1; /* rows */
    int j0, j1; /* columns, from a border of panels on */
} Block;

/* Row tiles are of nearly equal height, as low ones are slow. */
static int tile_count(int rows)
{
    return (rows + TILE_ROWS - 1) / TILE_ROWS;
}
static int tile_start(Block b, int tiles, int t)
{
    return b.i0 + (int)((int64_t)(b.i1 - b.i0) * t / tiles);
}

/* Copy steps [k0,k0+depth) of a left operand with row 1 so that a tile's step lies together. */
static void pack_left(float *packed, Left left, Block b, int tiles, int k0, int depth)
{
    for (int t = 0; t < tiles; t++) {
        const int i0 = tile_start(b, tiles, t), rows = tile_start(b, tiles, t + 1) - i0;
        const float *from = left.at + i0 + k0 * left.step;
        const mask some = mask_first(rows);
        float *to = packed + (ptrdiff_t)(i0 - b.i0) * depth;
        for (int k = 0; k < depth; k++, from += left.step, to += rows)
            vec_store(to, vec_load_mask(from, some));
    }
}

/* The tiles of one block over steps [k0,k0+depth). */
static void block_steps(const Product *p, Block b, int k0, int depth, float *packed)
{
    const int tiles = tile_count(b.i1 - b.i0), last = k0 + depth == p->K;
    if (packed) pack_left(packed, p->left, b, tiles, k0, depth);

    for (int j = b.j0; j < b.j1; j += TILE_VECS * LANES) {
        Tile tile = {.right = p->right.at + j / WIDTH * p->right.panel + (ptrdiff_t)k0 * WIDTH +
                              j % WIDTH,
                     .vector = LANES,
                     .step = WIDTH,
                     .ld = p->ld,
                     .bias = p->bias && last ? p->bias + j : NULL,
                     .columns = at_most(p->N - j, TILE_VECS * LANES),
                     .depth = depth,
                     .add = p->add || k0 > 0};
        for (int t = 0; t < tiles; t++) {
            const int i0 = tile_start(b, tiles, t), rows = tile_start(b, tiles, t + 1) - i0;
            tile.out = p->out + i0 * p->ld + j;
            tile.left = packed ? (Left){packed + (ptrdiff_t)(i0 - b.i0) * depth, 1, rows}
                               : (Left){p->left.at + i0 * p->left.row + k0, p->left.row, 1};
            cpu_tile(&tile, rows);
        }
    }
}

static void block_product(const Product *p, Block b, float *packed)
{
    for (int k0 = 0; k0 < p->K; k0 += DEPTH)
        block_steps(p, b, k0, at_most(p->K - k0, DEPTH), packed);
}

void cpu_matmul_rows(const Product *p, int i0, int i1)
{
    assert(p->left.step == 1);
    for (int i = i0; i < i1; i += BLOCK_TILES * TILE_ROWS)
        block_product(p, (Block){i, at_most(i1, i + BLOCK_TILES * TILE_ROWS), 0, p->N}, NULL);
}

void cpu_matmul(const Product *p)
{
    assert(p->left.step == 1 || p->left.row == 1);
    if (p->M == 0 || p->N == 0 || p->K == 0) return;
    const int threads = kernels_thread_count((size_t)p->M * (size_t)p->N * (size_t)p->K);

    /* Blocks of rows; when those are too few to go round, groups of panels as well. */
    const int tiles = tile_count(p->M), panels = (p->N + WIDTH - 1) / WIDTH;
    const int wanted = threads == 1 ? 1 : TASKS * threads;
    int block_tiles = (2 * tiles + wanted - 1) / wanted;
    if (block_tiles > BLOCK_TILES) block_tiles = BLOCK_TILES;
    const int blocks = (tiles + block_tiles - 1) / block_tiles;
    int groups = (wanted + blocks - 1) / blocks;
    if (groups > panels) groups = panels;

    const size_t scratch = (size_t)BLOCK_TILES * TILE_ROWS * DEPTH + LANES;
    const int packs = p->left.step != 1;
    float *left = packs ? cpu_workspace(WORK_LEFT, scratch * (size_t)threads) : NULL;

#pragma omp parallel for num_threads(threads) if (threads > 1) schedule(dynamic, 1) collapse(2)
    for (int r = 0; r < blocks; r++) {
        for (int g = 0; g < groups; g++) {
            const Block b = {(int)((int64_t)p->M * r / blocks),
                             (int)((int64_t)p->M * (r + 1) / blocks), panels * g / groups * WIDTH,
                             at_most(p->N, panels * (g + 1) / groups * WIDTH)};
            block_product(p, b, packs ? left + scratch * (size_t)omp_get_thread_num() : NULL);
        }
    }
}

void cpu_pack_rows(float *panels, const float *values, ptrdiff_t ld, int K, int N)
{
    const int threads = kernels_thread_count(PASS_WORK * (size_t)K * (size_t)N);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int j = 0; j < N; j += WIDTH) {
        const mask a = mask_first(N - j), b = mask_first(N - j - LANES);
        float *to = panels + (ptrdiff_t)j * K;
        for (int k = 0; k < K; k++, to += WIDTH) {
            vec_store(to, vec_load_mask(values + k * ld + j, a));
            vec_store(to + LANES, vec_load_mask(values + k * ld + j + LANES, b));
        }
    }
}

void cpu_pack_columns(float *panels, const float *values, ptrdiff_t ld, int N, int K)
{
    const int threads = kernels_thread_count(PASS_WORK * (size_t)K * (size_t)N);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int j = 0; j < N; j += WIDTH) {
        float *to = panels + (ptrdiff_t)j * K;
        const int columns = at_most(N - j, WIDTH);
        /* A cache line of every row at a time, whatever their distance. */
        for (int k0 = 0; k0 < K; k0 += LANES) {
            const int steps = at_most(K - k0, LANES);
            for (int c = 0; c < columns; c++)
                for (int k = 0; k < steps; k++)
                    to[(k0 + k) * WIDTH + c] = values[(j + c) * ld + k0 + k];
        }
        for (int k = 0; k < K; k++)
            for (int c = columns; c < WIDTH; c++) to[(ptrdiff_t)k * WIDTH + c] = 0;
    }
}
