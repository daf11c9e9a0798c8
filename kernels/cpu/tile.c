/* The micro-kernel of every product here: a tile of sums that stays in registers. */
#include "kernels/cpu/cpu.h"

#include <assert.h>
#include <stdbool.h>

/* Fetching where nothing is does no harm. */
static inline __attribute__((always_inline)) void fetch(const int rows, const int vecs,
                                                        const Tile *t)
{
    if (t->next) {
        UNROLL for (int i = 0; i < rows; i++)
        {
            UNROLL for (int g = 0; g < vecs; g++)
                __builtin_prefetch(t->next + i * t->ld + g * LANES, 1);
        }
    }
    for (int l = 0; l < t->ahead_lines; l++) __builtin_prefetch(t->ahead + l * LINE);
}

/* Vector g of a step. */
static inline __attribute__((always_inline)) vec right_vector(const RightForm form, int g,
                                                              const float *right, ptrdiff_t vector)
{
    if (form == RIGHT_FLOATS) return vec_load(right + g * vector);
    const vec word = vec_load(right);
    return (form == RIGHT_LOWER) == (g == 0) ? vec_pair_even(word) : vec_pair_odd(word);
}

/* Sums, and where the operands of the next step are.  Three rows share a pointer: row i is
 * left[i/3] + (i%3) * row. */
typedef struct {
    vec sum[TILE_ROWS][TILE_VECS];
    const float *left[(TILE_ROWS + 2) / 3], *right;
} Sums;

static inline __attribute__((always_inline)) void step(const int rows, const int vecs,
                                                       const RightForm form, const bool apart,
                                                       const Tile *t, Sums *s)
{
    vec b[TILE_VECS];
    UNROLL for (int g = 0; g < vecs; g++) b[g] = right_vector(form, g, s->right, t->vector);
    UNROLL for (int i = 0; i < rows; i++)
    {
        const vec a = vec_set(s->left[i / 3][i % 3 * t->left.row]);
        if (apart && i > 0) {
            UNROLL for (int g = 0; g < vecs; g++) b[g] =
                vec_load(s->right + i * t->apart + g * t->vector);
        }
        UNROLL for (int g = 0; g < vecs; g++) s->sum[i][g] = vec_fma(a, b[g], s->sum[i][g]);
    }
    UNROLL for (int i = 0; i < rows; i += 3) s->left[i / 3] += t->left.step;
    s->right += t->step;
}

/* `rows`, `vecs`, `form` and `apart` are constants wherever this is inlined, so the loops over them disappear and
 * the sums live in registers. */
static inline __attribute__((always_inline)) void tile(const int rows, const int vecs,
                                                       const RightForm form, const bool apart,
                                                       const Tile *t)
{
    mask columns[TILE_VECS];
    Sums s = {.right = t->right};

    UNROLL for (int g = 0; g < vecs; g++) columns[g] = mask_first(t->columns - g * LANES);
    UNROLL for (int i = 0; i < rows; i += 3) s.left[i / 3] = t->left.at + i * t->left.row;
    UNROLL for (int i = 0; i < rows; i++)
    {
        UNROLL for (int g = 0; g < vecs; g++) s.sum[i][g] = vec_zero();
    }
    if (t->add) {
        UNROLL for (int i = 0; i < rows; i++)
        {
            UNROLL for (int g = 0; g < vecs; g++) s.sum[i][g] =
                vec_load_mask(t->out + i * t->ld + g * LANES, columns[g]);
        }
    }
    fetch(rows, vecs, t);
    const float *far = t->far;
    for (int k = t->far_steps; k > 0; k--, far += t->far_lines * LINE) {
        __builtin_prefetch(far, 0, 2);
        if (t->far_lines == 2) __builtin_prefetch(far + LINE, 0, 2);
        step(rows, vecs, form, apart, t, &s);
    }
    for (int k = t->depth - t->far_steps; k > 0; k--) step(rows, vecs, form, apart, t, &s);
    if (t->bias) {
        UNROLL for (int g = 0; g < vecs; g++)
        {
            const vec bias = vec_load_mask(t->bias + g * LANES, columns[g]);
            UNROLL for (int i = 0; i < rows; i++) s.sum[i][g] = vec_add(s.sum[i][g], bias);
        }
    }
    UNROLL for (int i = 0; i < rows; i++)
    {
        UNROLL for (int g = 0; g < vecs; g++)
            vec_store_mask(t->out + i * t->ld + g * LANES, columns[g], s.sum[i][g]);
    }
}

typedef void TileFunction(const Tile *t);

#define TILE(name, n, form, apart)          \
    static void name##_##n(const Tile *t)   \
    {                                       \
        tile(n, TILE_VECS, form, apart, t); \
    }
#define OF_FLOATS(n) TILE(floats, n, RIGHT_FLOATS, false)
#define OF_LOWER(n)  TILE(lower, n, RIGHT_LOWER, false)
#define OF_UPPER(n)  TILE(upper, n, RIGHT_UPPER, false)
#define OF_APART(n)  TILE(apart, n, RIGHT_FLOATS, true)
TILE_HEIGHTS(OF_FLOATS)
TILE_HEIGHTS(OF_LOWER)
TILE_HEIGHTS(OF_UPPER)
HEIGHTS_4(OF_APART)

#define FLOATS(n) floats_##n,
#define LOWER(n)  lower_##n,
#define UPPER(n)  upper_##n,
#define APART(n)  apart_##n,
static TileFunction *const tiles[][TILE_ROWS + 1] = {
    [RIGHT_FLOATS] = {NULL, TILE_HEIGHTS(FLOATS)},
    [RIGHT_LOWER] = {NULL, TILE_HEIGHTS(LOWER)},
    [RIGHT_UPPER] = {NULL, TILE_HEIGHTS(UPPER)},
};
static TileFunction *const tiles_apart[APART_ROWS + 1] = {NULL, HEIGHTS_4(APART)};

void cpu_tile(const Tile *t, int rows)
{
    assert(rows >= 1 && rows <= (t->apart ? APART_ROWS : TILE_ROWS));
    (t->apart ? tiles_apart : tiles[t->form])[rows](t);
}
