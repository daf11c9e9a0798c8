/* The key/value cache and attention over it, one tile of query rows at a time.
 *
 * Softmax is taken online: a row keeps the maximum and the sum of what it has seen, and everything is
 * scaled down when a block brings a larger maximum.     Milakov & Gimelshein 2018, Dao et al. 2022
 * A row visits exactly its own keys in blocks of BLOCK counted from the sequence's first token, alone
 * or in a tile of rows. */
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/transpose.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

enum { BLOCK = 64 };

/* Per key/value head: keys as groups of 16 tokens, each (HD, 16), so that a vector holds one
 * coordinate of 16 tokens; values as rows filled up to a register tile's width. */
struct KvCache {
    float *k, *v;
    ptrdiff_t k_head, v_head; /* floats from one head to the next */
    int capacity, NKV, HD, v_row;
};

KvCache *ISA(kv_cache_new)(int capacity, int NKV, int HD)
{
    assert(capacity > 0 && capacity % KV_ALIGN == 0 && KV_ALIGN % (TILE_VECS * LANES) == 0);
    KvCache *c = mem_calloc(1, sizeof *c);
    *c = (KvCache){.capacity = capacity, .NKV = NKV, .HD = HD};
    c->v_row = (int)round_up(HD, TILE_VECS * LANES);
    c->k_head = (ptrdiff_t)capacity * HD;
    c->v_head = (ptrdiff_t)capacity * c->v_row;
    c->k = buffer_new((size_t)(c->k_head * NKV));
    c->v = buffer_new((size_t)(c->v_head * NKV));
    return c;
}

void ISA(kv_cache_free)(KvCache *c)
{
    if (!c) return;
    buffer_free(c->k);
    buffer_free(c->v);
    free(c);
}

static size_t span_rows(const Span *spans, int n_spans)
{
    size_t rows = 0;
    for (int s = 0; s < n_spans; s++) rows += (size_t)spans[s].n;
    return rows;
}

/* Tokens first, first+1, ... into their groups, those at the beginning of one together; what other tokens have
 * there stays. */
static void write_keys(float *to, ptrdiff_t first, const float *k, ptrdiff_t ld, int n, int HD)
{
    for (int i = 0, together; i < n; i += together) {
        const int lane = (int)((first + i) % LANES);
        float *group = to + (first + i - lane) * HD;
        together = lane > 0 ? 1 : at_most(n - i, LANES);
        if (together == 1) {
            for (int d = 0; d < HD; d++) group[d * LANES + lane] = k[i * ld + d];
            continue;
        }
        for (int d = 0; d < HD; d += LANES)
            transpose(group + d * LANES, LANES, k + i * ld + d, ld, together,
                      at_most(HD - d, LANES), mask_first(together));
    }
}

static void write_values(float *to, ptrdiff_t row, const float *v, ptrdiff_t ld, int n, int HD)
{
    for (int i = 0; i < n; i++)
        for (int d = 0; d < HD; d += LANES) {
            const mask some = mask_first(HD - d);
            vec_store_mask(to + i * row + d, some, vec_load_mask(v + i * ld + d, some));
        }
}

void ISA(kv_cache_write)(KvCache *c, const real *k, const real *v, int ld, const Span *spans,
                         int n_spans)
{
    const int HD = c->HD;
    const int threads =
        kernels_thread_count(PASS_WORK * span_rows(spans, n_spans) * (size_t)c->NKV * (size_t)HD);
#pragma omp parallel for num_threads(threads) if (threads > 1) collapse(2)
    for (int s = 0; s < n_spans; s++) {
        for (int head = 0; head < c->NKV; head++) {
            const Span span = spans[s];
            assert(span.cache % KV_ALIGN == 0 &&
                   span.cache + span.position + span.n <= c->capacity);
            const ptrdiff_t first = span.cache + span.position;
            const ptrdiff_t from = (ptrdiff_t)span.row * ld + (ptrdiff_t)head * HD;
            write_keys(c->k + head * c->k_head, first, k + from, ld, span.n, HD);
            write_values(c->v + head * c->v_head + first * c->v_row, c->v_row, v + from, ld, span.n,
                         HD);
        }
    }
}

