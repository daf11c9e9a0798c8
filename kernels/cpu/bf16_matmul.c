/* The product of matrices in bfloat16: blocks of rows by groups of panels, one task each, as in matmul.c. */
#include "kernels/cpu/bf16.h"

#include <assert.h>

enum {
    PART = 1024, /* rows that become panels together */
};

/* Multiply-adds that take as long as one of floats: for fewer it is not worth waking threads. */
#if defined(KERNELS_ISA_amx)
enum { FASTER = 8 };
#else
enum { FASTER = 1 };
#endif

/* A block of the depth begins where one of the sums does. */
_Static_assert(BF16_DEPTH % BF16_STEPS == 0 && PART % BF16_STEPS == 0, "whole blocks");
_Static_assert(BF16_ROWS *BF16_DEPTH <= PACK_ROOM, "the left operand has room");

static void add_bias(const Product *p, Block b)
{
    for (int i = b.i0; i < b.i1; i++)
        for (int j = b.j0; j < b.j1; j += LANES) {
            const mask some = mask_first(b.j1 - j);
            float *out = p->out + i * p->ld + j;
            vec_store_mask(out, some,
                           vec_add(vec_load_mask(out, some), vec_load_mask(p->bias + j, some)));
        }
}

/* At most BF16_ROWS rows. */
static void block_product(const Product *p, Block b, float *room)
{
    for (int k0 = 0; k0 < p->K; k0 += BF16_DEPTH) {
        const int steps = at_most(p->K - k0, BF16_DEPTH);
        const Left left = {p->left.at + b.i0 * p->left.row + k0 * p->left.step, p->left.row,
                           p->left.step};
        cpu_bf16_left(room, left, b.i1 - b.i0, steps);
        Bf16Tile tile = {.left = room,
                         .ld = p->ld,
                         .rows = b.i1 - b.i0,
                         .blocks = (int)round_up(steps, BF16_STEPS) / BF16_STEPS,
                         .add = p->add || k0 > 0};
        const Bf16State state = cpu_bf16_begin();
        for (int j = b.j0; j < b.j1; j += WIDTH) {
            tile.right = cpu_right_at(p->right, j, k0).bf16;
            tile.out = p->out + b.i0 * p->ld + j;
            tile.columns = at_most(p->N - j, WIDTH);
            tile.next = j + WIDTH < b.j1 ? cpu_right_at(p->right, j + WIDTH, k0).bf16 : NULL;
            cpu_bf16_tile(&tile);
        }
        cpu_bf16_end(state);
    }
    if (p->bias) add_bias(p, b);
}

void cpu_bf16_matmul_rows(const Product *p, int i0, int i1, float *room)
{
    for (int i = i0; i < i1; i += BF16_ROWS)
        block_product(p, (Block){i, at_most(i1, i + BF16_ROWS), 0, p->N}, room);
}

static Plan plan_of(const Product *p)
{
    const size_t weights = (size_t)p->N * (size_t)p->K;
    return cpu_plan(p, weights * (PASS_WORK + (size_t)p->M / FASTER), BF16_ROWS, LANES, PACK_ROOM);
}

void cpu_bf16_matmul(const Product *p)
{
    const Plan plan = plan_of(p);
#pragma omp parallel num_threads(plan.threads) if (plan.threads > 1)
    cpu_share(p, &plan, block_product);
}

/* PART rows at a time, so that their panels are still near when they are multiplied. */
void cpu_bf16_add_outer(float *dw, const float *left, ptrdiff_t left_ld, int M, const float *right,
                        ptrdiff_t right_ld, int K, int N)
{
    if (M == 0 || K == 0 || N == 0) return;
    float *panels = cpu_workspace(WORK_RIGHT, (size_t)round_up(K, WIDTH) * PART / 2);
    uint32_t *words = (uint32_t *)(void *)panels;
    Product p = {.out = dw, .ld = K, .left = {left, 1, left_ld}, .M = M, .N = K, .K = N, .add = 1};
    const Plan plan = plan_of(&p);
#pragma omp parallel num_threads(plan.threads) if (plan.threads > 1) firstprivate(p)
    for (int n = 0; n < N; n += PART) {
        p.left.at = left + n * left_ld, p.K = at_most(N - n, PART);
        p.right = (Right){.bf16 = words, .panel = bf16_panel(p.K)};
#pragma omp for
        for (int pair = 0; pair < bf16_pairs(p.K); pair++)
            cpu_bf16_row_pair(words, right + n * right_ld, right_ld, pair, p.K, K);
        cpu_share(&p, &plan, block_product);
    }
}
