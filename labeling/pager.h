/* Two models' answers to one prompt after another, to look through: the labeling screen's panes without its choices,
 * and without its terminal. */
#ifndef LABELING_PAGER_H
#define LABELING_PAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "labeling/view.h"

enum { PAGER_BASE, PAGER_ALIGNED, PAGER_BEST /* of n answers of the base */, PAGER_ANSWERS };
typedef enum { PAGER_FIRST, PAGER_WORST, PAGER_BEST_FIRST, PAGER_RANDOM } PagerOrder;

typedef struct {
    const char *text;
    bool finished;
    double score;
    const char *why; /* the score in words; NULL: none */
} PagerAnswer;

typedef struct {
    int64_t prompt_id;
    const char *prompt;
    PagerAnswer answer[PAGER_ANSWERS];
} PagerItem;

/* What is looked through.  Each function gets `context`. */
typedef struct {
    const char *title;
    const char *name[PAGER_ANSWERS]; /* that of the best is NULL when there is none */
    const char *note;                /* what is to be known of the scores; may be NULL */
    int n;                           /* items */
    /* Item i; the texts last until the next call. */
    void (*read)(PagerItem *out, int i, void *context);
    /* The items (n) in an order; `draw` counts how often random was asked for. */
    void (*order)(int *item, PagerOrder order, int draw, void *context);
    void *context;
} PagerSource;

typedef struct {
    const PagerSource *source; /* borrowed */
    View view;
    PagerItem item;
    int *row; /* (n) the items in order */
    int at;   /* of row */
    PagerOrder order;
    int draw;
    int left; /* PAGER_BASE or PAGER_BEST */
    /* of a page in the answers' place: the whole prompt, help; NULL: none */
    const char *page_title;
    Layout page;
    int page_top;
    bool dirty;
    const char *reason; /* to end, or NULL */
} Pager;

void pager_open(Pager *p, const PagerSource *source, PagerOrder order, int rows, int cols);
void pager_key(Pager *p, int key);
void pager_resize(Pager *p, int rows, int cols);
/* Between paint_begin and paint_end. */
void pager_paint(Pager *p);
void pager_close(Pager *p);

/* All of it on the terminal, until the person quits. */
int pager_run(const PagerSource *source, PagerOrder order, Error *err);

#endif
