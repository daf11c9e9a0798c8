#include "base/tensorboard.h"

#include <string.h>

#include "base/json.h"

/* ---- bytes ---------------------------------------------------------------------------------------- */

uint32_t crc32c(const void *bytes, size_t n)
{
    static const uint32_t POLYNOMIAL =
        0x82f63b78; /* 0x1edc6f41 with its bits the other way round */
    const unsigned char *at = bytes;
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < n; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
    }
    return ~crc;
}

uint32_t crc32c_masked(const void *bytes, size_t n)
{
    const uint32_t crc = crc32c(bytes, n);
    return (crc >> 15 | crc << 17) + 0xa282ead8;
}

static void put_little_endian(Text *t, uint64_t x, int bytes)
{
    for (int i = 0; i < bytes; i++) text_append(t, (const char[]){(char)(x >> 8 * i & 0xff)}, 1);
}

/* Seven bits a byte, the lowest first; the highest bit says that more follow. */
static void put_varint(Text *t, uint64_t x)
{
    for (; x >= 0x80; x >>= 7) put_little_endian(t, (x & 0x7f) | 0x80, 1);
    put_little_endian(t, x, 1);
}

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static void put_key(Text *t, int field, int wire)
{
    put_varint(t, (uint64_t)(field << 3 | wire));
}

static void put_double(Text *t, int field, double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    put_key(t, field, WIRE_64);
    put_little_endian(t, bits, 8);
}

static void put_float(Text *t, int field, float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    put_key(t, field, WIRE_32);
    put_little_endian(t, bits, 4);
}

static void put_bytes(Text *t, int field, const char *bytes, size_t n)
{
    put_key(t, field, WIRE_BYTES);
    put_varint(t, n);
    text_append(t, bytes, n);
}

/* ---- records -------------------------------------------------------------------------------------- */

static void put_record(Text *out, const Text *event)
{
    Text length = {0};
    put_little_endian(&length, event->n, 8);
    text_append(out, length.bytes, length.n);
    put_little_endian(out, crc32c_masked(length.bytes, length.n), 4);
    text_append(out, event->bytes, event->n);
    put_little_endian(out, crc32c_masked(event->bytes, event->n), 4);
    text_free(&length);
}

void tensorboard_begin(Text *out, double wall_time)
{
    static const char VERSION[] = "brain.Event:2";
    Text event = {0};
    put_double(&event, 1, wall_time);
    put_bytes(&event, 3, VERSION, sizeof VERSION - 1);
    put_record(out, &event);
    text_free(&event);
}

static void put_value(Text *summary, const char *tag, double x)
{
    Text value = {0};
    put_bytes(&value, 1, tag, strlen(tag));
    put_float(&value, 2, (float)x);
    put_bytes(summary, 1, value.bytes, value.n);
    text_free(&value);
}

void tensorboard_scalars(Text *out, const cJSON *record)
{
    Text event = {0}, summary = {0};
    const cJSON *member;
    cJSON_ArrayForEach(member, record) if (cJSON_IsNumber(member) &&
                                           strcmp(member->string, "step") != 0 &&
                                           strcmp(member->string, "time") != 0)
        put_value(&summary, member->string, member->valuedouble);
    if (summary.n > 0) {
        put_double(&event, 1, json_number(record, "time", 0));
        put_key(&event, 2, WIRE_VARINT);
        put_varint(&event, (uint64_t)json_number(record, "step", 0));
        put_bytes(&event, 5, summary.bytes, summary.n);
        put_record(out, &event);
    }
    text_free(&event);
    text_free(&summary);
}
