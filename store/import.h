/* One line of a data set, understood.  Private to store/. */
#ifndef STORE_IMPORT_H
#define STORE_IMPORT_H

#include <zlib.h>

#include "base/text.h"
#include "store/store.h"

enum { IMPORT_LINE_MAX = 16 << 20 };

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
void line_reader_close(LineReader *r);

#endif
