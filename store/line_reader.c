#include "store/line_reader.h"

#include <string.h>

#include "base/file.h"
#include "base/interrupt.h"

int line_reader_open(LineReader *r, const char *path, Error *err)
{
    *r = (LineReader){.path = strcmp(path, "-") == 0 ? "standard input" : path};
    if (byte_reader_open(&r->file, path, err) != 0) return -1;
    const int64_t size = strcmp(path, "-") == 0 ? 0 : file_size(path);
    r->size = size > 0 ? size : 0;
    return 0;
}

void line_reader_close(LineReader *r)
{
    byte_reader_close(&r->file);
    text_free(&r->line);
}

/* 1, or 0 at the end or when stopped. */
static int fill(LineReader *r, Error *err)
{
    const ssize_t got = byte_reader_read(&r->file, r->block, sizeof r->block, err);
    r->at = 0;
    r->n = got > 0 ? (size_t)got : 0;
    return got > 0 ? 1 : (int)got;
}

static void keep(LineReader *r, const char *bytes, size_t n)
{
    if (r->line.n + n > IMPORT_LINE_MAX) r->too_long = true;
    else text_append(&r->line, bytes, n);
}

/* One more line behind what is kept. */
static int take_line(LineReader *r, Error *err)
{
    bool any = false;
    for (;;) {
        if (r->at == r->n) {
            const int got = fill(r, err);
            /* a line without an end would never come to the look between lines */
            if (got >= 0 && r->too_long && interrupt_pending())
                return error_stopped(err, "%s: stopped in line %lld, which is longer than %d MiB",
                                     r->path, (long long)r->number + 1, IMPORT_LINE_MAX >> 20);
            if (got < 0) return -1;
            if (r->file.stopped) return 0;
            if (got == 0) break;
        }
        any = true;
        const char *from = r->block + r->at;
        const char *end = memchr(from, '\n', r->n - r->at);
        const size_t n = end ? (size_t)(end - from) : r->n - r->at;
        keep(r, from, n);
        r->at += n + (end != NULL);
        if (end) break;
    }
    r->number += any;
    return any;
}

static void begin_row(LineReader *r)
{
    text_clear(&r->line);
    r->too_long = false;
    r->first = r->number + 1;
}

int line_reader_next(LineReader *r, Error *err)
{
    begin_row(r);
    return take_line(r, err);
}

/* ---- objects of several lines ---------------------------------------------------------------------- */

/* No string goes over a line: one that is not closed there spoils its own object alone. */
void json_depth_take(JsonDepth *d, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char c = bytes[i];
        if (c == '\n') d->in_string = d->escaped = false;
        else if (d->escaped) d->escaped = false;
        else if (d->in_string) d->escaped = c == '\\', d->in_string = c != '"';
        else if (c == '"') d->in_string = true;
        else if (c == '{' || c == '[') d->depth++;
        else if ((c == '}' || c == ']') && d->depth > 0) d->depth--;
    }
}

int line_reader_next_object(LineReader *r, Error *err)
{
    JsonDepth depth = {0};
    int more;
    begin_row(r);
    do {
        const size_t from = r->line.n;
        more = take_line(r, err);
        if (more != 1) break;
        keep(r, "\n", 1);
        json_depth_take(&depth, r->line.bytes + from, r->line.n - from);
    } while (depth.depth > 0 && !r->too_long);
    /* what is not closed at the end is a row, a bad one */
    return more == 0 && !r->file.stopped && r->line.n > 0 ? 1 : more;
}

/* ---- the whole ------------------------------------------------------------------------------------- */

static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF"; /* some editors begin a file with it */

static size_t skip_mark(const LineReader *r)
{
    const size_t n = sizeof BYTE_ORDER_MARK - 1;
    return r->n >= n && memcmp(r->block, BYTE_ORDER_MARK, n) == 0 ? n : 0;
}

/* A pipe gives less at a time than the block holds. */
int line_reader_look(LineReader *r, const char **bytes, size_t *n, Error *err)
{
    ssize_t got = 1;
    while (got > 0 && r->n < sizeof r->block) {
        got = byte_reader_read(&r->file, r->block + r->n, sizeof r->block - r->n, err);
        if (got > 0) r->n += (size_t)got;
    }
    if (got < 0 && r->n == 0) return -1; /* else it is seen again where these bytes end */
    *bytes = r->block + skip_mark(r);
    *n = r->n - skip_mark(r);
    return 0;
}

int line_reader_rest(LineReader *r, Text *out, Error *err)
{
    int got = 1;
    r->at = skip_mark(r);
    while (got > 0) {
        text_append(out, r->block + r->at, r->n - r->at);
        if (out->n > IMPORT_ARRAY_MAX)
            return error_set(err, "%s: a JSON array of more than %d MiB; write a row a line: %s",
                             r->path, IMPORT_ARRAY_MAX >> 20, "jq -c '.[]'");
        got = fill(r, err);
    }
    return got;
}