void ISA(kv_cache_copy)(KvCache *c, int to, int from, int n)
{
    const size_t tokens = (size_t)round_up(n, LANES); /* keys lie in groups of LANES tokens */
    assert(to + (int)tokens <= c->capacity && from + (int)tokens <= c->capacity);
    for (int head = 0; head < c->NKV; head++) {
        float *k = c->k + head * c->k_head, *v = c->v + head * c->v_head;
        buffer_copy(k + (ptrdiff_t)to * c->HD, k + (ptrdiff_t)from * c->HD, tokens * (size_t)c->HD);
        buffer_copy(v + (ptrdiff_t)to * c->v_row, v + (ptrdiff_t)from * c->v_row,
                    tokens * (size_t)c->v_row);
    }
}

/* Query rows that are worked on together: of one head at positions position, position+1, ..., or of
 * several heads of one token. */
typedef struct {
    const float *q, *k, *v; /* k, v: the sequence's first token */
    float *out, *lse;
    ptrdiff_t ld, out_ld, lse_ld, v_row;
    ptrdiff_t k_apart, v_apart; /* from one row's keys and values to the next one's; 0: the same */
    int rows, position, ahead;  /* ahead: from one row's position to the next one's */
    int window;                 /* keys a row sees at most; 0: all */
    int HD;
    float max[TILE_ROWS], sum[TILE_ROWS];
} Rows;

/* Rows [first, last) of a tile, which see some key of a block; positions ascend, so they lie together. */
typedef struct {
    int first, last;
} Seeing;

/* The keys [from, to) of the block at j0 that row r sees, counted from j0. */
static int from_key(const Rows *a, int r, int j0)
{
    const int from = a->position + r * a->ahead + 1 - a->window - j0;
    return a->window > 0 && from > 0 ? from : 0;
}
static int to_key(const Rows *a, int r, int j0)
{
    return at_most(a->position + r * a->ahead + 1 - j0, BLOCK);
}

/* Those that see one of the keys [j, j+keys). */
static Seeing seeing(const Rows *a, int j, int keys)
{
    Seeing s = {0, a->rows};
    while (s.first < a->rows && to_key(a, s.first, j) <= 0) s.first++;
    while (s.last > s.first && from_key(a, s.last - 1, j) >= keys) s.last--;
    return s;
}

/* score[r] = q_r k_j for the first `keys` keys of the block at j0. */
static void scores(const Rows *a, float (*score)[BLOCK], Seeing s, int j0, int keys)
{
    for (int c = 0; c < keys; c += TILE_VECS * LANES)
        cpu_tile(&(Tile){.left = {a->q + s.first * a->ld, a->ld, 1},
                         .right = a->k + (ptrdiff_t)(j0 + c) * a->HD,
                         .vector = (ptrdiff_t)LANES * a->HD,
                         .step = LANES,
                         .apart = a->k_apart,
                         .out = score[s.first] + c,
                         .ld = BLOCK,
                         .columns = TILE_VECS * LANES,
                         .depth = a->HD},
                 s.last - s.first);
}

/* A sum of 0 comes out as +0, whatever its sign. */
static void scale_row(const Rows *a, int r, float by)
{
    float *out = a->out + r * a->out_ld;
    for (int d = 0; d < a->HD; d += LANES) {
        const mask some = mask_first(a->HD - d);
        vec_store_mask(out + d, some,
                       vec_fma(vec_load_mask(out + d, some), vec_set(by), vec_zero()));
    }
}

static void clear_row(const Rows *a, int r)
{
    for (int d = 0; d < a->HD; d++) a->out[r * a->out_ld + d] = 0;
}

/* Turn row r's scores into exp(score - max), of which it sees [from, seen); the others, up to `keys`,
 * become 0.  The new maximum is taken into account in what the row has summed so far. */
