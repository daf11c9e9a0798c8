#include "labeling/view.h"

#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "labeling/shown.h"

enum { PACE_FROM = 3 /* decisions before a pace is worth a forecast */, NOTE = 128 };

static const char HELP[] =
    "Read the prompt, then both answers, and choose the better one. Each choice is on the disk "
    "before "
    "the screen says saved.\n"
    "\n"
    "a   1   left      A is better\n"
    "b   2   right     B is better\n"
    "t   =             a tie: equally good, or equally bad\n"
    "s                 skip: I cannot judge this pair\n"
    "u                 undo: take the last one back, as often as you like\n"
    "\n"
    "down  j           both answers one line on;  up  k  one line back\n"
    "space  PgDn       one page on;  PgUp  one page back\n"
    "g  Home           to the beginning;  G  End  to the end\n"
    "p                 the whole prompt, when it does not fit\n"
    "Ctrl-L            paint the screen again\n"
    "q                 quit; nothing is lost, and the next start goes on here\n"
    "\n"
    "Which answer stands on the left is drawn by lot. A key in the first quarter second of a pair "
    "is "
    "ignored: it was meant for the pair before. <U+202E> and the like stand for characters that "
    "cannot "
    "be seen or would disturb the terminal.";

static int max(int a, int b)
{
    return a > b ? a : b;
}

static int min(int a, int b)
{
    return a < b ? a : b;
}

/* ---- geometry ---- */

static Box page_box(const View *v)
{
    return (Box){.row = 2,
                 .col = 1,
                 .rows = max(0, v->frame.rows - 4),
                 .cols = max(2, min(v->frame.cols - 2, FRAME_TEXT_MAX))};
}

static int last_top(const Layout *l, const Box *box)
{
    return max(0, l->n - box->rows);
}

int view_last_top(const View *v)
{
    return max(last_top(&v->answer[0], &v->frame.answer[0]),
               last_top(&v->answer[1], &v->frame.answer[1]));
}

int view_last_page_top(const View *v)
{
    const Box box = page_box(v);
    return last_top(v->mode == VIEW_HELP ? &v->help : &v->prompt, &box);
}

static void place_rows(View *v)
{
    const Layout *p = &v->prompt;
    const int left = v->answer[0].n, right = v->answer[1].n;
    frame_rows(&v->frame, p->n, left, right);
    /* A prompt that is cut does not begin with an empty line. */
    const int rows = v->frame.prompt.rows;
    if (rows > 1 && rows < p->n && p->line[p->n - rows].n == 0)
        frame_rows(&v->frame, rows - 1, left, right);
}

void view_resize(View *v, int rows, int cols)
{
    const Layout *longer = &v->answer[v->answer[1].n > v->answer[0].n];
    const size_t at = v->top < longer->n ? longer->line[v->top].at : 0;
    frame_columns(&v->frame, rows, cols);
    if (!v->help.text) layout_make(&v->help, HELP, strlen(HELP), page_box(v).cols);
    else layout_rewrap(&v->help, page_box(v).cols);
    if (v->prompt.text) {
        layout_rewrap(&v->prompt, v->frame.prompt.cols);
        for (int i = 0; i < 2; i++) layout_rewrap(&v->answer[i], v->frame.answer[i].cols);
    }
    place_rows(v);
    v->top = min(layout_line_of(longer, at), view_last_top(v));
    v->page_top = min(v->page_top, view_last_page_top(v));
}

void view_set_pair(View *v, const SessionPair *pair)
{
    size_t n;
    const char *text = shown_prompt(pair->prompt, &n);
    layout_make(&v->prompt, text, n, v->frame.prompt.cols);
    text = shown_answer(pair->left, &n);
    layout_make(&v->answer[0], text, n, v->frame.answer[0].cols);
    text = shown_answer(pair->right, &n);
    layout_make(&v->answer[1], text, n, v->frame.answer[1].cols);
    v->same_prompt = pair->same_prompt;
    v->top = v->page_top = 0;
    place_rows(v);
}

void view_free(View *v)
{
    layout_free(&v->prompt);
    layout_free(&v->answer[0]);
    layout_free(&v->answer[1]);
    layout_free(&v->help);
}

/* ---- parts ---- */

static void paint_right(int row, int end, const char *text, Paint paint)
{
    const int width = text_width(text, strlen(text));
    paint_text(row, max(0, end - width), width, text, paint);
}

static void paint_bar(Text *out, const SessionCounts *c, int cells)
{
    const bool utf8 = MB_CUR_MAX > 1;
    const int64_t total = c->done + c->left;
    const int full = total ? (int)((double)c->done / (double)total * cells + 0.5) : cells;
    for (int i = 0; i < cells; i++) text_add(out, i < full ? utf8 ? "█" : "#" : utf8 ? "░" : ".");
}

