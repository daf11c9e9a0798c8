/* The micro-kernel of products in bfloat16: with AMX, sums in tile registers; else those of even and of odd
 * steps in vectors. */
#include "kernels/cpu/bf16.h"

#if defined(KERNELS_ISA_amx)

/* Palette 1: eight tiles of 16 rows of 64 bytes.  0 to 3 are sums, 4 and 5 of the left operand, 6 and 7 of the
 * right one. */
typedef struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} TileConfig;

/* The compiler does not know that tiles are read from memory, or written to it. */
#define MEMORY_IS_AS_WRITTEN __asm__ volatile("" ::: "memory")

enum { ROW_BYTES = 64 };

Bf16State cpu_bf16_begin(void)
{
    TileConfig c = {.palette = 1};
    for (int i = 0; i < 8; i++) c.row_bytes[i] = ROW_BYTES, c.rows[i] = LANES;
    __asm__ volatile("ldtilecfg %0" ::"m"(c));
    return (Bf16State){0};
}

void cpu_bf16_end(Bf16State s)
{
    (void)s;
    _tile_release();
}

void cpu_bf16_chains(size_t rounds)
{
    const Bf16State state = cpu_bf16_begin();
    _tile_zero(4);
    _tile_zero(5);
    _tile_zero(6);
    _tile_zero(7);
    for (size_t i = 0; i < rounds; i++) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    cpu_bf16_end(state);
}

/* The panel that comes next, a share of it with each block of each pair of row tiles. */
typedef struct {
    const float *panel;
    int lines; /* of a share */
} Ahead;

static inline void fetch(Ahead *a)
{
    for (int i = 0; i < a->lines; i++, a->panel += LINE) __builtin_prefetch(a->panel, 0, 2);
}

/* 32 rows by 32 columns. */
static void two_rows(const float *left, const float *right, int blocks, Ahead *ahead)
{
    const float *below = left + (ptrdiff_t)blocks * BF16_WORDS;
    for (int k = 0; k < blocks;
         k++, left += BF16_WORDS, below += BF16_WORDS, right += 2 * BF16_WORDS) {
        _tile_loadd(4, left, ROW_BYTES);
        _tile_loadd(6, right, ROW_BYTES);
        _tile_loadd(7, right + BF16_WORDS, ROW_BYTES);
        _tile_loadd(5, below, ROW_BYTES);
        fetch(ahead);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
}

/* 16 rows. */
static void one_row(const float *left, const float *right, int blocks, Ahead *ahead)
{
    for (int k = 0; k < blocks; k++, left += BF16_WORDS, right += 2 * BF16_WORDS) {
        _tile_loadd(4, left, ROW_BYTES);
        _tile_loadd(6, right, ROW_BYTES);
        _tile_loadd(7, right + BF16_WORDS, ROW_BYTES);
        fetch(ahead);
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
    }
}

/* The sums of `tall` (1 or 2) row tiles, all of whose numbers are there. */
static void whole(const float *left, const float *right, int blocks, int tall, float *out,
                  ptrdiff_t ld, bool add, Ahead *ahead)
{
    const ptrdiff_t bytes = ld * (ptrdiff_t)sizeof *out;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    if (add) {
        _tile_loadd(0, out, bytes);
        _tile_loadd(1, out + LANES, bytes);
    }
    if (add && tall == 2) {
        _tile_loadd(2, out + LANES * ld, bytes);
        _tile_loadd(3, out + LANES * ld + LANES, bytes);
    }
    if (tall == 2) two_rows(left, right, blocks, ahead);
    else one_row(left, right, blocks, ahead);
    _tile_stored(0, out, bytes);
    _tile_stored(1, out + LANES, bytes);
    if (tall == 1) return;
    _tile_stored(2, out + LANES * ld, bytes);
    _tile_stored(3, out + LANES * ld + LANES, bytes);
}

static void copy(float *to, ptrdiff_t to_ld, const float *from, ptrdiff_t from_ld, int rows,
                 int columns)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j += LANES)
            vec_store_mask(to + i * to_ld + j, mask_first(columns - j),
                           vec_load_mask(from + i * from_ld + j, mask_first(columns - j)));
}

void cpu_bf16_tile(const Bf16Tile *t)
{
    const float *right = (const float *)(const void *)t->right;
    const int pairs = (t->rows + 2 * LANES - 1) / (2 * LANES);
    Ahead ahead = {(const float *)(const void *)t->next,
                   t->next ? (2 * LANES + pairs - 1) / pairs : 0};
    for (int i = 0; i < t->rows; i += 2 * LANES) {
        const int rows = at_most(t->rows - i, 2 * LANES), tall = rows > LANES ? 2 : 1;
        const float *left = t->left + (ptrdiff_t)i * t->blocks * LANES;
        float *out = t->out + i * t->ld;
        MEMORY_IS_AS_WRITTEN;
        if (rows == tall * LANES && t->columns == WIDTH) {
            whole(left, right, t->blocks, tall, out, t->ld, t->add, &ahead);
            MEMORY_IS_AS_WRITTEN;
            continue;
        }
        float some[2 * LANES * WIDTH] __attribute__((aligned(64)));
        if (t->add) copy(some, WIDTH, out, t->ld, rows, t->columns);
        MEMORY_IS_AS_WRITTEN;
        whole(left, right, t->blocks, tall, some, WIDTH, t->add, &ahead);
        MEMORY_IS_AS_WRITTEN;
        copy(out, t->ld, some, WIDTH, rows, t->columns);
    }
}

