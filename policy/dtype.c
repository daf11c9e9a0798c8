#include "policy/dtype.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

static const struct {
    const char *name, *torch;
    size_t size;
} TYPE[] = {
    {"F32", "float32", 4}, {"F16", "float16", 2}, {"BF16", "bfloat16", 2}, {"F64", "float64", 8}};

Dtype dtype_named(const char *name)
{
    for (int i = 0; i < DTYPE_OTHER; i++)
        if (strcmp(name, TYPE[i].name) == 0) return (Dtype)i;
    return DTYPE_OTHER;
}

const char *dtype_name(Dtype type)
{
    assert(type < DTYPE_OTHER);
    return TYPE[type].name;
}

const char *dtype_torch_name(Dtype type)
{
    assert(type < DTYPE_OTHER);
    return TYPE[type].torch;
}

size_t dtype_size(Dtype type)
{
    assert(type < DTYPE_OTHER);
    return TYPE[type].size;
}

static uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float from_f16(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000) << 16;
    const uint32_t exponent = h >> 10 & 31, fraction = h & 1023;
    if (exponent == 0) { /* zero and subnormals: fraction * 2^-24, exact */
        const float x = (float)fraction * 0x1p-24f;
        return sign ? -x : x;
    }
    return float_of(sign | (exponent == 31 ? 255u : exponent + 112) << 23 | fraction << 13);
}

/* The half of an x that is one; of another x, any. */
static uint16_t to_f16(float x)
{
    const uint32_t bits = bits_of(x), exponent = bits >> 23 & 255;
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000), fraction = bits >> 13 & 1023;
    if (exponent == 255) return (uint16_t)(sign | 31 << 10 | fraction);
    if (exponent > 112 && exponent < 143)
        return (uint16_t)(sign | (exponent - 112) << 10 | fraction);
    const float steps = fabsf(x) * 0x1p24f;
    return (uint16_t)(sign | (steps < 1024 ? (uint16_t)steps : 0));
}

double dtype_read(const void *raw, size_t i, Dtype type)
{
    const unsigned char *at = (const unsigned char *)raw + i * dtype_size(type);
    uint16_t half;
    float single;
    double wide;
    switch (type) {
    case DTYPE_F32: memcpy(&single, at, sizeof single); return single;
    case DTYPE_F16: memcpy(&half, at, sizeof half); return from_f16(half);
    case DTYPE_BF16: memcpy(&half, at, sizeof half); return float_of((uint32_t)half << 16);
    default: memcpy(&wide, at, sizeof wide); return wide;
    }
}

/* One loop for each type that models come in: a choice at every number takes twice the time. */
void dtype_read_floats(float *out, const void *raw, size_t n, Dtype type)
{
    const unsigned char *at = raw;
    uint16_t half;
    switch (type) {
    case DTYPE_F32: memcpy(out, raw, n * sizeof *out); break;
    case DTYPE_F16:
        for (size_t i = 0; i < n; i++) {
            memcpy(&half, at + i * sizeof half, sizeof half);
            out[i] = from_f16(half);
        }
        break;
    case DTYPE_BF16:
        for (size_t i = 0; i < n; i++) {
            memcpy(&half, at + i * sizeof half, sizeof half);
            out[i] = float_of((uint32_t)half << 16);
        }
        break;
    default:
        for (size_t i = 0; i < n; i++) out[i] = (float)dtype_read(raw, i, type);
    }
}

bool dtype_write(void *raw, size_t i, float x, Dtype type)
{
    unsigned char *at = (unsigned char *)raw + i * dtype_size(type);
    assert(type == DTYPE_F32 || type == DTYPE_F16 || type == DTYPE_BF16);
    if (type == DTYPE_F32) {
        memcpy(at, &x, sizeof x);
        return true;
    }
    const uint16_t half = type == DTYPE_F16 ? to_f16(x) : (uint16_t)(bits_of(x) >> 16);
    memcpy(at, &half, sizeof half);
    return bits_of((float)dtype_read(raw, i, type)) == bits_of(x);
}

bool dtype_holds(Dtype type, const float *values, size_t n)
{
    float any;
    for (size_t i = 0; i < n; i++)
        if (!dtype_write(&any, 0, values[i], type)) return false;
    return true;
}
