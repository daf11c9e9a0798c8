/* Text cut into lines of a given width, by what a terminal will show; it knows no terminal itself. */
#ifndef LABELING_LAYOUT_H
#define LABELING_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    size_t at, n; /* bytes of Layout.text, without the spaces at the end */
    int indent;   /* columns left empty before it: a wrapped list item hangs under its first word */
    int width;    /* columns it takes, indent included; never more than Layout.width */
} LayoutLine;

/* What a byte is part of. */
typedef enum {
    LAYOUT_PLAIN,
    LAYOUT_NAME /* of who speaks */,
    LAYOUT_ONLY /* here alone */
} LayoutPart;

typedef struct {
    char *text; /* safe to print (labeling/visible.h), terminated */
    size_t bytes;
    unsigned char *part; /* (bytes) LayoutPart of each; NULL: all plain */
    LayoutLine *line;
    int n, room;
    int width, words;
} Layout;

/* Replaces what was in out (zeroed at first).  Lines break after spaces and hyphens and between wide
 * characters, a longer word wherever it must.  Empty text has no lines; width at least 2. */
void layout_make(Layout *out, const char *bytes, size_t n, int width);
/* The same text at another width. */
void layout_rewrap(Layout *l, int width);
/* The line that shows the byte `at` of l->text, so that a resize keeps the reader's place. */
int layout_line_of(const Layout *l, size_t at);
/* Mark "Human:" and the like at the beginnings of paragraphs as names. */
void layout_mark_names(Layout *l);
/* Mark the words that each of two texts has alone (labeling/word_diff.h), or, not `on`, none. */
void layout_mark_difference(Layout *a, Layout *b, bool on);
void layout_free(Layout *l);

/* Bytes of the character at s with the marks on it; its columns in *width. */
size_t layout_cluster(int *width, const char *s, size_t n);
/* Bytes of the longest part of s that fits in `width` columns. */
size_t layout_fit(const char *s, size_t n, int width);

#endif
