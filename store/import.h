/* One line of a data set, understood.  Private to store/. */
#ifndef STORE_IMPORT_H
#define STORE_IMPORT_H

#include <zlib.h>

#include "base/json.h"
#include "base/text.h"
#include "store/store.h"

enum { IMPORT_LINE_MAX = TEXT_LINE_MAX, IMPORT_ARRAY_MAX = 256 << 20 };

/* Prompts have no chosen, demonstrations no rejected. */
typedef struct {
    DataKind kind;
    int64_t line;
    char *prompt, *chosen, *rejected;
    char *raw; /* the line as it came, when rejects are kept */
} ImportRow;

/* Understand one line.  `wanted` is what to make of it, DATA_AUTO what it says itself; the reason of a
 * refusal stands in err->message, without file and line. */
int import_parse(ImportRow *out, const char *bytes, size_t n, DataKind wanted, Error *err);
/* The same of an element of an array. */
int import_take(ImportRow *out, const cJSON *element, DataKind wanted, Error *err);
void import_row_free(ImportRow *row);

/* Lines of a file, plain or gzip. */
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
