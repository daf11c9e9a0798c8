/* The header of a safetensors file: a JSON object of name -> {dtype, shape, data_offsets}.
 *
 * Parsed here and not by cJSON, because offsets are whole 64-bit numbers (never 1e3 or 2.0), and
 * because a name given twice must be seen. */
#include "policy/safetensors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

typedef struct {
    const char *at, *end;
    Error *err;
} Reader;

static const struct {
    const char *name;
    unsigned bits;
} DTYPES[] = {
    {"BOOL", 8}, {"F4", 4},          {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
    {"I8", 8},   {"F8_E5M2", 8},     {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
    {"I16", 16}, {"F8_E5M2FNUZ", 8}, {"U16", 16},    {"F16", 16},    {"BF16", 16},
    {"I32", 32}, {"U32", 32},        {"F32", 32},    {"C64", 64},    {"F64", 64},
    {"I64", 64}, {"U64", 64},
};

/* A name for an error message: cut, and without control characters. */
static const char *shown(char out[64], const char *name)
{
    size_t n = strlen(name);
    if (n > 60)
        for (n = 60; n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80;) n--;
    memcpy(out, name, n);
    out[n] = 0;
    for (char *c = out; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
    return out;
}

static void skip_space(Reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
}

static bool take(Reader *r, char c)
{
    skip_space(r);
    if (r->at == r->end || *r->at != c) return false;
    r->at++;
    return true;
}

static int expect(Reader *r, char c, const char *where)
{
    if (take(r, c)) return 0;
    if (r->at == r->end) return error_set(r->err, "the header ends inside %s", where);
    return error_set(r->err, "the header has no '%c' where it belongs, in %s", c, where);
}

static int hex4(Reader *r, unsigned *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        const int c = r->at < r->end ? (unsigned char)*r->at : 0;
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return error_set(r->err, "the header has a bad \\u escape");
        *out = *out * 16 + (unsigned)digit;
    }
    return 0;
}

static int read_unicode(Reader *r, Text *out)
{
    unsigned c, low;
    if (hex4(r, &c) != 0) return -1;
    if (c == 0) return error_set(r->err, "the header has \\u0000 in a string");
    if (c >= 0xdc00 && c < 0xe000) return error_set(r->err, "the header has half a surrogate pair");
    if (c >= 0xd800 && c < 0xdc00) {
        if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u')
            return error_set(r->err, "the header has half a surrogate pair");
        r->at += 2;
        if (hex4(r, &low) != 0) return -1;
        if (low < 0xdc00 || low >= 0xe000)
            return error_set(r->err, "the header has half a surrogate pair");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    char utf8[4];
    size_t n = 0;
    if (c < 0x80) {
        utf8[n++] = (char)c;
    } else if (c < 0x800) {
        utf8[n++] = (char)(0xc0 | c >> 6);
    } else if (c < 0x10000) {
        utf8[n++] = (char)(0xe0 | c >> 12);
        utf8[n++] = (char)(0x80 | (c >> 6 & 0x3f));
    } else {
        utf8[n++] = (char)(0xf0 | c >> 18);
        utf8[n++] = (char)(0x80 | (c >> 12 & 0x3f));
        utf8[n++] = (char)(0x80 | (c >> 6 & 0x3f));
    }
    if (c >= 0x80) utf8[n++] = (char)(0x80 | (c & 0x3f));
    text_append(out, utf8, n);
    return 0;
}

/* The caller frees *out. */
static int read_string(Reader *r, char **out, const char *where)
{
    if (expect(r, '"', where) != 0) return -1;
    Text text = {0};
    int rc = -1;
    for (;;) {
        const char *from = r->at;
        while (r->at < r->end && *r->at != '"' && *r->at != '\\' && (unsigned char)*r->at >= 0x20)
            r->at++;
        text_append(&text, from, (size_t)(r->at - from));
        if (r->at == r->end) {
            error_set(r->err, "the header ends inside a string");
            goto done;
        }
        const char c = *r->at++;
        if (c == '"') break;
        if (c != '\\' || r->at == r->end) {
            error_set(r->err, "the header has a control character in a string");
            goto done;
        }
        static const char ESCAPES[] = "\"\\/bfnrt", MEANINGS[] = "\"\\/\b\f\n\r\t";
        const char e = *r->at++;
        const char *known = e ? strchr(ESCAPES, e) : NULL;
        if (known) {
            text_append(&text, &MEANINGS[known - ESCAPES], 1);
        } else if (e != 'u') {
            error_set(r->err, "the header has a bad escape in a string");
            goto done;
        } else if (read_unicode(r, &text) != 0) {
            goto done;
        }
    }
    *out = text_take(&text);
    rc = 0;
done:
    text_free(&text);
    return rc;
}

/* Digits alone: no sign, no fraction, no exponent, no leading zero. */
static int read_integer(Reader *r, uint64_t *out, const char *where)
{
    skip_space(r);
    const char *from = r->at;
    uint64_t x = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++)
        if (__builtin_mul_overflow(x, 10, &x) || __builtin_add_overflow(x, *r->at - '0', &x))
            return error_set(r->err, "%s: a number does not fit 64 bits", where);
    const ptrdiff_t digits = r->at - from;
    const bool more = r->at < r->end && strchr(".eE+-", *r->at);
    if (digits == 0 || (digits > 1 && *from == '0') || more)
        return error_set(r->err, "%s: expected a whole number >= 0", where);
    *out = x;
    return 0;
}

/* [1, 2, 3], at most `most` of them. */
static int read_integers(Reader *r, uint64_t *out, int most, int *n, const char *where)
{
    *n = 0;
    if (expect(r, '[', where) != 0) return -1;
    if (take(r, ']')) return 0;
    do {
        if (*n == most) return error_set(r->err, "%s: more than %d numbers", where, most);
        if (read_integer(r, &out[(*n)++], where) != 0) return -1;
    } while (take(r, ','));
    return expect(r, ']', where);
}

static int find_dtype(const char *name)
{
    for (size_t i = 0; i < sizeof DTYPES / sizeof *DTYPES; i++)
        if (strcmp(name, DTYPES[i].name) == 0) return (int)i;
    return -1;
}

static int read_shape(Reader *r, SafetensorsEntry *e)
{
    uint64_t shape[SAFETENSORS_DIMS_MAX];
    if (read_integers(r, shape, SAFETENSORS_DIMS_MAX, &e->n_dims, "shape") != 0) return -1;
    e->count = 1;
    for (int i = 0; i < e->n_dims; i++) {
        if (shape[i] > INT64_MAX || __builtin_mul_overflow(e->count, (int64_t)shape[i], &e->count))
            return error_set(r->err, "the product of the shape does not fit 63 bits");
        e->shape[i] = (int64_t)shape[i];
    }
    return 0;
}

/* Reads one member of a tensor's object; seen has a bit for each of the three. */
static int read_member(Reader *r, SafetensorsEntry *e, unsigned *seen, unsigned *bits)
{
    static const char *const MEMBERS[] = {"dtype", "shape", "data_offsets"};
    char *key = NULL, *word = NULL, clean[64];
    int rc = -1, which = -1;
    if (read_string(r, &key, "a tensor's entry") != 0) goto done;
    if (expect(r, ':', "a tensor's entry") != 0) goto done;
    for (int i = 0; i < 3; i++)
        if (strcmp(key, MEMBERS[i]) == 0) which = i;
    if (which < 0) {
        error_set(r->err, "unknown member \"%s\"", shown(clean, key));
        goto done;
    }
    if (*seen & 1u << which) {
        error_set(r->err, "%s is given twice", MEMBERS[which]);
        goto done;
    }
    *seen |= 1u << which;
    if (which == 0) {
        if (read_string(r, &word, "dtype") != 0) goto done;
        const int dtype = find_dtype(word);
        if (dtype < 0) {
            error_set(r->err, "unknown dtype \"%s\"", shown(clean, word));
            goto done;
        }
        e->dtype = DTYPES[dtype].name;
        *bits = DTYPES[dtype].bits;
        rc = 0;
    } else if (which == 1) {
        rc = read_shape(r, e);
    } else {
        uint64_t offsets[2];
        int n;
        if (read_integers(r, offsets, 2, &n, "data_offsets") != 0) goto done;
        if (n != 2) {
            error_set(r->err, "data_offsets needs two numbers");
            goto done;
        }
        e->begin = offsets[0];
        e->end = offsets[1];
        rc = 0;
    }
done:
    free(key);
    free(word);
    return rc;
}

static int read_entry(Reader *r, SafetensorsEntry *e, uint64_t data_size)
{
    unsigned seen = 0, bits = 0;
    if (expect(r, '{', "a tensor's entry") != 0) return -1;
    do {
        if (read_member(r, e, &seen, &bits) != 0) return -1;
    } while (take(r, ','));
    if (expect(r, '}', "a tensor's entry") != 0) return -1;
    if (seen != 7)
        return error_set(r->err, "%s is missing",
                         !(seen & 1)   ? "dtype"
                         : !(seen & 2) ? "shape"
                                       : "data_offsets");
    uint64_t size;
    if (__builtin_mul_overflow((uint64_t)e->count, bits, &size) || size % 8 != 0)
        return error_set(r->err, "%" PRId64 " x %u bits is no size in bytes", e->count, bits);
    if (e->end < e->begin) return error_set(r->err, "data_offsets run backwards");
    if (e->end > data_size)
        return error_set(r->err, "data_offsets end at %" PRIu64 " of %" PRIu64 " bytes", e->end,
                         data_size);
    if (e->end - e->begin != size / 8)
        return error_set(r->err,
                         "%s of this shape takes %" PRIu64 " bytes, data_offsets span %" PRIu64,
                         e->dtype, size / 8, e->end - e->begin);
    return 0;
}

/* string -> string; the values do not matter here. */
static int read_metadata(Reader *r)
{
    if (expect(r, '{', "__metadata__") != 0) return -1;
    if (take(r, '}')) return 0;
    do {
        char *word = NULL;
        if (read_string(r, &word, "__metadata__") != 0) return -1;
        free(word);
        if (expect(r, ':', "__metadata__") != 0) return -1;
        if (read_string(r, &word, "__metadata__") != 0) return -1;
        free(word);
    } while (take(r, ','));
    return expect(r, '}', "__metadata__");
}

static int by_place(const void *a, const void *b)
{
    const SafetensorsEntry *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const SafetensorsEntry *)a)->name, ((const SafetensorsEntry *)b)->name);
}

