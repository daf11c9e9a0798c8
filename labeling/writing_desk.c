#include "labeling/writing_desk.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "labeling/clock.h"
#include "labeling/scroll.h"
#include "labeling/shown.h"
#include "labeling/writing_view.h"

/* ---- what the modes share -------------------------------------------------------------------------- */

void writing_desk_say(WritingDesk *d, Paint tone, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(d->message, sizeof d->message, format, args);
    va_end(args);
    d->tone = tone;
    d->dirty = true;
}

static void guard(WritingDesk *d)
{
    d->guarded_us = d->now(d->context);
}

static void enter(WritingDesk *d, const WritingMode *mode)
{
    d->mode = mode;
    d->dirty = true;
    if (mode != &WRITING_EDIT) guard(d);
}

/* Would a key that saves, leaves or drops count now? */
static bool is_ready(const WritingDesk *d)
{
    return !d->pasting && d->now(d->context) - d->guarded_us >= WRITING_GUARD_US;
}

bool writing_desk_is_given(const WritingDesk *d)
{
    return d->written.options->answers_only;
}

bool writing_desk_is_unsaved(const WritingDesk *d)
{
    return !textarea_is_blank(&d->area[WRITING_PROMPT]) ||
           !textarea_is_blank(&d->area[WRITING_ANSWER]);
}

/* ---- one after another ----------------------------------------------------------------------------- */

void writing_desk_show_given(WritingDesk *d)
{
    size_t n;
    d->focus = WRITING_ANSWER;
    if (d->at >= d->prompts.n) {
        enter(d, &WRITING_END);
        return;
    }
    const char *text = shown_prompt(d->prompts.row[d->at].text, &n);
    layout_make(&d->given, text, n, writing_view_columns(d));
    layout_mark_names(&d->given);
    writing_desk_resize(d, d->rows, d->cols);
    d->given_top = d->given.n; /* its end is what is answered */
    enter(d, &WRITING_EDIT);
}

static void begin_next(WritingDesk *d)
{
    for (int i = 0; i < WRITING_PARTS; i++) textarea_set(&d->area[i], NULL);
    if (writing_desk_is_given(d)) writing_desk_show_given(d);
    else d->focus = WRITING_PROMPT;
}

/* ---- saving and taking back ------------------------------------------------------------------------ */

static bool is_whole(WritingDesk *d)
{
    if (!writing_desk_is_given(d) && textarea_is_blank(&d->area[WRITING_PROMPT])) {
        d->focus = WRITING_PROMPT;
        writing_desk_say(d, PAINT_DIM, "not saved: a prompt is missing");
        return false;
    }
    if (textarea_is_blank(&d->area[WRITING_ANSWER])) {
        d->focus = WRITING_ANSWER;
        writing_desk_say(d, PAINT_DIM, "not saved: an answer is missing");
        return false;
    }
    return true;
}

static void say_saved(WritingDesk *d)
{
    const WrittenRow *row = &d->written.row[d->written.n - 1];
    writing_desk_say(d, PAINT_GOOD, "saved #%lld: demonstration %lld, %s split",
                     (long long)d->written.counts.written, (long long)row->id,
                     split_name(row->split));
}

/* False when a part is missing, or it cannot be saved; the screen says what. */
static bool save(WritingDesk *d, Error *err)
{
    bool added = false;
    if (d->mode == &WRITING_END || !is_whole(d)) return false;
    char *typed = mem_strdup(d->area[WRITING_PROMPT].text.bytes),
         *said = mem_strdup(d->area[WRITING_ANSWER].text.bytes);
    const char *prompt = writing_desk_is_given(d) ? d->prompts.row[d->at].text : text_trim(typed);
    const int rc = written_save(&d->written, prompt, text_trim(said), &added, err);
    free(typed), free(said);
    if (rc != 0) {
        writing_desk_say(d, PAINT_BAD, "NOT saved: %s", err->message);
        return false;
    }
    if (!added) {
        writing_desk_say(d, PAINT_DIM, "not saved: the same prompt and answer are there already");
        return false;
    }
    if (writing_desk_is_given(d)) d->at++;
    begin_next(d);
    say_saved(d);
    writing_desk_drop_draft(d);
    return true;
}

/* Where the prompt of the store stands, which was answered from this screen. */
static size_t find_prompt(const WritingDesk *d, const char *text)
{
    for (size_t i = 0; i < d->prompts.n; i++)
        if (strcmp(d->prompts.row[i].text, text) == 0) return i;
    return d->at;
}

