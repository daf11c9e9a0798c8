#include "labeling/screen.h"

#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "labeling/view.h"

enum { TICK_MS = 50, ESCAPE = 27, CTRL_L = 12 };
/* A loop that did not come round for so long was suspended: the terminal showed something else. */
static const double AWAY_SECONDS = 1.0;

typedef struct {
    Session *session;
    View view;
    bool covered; /* the pair is not known to be in view: tell the session when it is painted */
    bool dirty;
    const char *reason; /* to end, or NULL */
} Screen;

static void say(Screen *s, Paint tone, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void say(Screen *s, Paint tone, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(s->view.message, sizeof s->view.message, format, args);
    va_end(args);
    s->view.tone = tone;
    s->dirty = true;
}

static void cover(Screen *s, ViewMode mode)
{
    s->view.mode = mode;
    s->view.page_top = 0;
    s->covered = s->dirty = true;
}

/* Put the pair in hand before the reader, or the last page when there is none. */
static int take_pair(Screen *s, Error *err)
{
    if (session_next(s->session, err) != 0) return -1;
    const SessionPair *pair = session_pair(s->session);
    s->view.counts = session_counts(s->session);
    s->view.at_limit = session_at_limit(s->session);
    s->view.chosen = -1;
    cover(s, pair ? VIEW_PAIR : VIEW_END);
    if (pair) view_set_pair(&s->view, pair);
    return 0;
}

static void show(Screen *s)
{
    s->view.ready = !s->covered && session_ready(s->session);
    view_paint(&s->view);
    s->dirty = false;
    if (!s->covered || s->view.frame.too_small || s->view.mode != VIEW_PAIR) return;
    /* Whatever was typed until here was typed at something else. */
    flushinp();
    session_shown(s->session, s->view.frame.stacked ? "stack" : "side");
    s->covered = false;
}

static int decide(Screen *s, Choice choice, Error *err)
{
    if (session_ready(s->session)) {
        s->view.chosen = (int)choice;
        say(s, PAINT_DIM, "saving: %s", choice_words(choice));
        view_paint(&s->view);
    }
    int64_t label = 0;
    Error failure = {0};
    if (session_decide(s->session, choice, &label, &failure) != 0) {
        s->view.chosen = -1;
        say(s, PAINT_BAD, "NOT saved: %s", failure.message);
        return 0;
    }
    if (label == 0) {
        say(s, PAINT_DIM, "too quick: that key came before you could have read this pair");
        return 0;
    }
    if (take_pair(s, err) != 0) return -1;
    if (choice == CHOICE_SKIP) say(s, PAINT_GOOD, "saved: skipped, %.1f s", s->view.counts.last);
    else
        say(s, PAINT_GOOD, "saved #%lld: %s, %.1f s (label %lld)", (long long)s->view.counts.done,
            choice_words(choice), s->view.counts.last, (long long)label);
    return 0;
}

static int undo(Screen *s, Error *err)
{
    bool undone = false;
    const bool early = s->view.mode == VIEW_PAIR && !session_ready(s->session);
    if (session_undo(s->session, &undone, err) != 0) return -1;
    if (!undone) {
        say(s, PAINT_DIM,
            early ? "too quick: press u again to take the last one back" : "nothing to take back");
        return 0;
    }
    if (take_pair(s, err) != 0) return -1;
    say(s, PAINT_BOLD, "taken back: here is that pair again; choose anew");
    return 0;
}

/* Keys that move a text of which `last` is the last first line.  True when it was one. */
static bool scroll_key(int key, int *top, int last, int page)
{
    int to = *top;
    switch (key) {
    case KEY_DOWN:
    case 'j': to++; break;
    case KEY_UP:
    case 'k': to--; break;
    case KEY_NPAGE:
    case ' ': to += page; break;
    case KEY_PPAGE: to -= page; break;
    case KEY_HOME:
    case 'g': to = 0; break;
    case KEY_END:
    case 'G': to = last; break;
    default: return false;
    }
    *top = to > last ? last : to < 0 ? 0 : to;
    return true;
}

static int pair_key(Screen *s, int key, Error *err)
{
    const int rows = s->view.frame.answer[0].rows;
    if (scroll_key(key, &s->view.top, view_last_top(&s->view), rows > 2 ? rows - 1 : 1)) {
        session_touch(s->session);
        return 0;
    }
    switch (key) {
    case 'a':
    case 'A':
    case '1':
    case KEY_LEFT: return decide(s, CHOICE_LEFT, err);
    case 'b':
    case 'B':
    case '2':
    case KEY_RIGHT: return decide(s, CHOICE_RIGHT, err);
    case 't':
    case 'T':
    case '=': return decide(s, CHOICE_TIE, err);
    case 's':
    case 'S': return decide(s, CHOICE_SKIP, err);
    case 'p':
        session_touch(s->session);
        cover(s, VIEW_PROMPT);
        return 0;
    case '?':
    case KEY_F(1): cover(s, VIEW_HELP); return 0;
    default: return 0;
    }
}

static void page_key(Screen *s, int key)
{
    const int page = s->view.frame.rows - 5;
    if (scroll_key(key, &s->view.page_top, view_last_page_top(&s->view), page > 1 ? page : 1))
        return;
    if (key != 'q' && key != ESCAPE) flushinp();
    cover(s, session_pair(s->session) ? VIEW_PAIR : VIEW_END);
}

static int obey(Screen *s, int key, Error *err)
{
    s->dirty = true;
    if (key == KEY_RESIZE || key == CTRL_L) {
        s->covered = true;
        view_resize(&s->view, getmaxy(stdscr), getmaxx(stdscr));
        clearok(stdscr, TRUE);
        return 0;
    }
    const bool page = s->view.mode == VIEW_HELP || s->view.mode == VIEW_PROMPT;
    if (page && !s->view.frame.too_small) {
        page_key(s, key);
        return 0;
    }
    if (key == 'q' || key == 'Q') {
        s->reason = session_pair(s->session) ? "quit" : s->view.at_limit ? "limit" : "done";
        return 0;
    }
    if (s->view.frame.too_small) return 0;
    if (key == 'u' || key == 'U') return undo(s, err);
    return s->view.mode == VIEW_PAIR ? pair_key(s, key, err) : 0;
}

/* The next key, or ERR after a tick without one. */
static int wait_key(Screen *s)
{
    const double before = log_clock();
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    const int ready = poll(&p, 1, TICK_MS);
    if (interrupt_pending()) {
        s->reason = interrupt_pending() == SIGHUP ? STORE_HANG_UP : "signal";
        return ERR;
    }
    if (ready > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL))) {
        s->reason = STORE_HANG_UP;
        return ERR;
    }
    if (log_clock() - before > AWAY_SECONDS) return KEY_RESIZE;
    return getch();
}

static int loop(Screen *s, Error *err)
{
    while (!s->reason) {
        if (s->dirty || s->view.ready != session_ready(s->session)) show(s);
        const int key = wait_key(s);
        if (key != ERR && !s->reason && obey(s, key, err) != 0) return -1;
    }
    return 0;
}

int screen_run(Session *session, const char *who, const char **reason, Error *err)
{
    Screen s = {.session = session, .view = {.who = who, .chosen = -1}};
    if (paint_open(err) != 0) return -1;
    view_resize(&s.view, getmaxy(stdscr), getmaxx(stdscr));
    int rc = take_pair(&s, err);
    if (rc == 0) {
        const bool wide = s.view.frame.cols >= 76;
        if (s.view.counts.done + s.view.counts.passed == 0)
            say(&s, PAINT_BOLD, "%s",
                wide ? "Read both answers, then press a or b for the better one; u takes it back."
                     : "a or b: the better answer; u undoes");
        else say(&s, PAINT_DIM, "welcome back; u undoes your last one");
        rc = loop(&s, err);
    }
    paint_close(s.reason && strcmp(s.reason, STORE_HANG_UP) == 0);
    view_free(&s.view);
    *reason = s.reason;
    return rc;
}
