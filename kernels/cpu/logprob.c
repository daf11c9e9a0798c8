/* The log-probability head: logits exist one tile of the vocabulary at a time. */
#include "kernels/cpu/bf16.h"

#include <assert.h>
#include <omp.h>

enum {
    VOCABULARY = 1024,     /* tokens of a tile */
    LOGITS_LD = 1024 + 16, /* no power of two between rows, or they share a cache set */
    FORWARD_ROWS = 56,     /* of a task: its logits (230 KB) stay in the second-level cache */
    BACKWARD_ROWS = 1024,  /* at a time: 4 MB of logits */
    SOFTMAX_WORK = 16      /* multiply-adds that an exponential is worth */
};

_Static_assert(VOCABULARY % BF16_STEPS == 0 && BACKWARD_ROWS % BF16_STEPS == 0, "whole blocks");

/* Of one tile, and of all tiles up to some one: with m the largest z,
 * sum = sum_v exp(z_v - m) and weighted = sum_v exp(z_v - m) (z_v - m).  At the end
 *
 *   lse = m + log sum        H = lse - sum_v p_v z_v = log sum - weighted / sum */
typedef struct {
    float max, sum, weighted, target; /* target: its z, in the tile that has it */
} Fold;

static Fold tile_fold(const float *logits, int n, float inverse)
{
    const vec scale = vec_set(inverse), nothing = vec_set(-INFINITY);
    vec top = nothing, sum = vec_zero(), weighted = vec_zero();
    for (int i = 0; i < n; i += LANES) {
        const mask some = mask_first(n - i);
        const vec z = vec_mul(vec_load_mask(logits + i, some), scale);
        top = vec_max(top, vec_select(some, z, nothing));
    }
    const float max = vec_lane_max(top);
    for (int i = 0; i < n; i += LANES) {
        const mask some = mask_first(n - i);
        const vec z = vec_mul(vec_load_mask(logits + i, some), scale);
        const vec below = vec_select(some, vec_sub(z, vec_set(max)), vec_zero());
        const vec e = vec_select(some, vec_exp(below), vec_zero());
        sum = vec_add(sum, e);
        weighted = vec_fma(e, below, weighted);
    }
    return (Fold){.max = max, .sum = vec_sum(sum), .weighted = vec_sum(weighted)};
}

/* Measured from a maximum that is higher by d >= 0: sum shrinks, and every term is farther below. */
static Fold lowered(Fold f, float max)
{
    const float d = f.max - max, shrink = scalar_exp(d);
    f.weighted = fmaf(d, f.sum, f.weighted) * shrink;
    f.sum *= shrink;
    f.max = max;
    return f;
}

static Fold fold_tiles(const Fold *tile, int tiles)
{
    Fold all = tile[0];
    for (int t = 1; t < tiles; t++) {
        const float max = tile[t].max > all.max ? tile[t].max : all.max;
        const Fold a = lowered(all, max), b = lowered(tile[t], max);
        all = (Fold){.max = max, .sum = a.sum + b.sum, .weighted = a.weighted + b.weighted};
    }
    return all;
}

static float fold_lse(Fold f)
{
    return (float)(f.max + scalar_log(f.sum));
}

static int tiles_of(int V)
{
    return (V + VOCABULARY - 1) / VOCABULARY;
}

static Fold *folds(int N, int V)
{
    const size_t n = (size_t)N * (size_t)tiles_of(V);
    return (Fold *)(void *)cpu_workspace(WORK_SUMS, n * (sizeof(Fold) / sizeof(float)));
}

