/* What this person has labeled, newest first, of all sittings: a list to choose from. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "labeling/desk.h"
#include "labeling/shown.h"
#include "labeling/visible.h"

enum { SHOWN_MAX = 500, FIRST_ROW = 2, WHEN = 16, VERDICT_COLS = 24 };

static int rows_of(const Desk *d)
{
    return d->view.frame.rows - FIRST_ROW - 2;
}

int desk_open_history(Desk *d, Error *err)
{
    if (session_is_practice(d->session)) {
        desk_say(d, PAINT_DIM, "practice: nothing is saved, so there is no history");
        return 0;
    }
    if (session_is_review(d->session)) {
        desk_say(d, PAINT_DIM, "u takes the last one back, as often as you like");
        return 0;
    }
    store_own_labels_free(&d->history);
    if (session_history(d->session, SHOWN_MAX, &d->history, err) != 0) return -1;
    if (d->history.n == 0) {
        desk_say(d, PAINT_DIM, "you have labeled nothing yet");
        return 0;
    }
    session_touch(d->session);
    desk_keep(d);
    d->at = 0;
    desk_enter(d, &MODE_HISTORY);
    return 0;
}

/* Move the bar, and the list under it. */
static bool move_key(Desk *d, int key)
{
    const int last = (int)d->history.n - 1, rows = rows_of(d);
    int to = d->at;
    switch (key) {
    case KEY_DOWN_ARROW:
    case 'j': to++; break;
    case KEY_UP_ARROW:
    case 'k': to--; break;
    case KEY_PAGE_DOWN:
    case ' ': to += rows; break;
    case KEY_PAGE_UP: to -= rows; break;
    case KEY_TO_BEGIN: to = 0; break;
    case KEY_TO_END:
    case 'G': to = last; break;
    default: return false;
    }
    d->at = to > last ? last : to < 0 ? 0 : to;
    if (d->at < d->top) d->top = d->at;
    if (d->at >= d->top + rows) d->top = d->at - rows + 1;
    return true;
}

static int look_again(Desk *d, Error *err)
{
    const StoreOwnLabel *label = &d->history.row[d->at];
    if (session_amend(d->session, label, err) != 0 || desk_take_pair(d, err) != 0) return -1;
    editor_set(&d->note, label->comment);
    desk_say(d, PAINT_BOLD, "your label stands until you choose anew; Esc leaves it");
    return 0;
}

static int history_key(Desk *d, int key, Error *err)
{
    if (move_key(d, key)) return 0;
    if (key == KEY_RETURN) return look_again(d, err);
    if (key == KEY_ESCAPE || key == 'h' || key == 'H' || key == 'q') desk_return(d);
    return 0;
}

static Decision decision_of(const StoreOwnLabel *l)
{
    static const Choice CHOICE[] = {[OUTCOME_TIE] = CHOICE_TIE,
                                    [OUTCOME_BOTH_BAD] = CHOICE_BOTH_BAD,
                                    [OUTCOME_SKIP] = CHOICE_SKIP,
                                    [OUTCOME_FLAG] = CHOICE_FLAG};
    if (l->outcome != OUTCOME_PREF)
        return (Decision){.choice = CHOICE[l->outcome], .reasons = l->reasons};
    return (Decision){.choice = l->preferred < 0 ? CHOICE_LEFT : CHOICE_RIGHT,
                      .strength = l->preferred < 0 ? -l->preferred : l->preferred};
}

/* The time of day of today's, the date of others. */
static void when(char out[WHEN], int64_t us)
{
    const time_t then = (time_t)(us / 1000000), today = time(NULL);
    struct tm t, day;
    *out = 0;
    if (!localtime_r(&then, &t) || !localtime_r(&today, &day)) return;
    const bool same = t.tm_year == day.tm_year && t.tm_yday == day.tm_yday;
    strftime(out, WHEN, same ? "%H:%M" : "%d %b", &t);
}

/* "14:02  A is clearly better   12 s  prompt or note" */
static void put_row(Text *out, Session *session, const StoreOwnLabel *l, int scale)
{
    char time[WHEN], words[DECISION_WORDS];
    Decision d = decision_of(l);
    size_t n;
    when(time, l->submitted_us);
    if (d.strength > scale) d.strength = scale;
    text_format(out, "%-6s  %-*s %4.0f s  ", time, VERDICT_COLS, decision_words(words, &d, scale),
                (double)l->active_ms / 1e3);
    if (l->comment) text_format(out, "[%s] ", l->comment);
    const char *prompt = shown_prompt(session_prompt_of(session, l), &n);
    text_append(out, prompt, n);
    for (size_t i = 0; i < out->n; i++)
        if (out->bytes[i] == '\n' || out->bytes[i] == '\t') out->bytes[i] = ' ';
}

static void put_title(const Desk *d, char title[DESK_TITLE])
{
    int skips = 0;
    for (size_t i = 0; i < d->history.n; i++) skips += d->history.row[i].outcome == OUTCOME_SKIP;
    snprintf(title, DESK_TITLE, "Your labels, newest first (%s%s%s)",
             text_count((int)d->history.n - skips, "label"), skips ? ", " : "",
             skips ? text_count(skips, "skip") : "");
}

static void history_paint(const Desk *d)
{
    const Frame *f = &d->view.frame;
    const int last = (int)d->history.n;
    char title[DESK_TITLE];
    put_title(d, title);
    view_paint_header(&d->view);
    view_paint_title(1, 0, f->cols, title, "", "", PAINT_BOLD);
    for (int i = 0; i < rows_of(d) && d->top + i < last; i++) {
        Text row = {0}, safe = {0};
        put_row(&row, d->session, &d->history.row[d->top + i], d->view.offer.scale);
        visible_append(&safe, row.bytes, row.n);
        paint_text(FIRST_ROW + i, 1, f->cols - 2, safe.bytes,
                   d->top + i == d->at ? PAINT_REVERSE : PAINT_PLAIN);
        text_free(&row);
        text_free(&safe);
    }
    paint_rule(f->rows - 2, 0, f->cols);
    paint_text(f->rows - 1, 1, f->cols - 2,
               "up, down move; Enter shows the pair, to change the label; Esc goes back",
               PAINT_DIM);
}

const Mode MODE_HISTORY = {.key = history_key, .paint = history_paint};