static void paint_header(const View *v)
{
    enum { BAR = 16, WITH_BAR = 60, WITH_ETA = 72 };
    const int cols = v->frame.cols;
    const SessionCounts *c = &v->counts;
    Text t = {0};
    if (cols >= WITH_ETA) text_format(&t, "today %s   ", text_thousands(c->today));
    text_format(&t, "%s of %s", text_thousands(c->done), text_thousands(c->done + c->left));
    if (cols >= WITH_BAR) {
        text_add(&t, "  ");
        paint_bar(&t, c, BAR);
    }
    char eta[32];
    if (cols >= WITH_ETA && c->now >= PACE_FROM && c->left > 0)
        text_format(&t, "  %s left", log_duration(eta, c->seconds * (double)c->left));
    paint_right(0, cols - 1, t.bytes, PAINT_PLAIN);
    const int end = cols - 3 - text_width(t.bytes, t.n);
    const int at = 1 + paint_text(0, 1, end - 1, "rlhf label", PAINT_BOLD) + 2;
    paint_text(0, at, max(0, end - at), v->who, PAINT_PLAIN);
    text_free(&t);
}

/* A rule with a name in it, a note in light type after it and one at its right end. */
static void paint_title(int row, int col, int cols, const char *name, const char *note,
                        const char *right, Paint paint)
{
    paint_rule(row, col, cols);
    char text[NOTE];
    snprintf(text, sizeof text, " %s ", name);
    int at = col + 1;
    at += paint_text(row, at, cols - 2, text, paint);
    if (*note) {
        snprintf(text, sizeof text, "%s ", note);
        at += paint_text(row, at, max(0, col + cols - at - 1), text, PAINT_DIM);
    }
    const int width = text_width(right, strlen(right));
    if (*right && at + width + 1 < col + cols) paint_right(row, col + cols - 1, right, PAINT_BOLD);
}

static void words(char out[NOTE], const Layout *l)
{
    snprintf(out, NOTE, "%s", text_count(l->words, "word"));
}

/* What of a text is out of sight below. */
static void below(char out[NOTE], const View *v, int i)
{
    const int rows = v->frame.answer[i].rows, n = v->answer[i].n;
    const int first = min(v->top, last_top(&v->answer[i], &v->frame.answer[i]));
    const int more = n - first - rows;
    *out = 0;
    if (more > 0) snprintf(out, NOTE, " %s ↓ ", text_count(more, "more line"));
    else if (first > 0) snprintf(out, NOTE, " end ");
}

static void paint_prompt(const View *v)
{
    const Frame *f = &v->frame;
    char note[NOTE];
    words(note, &v->prompt);
    const int hidden = v->prompt.n - f->prompt.rows;
    char right[NOTE] = "";
    if (hidden > 0) snprintf(right, sizeof right, " p shows %s above ", text_count(hidden, "line"));
    paint_title(f->prompt_title, 0, f->cols, v->same_prompt ? "Prompt, as before" : "Prompt", note,
                right, PAINT_BOLD);
    /* The end of a long dialogue is what is answered. */
    paint_layout(&f->prompt, &v->prompt, max(0, hidden), true);
}

static void paint_answer(const View *v, int i)
{
    const Frame *f = &v->frame;
    const Box *box = &f->answer[i];
    const int col = f->stacked || i == 0 ? 0 : f->divider + 1;
    const int cols = f->stacked ? f->cols : i == 0 ? f->divider : f->cols - f->divider - 1;
    const bool chosen =
        v->chosen == (i == 0 ? CHOICE_LEFT : CHOICE_RIGHT) || v->chosen == CHOICE_TIE;
    char note[NOTE], more[NOTE];
    words(note, &v->answer[i]);
    below(more, v, i);
    paint_title(f->title[i], col, cols, i == 0 ? "A" : "B", note, f->stacked ? more : "",
                chosen ? PAINT_REVERSE : PAINT_BOLD);
    if (!f->stacked && *more) paint_right(f->foot, col + cols - 1, more, PAINT_BOLD);
    if (v->answer[i].n == 0 && box->rows > 0)
        paint_text(box->row, box->col, box->cols, "(an empty answer)", PAINT_DIM);
    paint_layout(box, &v->answer[i], min(v->top, last_top(&v->answer[i], box)), false);
}

static const struct {
    const char *key, *full, *brief;
} KEYS[] = {{"a", "A is better", "A"}, {"b", "B is better", "B"}, {"t", "tie", "tie"},
            {"s", "skip", "skip"},     {"u", "undo", "undo"},     {"?", "help", ""},
            {"q", "quit", "quit"}};
