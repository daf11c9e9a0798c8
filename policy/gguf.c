#include "policy/gguf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

enum { VERSION = 3, ALIGNMENT = 32 };
static const char ZEROS[ALIGNMENT] = {0};

/* Of a value; numbers are the format's. */
enum {
    VALUE_U32 = 4,
    VALUE_I32 = 5,
    VALUE_F32 = 6,
    VALUE_BOOL = 7,
    VALUE_TEXT = 8,
    VALUE_ARRAY = 9
};

/* ---- keys ---------------------------------------------------------------------------------------- */

static void put_number(Text *t, uint64_t x, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        const char byte = (char)(x >> (8 * i) & 0xff);
        text_append(t, &byte, 1);
    }
}

static void put_float(Text *t, float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    put_number(t, bits, 4);
}

static void put_string(Text *t, const char *string)
{
    const size_t n = strlen(string);
    put_number(t, n, 8);
    text_append(t, string, n);
}

static Text *put_key(GgufKeys *k, const char *key, int type)
{
    put_string(&k->bytes, key);
    put_number(&k->bytes, (uint64_t)type, 4);
    k->n++;
    return &k->bytes;
}

static Text *put_array(GgufKeys *k, const char *key, int type, int n)
{
    Text *t = put_key(k, key, VALUE_ARRAY);
    put_number(t, (uint64_t)type, 4);
    put_number(t, (uint64_t)n, 8);
    return t;
}

void gguf_put_u32(GgufKeys *k, const char *key, uint32_t value)
{
    put_number(put_key(k, key, VALUE_U32), value, 4);
}

void gguf_put_f32(GgufKeys *k, const char *key, float value)
{
    put_float(put_key(k, key, VALUE_F32), value);
}

void gguf_put_bool(GgufKeys *k, const char *key, bool value)
{
    put_number(put_key(k, key, VALUE_BOOL), value, 1);
}

void gguf_put_text(GgufKeys *k, const char *key, const char *value)
{
    put_string(put_key(k, key, VALUE_TEXT), value);
}

void gguf_put_texts(GgufKeys *k, const char *key, const char *const *value, int n)
{
    Text *t = put_array(k, key, VALUE_TEXT, n);
    for (int i = 0; i < n; i++) put_string(t, value[i]);
}

void gguf_put_i32s(GgufKeys *k, const char *key, const int *value, int n)
{
    Text *t = put_array(k, key, VALUE_I32, n);
    for (int i = 0; i < n; i++) put_number(t, (uint32_t)value[i], 4);
}

void gguf_put_f32s(GgufKeys *k, const char *key, const float *value, int n)
{
    Text *t = put_array(k, key, VALUE_F32, n);
    for (int i = 0; i < n; i++) put_float(t, value[i]);
}

void gguf_keys_free(GgufKeys *k)
{
    text_free(&k->bytes);
    *k = (GgufKeys){0};
}

/* ---- the file ------------------------------------------------------------------------------------ */

static uint64_t aligned(uint64_t n)
{
    return (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static uint64_t tensor_size(const GgufTensor *t)
{
    return (uint64_t)t->rows * gguf_row_size(t->type, t->cols);
}

static void make_header(Text *out, const GgufKeys *keys, const GgufTensor *tensor, int n)
{
    uint64_t at = 0; /* from the first byte after the header */
    text_append(out, "GGUF", 4);
    put_number(out, VERSION, 4);
    put_number(out, (uint64_t)n, 8);
    put_number(out, keys->n, 8);
    text_append(out, keys->bytes.bytes, keys->bytes.n);
    for (int i = 0; i < n; i++) {
        const GgufTensor *t = &tensor[i];
        put_string(out, t->name);
        put_number(out, t->vector ? 1 : 2, 4);
        put_number(out, (uint64_t)t->cols, 8);
        if (!t->vector) put_number(out, (uint64_t)t->rows, 8);
        put_number(out, t->type, 4);
        put_number(out, at, 8);
        at += aligned(tensor_size(t));
    }
    text_append(out, ZEROS, aligned(out->n) - out->n);
}

static int put_tensor(FileWriter *w, const GgufTensor *t, Error *err)
{
    const size_t bytes = gguf_row_size(t->type, t->cols);
    float *row = mem_calloc((size_t)t->cols, sizeof *row);
    unsigned char *encoded = mem_calloc(bytes, 1);
    int rc = 0;
    for (int64_t r = 0; r < t->rows && rc == 0; r++) {
        t->read_row(row, t->context, r);
        rc = gguf_row_encode(encoded, row, t->cols, t->type, err);
        if (rc != 0) error_wrap(err, "%s", t->name);
        else rc = file_put(w, encoded, bytes, err);
    }
    if (rc == 0) rc = file_put(w, ZEROS, (size_t)(aligned(tensor_size(t)) - tensor_size(t)), err);
    free(encoded);
    free(row);
    return rc;
}

int gguf_write(const char *path, const GgufKeys *keys, const GgufTensor *tensor, int n, Error *err)
{
    Text header = {0};
    FileWriter w;
    int rc = -1;
    for (int i = 0; i < n; i++) assert(!tensor[i].vector || tensor[i].rows == 1);
    make_header(&header, keys, tensor, n);
    if (file_begin(&w, path, err) != 0) goto done;
    rc = file_put(&w, header.bytes, header.n, err);
    for (int i = 0; i < n && rc == 0; i++) rc = put_tensor(&w, &tensor[i], err);
    if (rc == 0) rc = file_commit(&w, err);
    else file_abandon(&w);

done:
    text_free(&header);
    return rc;
}
