/* What a practice pair teaches, under the pair it is about. */
#include <stdio.h>

#include "base/text.h"
#include "labeling/desk.h"

void desk_open_lesson(Desk *d)
{
    const SessionLesson *l = session_lesson(d->session);
    const int scale = d->view.offer.scale;
    char given[DECISION_WORDS], expected[DECISION_WORDS];
    Decision wanted = l->expected;
    if (wanted.strength > scale) wanted.strength = scale;
    Text t = {0};
    text_format(&t, "You: %s. Expected: %s.\n", decision_words(given, &l->given, scale),
                decision_words(expected, &wanted, scale));
    if (l->why) text_add(&t, l->why);
    layout_make(&d->text, t.bytes, t.n, view_page_box(&d->view).cols);
    layout_mark_names(&d->text);
    text_free(&t);
    snprintf(d->title, sizeof d->title, "%s; %d of %d as expected",
             l->agreed ? "As expected" : "Otherwise than expected", l->right, l->of);
    desk_enter(d, &MODE_LESSON);
}

static int lesson_key(Desk *d, int key, Error *err)
{
    const SessionLesson *l = session_lesson(d->session);
    if (key == 'q' || key == 'Q') {
        d->reason = "quit";
        return 0;
    }
    if (key != KEY_RETURN && key != ' ') return 0;
    if (desk_take_pair(d, err) != 0) return -1;
    desk_say(d, PAINT_DIM, "%d of %d as expected", l->right, l->of);
    return 0;
}

static void lesson_paint(const Desk *d)
{
    view_paint_pair(&d->view);
    view_paint_sheet(&d->view, d->title, &d->text, 0, "Enter: the next pair   q: quit");
}

const Mode MODE_LESSON = {.over_pair = true, .key = lesson_key, .paint = lesson_paint};
