/* A text of many lines being written: UTF-8 with wide characters, marks and tabs, a cursor between characters, and
 * the rows it takes in a box.  What is written is what is seen: characters that labeling/visible.h would spell out
 * are not taken.  It knows no terminal. */
#ifndef LABELING_TEXTAREA_H
#define LABELING_TEXTAREA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { TEXTAREA_MAX = 1 << 16 /* bytes */ };

/* Bytes of the text on one row, with the spaces that hang over its end, without the line feed. */
typedef struct {
    size_t at, n;
} TextRow;

typedef struct {
    Text text;
    size_t cursor; /* byte before which the next character goes */
    Text cut;      /* by Ctrl-W, Ctrl-U or Ctrl-K; Ctrl-Y puts it back */
    int goal;      /* column that up and down keep to; -1: the cursor's */
    int rows, cols;
    int top; /* first row in view */
    TextRow *row;
    int n, room;
    bool stale; /* the rows are those of an earlier text */
} TextArea;

/* Another text, the cursor behind it; characters that are not taken are left out.  NULL is an empty one. */
void textarea_set(TextArea *t, const char *text);
/* Rows and columns to be seen in; the cursor takes a column itself behind a full row, so text has one less. */
void textarea_resize(TextArea *t, int rows, int cols);
/* A character, line feeds and tabs included, at the cursor.  False: it is not taken, or there is no room. */
bool textarea_insert(TextArea *t, int32_t character);
/* Arrows, by words too, Home and End of a row, of the text with Ctrl, PgUp and PgDn; backspace, delete, Ctrl-W (the
 * word before), Ctrl-U and Ctrl-K (to an end of the line), Ctrl-Y; Enter and characters.  False when the key does
 * nothing here. */
bool textarea_key(TextArea *t, int key);

/* Rows of the whole text, at least 1. */
int textarea_rows(TextArea *t);
/* Move the view so that the cursor is in it, and where it stands in it. */
void textarea_place(TextArea *t, int *row, int *col);
/* Append what of row i of the text is seen: tabs as spaces, never more columns than there are. */
void textarea_put_row(Text *out, const TextArea *t, int i);
/* Length without white space at the edges: in words, and in characters with their marks. */
void textarea_count(const TextArea *t, int *words, int *characters);
/* Nothing but white space. */
bool textarea_is_blank(const TextArea *t);
void textarea_free(TextArea *t);

#endif
