#include "labeling/screen.h"

#include "labeling/desk.h"
#include "labeling/stage.h"

typedef struct {
    Desk desk;
    Session *session;
    const char *who;
} Labeling;

static int open_desk(void *state, int rows, int cols, Error *err)
{
    Labeling *l = state;
    return desk_open(&l->desk, l->session, l->who, rows, cols, err);
}

static void resize(void *state, int rows, int cols)
{
    desk_resize(&((Labeling *)state)->desk, rows, cols);
}

static int take_key(void *state, int key, Error *err)
{
    return desk_key(&((Labeling *)state)->desk, key == KEY_LINE_FEED ? KEY_RETURN : key, err);
}

static bool is_old(const void *state, bool idle)
{
    (void)idle;
    return desk_is_old(&((const Labeling *)state)->desk);
}

static void paint(void *state)
{
    desk_paint(&((Labeling *)state)->desk);
}

static bool painted(void *state)
{
    return desk_painted(&((Labeling *)state)->desk);
}

/* Whoever comes back opens this pair as it was; one who quits gives it back. */
static void keep(void *state, bool end)
{
    Desk *d = &((Labeling *)state)->desk;
    if (end) desk_keep_now(d);
    else desk_keep(d);
}

static const char *reason_of(const void *state)
{
    return ((const Labeling *)state)->desk.reason;
}

int screen_run(Session *session, const char *who, const char **reason, Error *err)
{
    Labeling l = {.session = session, .who = who};
    const Stage stage = {.state = &l,
                         .open = open_desk,
                         .resize = resize,
                         .key = take_key,
                         .is_old = is_old,
                         .paint = paint,
                         .painted = painted,
                         .keep = keep,
                         .reason = reason_of};
    const int rc = stage_run(&stage, reason, err);
    desk_close(&l.desk);
    return rc;
}
