#include "policy/gguf_row.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "policy/dtype.h"

enum { SCALE_BYTES = 2, LARGEST_BYTE = 127 };

static const struct {
    const char *name;
    GgufType type;
} TYPES[] = {{"f32", GGUF_F32}, {"f16", GGUF_F16}, {"bf16", GGUF_BF16}, {"q8_0", GGUF_Q8_0}};
enum { N_TYPES = sizeof TYPES / sizeof *TYPES };

int gguf_type_named(GgufType *out, const char *name, Error *err)
{
    for (int i = 0; i < N_TYPES; i++)
        if (strcmp(name, TYPES[i].name) == 0) {
            *out = TYPES[i].type;
            return 0;
        }
    return error_usage(err, "'%.40s' is no type of numbers; f32, f16, bf16 or q8_0", name);
}

size_t gguf_row_size(GgufType type, int64_t n)
{
    if (type == GGUF_Q8_0) {
        assert(n % GGUF_BLOCK == 0);
        return (size_t)n / GGUF_BLOCK * (SCALE_BYTES + GGUF_BLOCK);
    }
    return (size_t)n * (type == GGUF_F32 ? sizeof(float) : sizeof(uint16_t));
}

/* x with its lowest `bits` bits rounded away, ties to even; a carry moves the exponent as it should. */
static float drop_bits(float x, int bits)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    const uint32_t half = 1u << (bits - 1), odd = u >> bits & 1;
    u = (u + half - 1 + odd) >> bits << bits;
    memcpy(&x, &u, sizeof u);
    return x;
}

/* The half nearest to x, which dtype_write then takes exactly.  Halves below 2^-14 are multiples of
 * 2^-24. */
static float nearest_half(float x)
{
    if (fabsf(x) < 0x1p-14f) return rintf(x * 0x1p24f) * 0x1p-24f;
    return drop_bits(x, 13);
}

static int put_half(void *out, size_t i, float x, Error *err)
{
    const float LARGEST = 65504, nearest = nearest_half(x);
    if (!(fabsf(nearest) <= LARGEST))
        return error_set(err, "%g is beyond what f16 holds (%g)", (double)x, (double)LARGEST);
    const bool exact = dtype_write(out, i, nearest, DTYPE_F16);
    assert(exact);
    (void)exact;
    return 0;
}

static int put_bf16(void *out, size_t i, float x, Error *err)
{
    const float nearest = drop_bits(x, 16);
    if (!isfinite(nearest)) return error_set(err, "%g is beyond what bf16 holds", (double)x);
    const bool exact = dtype_write(out, i, nearest, DTYPE_BF16);
    assert(exact);
    (void)exact;
    return 0;
}

/* The largest number of a block becomes 127 or -127.  The numbers are divided by the scale as it was
 * before it became a half, and ties go away from zero: so does ggml, and equal models give equal bytes.  A
 * scale so small that there is no 1/scale is 0, as the half that it becomes. */
static int put_block(unsigned char *out, const float *x, Error *err)
{
    float largest = 0;
    for (int i = 0; i < GGUF_BLOCK; i++) {
        if (isnan(x[i])) return error_set(err, "q8_0 holds no NaN");
        largest = fmaxf(largest, fabsf(x[i]));
    }
    const float scale = largest / LARGEST_BYTE, inverse = isfinite(1 / scale) ? 1 / scale : 0;
    if (put_half(out, 0, scale, err) != 0) return -1;
    for (int i = 0; i < GGUF_BLOCK; i++) {
        const signed char byte = (signed char)roundf(x[i] * inverse);
        memcpy(out + SCALE_BYTES + i, &byte, 1);
    }
    return 0;
}

int gguf_row_encode(void *out, const float *row, int64_t n, GgufType type, Error *err)
{
    unsigned char *at = out;
    switch (type) {
    case GGUF_F32: memcpy(out, row, (size_t)n * sizeof *row); return 0;
    case GGUF_F16:
        for (int64_t i = 0; i < n; i++)
            if (put_half(out, (size_t)i, row[i], err) != 0) return -1;
        return 0;
    case GGUF_BF16:
        for (int64_t i = 0; i < n; i++)
            if (put_bf16(out, (size_t)i, row[i], err) != 0) return -1;
        return 0;
    case GGUF_Q8_0: break;
    }
    assert(n % GGUF_BLOCK == 0);
    for (; n > 0; n -= GGUF_BLOCK, row += GGUF_BLOCK, at += SCALE_BYTES + GGUF_BLOCK)
        if (put_block(at, row, err) != 0) return -1;
    return 0;
}
