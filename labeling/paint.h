/* Putting text on the terminal through ncurses: only what labeling/visible.h let through, cell by cell, so
 * that a character whose width the terminal sees otherwise cannot shift what stands after it. */
#ifndef LABELING_PAINT_H
#define LABELING_PAINT_H

#include <stdbool.h>

#include "base/error.h"
#include "labeling/frame.h"
#include "labeling/layout.h"

typedef enum {
    PAINT_PLAIN,
    PAINT_BOLD,
    PAINT_DIM,
    PAINT_REVERSE,
    PAINT_ONLY, /* a word that one answer has alone: underlined, so that it is seen without colour */
    PAINT_GOOD,
    PAINT_BAD
} Paint;

/* Take the terminal; the locale becomes a UTF-8 one where the machine has any.  No colours when NO_COLOR
 * is set.  The mouse is left to the terminal, so that its own selection works. */
int paint_open(Error *err);
/* Give it back; `silent` when it has hung up and must not be written to. */
void paint_close(bool silent);

/* A picture begins empty and is seen when it ends; without a paint_cursor in between, without a cursor. */
void paint_begin(void);
void paint_end(void);
void paint_cursor(int row, int col);
/* Paint all anew next time: the terminal shows something else. */
void paint_forget(void);
/* Rows and columns of the terminal. */
void paint_size(int *rows, int *cols);
/* Can it show characters beyond ASCII? */
bool paint_speaks_utf8(void);

/* Put a string at (row, col), at most `cols` columns of it; returns the columns taken. */
int paint_text(int row, int col, int cols, const char *text, Paint paint);
/* A horizontal line over columns [col, col + cols). */
void paint_rule(int row, int col, int cols);
/* The vertical line over rows [top, foot), with ends that meet the rules above and at `foot`. */
void paint_divider(int col, int top, int foot);
/* Lines first, first + 1, ... of a text into a box. */
void paint_layout(const Box *box, const Layout *layout, int first);
/* Make a box empty. */
void paint_blank(const Box *box);

#endif