static void softmax_block(Rows *a, float *score, int r, int from, int seen, int keys)
{
    const vec scale = vec_set(1 / sqrtf((float)a->HD)), nothing = vec_set(-INFINITY);
    vec top = nothing, sum = vec_zero();
    for (int c = 0; c < seen; c += LANES) {
        vec s = vec_select(mask_first(seen - c), vec_mul(vec_load(score + c), scale), nothing);
        if (from > c) s = vec_select(mask_first(from - c), nothing, s);
        top = vec_max(top, s);
        vec_store(score + c, s);
    }
    const float block_max = vec_lane_max(top), old = a->max[r];
    const float max = block_max > old ? block_max : old;
    for (int c = 0; c < seen; c += LANES) {
        const vec e = vec_exp(vec_sub(vec_load(score + c), vec_set(max)));
        sum = vec_add(sum, e);
        vec_store(score + c, e);
    }
    for (int c = (int)round_up(seen, LANES); c < keys; c += LANES) vec_store(score + c, vec_zero());

    float shrink = 1;
    if (max > old && old > -INFINITY) {
        shrink = scalar_exp(old - max);
        scale_row(a, r, shrink);
    }
    a->sum[r] = fmaf(a->sum[r], shrink, vec_sum(sum));
    a->max[r] = max;
}

/* out_r (+)= p_r v over keys [j, j+keys) of the block that starts at j0. */
static void add_values(const Rows *a, float (*p)[BLOCK], Seeing s, int j0, int j, int keys, int add)
{
    for (int d = 0; d < a->HD && s.last > s.first; d += TILE_VECS * LANES)
        cpu_tile(&(Tile){.left = {p[s.first] + (j - j0), BLOCK, 1},
                         .right = a->v + j * a->v_row + d,
                         .vector = LANES,
                         .step = a->v_row,
                         .apart = a->v_apart,
                         .out = a->out + s.first * a->out_ld + d,
                         .ld = a->out_ld,
                         .columns = at_most(a->HD - d, TILE_VECS * LANES),
                         .depth = keys,
                         .add = add},
                 s.last - s.first);
}

/* Whether 0 times every value of tokens [j, end) is 0, as it is not for infinity and NaN. */
static int values_finite(const Rows *a, int j, int end)
{
    vec sum = vec_zero();
    for (; j < end; j++)
        for (int d = 0; d < a->HD; d += LANES)
            sum = vec_fma(vec_load(a->v + j * a->v_row + d), vec_zero(), sum);
    return vec_sum(sum) == 0;
}

/* Keys that a row of those in sight does not see count 0, which leaves its sum as it is; unless their values
 * are no numbers: then one key at a time, for the rows that see it. */
static void add_block(const Rows *a, float (*p)[BLOCK], Seeing s, int j0, int keys, int add)
{
    const int to = at_most(to_key(a, s.first, j0), keys), from = from_key(a, s.last - 1, j0);
    const int begin = from_key(a, s.first, j0);
    const int plain = values_finite(a, j0 + begin, j0 + at_most(from, keys)) &&
                      values_finite(a, j0 + to, j0 + keys);
    if (plain) {
        add_values(a, p, s, j0, j0 + begin, keys - begin, add);
        return;
    }
    for (int j = j0 + begin; j < j0 + keys; j++) {
        add_values(a, p, seeing(a, j, 1), j0, j, 1, add);
        add = 1;
    }
}