static int take_back(WritingDesk *d, Error *err)
{
    WrittenRow row = {0};
    if (d->written.n == 0) {
        writing_desk_say(d, PAINT_DIM, "nothing of this sitting to take back");
        return 0;
    }
    if (writing_desk_is_unsaved(d)) {
        writing_desk_say(d, PAINT_DIM, "save what stands here, or delete it, before you take back");
        return 0;
    }
    if (written_take_back(&d->written, &row, err) != 0) return -1;
    if (writing_desk_is_given(d)) {
        d->at = find_prompt(d, row.prompt);
        writing_desk_show_given(d);
    } else {
        textarea_set(&d->area[WRITING_PROMPT], row.prompt);
    }
    textarea_set(&d->area[WRITING_ANSWER], row.answer);
    d->focus = WRITING_ANSWER;
    d->unkept = true;
    writing_desk_say(d, PAINT_BOLD, "taken back: demonstration %lld; here it is to mend",
                     (long long)row.id);
    written_row_free(&row);
    return 0;
}

/* ---- keys ------------------------------------------------------------------------------------------ */

static void leave(WritingDesk *d)
{
    if (writing_desk_is_unsaved(d)) enter(d, &WRITING_LEAVE);
    else d->reason = d->mode == &WRITING_END ? "done" : "quit";
}

/* Another prompt of the store, this one unanswered. */
static void pass(WritingDesk *d, int by)
{
    if (!writing_desk_is_given(d)) {
        writing_desk_say(d, PAINT_DIM, "Tab goes to the other text, Ctrl-S saves");
    } else if (writing_desk_is_unsaved(d)) {
        writing_desk_say(d, PAINT_DIM, "save this answer, or delete it, before you go on");
    } else if (by < 0 ? d->at == 0 : d->at >= d->prompts.n) {
        writing_desk_say(d, PAINT_DIM, by < 0 ? "this is the first prompt" : "no prompt is left");
    } else {
        d->at += (size_t)by;
        writing_desk_show_given(d);
        writing_desk_say(d, PAINT_DIM, "%s", "");
    }
}

static bool is_command(int key)
{
    return key == KEY_CTRL_S || key == KEY_CTRL_T || key == KEY_CTRL_N || key == KEY_CTRL_P ||
           key == KEY_CTRL_X;
}

static int obey(WritingDesk *d, int key, Error *err)
{
    Error failure = {0};
    if (!is_ready(d)) {
        writing_desk_say(d, PAINT_DIM, "too quick: press that key again");
        return 0;
    }
    switch (key) {
    case KEY_CTRL_S: save(d, &failure); return 0;
    case KEY_CTRL_T: return take_back(d, err);
    case KEY_CTRL_N: pass(d, 1); return 0;
    case KEY_CTRL_P: pass(d, -1); return 0;
    default: leave(d); return 0;
    }
}

/* Letters are meant for the answer. */
static void given_key(WritingDesk *d, int key)
{
    const bool letter = key >= ' ' && key < KEY_UP_ARROW;
    if (letter || !scroll_key(&d->given_top, d->given.n, d->body[WRITING_PROMPT], key))
        writing_desk_say(d, PAINT_DIM, "the prompt is given; Tab: to the answer");
}

static const char FULL[] = "a text has at most 64 KiB";

static bool is_full(const TextArea *area)
{
    enum { CHARACTER = 4 };
    return area->text.n + CHARACTER > TEXTAREA_MAX;
}

static int edit_key(WritingDesk *d, int key, Error *err)
{
    if (is_command(key)) return obey(d, key, err);
    if (key == KEY_HELP_F1 || key == KEY_CTRL_G) {
        writing_view_make_help(d);
        enter(d, &WRITING_HELP);
        return 0;
    }
    if (key == KEY_TAB || key == KEY_BACK_TAB) {
        d->focus = !d->focus;
        return 0;
    }
    if (d->focus == WRITING_PROMPT && writing_desk_is_given(d)) {
        given_key(d, key);
        return 0;
    }
    if (!textarea_key(&d->area[d->focus], key)) {
        if (is_full(&d->area[d->focus])) writing_desk_say(d, PAINT_BAD, FULL);
        return 0;
    }
    d->unkept = true;
    d->message[0] = 0;
    return 0;
}

static int end_key(WritingDesk *d, int key, Error *err)
{
    if (key == 'q' || key == 'Q') key = KEY_CTRL_X;
    return is_command(key) ? obey(d, key, err) : 0;
}

static int help_key(WritingDesk *d, int key, Error *err)
{
    (void)err;
    if (!scroll_key(&d->page_top, d->page.n, writing_view_page_rows(d), key))
        enter(d, &WRITING_EDIT);
    return 0;
}

/* Keys typed ahead are letters of a text. */
static int leave_key(WritingDesk *d, int key, Error *err)
{
    (void)err;
    Error failure = {0};
    if (!is_ready(d)) return 0;
    switch (key) {
    case 's':
    case 'S':
    case KEY_CTRL_S:
        enter(d, &WRITING_EDIT);
        if (save(d, &failure)) d->reason = "quit";
        return 0;
    case 'k':
    case 'K':
        if (!d->draft) return 0;
        d->unkept = true;
        d->tone = PAINT_PLAIN;
        writing_desk_keep(d);
        if (d->tone != PAINT_BAD) d->reason = "quit";
        else enter(d, &WRITING_EDIT);
        return 0;
    case 'd':
    case 'D':
        writing_desk_drop_draft(d);
        d->reason = "quit";
        return 0;
    case KEY_ESCAPE:
        enter(d, &WRITING_EDIT);
        writing_desk_say(d, PAINT_DIM, "nothing is saved or lost");
        return 0;
    default: return 0;
    }
}