#else

#if defined(__SSE__)
#include <xmmintrin.h>

Bf16State cpu_bf16_begin(void)
{
    const unsigned before = _mm_getcsr(), flush_to_zero = 0x8000, denormals_are_zero = 0x40;
    _mm_setcsr(before | flush_to_zero | denormals_are_zero);
    return (Bf16State){before};
}

void cpu_bf16_end(Bf16State s)
{
    _mm_setcsr(s.before);
}
#elif defined(__aarch64__)
/* NEON flushes a result that is subnormal before it is rounded, x86-64 one that is so afterwards: a sum a hair below
 * the smallest normal number, 1.18e-38, is 0 here and that number there. */
static inline void set_control(uint64_t fpcr)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(fpcr));
}

Bf16State cpu_bf16_begin(void)
{
    const uint64_t flush_to_zero = 1 << 24;
    uint64_t before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    set_control(before | flush_to_zero);
    return (Bf16State){(unsigned)before};
}

void cpu_bf16_end(Bf16State s)
{
    set_control(s.before);
}
#else
/* There is one instruction set here, which has nothing to agree with: subnormal numbers are what they are. */
Bf16State cpu_bf16_begin(void)
{
    return (Bf16State){0};
}

void cpu_bf16_end(Bf16State s)
{
    (void)s;
}
#endif

void cpu_bf16_chains(size_t rounds)
{
    (void)rounds;
}

/* `rows` is a constant wherever this is inlined.  out: LANES columns at most, those of the mask. */
static inline __attribute__((always_inline)) void tile(const int rows, const float *left,
                                                       ptrdiff_t depth, const float *right,
                                                       float *out, ptrdiff_t ld, mask columns,
                                                       bool add)
{
    for (ptrdiff_t k = 0; k < depth; k += BF16_STEPS, right += 2 * BF16_WORDS, add = true) {
        vec even[PAIR_ROWS], odd[PAIR_ROWS];
        UNROLL for (int i = 0; i < rows; i++) even[i] = odd[i] = vec_zero();
        const float *at = left + k, *words = right;
        for (int pair = 0; pair < BF16_STEPS / 2; pair++, at += 2, words += LANES) {
            const vec word = vec_load(words), lower = vec_pair_even(word);
            UNROLL for (int i = 0; i < rows; i++) even[i] =
                vec_fma(vec_set(at[i * depth]), lower, even[i]);
            const vec upper = vec_pair_odd(word);
            UNROLL for (int i = 0; i < rows; i++) odd[i] =
                vec_fma(vec_set(at[i * depth + 1]), upper, odd[i]);
        }
        UNROLL for (int i = 0; i < rows; i++)
        {
            const vec before = add ? vec_load_mask(out + i * ld, columns) : vec_zero();
            vec_store_mask(out + i * ld, columns, vec_add(before, vec_add(even[i], odd[i])));
        }
    }
}

#define TILE(n)                                                                              \
    static void tile_##n(const float *left, ptrdiff_t depth, const float *right, float *out, \
                         ptrdiff_t ld, mask columns, bool add)                               \
    {                                                                                        \
        tile(n, left, depth, right, out, ld, columns, add);                                  \
    }
typedef void TileFunction(const float *left, ptrdiff_t depth, const float *right, float *out,
                          ptrdiff_t ld, mask columns, bool add);

#define NAMED(n) tile_##n,

PAIR_HEIGHTS(TILE)
static TileFunction *const tiles[PAIR_ROWS + 1] = {NULL, PAIR_HEIGHTS(NAMED)};

/* Row tiles are of nearly equal height, as low ones are slow. */
void cpu_bf16_tile(const Bf16Tile *t)
{
    const ptrdiff_t depth = (ptrdiff_t)t->blocks * BF16_STEPS;
    const float *right = (const float *)(const void *)t->right;
    const int n = (t->rows + PAIR_ROWS - 1) / PAIR_ROWS;
    for (int r = 0; r < n; r++) {
        const int i = t->rows * r / n, rows = t->rows * (r + 1) / n - i;
        for (int j = 0; j < t->columns; j += LANES)
            tiles[rows](t->left + i * depth, depth, right + j / LANES * BF16_WORDS,
                        t->out + i * t->ld + j, t->ld, mask_first(t->columns - j), t->add);
    }
}

#endif
