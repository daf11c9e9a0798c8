/* A vector of 16 floats, the same on every instruction set: one AVX-512 register, two of AVX2, four of NEON,
 * or an array in plain C.  Every function gives the same bits on all of them, so whatever is written
 * over this header does too.
 *
 * bfloat16: vec_bfloat16 rounds to the nearest, ties to even; subnormal numbers become 0.  vec_pair(even, odd) rounds
 * so and packs two numbers of each lane into one word, vec_pair_even and vec_pair_odd take them out.
 *
 * NaN: vec_max(a, b) and vec_min(a, b) return b when either is NaN, comparisons are false. */
#ifndef KERNELS_CPU_VEC_H
#define KERNELS_CPU_VEC_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

enum { LANES = 16 };

/* Each instruction set has tiles of sums as high as its registers hold: TILE_ROWS rows of TILE_VECS vectors, and in
 * bfloat16 PAIR_ROWS of two chains.  TILE_HEIGHTS(X) and PAIR_HEIGHTS(X) are X(1) X(2) ... up to there. */
#define HEIGHTS_2(X)  X(1) X(2)
#define HEIGHTS_3(X)  HEIGHTS_2(X) X(3)
#define HEIGHTS_4(X)  HEIGHTS_3(X) X(4)
#define HEIGHTS_6(X)  HEIGHTS_4(X) X(5) X(6)
#define HEIGHTS_14(X) HEIGHTS_6(X) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)

#if defined(KERNELS_ISA_avx512)
#include "kernels/cpu/vec_avx512.h"
#elif defined(KERNELS_ISA_avx2)
#include "kernels/cpu/vec_avx2.h"
#elif defined(KERNELS_ISA_neon)
#include "kernels/cpu/vec_neon.h"
#else
#include "kernels/cpu/vec_plain.h"
#endif

/* e^x within 1 ulp; 0 below -87.33, where the result would be subnormal; infinity above 88.72.
 *
 * x = n ln2 + r with |r| <= ln2/2, and e^r = 1 + r + r^2 q(r), q the minimax polynomial (3e-9). */
static inline vec vec_exp(vec x)
{
    const vec lowest = vec_set(-87.33654f), magic = vec_set(12582912.0f); /* 1.5 * 2^23 rounds */
    const vec y = vec_min(vec_set(89.0f), vec_max(lowest, x));
    const vec n = vec_sub(vec_fma(y, vec_set(1.44269504f), magic), magic);
    /* ln2 in two parts, the first short enough that n times it is exact. */
    vec r = vec_fma(n, vec_set(-0.693145751953125f), y);
    r = vec_fma(n, vec_set(-1.42860682e-6f), r);
    vec q = vec_set(0.001381461326f);
    q = vec_fma(q, r, vec_set(0.008368709824f));
    q = vec_fma(q, r, vec_set(0.04166838736f));
    q = vec_fma(q, r, vec_set(0.1666652069f));
    q = vec_fma(q, r, vec_set(0.4999999345f));
    q = vec_fma(q, vec_mul(r, r), r);
    return vec_select(vec_less(x, lowest), vec_zero(), vec_scale(vec_add(q, vec_set(1.0f)), n));
}

/* 1 / (1 + e^-x) */
static inline vec vec_sigmoid(vec x)
{
    const vec one = vec_set(1.0f);
    return vec_div(one, vec_add(one, vec_exp(vec_sub(vec_zero(), x))));
}

/* The same exponential for a single number. */
static inline float scalar_exp(float x)
{
    return vec_first(vec_exp(vec_set(x)));
}

/* log x for a positive normal x; -infinity at 0, infinity and NaN as they are.
 *
 * x = 2^e m with m in [sqrt(1/2), sqrt(2)), log m = 2 atanh(s), s = (m-1)/(m+1), |s| < 0.172. */
static inline double scalar_log(float x)
{
    union {
        float f;
        uint32_t u;
    } m = {x};
    if (!(x > 0)) return x == 0 ? -INFINITY : NAN;
    if (x == INFINITY) return INFINITY;
    const int e = (int32_t)(m.u - 0x3f3504f3u) >> 23; /* 0x3f3504f3 is sqrt(1/2) */
    m.u -= (uint32_t)e << 23;
    const double s = ((double)m.f - 1) / ((double)m.f + 1), t = s * s;
    const double p = 1 + t * (1 / 3.0 + t * (1 / 5.0 + t * (1 / 7.0 + t * (1 / 9.0 + t / 11.0))));
    return e * 0.69314718055994530942 + 2 * s * p;
}

#endif
