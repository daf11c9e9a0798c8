/* vec.h in plain C: a vector is an array, which compilers turn into whatever the machine has. */
#ifndef KERNELS_CPU_VEC_PLAIN_H
#define KERNELS_CPU_VEC_PLAIN_H

#include <string.h>

typedef struct {
    float lane[LANES];
} vec;
typedef struct {
    int32_t lane[LANES];
} mask;

enum { TILE_ROWS = 4, TILE_VECS = 1, PAIR_ROWS = 2 };
#define TILE_HEIGHTS HEIGHTS_4
#define PAIR_HEIGHTS HEIGHTS_2

#define EACH_LANE for (int i = 0; i < LANES; i++)

static inline vec vec_set(float x)
{
    vec r;
    EACH_LANE r.lane[i] = x;
    return r;
}
static inline vec vec_zero(void)
{
    return vec_set(0);
}
static inline vec vec_load(const float *p)
{
    vec r;
    memcpy(r.lane, p, sizeof r.lane);
    return r;
}
static inline void vec_store(float *p, vec v)
{
    memcpy(p, v.lane, sizeof v.lane);
}
static inline vec vec_add(vec a, vec b)
{
    EACH_LANE a.lane[i] += b.lane[i];
    return a;
}
static inline vec vec_sub(vec a, vec b)
{
    EACH_LANE a.lane[i] -= b.lane[i];
    return a;
}
static inline vec vec_mul(vec a, vec b)
{
    EACH_LANE a.lane[i] *= b.lane[i];
    return a;
}
static inline vec vec_div(vec a, vec b)
{
    EACH_LANE a.lane[i] /= b.lane[i];
    return a;
}
static inline vec vec_sqrt(vec a)
{
    EACH_LANE a.lane[i] = sqrtf(a.lane[i]);
    return a;
}
static inline vec vec_fma(vec a, vec b, vec c)
{
    EACH_LANE a.lane[i] = fmaf(a.lane[i], b.lane[i], c.lane[i]);
    return a;
}
static inline vec vec_max(vec a, vec b)
{
    EACH_LANE a.lane[i] = a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i];
    return a;
}
static inline vec vec_min(vec a, vec b)
{
    EACH_LANE a.lane[i] = a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i];
    return a;
}
static inline float vec_first(vec v)
{
    return v.lane[0];
}

static inline float power_of_two(int32_t n)
{
    const uint32_t bits = (uint32_t)(n + 127) << 23;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}
/* v * 2^n in two exact steps, as 2^128 is no float.  A NaN in n only scales a NaN in v. */
static inline vec vec_scale(vec v, vec n)
{
    EACH_LANE
    {
        const int32_t e = n.lane[i] > -200 && n.lane[i] < 200 ? (int32_t)n.lane[i] : 0;
        const int32_t half = e >= 0 ? e / 2 : -((1 - e) / 2);
        v.lane[i] = v.lane[i] * power_of_two(half) * power_of_two(e - half);
    }
    return v;
}

/* a0 b0 a1 b1 ... of the lower halves, or of the upper ones */
static inline vec vec_zip_low(vec a, vec b)
{
    vec r;
    EACH_LANE r.lane[i] = (i % 2 ? b : a).lane[i / 2];
    return r;
}
static inline vec vec_zip_high(vec a, vec b)
{
    vec r;
    EACH_LANE r.lane[i] = (i % 2 ? b : a).lane[LANES / 2 + i / 2];
    return r;
}

static inline uint32_t float_bits(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}
static inline float bits_float(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}
static inline float round_bfloat16(float f)
{
    const uint32_t bits = float_bits(f), size = bits & 0x7fffffff;
    if (size < 0x00800000) return bits_float(bits & 0x80000000);
    if (size > 0x7f800000) return bits_float((bits | 0x00400000) & 0xffff0000);
    return bits_float((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000);
}
static inline vec vec_bfloat16(vec v)
{
    EACH_LANE v.lane[i] = round_bfloat16(v.lane[i]);
    return v;
}
static inline vec vec_pair(vec even, vec odd)
{
    EACH_LANE even.lane[i] = bits_float(float_bits(round_bfloat16(even.lane[i])) >> 16 |
                                        float_bits(round_bfloat16(odd.lane[i])));
    return even;
}
static inline vec vec_pair_even(vec p)
{
    EACH_LANE p.lane[i] = bits_float(float_bits(p.lane[i]) << 16);
    return p;
}
static inline vec vec_pair_odd(vec p)
{
    EACH_LANE p.lane[i] = bits_float(float_bits(p.lane[i]) & 0xffff0000);
    return p;
}

static inline mask mask_first(ptrdiff_t n)
{
    mask m;
    EACH_LANE m.lane[i] = i < n;
    return m;
}
static inline mask vec_less(vec a, vec b)
{
    mask m;
    EACH_LANE m.lane[i] = a.lane[i] < b.lane[i];
    return m;
}
static inline vec vec_select(mask m, vec yes, vec no)
{
    EACH_LANE no.lane[i] = m.lane[i] ? yes.lane[i] : no.lane[i];
    return no;
}
static inline vec vec_load_mask(const float *p, mask m)
{
    vec r;
    EACH_LANE r.lane[i] = m.lane[i] ? p[i] : 0;
    return r;
}
static inline void vec_store_mask(float *p, mask m, vec v)
{
    EACH_LANE if (m.lane[i]) p[i] = v.lane[i];
}

static inline float vec_sum(vec v)
{
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) v.lane[i] += v.lane[i + half];
    return v.lane[0];
}
static inline float vec_lane_max(vec v)
{
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            v.lane[i] = v.lane[i] > v.lane[i + half] ? v.lane[i] : v.lane[i + half];
    return v.lane[0];
}

#endif