/* ---- pasting --------------------------------------------------------------------------------------- */

static bool is_writable(const WritingDesk *d)
{
    return d->mode == &WRITING_EDIT && !(d->focus == WRITING_PROMPT && writing_desk_is_given(d));
}

static void end_paste(WritingDesk *d)
{
    d->pasting = false;
    d->dirty = true;
    guard(d);
    if (d->left_out > 0)
        writing_desk_say(d, PAINT_BAD, "%s of what was pasted left out: %s",
                         text_count(d->left_out, "character"),
                         !is_writable(d)               ? "nothing can be written here"
                         : is_full(&d->area[d->focus]) ? FULL
                                                       : "nobody could see what they are");
}

static void paste_key(WritingDesk *d, int key)
{
    TextArea *area = &d->area[d->focus];
    if (key == KEY_LINE_FEED && d->last == KEY_RETURN) return;
    if (key == KEY_RETURN) key = '\n';
    const bool text = key >= ' ' ? key < KEY_UP_ARROW : key == '\n' || key == '\t';
    if (!text || !is_writable(d) || !textarea_insert(area, key)) d->left_out++;
    else d->unkept = true;
}

void writing_desk_resize(WritingDesk *d, int rows, int cols)
{
    d->rows = rows, d->cols = cols;
    if (d->given.text) layout_rewrap(&d->given, writing_view_columns(d));
    if (d->page.text) layout_rewrap(&d->page, writing_view_columns(d));
    for (int i = 0; i < WRITING_PARTS; i++)
        textarea_resize(&d->area[i], d->area[i].rows, writing_view_columns(d));
    d->dirty = true;
}

static bool is_too_small(const WritingDesk *d)
{
    return d->rows < WRITING_MIN_ROWS || d->cols < WRITING_MIN_COLS;
}

void writing_desk_paint(WritingDesk *d)
{
    if (is_too_small(d)) writing_view_too_small(d);
    else d->mode->paint(d);
    d->dirty = false;
}

/* Questions cannot be asked where they cannot be read. */
static void too_small_key(WritingDesk *d, int key)
{
    if (key != KEY_CTRL_X) return;
    writing_desk_keep(d);
    d->reason = "quit";
}

int writing_desk_key(WritingDesk *d, int key, Error *err)
{
    int rc = 0;
    d->dirty = true;
    if (key == KEY_SIZE || key == KEY_CTRL_L) return 0;
    /* A terminal that does not say where a paste ends would make text of all keys. */
    if (d->pasting && d->now(d->context) - d->key_us >= WRITING_PASTE_US) end_paste(d);
    d->key_us = d->now(d->context);
    if (key == KEY_PASTE_BEGIN) {
        d->pasting = true;
        d->left_out = 0;
        d->message[0] = 0;
    } else if (key == KEY_PASTE_END) {
        end_paste(d);
    } else if (d->pasting) {
        paste_key(d, key);
    } else if (is_too_small(d)) {
        too_small_key(d, key);
    } else {
        rc = d->mode->key(d, key, err);
    }
    d->last = key;
    return rc;
}

/* ---- beginning and end ----------------------------------------------------------------------------- */

int writing_desk_open(WritingDesk *d, const WritingDeskOptions *o, int rows, int cols, Error *err)
{
    *d = (WritingDesk){.written = {.store = o->store, .options = o->options},
                       .draft = o->draft,
                       .now = o->now ? o->now : clock_now_us,
                       .context = o->context,
                       .mode = &WRITING_EDIT,
                       .rows = rows,
                       .cols = cols,
                       .dirty = true};
    if (o->options->answers_only && store_list_undemonstrated(o->store, &d->prompts, err) != 0)
        return -1;
    begin_next(d);
    writing_desk_take_up_draft(d);
    writing_desk_resize(d, rows, cols);
    if (!*d->message)
        writing_desk_say(d, PAINT_BOLD, "%s",
                         writing_desk_is_given(d)
                             ? "Write an answer; Ctrl-S saves it."
                             : "Write a prompt, Tab, its answer; Ctrl-S saves.");
    return 0;
}

void writing_desk_close(WritingDesk *d)
{
    written_free(&d->written);
    store_prompts_free(&d->prompts);
    layout_free(&d->given);
    layout_free(&d->page);
    for (int i = 0; i < WRITING_PARTS; i++) textarea_free(&d->area[i]);
}

const WritingMode WRITING_EDIT = {edit_key, writing_view_edit},
                  WRITING_HELP = {help_key, writing_view_help},
                  WRITING_LEAVE = {leave_key, writing_view_leave},
                  WRITING_END = {end_key, writing_view_end};
