#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

enum { DEPTH_MAX = 64 };

/* The scanner: a pointer that walks over the text, and the lines of the keys it met. */
typedef struct {
    const char *at, *end;
    int line, depth;
    int *key_line;
    int n_keys, room;
    Error *err;
} Scan;

static int wrong(Scan *s, const char *what)
{
    if (s->at >= s->end) return error_set(s->err, "%s, and here the text ends", what);
    const unsigned char c = (unsigned char)*s->at;
    if (c >= 0x20 && c < 0x7F) return error_set(s->err, "%s, and here is '%c'", what, c);
    return error_set(s->err, "%s, and here is the byte 0x%02x", what, c);
}

static void skip_space(Scan *s)
{
    for (; s->at < s->end; s->at++) {
        if (*s->at == '\n') s->line++;
        else if (*s->at != ' ' && *s->at != '\t' && *s->at != '\r') return;
    }
}

static bool take(Scan *s, char c)
{
    if (s->at >= s->end || *s->at != c) return false;
    s->at++;
    return true;
}

/* Four hex digits at s->at, or -1. */
static int hex4(const Scan *s, const char *at)
{
    int code = 0;
    if (s->end - at < 4) return -1;
    for (int i = 0; i < 4; i++) {
        const char c = at[i];
        if (c >= '0' && c <= '9') code = code * 16 + (c - '0');
        else if (c >= 'a' && c <= 'f') code = code * 16 + (c - 'a' + 10);
        else if (c >= 'A' && c <= 'F') code = code * 16 + (c - 'A' + 10);
        else return -1;
    }
    return code;
}

static int scan_escape(Scan *s)
{
    if (s->at >= s->end) return wrong(s, "a string is not closed");
    if (*s->at != 'u') {
        if (!strchr("\"\\/bfnrt", *s->at))
            return wrong(s, "a backslash stands before \" \\ / b f n r t or u");
        s->at++;
        return 0;
    }
    const int code = hex4(s, s->at + 1);
    if (code < 0) return error_set(s->err, "\\u wants four hex digits");
    /* A C string ends there, so what stands after it would be lost in silence. */
    if (code == 0) return error_set(s->err, "\\u0000 is not allowed in text");
    s->at += 5;
    if (code < 0xD800 || code > 0xDFFF) return 0;
    const int low =
        s->end - s->at >= 6 && s->at[0] == '\\' && s->at[1] == 'u' ? hex4(s, s->at + 2) : -1;
    if (code > 0xDBFF || low < 0xDC00 || low > 0xDFFF)
        return error_set(s->err, "\\u%04x is half of a surrogate pair", (unsigned)code);
    s->at += 6;
    return 0;
}

static int scan_string(Scan *s)
{
    if (!take(s, '"')) return wrong(s, "expected a string in double quotes");
    while (s->at < s->end && *s->at != '"') {
        if ((unsigned char)*s->at < 0x20)
            return error_set(s->err, *s->at == '\n'
                                         ? "a string is not closed on its line"
                                         : "a control character stands bare in a string");
        if (*s->at++ == '\\' && scan_escape(s) != 0) return -1;
    }
    return take(s, '"') ? 0 : wrong(s, "a string is not closed");
}

static bool digits(Scan *s)
{
    const char *from = s->at;
    while (s->at < s->end && *s->at >= '0' && *s->at <= '9') s->at++;
    return s->at > from;
}

static int scan_number(Scan *s)
{
    const char *from = s->at;
    take(s, '-');
    if (!take(s, '0') && !digits(s)) return wrong(s, "expected a value");
    if (take(s, '.') && !digits(s)) return wrong(s, "digits follow the point of a number");
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+')) take(s, '-');
        if (!digits(s)) return wrong(s, "digits follow the e of a number");
    }
    if (s->at - from > 60) return error_set(s->err, "a number has more than 60 characters");
    char copy[64];
    memcpy(copy, from, (size_t)(s->at - from));
    copy[s->at - from] = 0;
    if (!isfinite(strtod(copy, NULL))) return error_set(s->err, "%s is too large a number", copy);
    return 0;
}

static int scan_word(Scan *s, const char *word)
{
    const size_t n = strlen(word);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0)
        return wrong(s, "expected a value");
    s->at += n;
    return 0;
}

static void note_key(Scan *s)
{
    if (s->n_keys == s->room) {
        s->room = 2 * s->room + 32;
        s->key_line = mem_realloc(s->key_line, (size_t)s->room, sizeof *s->key_line);
    }
    s->key_line[s->n_keys++] = s->line;
}

static int scan_value(Scan *s);

