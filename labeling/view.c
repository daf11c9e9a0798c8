#include "labeling/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "labeling/key.h"
#include "labeling/shown.h"
#include "labeling/view_keys.h"

enum { PACE_FROM = 3 /* decisions before a pace is worth a forecast */, NOTE = 128 };

static int max(int a, int b)
{
    return a > b ? a : b;
}

static int min(int a, int b)
{
    return a < b ? a : b;
}

/* ---- geometry -------------------------------------------------------------------------------------- */

Box view_page_box(const View *v)
{
    return (Box){.row = 2,
                 .col = 1,
                 .rows = max(0, v->frame.rows - 4),
                 .cols = max(2, min(v->frame.cols - 2, FRAME_TEXT_MAX))};
}

static int last_top(const View *v, int i)
{
    return max(0, v->answer[i].n - v->frame.answer[i].rows);
}

/* The first line that is painted. */
static int first_line(const View *v, int i)
{
    return min(v->top[i], last_top(v, i));
}

static void place_rows(View *v)
{
    const Layout *p = &v->prompt;
    const int only = v->frame.only;
    const int left = only == 2 ? 0 : v->answer[0].n, right = only == 1 ? 0 : v->answer[1].n;
    frame_rows(&v->frame, p->n, left, right);
    /* A prompt that is cut does not begin with an empty line. */
    const int rows = v->frame.prompt.rows;
    if (rows > 1 && rows < p->n && p->line[p->n - rows].n == 0)
        frame_rows(&v->frame, rows - 1, left, right);
}

static void place(View *v, int rows, int cols, int only)
{
    size_t at[2] = {0};
    for (int i = 0; i < 2; i++)
        if (first_line(v, i) < v->answer[i].n) at[i] = v->answer[i].line[first_line(v, i)].at;
    frame_columns(&v->frame, rows, cols, only);
    if (v->prompt.text) {
        layout_rewrap(&v->prompt, v->frame.prompt.cols);
        for (int i = 0; i < 2; i++) layout_rewrap(&v->answer[i], v->frame.answer[i].cols);
    }
    place_rows(v);
    for (int i = 0; i < 2; i++) v->top[i] = layout_line_of(&v->answer[i], at[i]);
}

void view_resize(View *v, int rows, int cols)
{
    place(v, rows, cols, v->frame.only);
}

void view_zoom(View *v, int only)
{
    place(v, v->frame.rows, v->frame.cols, only);
    v->focus = only;
}

void view_set_pair(View *v, const SessionPair *pair)
{
    size_t n;
    frame_columns(&v->frame, v->frame.rows, v->frame.cols, VIEW_BOTH);
    const char *text = shown_prompt(pair->prompt, &n);
    layout_make(&v->prompt, text, n, v->frame.prompt.cols);
    layout_mark_names(&v->prompt);
    text = shown_answer(pair->left, &n);
    layout_make(&v->answer[0], text, n, v->frame.answer[0].cols);
    text = shown_answer(pair->right, &n);
    layout_make(&v->answer[1], text, n, v->frame.answer[1].cols);
    v->same_prompt = pair->same_prompt;
    v->amended = pair->amended;
    v->focus = VIEW_BOTH;
    for (int i = 0; i < 2; i++) v->top[i] = 0, v->seen[i] = 0;
    view_set_diff(v, v->diff);
    place_rows(v);
}

void view_set_diff(View *v, bool on)
{
    v->diff = on;
    if (v->prompt.text) layout_mark_difference(&v->answer[0], &v->answer[1], on);
}

enum { PAGE_ON = 1 << 16, PAGE_BACK, TO_BEGIN, TO_END };

/* `to` is one of these four, or so many lines on. */
static void scroll(View *v, int to)
{
    const int rows = v->frame.answer[v->frame.only == 2].rows, page = rows > 2 ? rows - 1 : 1;
    const int by = to == PAGE_ON ? page : to == PAGE_BACK ? -page : to;
    /* Both go as far as the longer one, so that they come back together. */
    const int both = max(last_top(v, 0), last_top(v, 1));
    for (int i = 0; i < 2; i++) {
        if (v->focus && v->focus != 1 + i) continue;
        const int last = v->focus ? last_top(v, i) : both;
        const int next = to == TO_BEGIN ? 0 : to == TO_END ? last : min(v->top[i], last) + by;
        v->top[i] = max(0, min(next, last));
    }
}

static bool move_lines(View *v, int key)
{
    switch (key) {
    case KEY_DOWN_ARROW:
    case 'j': scroll(v, 1); return true;
    case KEY_UP_ARROW:
    case 'k': scroll(v, -1); return true;
    case KEY_PAGE_DOWN:
    case ' ': scroll(v, PAGE_ON); return true;
    case KEY_PAGE_UP: scroll(v, PAGE_BACK); return true;
    case KEY_TO_BEGIN:
    case '<': scroll(v, TO_BEGIN); return true;
    case KEY_TO_END:
    case '>':
    case 'G': scroll(v, TO_END); return true;
    default: return false;
    }
}