/* The logits of rows [i0,i1) over tile t, and their folds; behind the logits there is room for the product. */
static void tile_forward(Fold *fold, float *logits, const float *h, Right right, const int *target,
                         int i0, int i1, int t, int C, int V, float inverse)
{
    const int v0 = t * VOCABULARY, n = at_most(V - v0, VOCABULARY), tiles = tiles_of(V);
    cpu_matmul_rows(&(Product){.out = logits,
                               .ld = LOGITS_LD,
                               .left = {h + (ptrdiff_t)i0 * C, C, 1},
                               .right = cpu_right_at(right, v0, 0),
                               .M = i1 - i0,
                               .N = n,
                               .K = C},
                    0, i1 - i0, logits + (ptrdiff_t)FORWARD_ROWS * LOGITS_LD);
    for (int i = i0; i < i1; i++) {
        const float *row = logits + (ptrdiff_t)(i - i0) * LOGITS_LD;
        Fold f = tile_fold(row, n, inverse);
        const int in_tile = target[i] - v0;
        if (in_tile >= 0 && in_tile < n) f.target = row[in_tile] * inverse;
        fold[(ptrdiff_t)i * tiles + t] = f;
    }
}

void ISA(logprob_forward)(real *logp, real *entropy, real *lse, const real *h, Weight *w,
                          const int *target, int N, double temperature)
{
    const int V = w->OUT, C = w->IN, tiles = tiles_of(V);
    const float inverse = (float)(1 / temperature);
    const Right right = cpu_weight_forward(w);
    const int threads = kernels_thread_count((size_t)N * (size_t)V * (size_t)C);
    const size_t scratch = (size_t)FORWARD_ROWS * LOGITS_LD + PACK_ROOM;
    float *logits = cpu_workspace(WORK_HEAD, scratch * (size_t)threads);
    Fold *fold = folds(N, V);
    for (int n = 0; n < N; n++) assert(target[n] >= 0 && target[n] < V);

        /* Tile by tile: its panels are read from memory once, and from a cache for the other rows. */
#pragma omp parallel for num_threads(threads) if (threads > 1) schedule(dynamic, 1) collapse(2)
    for (int t = 0; t < tiles; t++)
        for (int i = 0; i < N; i += FORWARD_ROWS)
            tile_forward(fold, logits + scratch * (size_t)omp_get_thread_num(), h, right, target, i,
                         at_most(N, i + FORWARD_ROWS), t, C, V, inverse);

    for (int n = 0; n < N; n++) {
        const Fold *tile = fold + (ptrdiff_t)n * tiles, all = fold_tiles(tile, tiles);
        lse[n] = fold_lse(all);
        logp[n] = tile[target[n] / VOCABULARY].target - lse[n];
        if (entropy) entropy[n] = (float)(scalar_log(all.sum) - (double)all.weighted / all.sum);
    }
}

void ISA(logsumexp_forward)(real *lse, const real *logits, int N, int V, double temperature)
{
    const int tiles = tiles_of(V);
    const float inverse = (float)(1 / temperature);
    const int threads = kernels_thread_count((size_t)N * (size_t)V * SOFTMAX_WORK);
    Fold *fold = folds(N, V);
#pragma omp parallel for num_threads(threads) if (threads > 1) collapse(2)
    for (int n = 0; n < N; n++)
        for (int t = 0; t < tiles; t++)
            fold[(ptrdiff_t)n * tiles + t] =
                tile_fold(logits + (ptrdiff_t)n * V + (ptrdiff_t)t * VOCABULARY,
                          at_most(V - t * VOCABULARY, VOCABULARY), inverse);
    for (int n = 0; n < N; n++) lse[n] = fold_lse(fold_tiles(fold + (ptrdiff_t)n * tiles, tiles));
}

void ISA(logits_logprob)(real *logp, const real *logits, const real *lse, const int *token, int N,
                         int V, double temperature)
{
    const float inverse = (float)(1 / temperature);
    for (int n = 0; n < N; n++) {
        const float z = logits[(ptrdiff_t)n * V + token[n]] * inverse;
        logp[n] = z - lse[n];
    }
}

/* Turn a row's n logits, from token v0 on, into the gradient by them:
 *
 *   d logp / dz_v = [v = target] - p_v        dH / dz_v = -p_v (log p_v + H) */
