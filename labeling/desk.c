#include "labeling/desk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- what the modes share -------------------------------------------------------------------------- */

void desk_say(Desk *d, Paint tone, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(d->view.message, sizeof d->view.message, format, args);
    va_end(args);
    d->view.tone = tone;
    d->dirty = true;
}

void desk_enter(Desk *d, const Mode *mode)
{
    if (!mode->over_pair) d->covered = true;
    d->mode = mode;
    d->top = 0;
    d->dirty = true;
}

void desk_return(Desk *d)
{
    desk_enter(d, session_pair(d->session) ? &MODE_COMPARE : &MODE_END);
}

/* Lines on top of the answers, as bytes of their texts: they outlast another width. */
static SessionPlace place_of(const View *v)
{
    SessionPlace place = {0};
    for (int i = 0; i < 2; i++)
        if (v->top[i] < v->answer[i].n) place.answer[i] = v->answer[i].line[v->top[i]].at;
    return place;
}

static void restore(Desk *d, const SessionPair *pair)
{
    editor_set(&d->note, pair->note);
    for (int i = 0; i < 2; i++)
        d->view.top[i] = layout_line_of(&d->view.answer[i], pair->place.answer[i]);
    d->unkept = false;
}

int desk_take_pair(Desk *d, Error *err)
{
    if (session_next(d->session, err) != 0) return -1;
    const SessionPair *pair = session_pair(d->session);
    d->view.counts = session_counts(d->session);
    d->view.offer = session_offer(d->session);
    d->view.guided = session_guidelines(d->session) != NULL;
    d->view.chosen = -1;
    d->covered = true;
    desk_return(d);
    if (!pair) return 0;
    view_set_pair(&d->view, pair);
    restore(d, pair);
    if (session_guidelines_new(d->session)) {
        desk_open_guidelines(d);
        snprintf(d->title, sizeof d->title, "New guidelines, version %d: please read",
                 session_guidelines_version(d->session));
    }
    return 0;
}

static void say_saved(Desk *d, const Decision *decision, const char *words, int64_t label)
{
    const SessionCounts *c = &d->view.counts;
    if (session_break_due(d->session))
        desk_say(d, PAINT_BOLD, "saved. Fifty minutes of work: a good time for a break");
    else if (c->goal && c->today == c->goal && decision->choice != CHOICE_SKIP)
        desk_say(d, PAINT_GOOD, "saved: %s. Today's goal of %s is reached; q quits", words,
                 text_thousands(c->goal));
    else if (decision->choice == CHOICE_SKIP)
        desk_say(d, PAINT_GOOD, "saved: %s, %.1f s", words, c->last);
    else
        desk_say(d, PAINT_GOOD, "saved #%lld: %s, %.1f s (label %lld)", (long long)c->done, words,
                 c->last, (long long)label);
}

int desk_decide(Desk *d, Decision decision, Error *err)
{
    const bool amended = d->view.amended;
    decision.note = d->note.text.n ? d->note.text.bytes : NULL;
    if (session_ready(d->session)) d->view.chosen = (int)decision.choice;
    session_seen(d->session, (int[]){view_seen(&d->view, 0), view_seen(&d->view, 1)});
    int64_t label = 0;
    Error failure = {0};
    if (session_decide(d->session, &decision, &label, &failure) != 0) {
        d->view.chosen = -1;
        desk_say(d, PAINT_BAD, "NOT saved: %s", failure.message);
        return 0;
    }
    if (label == 0) {
        desk_say(d, PAINT_DIM, "too quick: that key came before you could have read this pair");
        return 0;
    }
    if (session_is_practice(d->session)) {
        editor_set(&d->note, NULL);
        desk_open_lesson(d);
        return 0;
    }
    if (session_is_review(d->session)) {
        desk_open_votes(d, &decision, label);
        return 0;
    }
    char words[DECISION_WORDS];
    decision_words(words, &decision, d->view.offer.scale); /* the next pair's may be another */
    if (desk_take_pair(d, err) != 0) return -1;
    if (amended) desk_say(d, PAINT_GOOD, "changed: %s (label %lld)", words, (long long)label);
    else say_saved(d, &decision, words, label);
    return 0;
}

int desk_put_aside(Desk *d, Error *err)
{
    bool done = false;
    if (session_put_aside(d->session, &done, err) != 0) return -1;
    if (!done) {
        desk_say(d, PAINT_DIM, "too quick: that key came before you could have read this pair");
        return 0;
    }
    if (desk_take_pair(d, err) != 0) return -1;
    desk_say(d, PAINT_DIM, "left for another time");
    return 0;
}

int desk_undo(Desk *d, Error *err)
{
    bool undone = false;
    const bool early =
        d->mode == &MODE_VOTES || (d->mode == &MODE_COMPARE && !session_ready(d->session));
    if (session_is_practice(d->session)) {
        desk_say(d, PAINT_DIM, "practice: nothing is saved, so there is nothing to take back");
        return 0;
    }
    desk_keep(d);
    StoreOwnLabelList last = {0};
    int rc = session_history(d->session, 1, &last, err);
    if (rc == 0) rc = session_undo(d->session, &undone, err);
    if (rc == 0 && undone) rc = desk_take_pair(d, err);
    if (rc == 0 && undone && last.n) editor_set(&d->note, last.row[0].comment);
    store_own_labels_free(&last);
    if (rc != 0) return -1;
    if (!undone) {
        desk_say(d, PAINT_DIM,
                 early ? "too quick: press u again to take the last one back"
                       : "nothing to take back");
        return 0;
    }
    desk_say(d, PAINT_BOLD, "taken back: here is that pair again; choose anew%s",
             session_is_review(d->session) ? ", knowing what they said" : "");
    return 0;
}

