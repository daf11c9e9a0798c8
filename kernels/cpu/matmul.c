/* The product of matrices: blocks of rows by groups of panels, one task each.  A task owns its outputs
 * for the whole depth, so neither threads nor blocking touch the order of any sum.
 *
 * The activations of all layers fit no near cache, and a tile that waits for its rows of them takes half
 * as long again; weights are larger still and come from memory.  What the tiles after it want is fetched while
 * it multiplies. */
#include "kernels/cpu/bf16.h"

#include <assert.h>

enum {
    DEPTH = 384,        /* steps of the depth at a time: a panel of them (48 KiB) stays near */
    GROUP = 64 * DEPTH, /* numbers of the panels that all row tiles meet before they meet others */
    FAR_STEPS = 32,     /* so far ahead a panel that is met once is fetched */
    BLOCK_TILES = 12,   /* row tiles of a block: with DEPTH they stay in the second-level cache */
    FEW = 16,           /* steps that are copied at a time, while the next ones are fetched */
};

/* Row tiles are of nearly equal height, as low ones are slow. */
static int tile_count(int rows)
{
    return cpu_quotient_up(rows, TILE_ROWS);
}
static int tile_start(Block b, int tiles, int t)
{
    return b.i0 + (int)((int64_t)(b.i1 - b.i0) * t / tiles);
}

/* Copy steps [k0,k0+depth) of a left operand with row 1 so that a tile's step lies together. */
static void pack_left(float *packed, Left left, Block b, int tiles, int k0, int depth)
{
    for (int k1 = 0; k1 < depth; k1 += FEW) {
        const int k2 = at_most(depth, k1 + FEW);
        for (int t = 0; t < tiles; t++) {
            const int start = tile_start(b, tiles, t) - b.i0;
            const int rows = tile_start(b, tiles, t + 1) - b.i0 - start;
            const mask some = mask_first(rows);
            const float *from = left.at + b.i0 + start + (k0 + k1) * left.step;
            float *to = packed + (ptrdiff_t)start * depth + (ptrdiff_t)k1 * rows;
            for (int k = k1; k < k2; k++, from += left.step, to += rows) {
                __builtin_prefetch(from + FEW * left.step);
                vec_store_mask(to, some, vec_load_mask(from, some));
            }
        }
    }
}

/* The panels over columns [j0,j1), from a border of panels on, and steps [k0,k0+depth). */
typedef struct {
    int j0, j1, k0, depth;
    Right right;
    Right next; /* panels that are met after these; nothing after the last of a block */
} Group;

static const float *right_start(Right r)
{
    return r.at ? r.at : (const float *)(const void *)r.pairs;
}

/* The right operand of a tile at column j. */
static void take_right(Tile *tile, const Group *group, int j)
{
    const Right at = cpu_right_at(group->right, j - group->j0, 0);
    tile->right = right_start(at);
    if (at.pairs) {
        tile->form = j % WIDTH == 0 ? RIGHT_LOWER : RIGHT_UPPER;
        tile->step = WIDTH / 2;
    } else {
        tile->right += j % WIDTH;
        tile->step = WIDTH;
    }
}

/* What the first tile over a panel brings from memory meanwhile: where there is but one row tile, the steps to
 * come; else its share of a panel of the next group. */
static void take_far(Tile *tile, const Group *group, int tiles, int t, int j)
{
    const int lines = (int)tile->step / LINE;
    tile->far_steps = 0;
    if (j % WIDTH != 0) return;
    if (tiles == 1) {
        tile->far = tile->right + FAR_STEPS * tile->step;
        tile->far_steps = tile->depth;
        tile->far_lines = lines;
    } else if (right_start(group->next)) {
        const int all = tile->depth * lines, first = all * t / tiles;
        tile->far = right_start(cpu_right_at(group->next, j - group->j0, 0)) + first * LINE;
        tile->far_steps = at_most(all * (t + 1) / tiles - first, tile->depth);
        tile->far_lines = 1;
    }
}

/* Row tile t of a block by the columns of a group, side by side, as memory likes to be written.  Meanwhile
 * the left operand of the row tile that follows is fetched, a share with each of them; rows longer than
 * DEPTH the machine fetches by itself. */
