/* What people said of a pair that the reviewer has just settled, under that pair. */
#include <stdio.h>

#include "base/text.h"
#include "labeling/desk.h"
#include "labeling/scroll.h"

/* "ada: A is clearly better; the cause is wrong" */
static void put_vote(Text *t, const Vote *v, int scale)
{
    char words[DECISION_WORDS];
    text_format(t, "%s: %s", v->handle, decision_words(words, &v->said, scale));
    if (v->said.note) text_format(t, "; %s", v->said.note);
    text_add(t, "\n");
}

void desk_open_votes(Desk *d, const Decision *given, int64_t label)
{
    const int scale = d->view.offer.scale;
    char words[DECISION_WORDS];
    int n;
    const Vote *vote = session_votes(d->session, &n);
    Text t = {0};
    for (int i = 0; i < n; i++) put_vote(&t, &vote[i], scale);
    layout_make(&d->text, t.bytes, t.n, view_page_box(&d->view).cols);
    text_free(&t);
    editor_set(&d->note, NULL);
    d->view.counts = session_counts(d->session);
    snprintf(d->title, sizeof d->title, "What the people said");
    desk_enter(d, &MODE_VOTES);
    desk_say(d, PAINT_GOOD, "saved #%lld: %s, %.1f s (label %lld)", (long long)d->view.counts.done,
             decision_words(words, given, scale), d->view.counts.last, (long long)label);
}

static int votes_key(Desk *d, int key, Error *err)
{
    switch (key) {
    case 'u':
    case 'U': return desk_undo(d, err);
    case 'q':
    case 'Q': d->reason = "quit"; return 0;
    case ' ':
    case KEY_RETURN: return desk_take_pair(d, err);
    default: scroll_key(&d->top, d->text.n, view_sheet_rows(&d->view, d->text.n), key); return 0;
    }
}

static void votes_paint(const Desk *d)
{
    view_paint_pair(&d->view);
    view_paint_sheet(&d->view, d->title, &d->text, d->top,
                     d->view.frame.cols < FRAME_SIDE_COLS
                         ? "Enter next   u take back   q quit"
                         : "Enter: the next pair   u: take yours back   q: quit");
    view_paint_status(&d->view);
}

/* The pair is out of hand: nothing that is done here counts as looking at the next one. */
const Mode MODE_VOTES = {.key = votes_key, .paint = votes_paint};