static void attend(Rows *a)
{
    _Alignas(64) float score[TILE_ROWS][BLOCK];
    const int end = a->position + (a->rows - 1) * a->ahead + 1; /* past the last row's last key */
    const int start = from_key(a, 0, 0) / BLOCK * BLOCK;
    for (int r = 0; r < a->rows; r++) {
        a->max[r] = -INFINITY;
        a->sum[r] = 0;
        if (a->window > 0) clear_row(a, r); /* the rows of a tile may begin in different blocks */
    }
    for (int j0 = start; j0 < end; j0 += BLOCK) {
        const int keys = at_most(end - j0, BLOCK);
        const Seeing s = seeing(a, j0, keys);
        scores(a, score, s, j0, keys);
        for (int r = s.first; r < s.last; r++)
            softmax_block(a, score[r], r, from_key(a, r, j0), at_most(to_key(a, r, j0), keys),
                          keys);
        add_block(a, score, s, j0, keys, a->window > 0 || j0 > 0);
    }
    for (int r = 0; r < a->rows; r++) {
        scale_row(a, r, 1 / a->sum[r]);
        a->lse[r * a->lse_ld] = (float)(a->max[r] + scalar_log(a->sum[r]));
    }
}

/* What the rows of a call have in common. */
typedef struct {
    float *out, *lse;
    const float *q;
    const KvCache *c;
    int ld, NH, window;
} Attention;

/* Row `row` of the batch, at `position` of its sequence, and head h. */
static Rows rows_at(const Attention *a, Span span, int row, int position, int h)
{
    const KvCache *c = a->c;
    const ptrdiff_t head = h / (a->NH / c->NKV), at = (ptrdiff_t)row * a->NH + h;
    return (Rows){.q = a->q + (ptrdiff_t)row * a->ld + (ptrdiff_t)h * c->HD,
                  .k = c->k + head * c->k_head + (ptrdiff_t)span.cache * c->HD,
                  .v = c->v + head * c->v_head + (ptrdiff_t)span.cache * c->v_row,
                  .out = a->out + at * c->HD,
                  .lse = a->lse + at,
                  .v_row = c->v_row,
                  .position = position,
                  .window = a->window,
                  .HD = c->HD};
}

static void attend_tokens(const Attention *a, Span span, int h)
{
    const int tiles = (span.n + TILE_ROWS - 1) / TILE_ROWS;
    for (int t = 0; t < tiles; t++) {
        const int i = span.n * t / tiles; /* tiles of nearly equal height */
        Rows rows = rows_at(a, span, span.row + i, span.position + i, h);
        rows.ld = a->ld, rows.out_ld = (ptrdiff_t)a->NH * a->c->HD, rows.lse_ld = a->NH;
        rows.rows = span.n * (t + 1) / tiles - i, rows.ahead = 1;
        attend(&rows);
    }
}

/* The heads of a single token that share keys, or some that do not. */
static void attend_heads(const Attention *a, Span span)
{
    const KvCache *c = a->c;
    const int group = a->NH / c->NKV, alike = group > 1 ? group : a->NH;
    for (int h = 0, n; h < a->NH; h += n) {
        n = at_most(alike - h % alike, group > 1 ? TILE_ROWS : APART_ROWS);
        Rows rows = rows_at(a, span, span.row, span.position, h);
        rows.ld = rows.out_ld = c->HD, rows.lse_ld = 1, rows.rows = n;
        if (group == 1) rows.k_apart = c->k_head, rows.v_apart = c->v_head;
        attend(&rows);
    }
}

void ISA(attention_forward)(real *out, real *lse, const real *q, int ld, const KvCache *c,
                            const Span *spans, int n_spans, int NH, int window)
{
    const Attention a = {out, lse, q, c, ld, NH, window};
    assert(NH % c->NKV == 0);
    size_t work = 0;
    for (int s = 0; s < n_spans; s++)
        work += 2 * (size_t)spans[s].n * (size_t)(spans[s].position + spans[s].n) *
                (size_t)(NH * c->HD);
    const int threads = kernels_thread_count(work);

#pragma omp parallel for num_threads(threads) if (threads > 1) schedule(dynamic, 1) collapse(2)
    for (int s = 0; s < n_spans; s++) {
        for (int h = 0; h < NH; h++) {
            if (spans[s].n > 1) attend_tokens(&a, spans[s], h);
            else if (h == 0) attend_heads(&a, spans[s]);
        }
    }
}