enum { KEYS_N = sizeof KEYS / sizeof *KEYS };

static int keys_width(bool full, int gap)
{
    int width = -gap;
    for (int i = 0; i < KEYS_N; i++) {
        const size_t n = strlen(full ? KEYS[i].full : KEYS[i].brief);
        width += 1 + (n > 0) + (int)n + gap;
    }
    return width;
}

static void paint_keys(const View *v)
{
    const int cols = v->frame.cols - 2;
    const bool full = keys_width(true, 2) <= cols;
    int gap = 3;
    while (gap > 1 && keys_width(full, gap) > cols) gap--;
    int at = 1;
    for (int i = 0; i < KEYS_N; i++) {
        const char *label = full ? KEYS[i].full : KEYS[i].brief;
        const bool choice = i < 4; /* the others work at any time */
        const bool dim = choice && !v->ready;
        at +=
            paint_text(v->frame.keys, at, cols - at + 1, KEYS[i].key, dim ? PAINT_DIM : PAINT_BOLD);
        at += *label != 0;
        at += paint_text(v->frame.keys, at, cols - at + 1, label, dim ? PAINT_DIM : PAINT_PLAIN);
        at += gap;
    }
}

static void paint_status(const View *v)
{
    const int cols = v->frame.cols - 2, row = v->frame.rows - 1;
    int taken = paint_text(row, 1, cols, v->message, v->tone);
    char pace[64];
    if (v->counts.now < PACE_FROM) return;
    snprintf(pace, sizeof pace, "%.0f s a pair, %lld this time", v->counts.median,
             (long long)v->counts.now);
    if (taken + 3 + (int)strlen(pace) <= cols) paint_right(row, cols + 1, pace, PAINT_DIM);
}

/* ---- pages ---- */

static void paint_pair(const View *v)
{
    const Frame *f = &v->frame;
    paint_header(v);
    paint_prompt(v);
    paint_rule(f->foot, 0, f->cols);
    paint_answer(v, 0);
    paint_answer(v, 1);
    if (!f->stacked) paint_divider(f->divider, f->title[0] + 1, f->foot);
    paint_keys(v);
    paint_status(v);
}

static void paint_page(const View *v, const char *name, const Layout *text)
{
    const Box box = page_box(v);
    const int more = text->n - v->page_top - box.rows;
    char note[NOTE] = "";
    if (more > 0) snprintf(note, sizeof note, " %s ↓ ", text_count(more, "more line"));
    paint_header(v);
    paint_title(1, 0, v->frame.cols, name, "", "", PAINT_BOLD);
    paint_layout(&box, text, v->page_top, v->mode == VIEW_PROMPT);
    paint_rule(v->frame.rows - 2, 0, v->frame.cols);
    paint_right(v->frame.rows - 2, v->frame.cols - 1, note, PAINT_BOLD);
    paint_text(v->frame.rows - 1, 1, v->frame.cols - 2,
               "up, down, space scroll; any other key goes back", PAINT_DIM);
}

static void paint_end(const View *v)
{
    const int row = max(2, v->frame.rows / 3), col = max(1, v->frame.cols / 2 - 30);
    const int cols = v->frame.cols - col - 1;
    char text[NOTE];
    paint_header(v);
    if (v->at_limit)
        snprintf(text, sizeof text, "%s of %s: this round is done.", text_thousands(v->counts.now),
                 text_thousands(v->counts.now));
    else
        snprintf(text, sizeof text,
                 v->counts.passed ? "No pair is left: %s labeled by you, %s skipped."
                                  : "All pairs are labeled, %s by you.",
                 text_thousands(v->counts.done), text_thousands(v->counts.passed));
    paint_text(row, col, cols, text, PAINT_BOLD);
    paint_text(row + 2, col, cols, "Everything is saved.", PAINT_PLAIN);
    paint_text(row + 4, col, cols, "q quits; u takes the last one back", PAINT_PLAIN);
    paint_status(v);
}

void view_paint(const View *v)
{
    const Frame *f = &v->frame;
    erase();
    if (f->too_small) {
        char text[NOTE];
        snprintf(text, sizeof text, "enlarge to %dx%d (now %dx%d); q quits", FRAME_MIN_COLS,
                 FRAME_MIN_ROWS, f->cols, f->rows);
        if (f->rows > 0 && f->cols > 0) paint_text(0, 0, f->cols, text, PAINT_PLAIN);
    } else {
        switch (v->mode) {
        case VIEW_PAIR: paint_pair(v); break;
        case VIEW_HELP: paint_page(v, "Help", &v->help); break;
        case VIEW_PROMPT: paint_page(v, "Prompt", &v->prompt); break;
        case VIEW_END: paint_end(v); break;
        }
    }
    refresh();
}
