/* vec.h over AVX2 and FMA: a vector is two registers. */
#ifndef KERNELS_CPU_VEC_AVX2_H
#define KERNELS_CPU_VEC_AVX2_H

#include <immintrin.h>

typedef struct {
    __m256 lo, hi;
} vec;
typedef struct {
    __m256i lo, hi;
} mask;

/* The matrix product's register tile: 12 sums, 2 loads, 1 broadcast of 16 registers; in bfloat16 the same sums. */
enum { TILE_ROWS = 6, TILE_VECS = 1, PAIR_ROWS = 3 };
#define TILE_HEIGHTS HEIGHTS_6
#define PAIR_HEIGHTS HEIGHTS_3

static inline vec vec_zero(void)
{
    return (vec){_mm256_setzero_ps(), _mm256_setzero_ps()};
}
static inline vec vec_set(float x)
{
    return (vec){_mm256_set1_ps(x), _mm256_set1_ps(x)};
}
static inline vec vec_load(const float *p)
{
    return (vec){_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}
static inline void vec_store(float *p, vec v)
{
    _mm256_storeu_ps(p, v.lo);
    _mm256_storeu_ps(p + 8, v.hi);
}
static inline vec vec_add(vec a, vec b)
{
    return (vec){_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)};
}
static inline vec vec_sub(vec a, vec b)
{
    return (vec){_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)};
}
static inline vec vec_mul(vec a, vec b)
{
    return (vec){_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)};
}
static inline vec vec_div(vec a, vec b)
{
    return (vec){_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)};
}
static inline vec vec_sqrt(vec a)
{
    return (vec){_mm256_sqrt_ps(a.lo), _mm256_sqrt_ps(a.hi)};
}
static inline vec vec_fma(vec a, vec b, vec c)
{
    return (vec){_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
}
static inline vec vec_max(vec a, vec b)
{
    return (vec){_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)};
}
static inline vec vec_min(vec a, vec b)
{
    return (vec){_mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi)};
}
static inline float vec_first(vec v)
{
    return _mm256_cvtss_f32(v.lo);
}

/* v * 2^n in two exact steps, as 2^128 is no float. */
static inline __m256 scale_half(__m256 v, __m256 n)
{
    const __m256i e = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(e, 1);
    const __m256i bias = _mm256_set1_epi32(127);
    const __m256i a = _mm256_slli_epi32(_mm256_add_epi32(half, bias), 23);
    const __m256i b = _mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(e, half), bias), 23);
    return _mm256_mul_ps(_mm256_mul_ps(v, _mm256_castsi256_ps(a)), _mm256_castsi256_ps(b));
}
static inline vec vec_scale(vec v, vec n)
{
    return (vec){scale_half(v.lo, n.lo), scale_half(v.hi, n.hi)};
}

/* a0 b0 a1 b1 ... of the lower halves, or of the upper ones */
static inline vec zip_halves(__m256 a, __m256 b)
{
    const __m256 even = _mm256_unpacklo_ps(a, b), odd = _mm256_unpackhi_ps(a, b);
    return (vec){_mm256_permute2f128_ps(even, odd, 0x20), _mm256_permute2f128_ps(even, odd, 0x31)};
}
static inline vec vec_zip_low(vec a, vec b)
{
    return zip_halves(a.lo, b.lo);
}
static inline vec vec_zip_high(vec a, vec b)
{
    return zip_halves(a.hi, b.hi);
}

static inline __m256 round_half(__m256 v)
{
    const __m256i bits = _mm256_castps_si256(v), all = _mm256_set1_epi32(-1);
    const __m256i size = _mm256_srli_epi32(_mm256_slli_epi32(bits, 1), 1);
    const __m256i upper = _mm256_slli_epi32(all, 16), sign = _mm256_slli_epi32(all, 31);
    const __m256i least = _mm256_srli_epi32(_mm256_slli_epi32(bits, 15), 31);
    const __m256i half = _mm256_add_epi32(_mm256_set1_epi32(0x7fff), least);
    const __m256i tiny = _mm256_cmpgt_epi32(_mm256_set1_epi32(0x00800000), size);
    const __m256i nan = _mm256_cmpgt_epi32(size, _mm256_set1_epi32(0x7f800000));
    const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x00400000));
    __m256i r = _mm256_and_si256(_mm256_add_epi32(bits, half), upper);
    r = _mm256_blendv_epi8(r, _mm256_and_si256(bits, sign), tiny);
    r = _mm256_blendv_epi8(r, _mm256_and_si256(quiet, upper), nan);
    return _mm256_castsi256_ps(r);
}
static inline vec vec_bfloat16(vec v)
{
    return (vec){round_half(v.lo), round_half(v.hi)};
}
static inline __m256 pair_half(__m256 even, __m256 odd)
{
    const __m256i low = _mm256_srli_epi32(_mm256_castps_si256(even), 16);
    return _mm256_castsi256_ps(_mm256_or_si256(low, _mm256_castps_si256(odd)));
}
static inline vec vec_pair(vec even, vec odd)
{
    return (vec){pair_half(round_half(even.lo), round_half(odd.lo)),
                 pair_half(round_half(even.hi), round_half(odd.hi))};
}
static inline vec vec_pair_even(vec p)
{
    return (vec){_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(p.lo), 16)),
                 _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(p.hi), 16))};
}
static inline vec vec_pair_odd(vec p)
{
    const __m256 upper = _mm256_castsi256_ps(_mm256_set1_epi32((int)0xffff0000));
    return (vec){_mm256_and_ps(p.lo, upper), _mm256_and_ps(p.hi, upper)};
}

static inline mask mask_first(ptrdiff_t n)
{
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const int left = n > LANES ? LANES : (int)n;
    return (mask){_mm256_cmpgt_epi32(_mm256_set1_epi32(left), lane),
                  _mm256_cmpgt_epi32(_mm256_set1_epi32(left - 8), lane)};
}
static inline mask vec_less(vec a, vec b)
{
    return (mask){_mm256_castps_si256(_mm256_cmp_ps(a.lo, b.lo, _CMP_LT_OQ)),
                  _mm256_castps_si256(_mm256_cmp_ps(a.hi, b.hi, _CMP_LT_OQ))};
}
static inline vec vec_select(mask m, vec yes, vec no)
{
    return (vec){_mm256_blendv_ps(no.lo, yes.lo, _mm256_castsi256_ps(m.lo)),
                 _mm256_blendv_ps(no.hi, yes.hi, _mm256_castsi256_ps(m.hi))};
}
static inline vec vec_load_mask(const float *p, mask m)
{
    return (vec){_mm256_maskload_ps(p, m.lo), _mm256_maskload_ps(p + 8, m.hi)};
}
static inline void vec_store_mask(float *p, mask m, vec v)
{
    _mm256_maskstore_ps(p, m.lo, v.lo);
    _mm256_maskstore_ps(p + 8, m.hi, v.hi);
}

static inline float vec_sum(vec v)
{
    const __m256 a = _mm256_add_ps(v.lo, v.hi);
    const __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}
static inline float vec_lane_max(vec v)
{
    const __m256 a = _mm256_max_ps(v.lo, v.hi);
    const __m128 b = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    const __m128 c = _mm_max_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_max_ss(c, _mm_movehdup_ps(c)));
}

#endif
