/* No pair is left, or the round is over. */
#include <stdio.h>

#include "base/log.h"
#include "base/text.h"
#include "labeling/desk.h"

static int look_again(Desk *d, Error *err)
{
    if (session_at_limit(d->session)) return 0;
    if (session_is_review(d->session)) session_begin_again(d->session);
    if (desk_take_pair(d, err) != 0) return -1;
    if (!session_pair(d->session)) desk_say(d, PAINT_DIM, "no pair is free yet");
    return 0;
}

static int end_key(Desk *d, int key, Error *err)
{
    switch (key) {
    case 'u':
    case 'U': return desk_undo(d, err);
    case 'h':
    case 'H': return desk_open_history(d, err);
    case 'w':
    case 'W': return look_again(d, err);
    case 'q':
    case 'Q': d->reason = session_at_limit(d->session) ? "limit" : "done"; return 0;
    default: return 0;
    }
}

static void put_result(Text *t, const Desk *d)
{
    const SessionCounts *c = &d->view.counts;
    const SessionLesson *l = session_lesson(d->session);
    if (session_is_disabled(d->session))
        text_format(t, "%s was disabled here, and is given no pair.", d->view.who);
    else if (d->view.practice)
        text_format(t, "Practice is over: %d of %d as expected.", l->right, l->of);
    else if (session_at_limit(d->session))
        text_format(t, "%s of %s: this round is done.", text_thousands(c->now),
                    text_thousands(c->now));
    else if (session_aside(d->session))
        text_format(t, "%s settled by you, %s left for another time.", text_count(c->done, "pair"),
                    text_thousands(session_aside(d->session)));
    else if (session_is_closed(d->session))
        text_format(t, "The campaign was closed: %s labeled by you.", text_count(c->done, "pair"));
    else if (session_is_review(d->session))
        text_format(t, "Nothing is left to settle: %s settled by you.",
                    text_count(c->done, "pair"));
    else if (c->passed)
        text_format(t, "No pair is left: %s labeled by you, %s skipped.", text_thousands(c->done),
                    text_thousands(c->passed));
    else text_format(t, "All pairs are labeled, %s by you.", text_thousands(c->done));
}

/* "3 pairs are with others, the next is free in 4:10 at the latest; w looks again"; "" when none is. */
static void put_awaited(Text *t, const Desk *d)
{
    int64_t n = 0;
    double seconds = 0;
    char time[32];
    Error unknown = {0};
    if (session_aside(d->session)) text_add(t, "w shows what you left for another time");
    if (session_at_limit(d->session) || session_awaited(d->session, &n, &seconds, &unknown) != 0)
        return;
    if (n > 0)
        text_format(t, "%s %s with others, the next is free in %s at the latest; w looks again",
                    text_count(n, "pair"), n == 1 ? "is" : "are", log_duration(time, seconds));
}

static void end_paint(const Desk *d)
{
    enum { HALF = 30 };
    const Frame *f = &d->view.frame;
    const int row = f->rows / 3 > 2 ? f->rows / 3 : 2;
    const int col = f->cols / 2 > HALF ? f->cols / 2 - HALF : 1, cols = f->cols - col - 1;
    Text result = {0}, awaited = {0};
    put_result(&result, d);
    put_awaited(&awaited, d);
    view_paint_header(&d->view);
    paint_text(row, col, cols, result.bytes, PAINT_BOLD);
    paint_text(row + 2, col, cols,
               d->view.practice ? "Nothing of it was saved." : "Everything is saved.", PAINT_PLAIN);
    paint_text(row + 4, col, cols,
               d->view.practice ? "q quits"
               : d->view.review ? "q quits; u takes the last one back"
                                : "q quits; u takes the last one back; h shows your labels",
               PAINT_PLAIN);
    if (awaited.n)
        paint_text(row + 6, d->view.review ? col : 1, f->cols - 2, awaited.bytes, PAINT_PLAIN);
    view_paint_status(&d->view);
    text_free(&result);
    text_free(&awaited);
}

const Mode MODE_END = {.key = end_key, .paint = end_paint};