/* What stands between { } or [ ]. */
static int scan_members(Scan *s, bool keys, char close)
{
    s->at++;
    if (++s->depth > DEPTH_MAX) return error_set(s->err, "more than %d levels deep", DEPTH_MAX);
    skip_space(s);
    if (take(s, close)) return s->depth--, 0;
    for (;;) {
        skip_space(s);
        if (keys) {
            note_key(s);
            if (scan_string(s) != 0) return -1;
            skip_space(s);
            if (!take(s, ':')) return wrong(s, "expected : after a key");
            skip_space(s);
        }
        if (scan_value(s) != 0) return -1;
        skip_space(s);
        if (take(s, close)) return s->depth--, 0;
        if (!take(s, ',')) return wrong(s, keys ? "expected , or }" : "expected , or ]");
    }
}

static int scan_value(Scan *s)
{
    if (s->at >= s->end) return wrong(s, "expected a value");
    switch (*s->at) {
    case '{': return scan_members(s, true, '}');
    case '[': return scan_members(s, false, ']');
    case '"': return scan_string(s);
    case 't': return scan_word(s, "true");
    case 'f': return scan_word(s, "false");
    case 'n': return scan_word(s, "null");
    default: return scan_number(s);
    }
}

static int scan(Scan *s)
{
    size_t bad;
    if (!text_is_utf8(s->at, (size_t)(s->end - s->at), &bad)) {
        for (size_t i = 0; i < bad; i++) s->line += s->at[i] == '\n';
        if (s->at[bad] == 0) return error_set(s->err, "a NUL byte");
        return error_set(s->err, "the byte 0x%02x is not valid UTF-8", (unsigned char)s->at[bad]);
    }
    skip_space(s);
    if (scan_value(s) != 0) return -1;
    skip_space(s);
    if (s->at < s->end) return wrong(s, "expected the end of the text");
    return 0;
}

/* ---- duplicate keys ---- */

typedef struct {
    uint64_t begins; /* the name's first bytes, which mostly tell it from others */
    const char *name;
    int order; /* of the key in the whole text */
} Key;

static uint64_t beginning(const char *name)
{
    uint64_t bytes = 0;
    for (int i = 0; i < 8; i++) {
        bytes = bytes << 8 | (unsigned char)*name;
        if (*name) name++;
    }
    return bytes;
}

static int by_name_then_order(const void *a, const void *b)
{
    const Key *p = a, *q = b;
    if (p->begins != q->begins) return p->begins < q->begins ? -1 : 1;
    const int c = strcmp(p->name, q->name);
    return c ? c : (p->order > q->order) - (p->order < q->order);
}

/* The first key that comes a second time in one object, or NULL.  Keys are counted in the order of the
 * text.  Sorted, since a tokenizer's vocabulary is an object with 150,000 of them. */
static const char *find_duplicate(const cJSON *value, int *next, int *order)
{
    const int n = cJSON_IsObject(value) ? cJSON_GetArraySize(value) : 0;
    Key *keys = n ? mem_calloc((size_t)n, sizeof *keys) : NULL;
    const char *found = NULL;
    int i = 0;
    const cJSON *member;
    cJSON_ArrayForEach(member, value)
    {
        if (keys) keys[i++] = (Key){beginning(member->string), member->string, (*next)++};
        if (member->child && !found) found = find_duplicate(member, next, order);
    }
    if (!found && n > 1) {
        qsort(keys, (size_t)n, sizeof *keys, by_name_then_order);
        for (i = 1; i < n && !found; i++)
            if (strcmp(keys[i - 1].name, keys[i].name) == 0)
                found = keys[i].name, *order = keys[i].order;
    }
    free(keys);
    return found;
}

/* ---- parsing ---- */

/* On failure *line is the line of the mistake. */
static int parse(cJSON **out, int **line_of_key, const char *bytes, size_t n, int *line, Error *err)
{
    if (n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) bytes += 3, n -= 3;
    Scan s = {.at = bytes, .end = bytes + n, .line = 1, .err = err};
    cJSON *tree = NULL;
    int rc = scan(&s);
    *line = s.line;
    if (rc != 0) goto done;

    rc = -1;
    tree = cJSON_ParseWithLength(bytes, n);
    if (!tree) {
        error_set(err, "not JSON that can be read");
        goto done;
    }
    int next = 0, order = 0;
    const char *twice = find_duplicate(tree, &next, &order);
    if (twice) {
        *line = s.key_line[order];
        error_set(err, "the key \"%.80s\" is there twice", twice);
        goto done;
    }
    *out = tree;
    tree = NULL;
    if (line_of_key) *line_of_key = s.key_line, s.key_line = NULL;
    rc = 0;

done:
    cJSON_Delete(tree);
    free(s.key_line);
    return rc;
}

