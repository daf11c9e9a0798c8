/* vec.h over AVX-512: a vector is one register. */
#ifndef KERNELS_CPU_VEC_AVX512_H
#define KERNELS_CPU_VEC_AVX512_H

#include <immintrin.h>

typedef __m512 vec;
typedef __mmask16 mask;

/* The matrix product's register tile: 28 sums, 2 loads, 1 broadcast of 32 registers; in bfloat16 the same sums. */
enum { TILE_ROWS = 14, TILE_VECS = 2, PAIR_ROWS = 14 };
#define TILE_HEIGHTS HEIGHTS_14
#define PAIR_HEIGHTS HEIGHTS_14

static inline vec vec_zero(void)
{
    return _mm512_setzero_ps();
}
static inline vec vec_set(float x)
{
    return _mm512_set1_ps(x);
}
static inline vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}
static inline void vec_store(float *p, vec v)
{
    _mm512_storeu_ps(p, v);
}
static inline vec vec_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}
static inline vec vec_sub(vec a, vec b)
{
    return _mm512_sub_ps(a, b);
}
static inline vec vec_mul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}
static inline vec vec_div(vec a, vec b)
{
    return _mm512_div_ps(a, b);
}
static inline vec vec_sqrt(vec a)
{
    return _mm512_sqrt_ps(a);
}
static inline vec vec_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}
static inline vec vec_max(vec a, vec b)
{
    return _mm512_max_ps(a, b);
}
static inline vec vec_min(vec a, vec b)
{
    return _mm512_min_ps(a, b);
}
static inline float vec_first(vec v)
{
    return _mm512_cvtss_f32(v);
}
static inline vec vec_scale(vec v, vec n)
{
    return _mm512_scalef_ps(v, n);
}

/* a0 b0 a1 b1 ... of the lower halves, or of the upper ones */
static inline vec vec_zip_low(vec a, vec b)
{
    const __m512i lanes = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    return _mm512_permutex2var_ps(a, lanes, b);
}
static inline vec vec_zip_high(vec a, vec b)
{
    const __m512i lanes =
        _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    return _mm512_permutex2var_ps(a, lanes, b);
}

static inline vec vec_bfloat16(vec v)
{
    const __m512i bits = _mm512_castps_si512(v), all = _mm512_set1_epi32(-1);
    const __m512i size = _mm512_srli_epi32(_mm512_slli_epi32(bits, 1), 1);
    const __m512i upper = _mm512_slli_epi32(all, 16), sign = _mm512_slli_epi32(all, 31);
    const __m512i least = _mm512_srli_epi32(_mm512_slli_epi32(bits, 15), 31);
    const __m512i half = _mm512_add_epi32(_mm512_set1_epi32(0x7fff), least);
    const mask tiny = _mm512_cmplt_epi32_mask(size, _mm512_set1_epi32(0x00800000));
    const mask nan = _mm512_cmpgt_epi32_mask(size, _mm512_set1_epi32(0x7f800000));
    __m512i r = _mm512_and_si512(_mm512_add_epi32(bits, half), upper);
    r = _mm512_mask_and_epi32(r, tiny, bits, sign);
    r = _mm512_mask_and_epi32(r, nan, _mm512_or_si512(bits, _mm512_set1_epi32(0x00400000)), upper);
    return _mm512_castsi512_ps(r);
}
#if defined(__AVX512BF16__)
static inline vec vec_pair(vec even, vec odd)
{
    const __m512i halves = (__m512i)_mm512_cvtne2ps_pbh(odd, even);
    const __m512i low = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(halves));
    const __m512i high = _mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64(halves, 1));
    return _mm512_castsi512_ps(_mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
}
#else
static inline vec vec_pair(vec even, vec odd)
{
    const __m512i low = _mm512_srli_epi32(_mm512_castps_si512(vec_bfloat16(even)), 16);
    return _mm512_castsi512_ps(_mm512_or_si512(low, _mm512_castps_si512(vec_bfloat16(odd))));
}
#endif
static inline vec vec_pair_even(vec pair)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(pair), 16));
}
static inline vec vec_pair_odd(vec pair)
{
    const __m512i upper = _mm512_set1_epi32((int)0xffff0000);
    return _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(pair), upper));
}

static inline mask mask_first(ptrdiff_t n)
{
    return n >= LANES ? 0xffff : n <= 0 ? 0 : (mask)((1u << n) - 1);
}
static inline mask vec_less(vec a, vec b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
static inline vec vec_select(mask m, vec yes, vec no)
{
    return _mm512_mask_mov_ps(no, m, yes);
}
static inline vec vec_load_mask(const float *p, mask m)
{
    return _mm512_maskz_loadu_ps(m, p);
}
static inline void vec_store_mask(float *p, mask m, vec v)
{
    _mm512_mask_storeu_ps(p, m, v);
}

static inline float vec_sum(vec v)
{
    const __m256 a = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    const __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}
static inline float vec_lane_max(vec v)
{
    const __m256 a = _mm256_max_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    const __m128 b = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_max_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_max_ss(c, _mm_movehdup_ps(c)));
}

#endif