bool view_key(View *v, int key)
{
    if (move_lines(v, key)) return true;
    switch (key) {
    case KEY_TAB:
        if (v->frame.only) view_zoom(v, 3 - v->frame.only);
        else v->focus = (v->focus + 1) % 3;
        return true;
    case 'z':
    case 'Z': view_zoom(v, v->frame.only ? VIEW_BOTH : v->focus ? v->focus : 1); return true;
    case KEY_ESCAPE: view_zoom(v, VIEW_BOTH); return true;
    case 'd':
    case 'D': view_set_diff(v, !v->diff); return true;
    default: return false;
    }
}

void view_note_seen(View *v)
{
    for (int i = 0; i < 2; i++) {
        const Layout *l = &v->answer[i];
        const int end = min(l->n, first_line(v, i) + v->frame.answer[i].rows);
        if (v->frame.answer[i].rows == 0 || end == 0) continue;
        const size_t seen = end == l->n ? l->bytes : l->line[end].at;
        if (seen > v->seen[i]) v->seen[i] = seen;
    }
}

int view_seen(const View *v, int i)
{
    enum { WHOLE = 1000 };
    const size_t bytes = v->answer[i].bytes;
    return v->answer[i].n == 0 ? WHOLE : (int)((double)v->seen[i] / (double)bytes * WHOLE);
}

void view_free(View *v)
{
    layout_free(&v->prompt);
    layout_free(&v->answer[0]);
    layout_free(&v->answer[1]);
}

/* ---- parts ----------------------------------------------------------------------------------------- */

static void paint_right(int row, int end, const char *text, Paint paint)
{
    const int width = text_width(text, strlen(text));
    paint_text(row, max(0, end - width), width, text, paint);
}

static void put_bar(Text *out, int64_t done, int64_t total, int cells)
{
    const bool utf8 = paint_speaks_utf8();
    const double share = total ? (double)done / (double)total : 1;
    const int full = share >= 1 ? cells : (int)(share * cells + 0.5);
    for (int i = 0; i < cells; i++) text_add(out, i < full ? utf8 ? "█" : "#" : utf8 ? "░" : ".");
}

/* Towards the goal of the day, or towards the last pair. */
static void put_progress(Text *out, const SessionCounts *c, bool bar)
{
    enum { BAR = 16 };
    const int64_t done = c->goal ? c->today : c->done;
    const int64_t total = c->goal ? c->goal : c->done + c->left;
    text_format(out, "%s of %s", text_thousands(done), text_thousands(total));
    if (!bar) return;
    text_add(out, "  ");
    put_bar(out, done, total, BAR);
}

static void put_eta(Text *out, const SessionCounts *c)
{
    char eta[32];
    const int64_t to_goal = c->goal - c->today,
                  left = c->goal && to_goal < c->left ? to_goal : c->left;
    if (c->now >= PACE_FROM && left > 0)
        text_format(out, "  %s left", log_duration(eta, c->seconds * (double)left));
}

void view_paint_header(const View *v)
{
    enum { WITH_BAR = 60, WITH_ETA = 72 };
    const int cols = v->frame.cols;
    const SessionCounts *c = &v->counts;
    Text t = {0};
    if (v->practice) {
        text_format(&t, "practice: nothing counts   %s to go", text_thousands(c->left));
    } else {
        if (v->review) text_add(&t, "settled ");
        else if (cols >= WITH_ETA && !c->goal)
            text_format(&t, "%s today, in all ", text_thousands(c->today));
        if (cols >= WITH_ETA && c->goal) text_add(&t, "today ");
        put_progress(&t, c, cols >= WITH_BAR);
        if (cols >= WITH_ETA) put_eta(&t, c);
    }
    paint_right(0, cols - 1, t.bytes, PAINT_PLAIN);
    const int end = cols - 3 - text_width(t.bytes, t.n);
    const char *name = v->review && cols >= WITH_BAR ? "rlhf label --review" : "rlhf label";
    const int at = 1 + paint_text(0, 1, end - 1, name, PAINT_BOLD) + 2;
    paint_text(0, at, max(0, end - at), v->who, PAINT_PLAIN);
    text_free(&t);
}