/* ---- keys and pictures ----------------------------------------------------------------------------- */

static void quit(Desk *d)
{
    d->reason = session_pair(d->session) ? "quit" : session_at_limit(d->session) ? "limit" : "done";
}

int desk_key(Desk *d, int key, Error *err)
{
    d->dirty = true;
    if (key == KEY_SIZE || key == KEY_CTRL_L) {
        d->covered = true;
        return 0;
    }
    if (!d->view.frame.too_small) return d->mode->key(d, key, err);
    if (key == 'q' || key == 'Q') quit(d);
    return 0;
}

void desk_resize(Desk *d, int rows, int cols)
{
    view_resize(&d->view, rows, cols);
    if (d->text.text) layout_rewrap(&d->text, view_page_box(&d->view).cols);
    d->covered = d->dirty = true;
}

/* In as many lines as there is room for: what is cut tells nothing. */
static void paint_too_small(const Frame *f)
{
    char size[DESK_TITLE], now[DESK_TITLE];
    snprintf(size, sizeof size, "enlarge to %dx%d ", FRAME_MIN_COLS, FRAME_MIN_ROWS);
    snprintf(now, sizeof now, "(now %dx%d); ", f->cols, f->rows);
    const char *const part[] = {size, now, "q quits"};
    int row = 0, col = 0;
    for (int i = 0; i < 3; i++) {
        const int n = (int)strlen(part[i]);
        if (col > 0 && col + n > f->cols) row++, col = 0;
        if (row < f->rows) col += paint_text(row, col, f->cols - col, part[i], PAINT_PLAIN);
    }
}

void desk_paint(Desk *d)
{
    const Frame *f = &d->view.frame;
    d->view.ready = !d->covered && session_ready(d->session);
    d->view.note = d->note.text.n ? d->note.text.bytes : NULL;
    if (!f->too_small) {
        d->mode->paint(d);
    } else if (f->rows > 0 && f->cols > 0) {
        paint_too_small(f);
    }
    d->dirty = false;
}

bool desk_painted(Desk *d)
{
    const bool pair = d->mode->over_pair && session_pair(d->session) && !d->view.frame.too_small;
    if (!pair) return false;
    view_note_seen(&d->view);
    if (!d->covered) return false;
    session_shown(d->session, d->view.frame.stacked ? "stack" : "side");
    d->covered = false;
    return true;
}

bool desk_is_old(const Desk *d)
{
    return d->dirty || (d->mode == &MODE_COMPARE && d->view.ready != session_ready(d->session));
}

void desk_keep(Desk *d)
{
    const SessionPlace place = place_of(&d->view);
    Error failure = {0};
    if (!d->unkept || d->covered) return;
    d->unkept = false;
    if (session_keep(d->session, d->note.text.n ? d->note.text.bytes : NULL, &place, &failure) != 0)
        desk_say(d, PAINT_BAD, "the note is NOT kept: %s", failure.message);
}

void desk_keep_now(Desk *d)
{
    d->unkept = true;
    session_touch(d->session);
    desk_keep(d);
}

/* ---- beginning and end ----------------------------------------------------------------------------- */

static void greet(Desk *d)
{
    const SessionCounts *c = &d->view.counts;
    if (session_is_practice(d->session)) {
        desk_say(d, PAINT_BOLD, "practice: choose, and see what was expected");
    } else if (session_is_review(d->session)) {
        desk_say(d, PAINT_BOLD, "%s",
                 d->view.frame.cols >= FRAME_SIDE_COLS
                     ? "People differ on this pair. Choose first; then you see what they said."
                     : "choose first; then see the votes");
    } else if (c->done + c->passed > 0) {
        desk_say(d, PAINT_DIM, "welcome back; u undoes your last one");
    } else if (session_pair(d->session)) {
        desk_say(d, PAINT_BOLD, "%s",
                 d->view.frame.cols >= FRAME_SIDE_COLS + 6
                     ? "Read both answers, then press the key of the better one; u takes it back."
                     : "choose the better answer; u undoes");
        desk_open_welcome(d);
    }
}

int desk_open(Desk *d, Session *session, const char *who, int rows, int cols, Error *err)
{
    *d = (Desk){.session = session,
                .view = {.who = who,
                         .practice = session_is_practice(session),
                         .review = session_is_review(session)}};
    view_resize(&d->view, rows, cols);
    if (desk_take_pair(d, err) != 0) return -1;
    greet(d);
    return 0;
}

void desk_close(Desk *d)
{
    view_free(&d->view);
    layout_free(&d->text);
    editor_free(&d->note);
    free(d->note_before);
    store_own_labels_free(&d->history);
}
