/* Rotary positions. */
#include "kernels/cpu/cpu.h"

/* The pair (a, b) = (x[i], x[i + HD/2]) turns by its position's angle:
 *
 *   a' = a cos - b sin        b' = b cos + a sin */
static void turn(float *x, const float *cosine, const float *sine, int half, vec direction)
{
    for (int i = 0; i < half; i += LANES) {
        const mask some = mask_first(half - i);
        const vec a = vec_load_mask(x + i, some), b = vec_load_mask(x + half + i, some);
        const vec c = vec_load_mask(cosine + i, some);
        const vec s = vec_mul(direction, vec_load_mask(sine + i, some));
        vec_store_mask(x + i, some, vec_fma(a, c, vec_sub(vec_zero(), vec_mul(b, s))));
        vec_store_mask(x + half + i, some, vec_fma(b, c, vec_mul(a, s)));
    }
}

void ISA(rope)(real *x, int ld, const real *table, const int *position, int N, int heads, int HD,
               int direction)
{
    const int half = HD / 2,
              threads = kernels_thread_count(PASS_WORK * (size_t)N * (size_t)(heads * HD));
    const vec way = vec_set((float)direction);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int n = 0; n < N; n++) {
        const float *cosine = table + (ptrdiff_t)position[n] * HD;
        for (int h = 0; h < heads; h++)
            turn(x + (ptrdiff_t)n * ld + (ptrdiff_t)h * HD, cosine, cosine + half, half, way);
    }
}