static void row_tile(const Product *p, Block b, int tiles, int t, const Group *group,
                     const float *packed)
{
    const int i0 = tile_start(b, tiles, t), rows = tile_start(b, tiles, t + 1) - i0;
    const int k0 = group->k0, depth = group->depth, step = TILE_VECS * LANES,
              count = (group->j1 - group->j0 + step - 1) / step;
    const bool more = t + 1 < tiles;
    const ptrdiff_t lines = more && !packed && depth == p->K ? rows * p->left.row / LINE : 0;
    Tile tile = {.left = packed ? (Left){packed + (ptrdiff_t)(i0 - b.i0) * depth, 1, rows}
                                : (Left){p->left.at + i0 * p->left.row + k0, p->left.row, 1},
                 .vector = LANES,
                 .ld = p->ld,
                 .depth = depth,
                 .add = p->add || k0 > 0};
    for (int c = 0; c < count; c++) {
        const int j = group->j0 + c * step;
        const ptrdiff_t from = lines * c / count;
        take_right(&tile, group, j);
        take_far(&tile, group, tiles, t, j);
        tile.out = p->out + i0 * p->ld + j;
        tile.bias = p->bias && k0 + depth == p->K ? p->bias + j : NULL;
        tile.columns = at_most(p->N - j, step);
        tile.next = c + 1 < count ? tile.out + step
                    : more        ? p->out + (i0 + rows) * p->ld + group->j0
                                  : NULL;
        tile.ahead = tile.left.at + (lines ? rows * p->left.row + from * LINE : 0);
        tile.ahead_lines = (int)(lines * (c + 1) / count - from);
        cpu_tile(&tile, rows);
    }
}

/* The tiles of one block over steps [k0,k0+depth): all rows by as many panels as stay near. */
static void block_steps(const Product *p, Block b, int tiles, int k0, int depth, float *packed)
{
    const int columns = tiles == 1 ? b.j1 - b.j0 : (int)round_up(GROUP / depth, WIDTH);
    if (packed) pack_left(packed, p->left, b, tiles, k0, depth);
    for (int j0 = b.j0; j0 < b.j1; j0 += columns) {
        Group group = {j0, at_most(b.j1, j0 + columns), k0, depth,
                       .right = cpu_right_at(p->right, j0, k0)};
        if (group.j1 < b.j1) group.next = cpu_right_at(p->right, group.j1, k0);
        else if (k0 + depth < p->K) group.next = cpu_right_at(p->right, b.j0, k0 + depth);
        for (int t = 0; t < tiles; t++) row_tile(p, b, tiles, t, &group, packed);
    }
}

/* `packed`: LEFT_FLOATS for a left operand that is packed, or NULL.  Few rows meet each panel once: all of it, one
 * after the other, as memory is read fastest. */
static void block_product(const Product *p, Block b, float *packed)
{
    const int tiles = tile_count(b.i1 - b.i0), depth = tiles == 1 && !packed ? p->K : DEPTH;
    for (int k0 = 0; k0 < p->K; k0 += depth)
        block_steps(p, b, tiles, k0, at_most(p->K - k0, depth), packed);
}

void cpu_matmul_rows(const Product *p, int i0, int i1, float *room)
{
    if (p->right.bf16) {
        cpu_bf16_matmul_rows(p, i0, i1, room);
        return;
    }
    assert(p->left.step == 1);
    for (int i = i0; i < i1; i += BLOCK_TILES * TILE_ROWS)
        block_product(p, (Block){i, at_most(i1, i + BLOCK_TILES * TILE_ROWS), 0, p->N}, NULL);
}

enum { LEFT_FLOATS = BLOCK_TILES * TILE_ROWS * DEPTH + LANES };

static Plan plan_of(const Product *p)
{
    return cpu_plan(p, (size_t)p->M * (size_t)p->N * (size_t)p->K, BLOCK_TILES * TILE_ROWS,
                    TILE_ROWS, p->left.step != 1 ? LEFT_FLOATS : 0);
}

void cpu_matmul(const Product *p)
{
    assert(p->left.step == 1 || p->left.row == 1);
    if (p->M == 0 || p->N == 0 || p->K == 0) return;
    if (p->right.bf16) {
        cpu_bf16_matmul(p);
        return;
    }
    const Plan plan = plan_of(p);
#pragma omp parallel num_threads(plan.threads) if (plan.threads > 1)
    cpu_share(p, &plan, block_product);
}

/* DEPTH rows at a time, so that their panels are still near when they are multiplied. */
void cpu_add_outer(float *dw, const float *left, ptrdiff_t left_ld, int M, const float *right,
                   ptrdiff_t right_ld, int K, int N)
{
    if (M == 0 || K == 0 || N == 0) return;
    const int parts = (N + DEPTH - 1) / DEPTH;
    float *panels = cpu_workspace(WORK_RIGHT, (size_t)round_up(K, WIDTH) * DEPTH);
    Product p = {.out = dw, .ld = K, .left = {left, 1, left_ld}, .M = M, .N = K, .K = N, .add = 1};
    const Plan plan = plan_of(&p);
#pragma omp parallel num_threads(plan.threads) if (plan.threads > 1) firstprivate(p)
    for (int part = 0; part < parts; part++) {
        const int n0 = (int)((int64_t)N * part / parts),
                  n1 = (int)((int64_t)N * (part + 1) / parts);
        p.left.at = left + n0 * left_ld, p.K = n1 - n0;
        p.right = (Right){.at = panels, .panel = (ptrdiff_t)p.K * WIDTH};
#pragma omp for
        for (int n = n0; n < n1; n++) cpu_pack_row(panels, right + n * right_ld, n - n0, p.K, K);
        cpu_share(&p, &plan, block_product);
    }
}
