/* JSON from files and lines.  The text is held to RFC 8259 by a scanner of our own, which knows the line
 * of every mistake; what passes is handed to cJSON, which is laxer and would take more. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

/* Parse n bytes; trailing text, invalid UTF-8, NUL, a key twice in one object and more than 64 levels
 * are errors that name the line.  The caller calls cJSON_Delete. */
int json_parse(cJSON **out, const char *bytes, size_t n, Error *err);
/* A text with comments (// and C style) in it. */
int json_parse_commented(cJSON **out, const char *text, Error *err);
/* One line of a file whose lines the caller counts: "not JSON: ..." */
int json_parse_row(cJSON **out, const char *bytes, size_t n, Error *err);
/* Read and parse a file of at most `limit` bytes; comments (// and C style) allowed when `comments`. */
int json_read(cJSON **out, const char *path, size_t limit, bool comments, Error *err);
/* As json_read; also the line of every key, in the order in which the keys stand in the file; the caller
 * frees the array. */
int json_read_lines(cJSON **out, int **line_of_key, const char *path, size_t limit, bool comments,
                    Error *err);

/* Members of an object, or the fallback when absent or of another type. */
const char *json_text(const cJSON *object, const char *name, const char *fallback);
double json_number(const cJSON *object, const char *name, double fallback);
bool json_bool(const cJSON *object, const char *name, bool fallback);

/* Append as a JSON string with quotes; numbers so that they read back to the same double, NaN and
 * infinity as null. */
void json_put_text(Text *t, const char *text, size_t n);
void json_put_number(Text *t, double x);

#endif
