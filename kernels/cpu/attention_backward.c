/* Gradients of attention, one task per sequence and key/value head.  Probabilities are computed again
 * from lse, a block of 64 queries by 64 keys at a time.                        Dao et al. 2022
 *
 *   p_ij = exp(scale q_i.k_j - lse_i)        dv_j += p_ij dout_i
 *   ds_ij = scale p_ij (dout_i.v_j - dout_i.out_i)
 *   dq_i += ds_ij k_j                        dk_j += ds_ij q_i
 *
 * Heads, then query blocks, then key blocks ascend; every sum is one chain in that order. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/transpose.h"

#include <assert.h>
#include <omp.h>

enum { BLOCK = 64 };

/* Scratch of one task, copies laid out as register tiles read them.  Rows are filled with zeros up to
 * `row` floats; columns of 16 tokens are (HD, 16) groups. */
typedef struct {
    float *k, *k_columns, *v_columns; /* all tokens of the sequence */
    float *q, *dout;                  /* one block of queries */
    float (*p)[BLOCK], (*ds)[BLOCK];
    float lse[BLOCK], dout_out[BLOCK];
    int row, HD, window;
} Scratch;

static size_t scratch_floats(int T, int HD)
{
    const size_t row = (size_t)round_up(HD, TILE_VECS * LANES);
    const size_t tokens = (size_t)round_up(T, TILE_VECS * LANES);
    return tokens * (row + 2 * (size_t)HD) + 2 * BLOCK * row + (size_t)2 * BLOCK * BLOCK;
}

static void scratch_carve(Scratch *s, float *at, int T, int HD)
{
    s->HD = HD;
    s->row = (int)round_up(HD, TILE_VECS * LANES);
    const ptrdiff_t tokens = round_up(T, TILE_VECS * LANES);
    s->p = (float(*)[BLOCK])(void *)at;
    s->ds = s->p + BLOCK;
    s->q = at + 2 * BLOCK * BLOCK;
    s->dout = s->q + BLOCK * s->row;
    s->k = s->dout + BLOCK * s->row;
    s->k_columns = s->k + tokens * s->row;
    s->v_columns = s->k_columns + tokens * HD;
}

static void copy_rows(float *to, ptrdiff_t to_row, const float *from, ptrdiff_t ld, int n, int HD)
{
    for (int i = 0; i < n; i++)
        for (ptrdiff_t d = 0; d < to_row; d += LANES)
            vec_store(to + i * to_row + d, vec_load_mask(from + i * ld + d, mask_first(HD - d)));
}

static void copy_columns(float *to, const float *from, ptrdiff_t ld, int n, int HD)
{
    for (int i = 0; i < n; i += LANES)
        for (int d = 0; d < HD; d += LANES)
            transpose(to + (ptrdiff_t)i * HD + d * LANES, LANES, from + i * ld + d, ld,
                      at_most(n - i, LANES), at_most(HD - d, LANES), mask_first(LANES));
}

/* left rows (n, HD) times columns of tokens [j0, j0+keys), into (n, BLOCK) */
static void dots(float (*out)[BLOCK], const float *left, ptrdiff_t ld, const float *columns, int n,
                 int HD, int j0, int keys)
{
    for (int c = 0; c < keys; c += TILE_VECS * LANES)
        cpu_tile(&(Tile){.left = {left, ld, 1},
                         .right = columns + (ptrdiff_t)(j0 + c) * HD,
                         .vector = (ptrdiff_t)LANES * HD,
                         .step = LANES,
                         .out = out[0] + c,
                         .ld = BLOCK,
                         .columns = TILE_VECS * LANES,
                         .depth = HD},
                 n);
}

/* out rows (n, HD) += left (n, depth) rows */
static void add_rows(float *out, ptrdiff_t ld, Left left, const float *rows, const Scratch *s,
                     int n, int depth)
{
    for (int d = 0; d < s->HD; d += TILE_VECS * LANES)
        cpu_tile(&(Tile){.left = left,
                         .right = rows + d,
                         .vector = LANES,
                         .step = s->row,
                         .out = out + d,
                         .ld = ld,
                         .columns = at_most(s->HD - d, TILE_VECS * LANES),
                         .depth = depth,
                         .add = 1},
                 n);
}

/* p and ds of query rows [i, i+n) of the block at i0, against the keys of the block at j0; keys after
 * the query, or before its window, count as zero. */
static void probabilities(Scratch *s, int i0, int i, int n, int j0, int keys)
{
    const vec scale = vec_set(1 / sqrtf((float)s->HD));
    const int seen = at_most(i0 + i + n - j0, keys);
    dots(s->p + i, s->q + i * s->row, s->row, s->k_columns, n, s->HD, j0, seen);
    dots(s->ds + i, s->dout + i * s->row, s->row, s->v_columns, n, s->HD, j0, seen);
    for (int r = i; r < i + n; r++) {
        const vec lse = vec_set(s->lse[r]), mean = vec_set(s->dout_out[r]);
        const int from = s->window > 0 ? i0 + r + 1 - s->window - j0 : 0;
        for (int c = 0; c < keys; c += LANES) {
            const mask some = mask_first(at_most(i0 + r + 1 - j0, keys) - c);
            const vec score = vec_mul(vec_load(s->p[r] + c), scale);
            vec p = vec_select(some, vec_exp(vec_sub(score, lse)), vec_zero());
            vec ds = vec_mul(vec_mul(p, vec_sub(vec_load(s->ds[r] + c), mean)), scale);
            ds = vec_select(some, ds, vec_zero());
            if (from > c) {
                const mask before = mask_first(from - c);
                p = vec_select(before, vec_zero(), p), ds = vec_select(before, vec_zero(), ds);
            }
            vec_store(s->p[r] + c, p);
            vec_store(s->ds[r] + c, ds);
        }
    }
}