/* A note in light type after the name, another at the right end. */
void view_paint_title(int row, int col, int cols, const char *name, const char *note,
                      const char *right, Paint paint)
{
    paint_rule(row, col, cols);
    char text[NOTE];
    int at = col + 1;
    snprintf(text, sizeof text, " %s ", name);
    if (*name) at += paint_text(row, at, cols - 2, text, paint);
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
    const int first = first_line(v, i), more = v->answer[i].n - first - v->frame.answer[i].rows;
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
    if (hidden > 0)
        snprintf(right, sizeof right, " %s shows %s above ", v->prompt_key ? v->prompt_key : "p",
                 text_count(hidden, "line"));
    view_paint_title(f->prompt_title, 0, f->cols,
                     v->prompt_name   ? v->prompt_name
                     : v->amended     ? "Prompt of a pair you have labeled"
                     : v->same_prompt ? "Prompt, same prompt as before"
                                      : "Prompt",
                     note, right, PAINT_BOLD);
    /* The end of a long dialogue is what is answered. */
    paint_layout(&f->prompt, &v->prompt, max(0, hidden));
}

static bool is_chosen(const View *v, int i)
{
    return v->chosen == (i == 0 ? CHOICE_LEFT : CHOICE_RIGHT) || v->chosen == CHOICE_TIE;
}

static void paint_answer(const View *v, int i)
{
    const Frame *f = &v->frame;
    const Box *box = &f->answer[i];
    const int col = f->stacked || i == 0 ? 0 : f->divider + 1;
    const int cols = f->stacked ? f->cols : i == 0 ? f->divider : f->cols - f->divider - 1;
    char note[NOTE], more[NOTE];
    words(note, &v->answer[i]);
    if (*v->about[i])
        snprintf(note + strlen(note), sizeof note - strlen(note), ", %s", v->about[i]);
    if (v->focus == 1 + i)
        strncat(note, f->only ? ", alone; Tab: the other" : ", scrolls alone",
                sizeof note - strlen(note) - 1);
    below(more, v, i);
    view_paint_title(f->title[i], col, cols,
                     v->name[i] ? v->name[i]
                     : i == 0   ? "A"
                                : "B",
                     note, f->stacked ? more : "", is_chosen(v, i) ? PAINT_REVERSE : PAINT_BOLD);
    if (!f->stacked && *more) paint_right(f->foot, col + cols - 1, more, PAINT_BOLD);
    if (v->answer[i].n == 0 && box->rows > 0)
        paint_text(box->row, box->col, box->cols, "(an empty answer)", PAINT_DIM);
    paint_layout(box, &v->answer[i], first_line(v, i));
}

void view_paint_status(const View *v)
{
    const int cols = v->frame.cols - 2, row = v->frame.rows - 1;
    int taken = 0;
    if (v->note && *v->note) {
        taken += paint_text(row, 1, cols, "note: ", PAINT_BOLD);
        taken += paint_text(row, 1 + taken, cols / 2, v->note, PAINT_PLAIN) + 2;
    }
    taken += paint_text(row, 1 + taken, max(0, cols - taken), v->message, v->tone);
    char pace[64];
    if (v->counts.now < PACE_FROM) return;
    snprintf(pace, sizeof pace, "%.0f s a pair, %lld this time", v->counts.median,
             (long long)v->counts.now);
    if (taken + 3 + (int)strlen(pace) <= cols) paint_right(row, cols + 1, pace, PAINT_DIM);
}

int view_sheet_rows(const View *v, int n)
{
    return min(n, max(1, v->frame.foot - 3));
}

void view_paint_sheet(const View *v, const char *title, const Layout *text, int first,
                      const char *keys)
{
    const Frame *f = &v->frame;
    const int rows = view_sheet_rows(v, text->n), top = f->foot - rows - 1;
    const int more = text->n - first - rows;
    char note[NOTE] = "";
    const Box all = {.row = top, .col = 0, .rows = f->rows - top - 1, .cols = f->cols};
    const Box box = {.row = top + 1, .col = 1, .rows = rows, .cols = text->width};
    paint_blank(&all);
    view_paint_title(top, 0, f->cols, title, "", "", PAINT_BOLD);
    paint_layout(&box, text, first);
    if (more > 0) snprintf(note, sizeof note, " %s ↓ ", text_count(more, "more line"));
    view_paint_title(f->foot, 0, f->cols, "", "", note, PAINT_PLAIN);
    paint_text(f->keys, 1, f->cols - 2, keys, PAINT_PLAIN);
}

void view_paint_texts(const View *v)
{
    const Frame *f = &v->frame;
    paint_prompt(v);
    paint_rule(f->foot, 0, f->cols);
    for (int i = 0; i < 2; i++)
        if (!f->only || f->only == 1 + i) paint_answer(v, i);
    if (!f->stacked) paint_divider(f->divider, f->title[0] + 1, f->foot);
}

void view_paint_pair(const View *v)
{
    view_paint_header(v);
    view_paint_texts(v);
    view_paint_keys(v);
    view_paint_status(v);
}
