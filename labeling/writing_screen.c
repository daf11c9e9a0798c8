#include "labeling/writing_screen.h"

#include "labeling/stage.h"
#include "labeling/writing_desk.h"

typedef struct {
    WritingDesk desk;
    WritingDeskOptions options;
} Writing;

static int open_desk(void *state, int rows, int cols, Error *err)
{
    Writing *w = state;
    return writing_desk_open(&w->desk, &w->options, rows, cols, err);
}

static void resize(void *state, int rows, int cols)
{
    writing_desk_resize(&((Writing *)state)->desk, rows, cols);
}

static int take_key(void *state, int key, Error *err)
{
    return writing_desk_key(&((Writing *)state)->desk, key, err);
}

/* A long paste is not painted letter by letter. */
static bool is_old(const void *state, bool idle)
{
    const WritingDesk *d = &((const Writing *)state)->desk;
    return d->dirty && (idle || !d->pasting);
}

static void paint(void *state)
{
    writing_desk_paint(&((Writing *)state)->desk);
}

/* What is typed ahead is letters: none is forgotten. */
static bool painted(void *state)
{
    (void)state;
    return false;
}

static void keep(void *state, bool end)
{
    (void)end;
    writing_desk_keep(&((Writing *)state)->desk);
}

static const char *reason_of(const void *state)
{
    return ((const Writing *)state)->desk.reason;
}

int writing_screen_run(WritingCounts *counts, Store *store, const WritingOptions *options,
                       const char *draft, const char **reason, Error *err)
{
    Writing w = {.options = {.store = store, .options = options, .draft = draft}};
    const Stage stage = {.state = &w,
                         .writes = true,
                         .open = open_desk,
                         .resize = resize,
                         .key = take_key,
                         .is_old = is_old,
                         .paint = paint,
                         .painted = painted,
                         .keep = keep,
                         .reason = reason_of};
    const int rc = stage_run(&stage, reason, err);
    *counts = w.desk.written.counts;
    writing_desk_close(&w.desk);
    return rc;
}
