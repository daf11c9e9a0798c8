#include "labeling/pager.h"
#include "labeling/stage.h"

typedef struct {
    Pager pager;
    const PagerSource *source;
    PagerOrder order;
} Paging;

static int open_pager(void *state, int rows, int cols, Error *err)
{
    Paging *p = state;
    (void)err;
    pager_open(&p->pager, p->source, p->order, rows, cols);
    return 0;
}

static void resize(void *state, int rows, int cols)
{
    pager_resize(&((Paging *)state)->pager, rows, cols);
}

static int take_key(void *state, int key, Error *err)
{
    (void)err;
    pager_key(&((Paging *)state)->pager, key);
    return 0;
}

static bool is_old(const void *state, bool idle)
{
    (void)idle;
    return ((const Paging *)state)->pager.dirty;
}

static void paint(void *state)
{
    pager_paint(&((Paging *)state)->pager);
}

static bool painted(void *state)
{
    (void)state;
    return false;
}

/* Nothing is made here that could be lost. */
static void keep(void *state, bool end)
{
    (void)state;
    (void)end;
}

static const char *reason_of(const void *state)
{
    return ((const Paging *)state)->pager.reason;
}

int pager_run(const PagerSource *source, PagerOrder order, Error *err)
{
    const char *reason = NULL;
    Paging p = {.source = source, .order = order};
    const Stage stage = {.state = &p,
                         .open = open_pager,
                         .resize = resize,
                         .key = take_key,
                         .is_old = is_old,
                         .paint = paint,
                         .painted = painted,
                         .keep = keep,
                         .reason = reason_of};
    const int rc = stage_run(&stage, &reason, err);
    pager_close(&p.pager);
    return rc;
}