typedef struct {
    float *dq, *dk, *dv; /* the sequence's first row, at the head's column; NULL: frozen */
    const float *dout, *out, *lse, *q;
    ptrdiff_t ld, out_ld, lse_ld;
    int T;
} Head;

static void load_queries(Scratch *s, const Head *h, int i0, int n)
{
    copy_rows(s->q, s->row, h->q + i0 * h->ld, h->ld, n, s->HD);
    copy_rows(s->dout, s->row, h->dout + i0 * h->out_ld, h->out_ld, n, s->HD);
    for (int r = 0; r < n; r++) {
        const float *dout = h->dout + (i0 + r) * h->out_ld, *out = h->out + (i0 + r) * h->out_ld;
        vec sum = vec_zero();
        for (int d = 0; d < s->HD; d += LANES) {
            const mask some = mask_first(s->HD - d);
            sum = vec_fma(vec_load_mask(dout + d, some), vec_load_mask(out + d, some), sum);
        }
        s->dout_out[r] = vec_sum(sum);
        s->lse[r] = h->lse[(i0 + r) * h->lse_ld];
    }
}

/* One block of queries against one block of keys. */
static void block_gradients(Scratch *s, const Head *h, int i0, int n, int j0, int keys)
{
    for (int i = 0; i < n; i += TILE_ROWS) {
        const int rows = at_most(n - i, TILE_ROWS), seen = at_most(i0 + i + rows - j0, keys);
        probabilities(s, i0, i, rows, j0, keys);
        if (h->dq)
            add_rows(h->dq + (i0 + i) * h->ld, h->ld, (Left){s->ds[i], BLOCK, 1},
                     s->k + (ptrdiff_t)j0 * s->row, s, rows, seen);
    }
    for (int j = 0; j < keys; j += TILE_ROWS) {
        const int rows = at_most(keys - j, TILE_ROWS);
        const int from = j0 + j > i0 ? j0 + j - i0 : 0; /* the first query that sees a key */
        if (h->dk)
            add_rows(h->dk + (j0 + j) * h->ld, h->ld, (Left){s->ds[from] + j, 1, BLOCK},
                     s->q + (ptrdiff_t)from * s->row, s, rows, n - from);
        if (h->dv)
            add_rows(h->dv + (j0 + j) * h->ld, h->ld, (Left){s->p[from] + j, 1, BLOCK},
                     s->dout + (ptrdiff_t)from * s->row, s, rows, n - from);
    }
}

static void head_gradients(Scratch *s, const Head *h)
{
    for (int i0 = 0; i0 < h->T; i0 += BLOCK) {
        const int n = at_most(h->T - i0, BLOCK);
        load_queries(s, h, i0, n);
        const int seen = s->window > 0 && i0 >= s->window ? i0 - s->window + 1 : 0;
        for (int j0 = seen / BLOCK * BLOCK; j0 <= i0; j0 += BLOCK)
            block_gradients(s, h, i0, n, j0, at_most(h->T - j0, BLOCK));
    }
}

static float *shifted(float *at, ptrdiff_t by)
{
    return at ? at + by : NULL;
}

void ISA(attention_backward)(real *dq, real *dk, real *dv, const real *dout, const real *out,
                             const real *lse, const real *q, const real *k, const real *v, int ld,
                             const Span *spans, int n_spans, int NH, int NKV, int HD, int window)
{
    const int group = NH / NKV;
    int longest = 0;
    size_t work = 0;
    for (int s = 0; s < n_spans; s++) {
        assert(spans[s].position == 0);
        if (spans[s].n > longest) longest = spans[s].n;
        work += 5 * (size_t)spans[s].n * (size_t)spans[s].n * (size_t)(NH * HD);
    }
    const int threads = kernels_thread_count(work);
    const size_t floats = (size_t)round_up((ptrdiff_t)scratch_floats(longest, HD), LANES);
    float *scratch = cpu_workspace(WORK_ATTENTION, floats * (size_t)threads);

#pragma omp parallel for num_threads(threads) if (threads > 1) schedule(dynamic, 1) collapse(2)
    for (int i = 0; i < n_spans; i++) {
        for (int g = 0; g < NKV; g++) {
            const int T = spans[i].n;
            const ptrdiff_t row = spans[i].row, at_key = row * ld + (ptrdiff_t)g * HD;
            Scratch s;
            s.window = window;
            scratch_carve(&s, scratch + floats * (size_t)omp_get_thread_num(), T, HD);
            copy_rows(s.k, s.row, k + at_key, ld, T, HD);
            copy_columns(s.k_columns, k + at_key, ld, T, HD);
            copy_columns(s.v_columns, v + at_key, ld, T, HD);
            for (int h = g * group; h < (g + 1) * group; h++) {
                const ptrdiff_t at_query = row * ld + (ptrdiff_t)h * HD;
                const ptrdiff_t at_out = (row * NH + h) * HD;
                head_gradients(&s, &(Head){.dq = shifted(dq, at_query),
                                           .dk = shifted(dk, at_key),
                                           .dv = shifted(dv, at_key),
                                           .dout = dout + at_out,
                                           .out = out + at_out,
                                           .lse = lse + row * NH + h,
                                           .q = q + at_query,
                                           .ld = ld,
                                           .out_ld = (ptrdiff_t)NH * HD,
                                           .lse_ld = NH,
                                           .T = T});
            }
        }
    }
}
