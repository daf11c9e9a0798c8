/* The note being written, in the two rows of keys, with both answers in sight. */
#include <stdlib.h>

#include "base/mem.h"
#include "labeling/desk.h"

void desk_open_note(Desk *d)
{
    session_touch(d->session);
    free(d->note_before);
    d->note_before = mem_strdup(d->note.text.n ? d->note.text.bytes : "");
    d->note.cursor = d->note.text.n;
    desk_enter(d, &MODE_NOTE);
}

static int note_key(Desk *d, int key, Error *err)
{
    (void)err;
    session_touch(d->session);
    if (key == KEY_ESCAPE) editor_set(&d->note, d->note_before);
    if (key == KEY_ESCAPE || key == KEY_RETURN) {
        d->unkept = true;
        desk_keep(d);
        desk_return(d);
        desk_say(d, PAINT_DIM, "%s", d->note.text.n ? "kept; it goes with your choice" : "");
        return 0;
    }
    if (editor_key(&d->note, key)) d->unkept = true;
    return 0;
}

static void note_paint(const Desk *d)
{
    enum { PROMPT = 6 };
    const Frame *f = &d->view.frame;
    const int cols = f->cols - 2 - PROMPT;
    const Box rows = {.row = f->keys, .col = 0, .rows = f->rows - f->keys, .cols = f->cols};
    int column = 0;
    const size_t first = editor_window(&d->note, cols, &column);
    view_paint_pair(&d->view);
    paint_blank(&rows);
    paint_text(f->keys, 1, PROMPT, "Note:", PAINT_BOLD);
    if (d->note.text.n)
        paint_text(f->keys, 1 + PROMPT, cols, d->note.text.bytes + first, PAINT_PLAIN);
    paint_text(f->keys + 1, 1, f->cols - 2,
               "Enter keeps it for your choice, Esc leaves it as it was", PAINT_DIM);
    paint_cursor(f->keys, 1 + PROMPT + column);
}

const Mode MODE_NOTE = {.over_pair = true, .key = note_key, .paint = note_paint};
