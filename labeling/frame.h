/* Where the parts of the labeling screen stand, in rows and columns from 0.  Two answers always get the
 * same room: a bigger one would look better. */
#ifndef LABELING_FRAME_H
#define LABELING_FRAME_H

#include <stdbool.h>

enum {
    FRAME_MIN_ROWS = 12,
    FRAME_MIN_COLS = 40,
    FRAME_SIDE_COLS = 72, /* answers stand side by side from here, below each other under it */
    FRAME_TEXT_MAX = 100, /* longer lines are hard to read */
    FRAME_KEYS = 2        /* rows of keys */
};

typedef struct {
    int row, col, rows, cols;
} Box;

typedef struct {
    int rows, cols; /* of the terminal */
    bool too_small, stacked;
    int only;                   /* 0: both answers; 1 + i: answer i alone, as wide as the prompt */
    int divider;                /* column between the answers, side by side */
    Box prompt, answer[2];      /* the texts */
    int prompt_title, title[2]; /* rows of their names */
    int foot, keys, status;     /* rows: rule under the answers, first of the keys, message */
} Frame;

/* Columns first: they decide how many lines the texts have. */
void frame_columns(Frame *f, int rows, int cols, int only);
/* Then rows, for texts of so many lines: the prompt may take what the answers leave, and a third of the
 * screen when they leave nothing. */
void frame_rows(Frame *f, int prompt_lines, int left_lines, int right_lines);

#endif
