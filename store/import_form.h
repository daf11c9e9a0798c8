/* What a file that is to be imported looks like, by how it begins, and what to do with one that holds no rows.
 * Private to store/. */
#ifndef STORE_IMPORT_FORM_H
#define STORE_IMPORT_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef enum {
    FORM_LINES,   /* a JSON object on each line; also what is nothing else, and what is empty */
    FORM_ARRAY,   /* one JSON array */
    FORM_OBJECTS, /* JSON objects one after the other, that go over several lines */
    FORM_TABLE,   /* CSV */
    FORM_TEXT,
    FORM_BINARY
} FormKind;
typedef struct {
    FormKind kind;
    char separator; /* of a table */
} ImportForm;

/* The n bytes a file begins with, without a byte order mark; `path` for its ending. */
ImportForm import_form_look(const char *path, const char *bytes, size_t n);
/* Whether they begin as rows of JSON do: {" or [{. */
bool import_form_is_rows(const char *bytes, size_t n);
/* As a hint, for a file of which no row could be taken. */
void import_form_advise(ImportForm form, const char *path, Error *err);

#endif
