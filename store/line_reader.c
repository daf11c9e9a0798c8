#include "store/line_reader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/json.h"

int line_reader_open(LineReader *r, const char *path, Error *err)
{
    *r = (LineReader){.path = strcmp(path, "-") == 0 ? "standard input" : path};
    /* A copy of descriptor 0, since gzclose closes what it read from. */
    const int in = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : -1;
    r->file = in >= 0 ? gzdopen(in, "rb") : gzopen(path, "rb");
    if (!r->file) return error_set(err, "cannot read %s: %s", r->path, strerror(errno));
    const int64_t size = in >= 0 ? 0 : file_size(path);
    r->size = size > 0 ? size : 0;
    gzbuffer(r->file, 1 << 17);
    return 0;
}

void line_reader_close(LineReader *r)
{
    if (r->file) gzclose(r->file);
    r->file = NULL;
    text_free(&r->line);
}

static int fill(LineReader *r, Error *err)
{
    const int got = gzread(r->file, r->block, sizeof r->block);
    int code = Z_OK;
    r->at = 0;
    r->n = got > 0 ? (size_t)got : 0;
    if (got > 0) return 1;
    const char *why = gzerror(r->file, &code);
    if (got == 0 && (code == Z_OK || code == Z_STREAM_END)) return 0;
    if (code == Z_BUF_ERROR) return error_set(err, "%s: the compressed file is cut short", r->path);
    return error_set(err, "%s: %s", r->path, code == Z_ERRNO ? strerror(errno) : why);
}

static void keep(LineReader *r, const char *bytes, size_t n)
{
    if (r->line.n + n > IMPORT_LINE_MAX) r->too_long = true;
    else text_append(&r->line, bytes, n);
}

int line_reader_next(LineReader *r, Error *err)
{
    bool any = false;
    text_clear(&r->line);
    r->too_long = false;
    for (;;) {
        if (r->at == r->n) {
            /* a line without an end would never come to the look between lines */
            if (r->too_long && interrupt_pending())
                return error_stopped(err, "%s: stopped in line %lld, which is longer than %d MiB",
                                     r->path, (long long)r->number + 1, IMPORT_LINE_MAX >> 20);
            const int got = fill(r, err);
            if (got < 0) return -1;
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

static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF"; /* some editors begin a file with it */

static size_t skip_mark(const LineReader *r)
{
    const size_t n = sizeof BYTE_ORDER_MARK - 1;
    return r->n >= n && memcmp(r->block, BYTE_ORDER_MARK, n) == 0 ? n : 0;
}

/* A first line that is JSON for itself, with more after it, is a row of its own: a bad one. */
static bool is_row(const char *bytes, size_t n)
{
    const char *end = memchr(bytes, '\n', n);
    cJSON *row = NULL;
    Error ignored;
    if (!end) return false;
    const size_t length = (size_t)(end - bytes);
    const bool whole = json_parse_row(&row, bytes, length, &ignored) == 0;
    cJSON_Delete(row);
    while (++end < bytes + n)
        if (!strchr(" \t\r\n", *end)) return whole;
    return false;
}

int line_reader_begins_array(LineReader *r, bool *array, Error *err)
{
    *array = false;
    if (fill(r, err) < 0) return -1;
    size_t i = skip_mark(r);
    while (i < r->n && strchr(" \t\r\n", r->block[i])) i++;
    *array = i < r->n && r->block[i] == '[' && !is_row(r->block + i, r->n - i);
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
