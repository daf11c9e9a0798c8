/* Rows of a file, plain or gzip: its lines, or its JSON objects of several lines each.  Private to store/. */
#ifndef STORE_LINE_READER_H
#define STORE_LINE_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "store/byte_reader.h"

enum { IMPORT_LINE_MAX = TEXT_LINE_MAX, IMPORT_ARRAY_MAX = 256 << 20 };

typedef struct {
    ByteReader file;
    const char *path;
    int64_t size; /* of the file, 0 when it is a pipe */
    char block[1 << 16];
    size_t at, n;
    Text line;      /* without its end; or an object's lines, with theirs */
    int64_t number; /* of that line, from 1 */
    int64_t first;  /* the same; of an object's lines the first */
    bool too_long;  /* it has more than IMPORT_LINE_MAX bytes and was cut */
} LineReader;
int line_reader_open(LineReader *r, const char *path, Error *err);
/* How the file begins, without a byte order mark: as much as a block holds.  To be asked before the first line. */
int line_reader_look(LineReader *r, const char **bytes, size_t *n, Error *err);
/* 1: a line; 0: the end, or a signal came while there was nothing to read, and what there was of a line is no line;
 * -1: the file cannot be read on. */
int line_reader_next(LineReader *r, Error *err);
/* The same for the lines up to where all brackets are closed. */
int line_reader_next_object(LineReader *r, Error *err);
/* All that has not been read yet, without a byte order mark, of at most IMPORT_ARRAY_MAX bytes. */
int line_reader_rest(LineReader *r, Text *out, Error *err);
void line_reader_close(LineReader *r);

/* Where JSON text stands: how many brackets are open, whether a string is. */
typedef struct {
    int depth;
    bool in_string, escaped;
} JsonDepth;
/* What the depth is after these bytes. */
void json_depth_take(JsonDepth *d, const char *bytes, size_t n);

#endif
