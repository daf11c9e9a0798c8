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

/* `rows` and `vecs` are constants wherever this is inlined, so the loops over them disappear and
 * `sum` lives in registers.  Three rows share a pointer: row i is pointer[i/3] + (i%3) * row. */
static inline __attribute__((always_inline)) void tile(const int rows, const int vecs,
                                                       const bool apart, const Tile *t)
{
    vec sum[TILE_ROWS][TILE_VECS];
    mask columns[TILE_VECS];
    const float *pointer[(TILE_ROWS + 2) / 3], *right = t->right;
    const ptrdiff_t row = t->left.row, left_step = t->left.step, right_step = t->step;
    const ptrdiff_t vector = t->vector;

    UNROLL for (int g = 0; g < vecs; g++) columns[g] = mask_first(t->columns - g * LANES);
    UNROLL for (int i = 0; i < rows; i += 3) pointer[i / 3] = t->left.at + i * row;
    UNROLL for (int i = 0; i < rows; i++)
    {
        UNROLL for (int g = 0; g < vecs; g++) sum[i][g] = vec_zero();
    }
    if (t->add) {
        UNROLL for (int i = 0; i < rows; i++)
        {
            UNROLL for (int g = 0; g < vecs; g++) sum[i][g] =
                vec_load_mask(t->out + i * t->ld + g * LANES, columns[g]);
        }
    }
    fetch(rows, vecs, t);
    for (int k = t->depth; k > 0; k--) {
        vec b[TILE_VECS];
        UNROLL for (int g = 0; g < vecs; g++) b[g] = vec_load(right + g * vector);
        UNROLL for (int i = 0; i < rows; i++)
        {
            const vec a = vec_set(pointer[i / 3][i % 3 * row]);
            if (apart && i > 0) {
                UNROLL for (int g = 0; g < vecs; g++) b[g] =
                    vec_load(right + i * t->apart + g * vector);
            }
            UNROLL for (int g = 0; g < vecs; g++) sum[i][g] = vec_fma(a, b[g], sum[i][g]);
        }
        UNROLL for (int i = 0; i < rows; i += 3) pointer[i / 3] += left_step;
        right += right_step;
    }
    if (t->bias) {
        UNROLL for (int g = 0; g < vecs; g++)
        {
            const vec bias = vec_load_mask(t->bias + g * LANES, columns[g]);
            UNROLL for (int i = 0; i < rows; i++) sum[i][g] = vec_add(sum[i][g], bias);
        }
    }
    UNROLL for (int i = 0; i < rows; i++)
    {
        UNROLL for (int g = 0; g < vecs; g++)
            vec_store_mask(t->out + i * t->ld + g * LANES, columns[g], sum[i][g]);
    }
}

#define TILE(n)                         \
    static void tile_##n(const Tile *t) \
    {                                   \
        tile(n, TILE_VECS, false, t);   \
    }
#define TILE_APART(n)                         \
    static void tile_apart_##n(const Tile *t) \
    {                                         \
        tile(n, TILE_VECS, true, t);          \
    }
typedef void TileFunction(const Tile *t);

TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE_APART(2)
TILE_APART(3)
TILE_APART(4)
#if defined(KERNELS_ISA_avx2) || defined(KERNELS_ISA_avx512)
TILE(5)
TILE(6)
#endif
#if defined(KERNELS_ISA_avx512)
TILE(7)
TILE(8)
TILE(9)
TILE(10)
TILE(11)
TILE(12)
TILE(13)
TILE(14)
#endif

static TileFunction *const tiles[TILE_ROWS + 1] = {
    NULL,   tile_1, tile_2, tile_3,  tile_4,
#if defined(KERNELS_ISA_avx2) || defined(KERNELS_ISA_avx512)
    tile_5, tile_6,
#endif
#if defined(KERNELS_ISA_avx512)
    tile_7, tile_8, tile_9, tile_10, tile_11, tile_12, tile_13, tile_14,
#endif
};

static TileFunction *const tiles_apart[APART_ROWS + 1] = {NULL, tile_1, tile_apart_2, tile_apart_3,
                                                          tile_apart_4};

void cpu_tile(const Tile *t, int rows)
{
    assert(rows >= 1 && rows <= (t->apart ? APART_ROWS : TILE_ROWS));
    (t->apart ? tiles_apart : tiles)[rows](t);
}
