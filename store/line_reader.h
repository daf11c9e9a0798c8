/* Lines of a file, plain or gzip.  Private to store/. */
#ifndef STORE_LINE_READER_H
#define STORE_LINE_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

#include "base/error.h"
#include "base/text.h"

enum { IMPORT_LINE_MAX = TEXT_LINE_MAX, IMPORT_ARRAY_MAX = 256 << 20 };

typedef struct {
    gzFile file;
    const char *path;
    int64_t size; /* of the file, 0 when it is a pipe */
    char block[1 << 16];
    size_t at, n;
    Text line;      /* without its end */
    int64_t number; /* of that line, from 1 */
    bool too_long;  /* that line has more than IMPORT_LINE_MAX bytes and was cut */
} LineReader;
int line_reader_open(LineReader *r, const char *path, Error *err);
/* 1: a line, 0: the end, -1: the file cannot be read on. */
int line_reader_next(LineReader *r, Error *err);
/* Whether the file is one JSON array and not lines; to be asked before the first line. */
int line_reader_begins_array(LineReader *r, bool *array, Error *err);
/* All that has not been read yet, without a byte order mark, of at most IMPORT_ARRAY_MAX bytes. */
int line_reader_rest(LineReader *r, Text *out, Error *err);
void line_reader_close(LineReader *r);

#endif
