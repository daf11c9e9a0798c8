/* One line of text being written: UTF-8 with wide characters and marks, and a cursor between characters.
 * It knows no terminal. */
#ifndef LABELING_EDITOR_H
#define LABELING_EDITOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum { EDITOR_MAX = 500 /* bytes */ };

typedef struct {
    Text text;
    size_t cursor; /* byte before which the next character goes */
} Editor;

/* Another text, as it is seen (labeling/visible.h) and in one line, the cursor behind it.  NULL is an empty one. */
void editor_set(Editor *e, const char *text);
/* Arrows, Home and End (Ctrl-A, Ctrl-E), backspace, delete, Ctrl-W (the word before), Ctrl-U (all before),
 * Ctrl-K (all behind), and characters that are seen as what they are (labeling/visible.h).  False when the
 * key does nothing here. */
bool editor_key(Editor *e, int key);
/* The first byte to show in `cols` columns so that the cursor is in sight, and the column it stands in. */
size_t editor_window(const Editor *e, int cols, int *column);
void editor_free(Editor *e);

#endif
