/* What a pair looks like on the labeling screen: a picture of a struct, painted whole.  It decides nothing. */
#ifndef LABELING_VIEW_H
#define LABELING_VIEW_H

#include <stdbool.h>

#include "labeling/frame.h"
#include "labeling/layout.h"
#include "labeling/paint.h"
#include "labeling/session.h"

enum {
    VIEW_MESSAGE = 256,
    VIEW_ABOUT = 48,
    VIEW_BOTH = 0 /* of focus and frame.only; else 1 + i */
};

typedef struct {
    const char *who;
    SessionCounts counts;
    Offer offer;
    bool guided;   /* there are guidelines to look up */
    bool practice; /* nothing counts */
    bool review;   /* what people differ on */
    Frame frame;
    Layout prompt, answer[2];
    bool same_prompt, amended;
    const char *name[2];       /* of the answers; NULL: A and B */
    char about[2][VIEW_ABOUT]; /* told after their length; "": nothing */
    const char *prompt_name,
        *prompt_key; /* the key that shows the whole of it; NULL: by the labeling screen's rules */
    int top[2];      /* first line of each answer on the screen; a shorter one stops at its end */
    int focus;       /* whose lines the scrolling keys move */
    size_t seen[2];  /* bytes of each answer that have been in view, from its beginning */
    bool diff;
    int chosen;       /* Choice made, whose sides are marked; -1: none yet */
    bool ready;       /* keys count; until then they are painted dim */
    const char *note; /* that goes with the decision; NULL: none */
    char message[VIEW_MESSAGE];
    Paint tone;
} View;

/* Lay the texts out for a terminal of this size, keeping the reader's place. */
void view_resize(View *v, int rows, int cols);
/* The texts of a new pair, both answers in view from their beginning. */
void view_set_pair(View *v, const SessionPair *pair);
/* Show one answer alone (1 + i), or both. */
void view_zoom(View *v, int only);
void view_set_diff(View *v, bool on);
/* Keys for how the answers stand: arrows, j and k, space, PgDn and PgUp, Home, <, End, > and G move the lines of those
 * in focus, Tab moves the focus, z shows one alone and Esc both, d marks the differences.  False: it is none of them. */
bool view_key(View *v, int key);
/* The answers have been painted: what of them has been in view. */
void view_note_seen(View *v);
/* Of answer i, in thousandths; an empty one is seen whole. */
int view_seen(const View *v, int i);
void view_free(View *v);

/* The whole picture of the pair. */
void view_paint_pair(const View *v);
/* Its parts, for other pictures: the prompt with both answers, the line at the top, a rule with a name in it, the message at the bottom, and
 * a box with a text, from its line `first`, over the foot of the answers. */
void view_paint_texts(const View *v);
void view_paint_header(const View *v);
void view_paint_title(int row, int col, int cols, const char *name, const char *note,
                      const char *right, Paint paint);
void view_paint_status(const View *v);
void view_paint_sheet(const View *v, const char *title, const Layout *text, int first,
                      const char *keys);
/* Lines of a text of n that such a box shows. */
int view_sheet_rows(const View *v, int n);
/* Where a page of text stands. */
Box view_page_box(const View *v);

#endif
