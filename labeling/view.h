/* What the labeling screen looks like: a picture of a struct, painted whole.  It decides nothing. */
#ifndef LABELING_VIEW_H
#define LABELING_VIEW_H

#include <stdbool.h>

#include "labeling/frame.h"
#include "labeling/layout.h"
#include "labeling/paint.h"
#include "labeling/session.h"

typedef enum { VIEW_PAIR, VIEW_HELP, VIEW_PROMPT, VIEW_END } ViewMode;

typedef struct {
    ViewMode mode;
    const char *who;
    SessionCounts counts;
    bool at_limit;
    Frame frame;
    Layout prompt, answer[2], help;
    bool same_prompt;
    int top;      /* first line of the answers on the screen; a shorter one stops at its end */
    int page_top; /* of help or of the whole prompt */
    int chosen;   /* Choice being saved, or -1 */
    bool ready;   /* keys count; until then they are painted dim */
    char message[256];
    Paint tone;
} View;

/* Lay the texts out for a terminal of this size, keeping the reader's place. */
void view_resize(View *v, int rows, int cols);
/* The texts of a new pair. */
void view_set_pair(View *v, const SessionPair *pair);
/* The last possible v->top and v->page_top. */
int view_last_top(const View *v);
int view_last_page_top(const View *v);
void view_paint(const View *v);
void view_free(View *v);

#endif
