/* vec.h over NEON (64-bit ARM): a vector is four registers. */
#ifndef KERNELS_CPU_VEC_NEON_H
#define KERNELS_CPU_VEC_NEON_H

#include <arm_neon.h>

enum { QUARTERS = LANES / 4 };

typedef struct {
    float32x4_t q[QUARTERS];
} vec;
typedef struct {
    uint32x4_t q[QUARTERS];
} mask;

/* The matrix product's register tile: 24 sums, 4 loads, 1 broadcast of 32 registers; in bfloat16 the same sums. */
enum { TILE_ROWS = 6, TILE_VECS = 1, PAIR_ROWS = 3 };
#define TILE_HEIGHTS HEIGHTS_6
#define PAIR_HEIGHTS HEIGHTS_3

#define EACH_QUARTER _Pragma("GCC unroll 4") for (int i = 0; i < QUARTERS; i++)

static inline vec vec_set(float x)
{
    vec r;
    EACH_QUARTER r.q[i] = vdupq_n_f32(x);
    return r;
}
static inline vec vec_zero(void)
{
    return vec_set(0);
}
static inline vec vec_load(const float *p)
{
    vec r;
    EACH_QUARTER r.q[i] = vld1q_f32(p + 4 * i);
    return r;
}
static inline void vec_store(float *p, vec v)
{
    EACH_QUARTER vst1q_f32(p + 4 * i, v.q[i]);
}
static inline vec vec_add(vec a, vec b)
{
    EACH_QUARTER a.q[i] = vaddq_f32(a.q[i], b.q[i]);
    return a;
}
static inline vec vec_sub(vec a, vec b)
{
    EACH_QUARTER a.q[i] = vsubq_f32(a.q[i], b.q[i]);
    return a;
}
static inline vec vec_mul(vec a, vec b)
{
    EACH_QUARTER a.q[i] = vmulq_f32(a.q[i], b.q[i]);
    return a;
}
static inline vec vec_div(vec a, vec b)
{
    EACH_QUARTER a.q[i] = vdivq_f32(a.q[i], b.q[i]);
    return a;
}
static inline vec vec_sqrt(vec a)
{
    EACH_QUARTER a.q[i] = vsqrtq_f32(a.q[i]);
    return a;
}
static inline vec vec_fma(vec a, vec b, vec c)
{
    EACH_QUARTER c.q[i] = vfmaq_f32(c.q[i], a.q[i], b.q[i]);
    return c;
}
/* Not vmaxq_f32 and vminq_f32, which give NaN for either. */
static inline float32x4_t max_quarter(float32x4_t a, float32x4_t b)
{
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}
static inline vec vec_max(vec a, vec b)
{
    EACH_QUARTER a.q[i] = max_quarter(a.q[i], b.q[i]);
    return a;
}
static inline vec vec_min(vec a, vec b)
{
    EACH_QUARTER a.q[i] = vbslq_f32(vcltq_f32(a.q[i], b.q[i]), a.q[i], b.q[i]);
    return a;
}
static inline float vec_first(vec v)
{
    return vgetq_lane_f32(v.q[0], 0);
}

static inline float32x4_t power_quarter(int32x4_t n)
{
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(n, vdupq_n_s32(127)), 23));
}
/* v * 2^n in two exact steps, as 2^128 is no float. */
static inline vec vec_scale(vec v, vec n)
{
    EACH_QUARTER
    {
        const int32x4_t e = vcvtnq_s32_f32(n.q[i]), half = vshrq_n_s32(e, 1);
        v.q[i] =
            vmulq_f32(vmulq_f32(v.q[i], power_quarter(half)), power_quarter(vsubq_s32(e, half)));
    }
    return v;
}

/* a0 b0 a1 b1 ... of the lower halves, or of the upper ones */
static inline vec zip_quarters(vec a, vec b, int from)
{
    vec r;
    for (int i = 0; i < 2; i++) {
        r.q[2 * i] = vzip1q_f32(a.q[from + i], b.q[from + i]);
        r.q[2 * i + 1] = vzip2q_f32(a.q[from + i], b.q[from + i]);
    }
    return r;
}
static inline vec vec_zip_low(vec a, vec b)
{
    return zip_quarters(a, b, 0);
}
static inline vec vec_zip_high(vec a, vec b)
{
    return zip_quarters(a, b, 2);
}