static void row_gradient(float *logits, int n, int target, float lse, float dlogp, float dentropy,
                         float entropy, float inverse)
{
    const vec scale = vec_set(inverse), sum = vec_set(lse), H = vec_set(entropy);
    for (int i = 0; i < n; i += LANES) {
        const mask some = mask_first(n - i);
        const vec log_p = vec_sub(vec_mul(vec_load_mask(logits + i, some), scale), sum);
        const vec by = vec_fma(vec_set(dentropy), vec_add(log_p, H), vec_set(dlogp));
        const vec dz = vec_mul(vec_mul(vec_exp(log_p), by), vec_set(-inverse));
        vec_store_mask(logits + i, some, dz);
    }
    if (target >= 0 && target < n) logits[target] = fmaf(dlogp, inverse, logits[target]);
}

static Right pack_hidden(float *panels, const float *h, const Weight *w, int rows)
{
    if (w->compute == COMPUTE_F32) {
        cpu_pack_rows(panels, h, w->IN, rows, w->IN);
        return (Right){.at = panels, .panel = (ptrdiff_t)rows * WIDTH};
    }
    uint32_t *words = (uint32_t *)(void *)panels;
    cpu_bf16_rows(words, h, w->IN, rows, w->IN);
    return (Right){.bf16 = words, .panel = bf16_panel(rows)};
}

/* Rows in groups, in each the vocabulary tile by tile: so every row of dw is one chain over the rows
 * of the batch ascending, and every row of dh one over the vocabulary; in bfloat16 chains of blocks. */
void ISA(logprob_backward)(real *dh, real *dw, const real *dlogp, const real *dentropy,
                           const real *entropy, const real *lse, const real *h, Weight *w,
                           const int *target, int N, double temperature)
{
    const int V = w->OUT, C = w->IN;
    const float inverse = (float)(1 / temperature);
    const int group = at_most(N, BACKWARD_ROWS);
    const Right forward = cpu_weight_forward(w);
    float *logits = cpu_workspace(WORK_HEAD, (size_t)group * LOGITS_LD);
    float *panels =
        dw ? cpu_workspace(WORK_RIGHT, (size_t)(round_up(group, BF16_STEPS) * round_up(C, WIDTH)))
           : NULL;

    for (int i0 = 0; i0 < N; i0 += BACKWARD_ROWS) {
        const int rows = at_most(N - i0, BACKWARD_ROWS);
        const float *h_0 = h + (ptrdiff_t)i0 * C;
        const Right hidden = dw ? pack_hidden(panels, h_0, w, rows) : (Right){0};
        for (int v0 = 0; v0 < V; v0 += VOCABULARY) {
            const int n = at_most(V - v0, VOCABULARY);
            cpu_matmul(&(Product){.out = logits,
                                  .ld = LOGITS_LD,
                                  .left = {h_0, C, 1},
                                  .right = cpu_right_at(forward, v0, 0),
                                  .M = rows,
                                  .N = n,
                                  .K = C});

            const int threads = kernels_thread_count((size_t)rows * (size_t)n * SOFTMAX_WORK);
#pragma omp parallel for num_threads(threads) if (threads > 1)
            for (int i = 0; i < rows; i++)
                row_gradient(logits + (ptrdiff_t)i * LOGITS_LD, n, target[i0 + i] - v0, lse[i0 + i],
                             dlogp[i0 + i], dentropy ? dentropy[i0 + i] : 0,
                             dentropy ? entropy[i0 + i] : 0, inverse);

            if (dh)
                cpu_matmul(&(Product){.out = dh + (ptrdiff_t)i0 * C,
                                      .ld = C,
                                      .left = {logits, LOGITS_LD, 1},
                                      .right = cpu_right_at(cpu_weight_backward(w), 0, v0),
                                      .M = rows,
                                      .N = C,
                                      .K = n,
                                      .add = 1});
            if (dw)
                cpu_matmul(&(Product){.out = dw + (ptrdiff_t)v0 * C,
                                      .ld = C,
                                      .left = {logits, 1, LOGITS_LD},
                                      .right = hidden,
                                      .M = n,
                                      .N = C,
                                      .K = rows,
                                      .add = 1});
        }
    }
}