int json_parse(cJSON **out, const char *bytes, size_t n, Error *err)
{
    int line;
    if (parse(out, NULL, bytes, n, &line, err) != 0) return error_wrap(err, "line %d", line);
    return 0;
}

int json_parse_row(cJSON **out, const char *bytes, size_t n, Error *err)
{
    int line;
    return parse(out, NULL, bytes, n, &line, err) != 0 ? error_wrap(err, "not JSON") : 0;
}

/* Comments become spaces, so that lines stay where they are; 0, or the line of one that never ends. */
static int blank_comments(char *bytes, size_t n)
{
    bool in_string = false;
    int line = 1;
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\n')
            line++, in_string = false; /* an open string is reported by the scanner */
        if (in_string) {
            if (bytes[i] == '\\') i++;
            else if (bytes[i] == '"') in_string = false;
        } else if (bytes[i] == '"') {
            in_string = true;
        } else if (bytes[i] == '/' && i + 1 < n && bytes[i + 1] == '/') {
            while (i < n && bytes[i] != '\n') bytes[i++] = ' ';
            i--;
        } else if (bytes[i] == '/' && i + 1 < n && bytes[i + 1] == '*') {
            const int began = line;
            bytes[i] = bytes[i + 1] = ' ';
            for (i += 2; i + 1 < n && !(bytes[i] == '*' && bytes[i + 1] == '/'); i++) {
                if (bytes[i] == '\n') line++;
                else bytes[i] = ' ';
            }
            if (i + 1 >= n) return began;
            bytes[i] = bytes[i + 1] = ' ';
            i++;
        }
    }
    return 0;
}

int json_parse_commented(cJSON **out, const char *text, Error *err)
{
    const size_t n = strlen(text);
    char *bytes = mem_strdup(text);
    const int rc = blank_comments(bytes, n) ? error_set(err, "a comment is not closed")
                                            : json_parse(out, bytes, n, err);
    free(bytes);
    return rc;
}

int json_read_lines(cJSON **out, int **line_of_key, const char *path, size_t limit, bool comments,
                    Error *err)
{
    char *bytes = NULL;
    size_t n = 0;
    if (file_read(&bytes, &n, path, limit, err) != 0) return -1;
    int rc = -1;
    int line = comments ? blank_comments(bytes, n) : 0;
    if (line) error_set(err, "a comment is not closed");
    else rc = parse(out, line_of_key, bytes, n, &line, err);
    if (rc != 0) error_wrap(err, "%s:%d", path, line);
    free(bytes);
    return rc;
}

int json_read(cJSON **out, const char *path, size_t limit, bool comments, Error *err)
{
    return json_read_lines(out, NULL, path, limit, comments, err);
}

/* ---- members ---- */

const char *json_text(const cJSON *object, const char *name, const char *fallback)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(member) ? member->valuestring : fallback;
}

double json_number(const cJSON *object, const char *name, double fallback)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(member) ? member->valuedouble : fallback;
}

bool json_bool(const cJSON *object, const char *name, bool fallback)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsBool(member) ? cJSON_IsTrue(member) : fallback;
}

/* ---- writing ---- */

/* The clean stretch of text, without quotes. */
static void put_clean(Text *t, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char c = text[i];
        switch (c) {
        case '"': text_add(t, "\\\""); break;
        case '\\': text_add(t, "\\\\"); break;
        case '\n': text_add(t, "\\n"); break;
        case '\r': text_add(t, "\\r"); break;
        case '\t': text_add(t, "\\t"); break;
        default:
            if ((unsigned char)c < 0x20) text_format(t, "\\u%04x", (unsigned)(unsigned char)c);
            else text_append(t, &c, 1);
        }
    }
}

/* A byte that is no UTF-8 (half a character that a model stopped in) becomes U+FFFD. */
void json_put_text(Text *t, const char *text, size_t n)
{
    text_add(t, "\"");
    while (n > 0) {
        size_t good = n;
        if (text_is_utf8(text, n, &good)) good = n;
        put_clean(t, text, good);
        if (good < n) {
            text_add(t, "\xEF\xBF\xBD");
            good++;
        }
        text += good, n -= good;
    }
    text_add(t, "\"");
}

void json_put_number(Text *t, double x)
{
    if (!isfinite(x)) {
        text_add(t, "null");
        return;
    }
    char digits_of[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits_of, sizeof digits_of, "%.*g", precision, x);
        if (strtod(digits_of, NULL) == x) break;
    }
    text_add(t, digits_of);
}
