/* Reads back a GGUF file, every claim of the format asserted: magic, version, no key or tensor twice, tensors
 * at multiples of 32 one after the other, and not a byte left over. */
#ifndef TESTS_GGUF_READER_H
#define TESTS_GGUF_READER_H

#include "tests/scratch.h"

enum { GGUF_KEYS_MAX = 64, GGUF_TENSORS_MAX = 64 };
enum { READ_U32 = 4, READ_I32 = 5, READ_F32 = 6, READ_BOOL = 7, READ_TEXT = 8, READ_ARRAY = 9 };

typedef struct {
    char name[96];
    uint32_t type, element; /* of an array's elements */
    uint64_t count;
    const unsigned char *value;
} ReadKey;

typedef struct {
    char name[64];
    uint32_t n_dims, type;
    uint64_t dim[2], offset;
    const unsigned char *data;
} ReadTensor;

typedef struct {
    unsigned char *bytes;
    size_t n;
    const unsigned char *at;
    ReadKey key[GGUF_KEYS_MAX];
    ReadTensor tensor[GGUF_TENSORS_MAX];
    int n_keys, n_tensors;
} ReadGguf;

static inline uint64_t read_number(const unsigned char *at, int bytes)
{
    uint64_t x = 0;
    for (int i = 0; i < bytes; i++) x |= (uint64_t)at[i] << (8 * i);
    return x;
}

static inline uint64_t take_number(ReadGguf *g, int bytes)
{
    const uint64_t x = read_number(g->at, bytes);
    g->at += bytes;
    return x;
}

static inline void take_name(ReadGguf *g, char *out, size_t room)
{
    const uint64_t n = take_number(g, 8);
    assert_true(n < room);
    memcpy(out, g->at, n);
    out[n] = '\0';
    g->at += n;
}

static inline void skip_value(ReadGguf *g, uint32_t type)
{
    if (type == READ_TEXT) {
        const uint64_t n = take_number(g, 8);
        g->at += n;
    } else {
        g->at += type == READ_BOOL ? 1 : 4;
    }
}

static inline void take_key(ReadGguf *g)
{
    ReadKey *k = &g->key[g->n_keys];
    take_name(g, k->name, sizeof k->name);
    for (int i = 0; i < g->n_keys; i++) assert_string_not_equal(k->name, g->key[i].name);
    g->n_keys++;
    k->type = k->element = (uint32_t)take_number(g, 4);
    k->count = 1;
    if (k->type == READ_ARRAY) {
        k->element = (uint32_t)take_number(g, 4);
        k->count = take_number(g, 8);
    }
    k->value = g->at;
    for (uint64_t i = 0; i < k->count; i++) skip_value(g, k->element);
}

/* Of a row in each type that is written: 32-bit, 16-bit, blocks of 32 in 34 bytes, 16-bit. */
static inline uint64_t read_size(const ReadTensor *t)
{
    const uint64_t n = t->dim[0] * t->dim[1];
    return t->type == 0 ? n * 4 : t->type == 8 ? n / 32 * 34 : n * 2;
}

static inline void take_tensor(ReadGguf *g)
{
    ReadTensor *t = &g->tensor[g->n_tensors];
    take_name(g, t->name, sizeof t->name);
    for (int i = 0; i < g->n_tensors; i++) assert_string_not_equal(t->name, g->tensor[i].name);
    g->n_tensors++;
    t->n_dims = (uint32_t)take_number(g, 4);
    assert_true(t->n_dims == 1 || t->n_dims == 2);
    t->dim[1] = 1;
    for (uint32_t d = 0; d < t->n_dims; d++) t->dim[d] = take_number(g, 8);
    t->type = (uint32_t)take_number(g, 4);
    t->offset = take_number(g, 8);
}

static inline ReadGguf gguf_read(const char *path)
{
    ReadGguf g = {0};
    Error err;
    char *bytes;
    assert_worked(file_read(&bytes, &g.n, path, 1 << 28, &err), &err);
    g.at = g.bytes = (unsigned char *)bytes;
    assert_memory_equal(g.at, "GGUF", 4);
    g.at += 4;
    assert_int_equal(take_number(&g, 4), 3);
    const uint64_t tensors = take_number(&g, 8), keys = take_number(&g, 8);
    assert_true(tensors <= GGUF_TENSORS_MAX && keys <= GGUF_KEYS_MAX);
    while (g.n_keys < (int)keys) take_key(&g);
    while (g.n_tensors < (int)tensors) take_tensor(&g);
    uint64_t begin = (uint64_t)(g.at - g.bytes), end = 0;
    begin = (begin + 31) / 32 * 32;
    for (int i = 0; i < g.n_tensors; i++) {
        assert_int_equal(g.tensor[i].offset, end);
        g.tensor[i].data = g.bytes + begin + end;
        end += (read_size(&g.tensor[i]) + 31) / 32 * 32;
    }
    assert_int_equal(begin + end, g.n);
    return g;
}

static inline void gguf_read_free(ReadGguf *g)
{
    free(g->bytes);
}

static inline const ReadKey *read_key(const ReadGguf *g, const char *name)
{
    for (int i = 0; i < g->n_keys; i++)
        if (strcmp(g->key[i].name, name) == 0) return &g->key[i];
    return NULL;
}

static inline const ReadKey *read_key_of(const ReadGguf *g, const char *name, uint32_t type)
{
    const ReadKey *k = read_key(g, name);
    if (!k) fail_msg("no key %s", name);
    assert_int_equal(k->type, type);
    return k;
}

static inline uint32_t read_u32(const ReadGguf *g, const char *name)
{
    return (uint32_t)read_number(read_key_of(g, name, READ_U32)->value, 4);
}

static inline float read_float(const unsigned char *at)
{
    const uint32_t bits = (uint32_t)read_number(at, 4);
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline float read_f32(const ReadGguf *g, const char *name)
{
    return read_float(read_key_of(g, name, READ_F32)->value);
}

static inline bool read_bool(const ReadGguf *g, const char *name)
{
    return *read_key_of(g, name, READ_BOOL)->value != 0;
}

/* Number i of a key with texts, in one of a few buffers that are used in turn. */
static inline const char *read_item(const ReadKey *k, int i)
{
    static char text[8][256];
    static int turn;
    const unsigned char *at = k->value;
    assert_int_equal(k->element, READ_TEXT);
    assert_true((uint64_t)i < k->count);
    for (; i > 0; i--) at += 8 + read_number(at, 8);
    turn = (turn + 1) % 8;
    snprintf(text[turn], sizeof text[turn], "%.*s", (int)read_number(at, 8), (const char *)at + 8);
    return text[turn];
}

static inline const char *read_text(const ReadGguf *g, const char *name)
{
    return read_item(read_key_of(g, name, READ_TEXT), 0);
}

static inline const char *read_text_of(const ReadGguf *g, const char *name, int i)
{
    return read_item(read_key_of(g, name, READ_ARRAY), i);
}

static inline const ReadTensor *read_tensor(const ReadGguf *g, const char *name)
{
    for (int i = 0; i < g->n_tensors; i++)
        if (strcmp(g->tensor[i].name, name) == 0) return &g->tensor[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

/* Number i of an F32 tensor. */
static inline float read_value(const ReadTensor *t, uint64_t i)
{
    assert_int_equal(t->type, 0);
    return read_float(t->data + 4 * i);
}

#endif