static inline uint32x4_t round_quarter(float32x4_t v)
{
    const uint32x4_t bits = vreinterpretq_u32_f32(v), upper = vdupq_n_u32(0xffff0000);
    const uint32x4_t size = vandq_u32(bits, vdupq_n_u32(0x7fffffff));
    const uint32x4_t least = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    const uint32x4_t tiny = vcltq_u32(size, vdupq_n_u32(0x00800000));
    const uint32x4_t nan = vcgtq_u32(size, vdupq_n_u32(0x7f800000));
    uint32x4_t r = vaddq_u32(bits, vaddq_u32(least, vdupq_n_u32(0x7fff)));
    r = vbslq_u32(tiny, vandq_u32(bits, vdupq_n_u32(0x80000000)), r);
    r = vbslq_u32(nan, vorrq_u32(bits, vdupq_n_u32(0x00400000)), r);
    return vandq_u32(r, upper);
}
static inline vec vec_bfloat16(vec v)
{
    EACH_QUARTER v.q[i] = vreinterpretq_f32_u32(round_quarter(v.q[i]));
    return v;
}
static inline vec vec_pair(vec even, vec odd)
{
    EACH_QUARTER even.q[i] = vreinterpretq_f32_u32(
        vorrq_u32(vshrq_n_u32(round_quarter(even.q[i]), 16), round_quarter(odd.q[i])));
    return even;
}
static inline vec vec_pair_even(vec p)
{
    EACH_QUARTER p.q[i] = vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(p.q[i]), 16));
    return p;
}
static inline vec vec_pair_odd(vec p)
{
    const uint32x4_t upper = vdupq_n_u32(0xffff0000);
    EACH_QUARTER p.q[i] = vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(p.q[i]), upper));
    return p;
}

static inline mask mask_first(ptrdiff_t n)
{
    static const int32_t FIRST[4] = {0, 1, 2, 3};
    const int32x4_t lane = vld1q_s32(FIRST);
    const int left = n > LANES ? LANES : n < 0 ? 0 : (int)n;
    mask m;
    EACH_QUARTER m.q[i] = vcgtq_s32(vdupq_n_s32(left - 4 * i), lane);
    return m;
}
static inline mask vec_less(vec a, vec b)
{
    mask m;
    EACH_QUARTER m.q[i] = vcltq_f32(a.q[i], b.q[i]);
    return m;
}
static inline vec vec_select(mask m, vec yes, vec no)
{
    EACH_QUARTER no.q[i] = vbslq_f32(m.q[i], yes.q[i], no.q[i]);
    return no;
}

/* There are no masked loads and stores: quarters that are whole go as such, of others lane by lane. */
static inline float32x4_t load_some(const float *p, uint32x4_t m)
{
    float lane[4] = {0};
    uint32_t wanted[4];
    vst1q_u32(wanted, m);
    for (int i = 0; i < 4; i++)
        if (wanted[i]) lane[i] = p[i];
    return vld1q_f32(lane);
}
static inline void store_some(float *p, uint32x4_t m, float32x4_t v)
{
    float lane[4];
    uint32_t wanted[4];
    vst1q_f32(lane, v);
    vst1q_u32(wanted, m);
    for (int i = 0; i < 4; i++)
        if (wanted[i]) p[i] = lane[i];
}
static inline vec vec_load_mask(const float *p, mask m)
{
    vec r;
    EACH_QUARTER r.q[i] = vminvq_u32(m.q[i]) ? vld1q_f32(p + 4 * i) : load_some(p + 4 * i, m.q[i]);
    return r;
}
static inline void vec_store_mask(float *p, mask m, vec v)
{
    EACH_QUARTER
    {
        if (vminvq_u32(m.q[i])) vst1q_f32(p + 4 * i, v.q[i]);
        else store_some(p + 4 * i, m.q[i], v.q[i]);
    }
}

static inline float vec_sum(vec v)
{
    const float32x4_t a = vaddq_f32(vaddq_f32(v.q[0], v.q[2]), vaddq_f32(v.q[1], v.q[3]));
    const float32x2_t b = vadd_f32(vget_low_f32(a), vget_high_f32(a));
    return vget_lane_f32(b, 0) + vget_lane_f32(b, 1);
}
static inline float vec_lane_max(vec v)
{
    const float32x4_t a = max_quarter(max_quarter(v.q[0], v.q[2]), max_quarter(v.q[1], v.q[3]));
    const float32x4_t b = max_quarter(a, vextq_f32(a, a, 2));
    return vgetq_lane_f32(max_quarter(b, vextq_f32(b, b, 1)), 0);
}

#endif