/* Every byte of the data belongs to exactly one tensor. */
static int check_places(SafetensorsEntry *e, int n, uint64_t data_size, Error *err)
{
    char clean[64];
    uint64_t at = 0;
    qsort(e, (size_t)n, sizeof *e, by_place);
    for (int i = 0; i < n; at = e[i++].end)
        if (e[i].begin != at)
            return error_set(err,
                             "tensor \"%s\" begins at byte %" PRIu64
                             ", not where the one before it ends (%" PRIu64 ")",
                             shown(clean, e[i].name), e[i].begin, at);
    if (at != data_size)
        return error_set(err, "the tensors take %" PRIu64 " bytes, the file holds %" PRIu64, at,
                         data_size);
    return 0;
}

static int check_names(SafetensorsEntry *e, int n, Error *err)
{
    char clean[64];
    qsort(e, (size_t)n, sizeof *e, by_name);
    for (int i = 1; i < n; i++)
        if (strcmp(e[i - 1].name, e[i].name) == 0)
            return error_set(err, "tensor \"%s\" is named twice", shown(clean, e[i].name));
    return 0;
}

static int read_header(Reader *r, SafetensorsEntry **entries, int *n, uint64_t data_size)
{
    int room = 0;
    bool metadata = false;
    if (expect(r, '{', "the header") != 0) return -1;
    if (!take(r, '}')) {
        do {
            char *name = NULL, clean[64];
            if (read_string(r, &name, "the header") != 0) return -1;
            if (strcmp(name, "__metadata__") == 0) {
                free(name);
                if (metadata) return error_set(r->err, "__metadata__ is given twice");
                metadata = true;
                if (expect(r, ':', "the header") != 0 || read_metadata(r) != 0) return -1;
                continue;
            }
            if (*n == room) {
                room = room ? 2 * room : 64;
                *entries = mem_realloc(*entries, (size_t)room, sizeof **entries);
            }
            SafetensorsEntry *e = &(*entries)[(*n)++];
            *e = (SafetensorsEntry){.name = name};
            if (expect(r, ':', "the header") != 0) return -1;
            if (read_entry(r, e, data_size) != 0)
                return error_wrap(r->err, "tensor \"%s\"", shown(clean, e->name));
        } while (take(r, ','));
        if (expect(r, '}', "the header") != 0) return -1;
    }
    skip_space(r);
    if (r->at != r->end) return error_set(r->err, "the header goes on after its closing brace");
    return 0;
}

int safetensors_parse(SafetensorsEntry **entries, int *n_entries, const char *header, size_t n,
                      uint64_t data_size, Error *err)
{
    size_t at;
    if (!text_is_utf8(header, n, &at))
        return error_set(err, "byte %zu of the header is not UTF-8 text", at);
    Reader r = {header, header + n, err};
    SafetensorsEntry *found = mem_calloc(1, sizeof *found);
    int count = 0;
    if (read_header(&r, &found, &count, data_size) != 0 ||
        check_places(found, count, data_size, err) != 0 || check_names(found, count, err) != 0) {
        safetensors_entries_free(found, count);
        return -1;
    }
    *entries = found;
    *n_entries = count;
    return 0;
}

void safetensors_entries_free(SafetensorsEntry *entries, int n)
{
    for (int i = 0; i < n; i++) free(entries[i].name);
    free(entries);
}
