#include "labeling/writing_view.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "labeling/frame.h"
#include "labeling/view.h"

enum { HEADER = 1, TITLE = 1, FOOT = 1, KEYS = 1, STATUS = 1, NOTE = 96, OWN_PROMPT = 3 };

static const char HELP[] =
    "What you write is a demonstration: rlhf sft learns to answer as you do. It is on the disk "
    "before the screen says saved.\n"
    "\n"
    "Ctrl-S            save\n"
    "Tab               to the other text\n"
    "Ctrl-T            take the last one back, to mend it\n"
    "%s"
    "Ctrl-X            leave; it asks when something is not saved\n"
    "F1  Ctrl-G        this page;  Ctrl-L  paint the screen again\n"
    "\n"
    "arrows            by characters and rows; left, right with Ctrl: by words\n"
    "Home  Ctrl-A      to the beginning of the row;  End  Ctrl-E  to its end\n"
    "Ctrl-Home         to the beginning of the text;  Ctrl-End  to its end\n"
    "PgUp  PgDn        one page\n"
    "Backspace  Del    delete a character\n"
    "Ctrl-W            cut the word before;  Ctrl-Y  put it back\n"
    "Ctrl-U  Ctrl-K    likewise to the beginning, to the end of the line\n"
    "\n"
    "What you paste is text, whatever is in it. Characters that cannot be seen are left out, and "
    "it says how many. White space at the edges of a text is not saved.\n"
    "\n"
    "A lost line, Ctrl-C or a killed program loses two seconds at most: the next start shows what "
    "you had begun.";
static const char HELP_GIVEN[] =
    "Ctrl-N            the next prompt, this one unanswered;  Ctrl-P  the one before\n";

int writing_view_columns(const WritingDesk *d)
{
    const int cols = d->cols - 2;
    return cols < 4 ? 4 : cols > FRAME_TEXT_MAX ? FRAME_TEXT_MAX : cols;
}

int writing_view_page_rows(const WritingDesk *d)
{
    return d->rows - HEADER - TITLE - FOOT - STATUS;
}

void writing_view_make_help(WritingDesk *d)
{
    Text t = {0};
    text_format(&t, HELP, writing_desk_is_given(d) ? HELP_GIVEN : "");
    layout_make(&d->page, t.bytes, t.n, writing_view_columns(d));
    d->page_top = 0;
    text_free(&t);
}

/* ---- parts ----------------------------------------------------------------------------------------- */

static void paint_header(const WritingDesk *d)
{
    const char *saved = text_thousands((long long)d->written.counts.written);
    char right[NOTE];
    snprintf(right, sizeof right, "%s saved", saved);
    const int width = text_width(right, strlen(right));
    const int at = 1 + paint_text(0, 1, d->cols - 2, "rlhf write", PAINT_BOLD) + 2;
    paint_text(0, at, d->cols - at - width - 3, d->written.options->writer, PAINT_PLAIN);
    paint_text(0, d->cols - 1 - width, width, right, PAINT_PLAIN);
}

static void paint_status(const WritingDesk *d)
{
    paint_text(d->rows - 1, 1, d->cols - 2, d->message, d->tone);
}

typedef struct {
    const char *key, *about, *brief_key, *brief; /* brief: NULL where there is no room for it */
} WritingKey;

/* Keys in bold; as "^S" where the terminal is narrow. */
static void paint_keys(const WritingDesk *d, int row)
{
    static const WritingKey OWN[] = {{"Ctrl-S", "save", "^S", "save"},
                                     {"Tab", "other text", "Tab", "other"},
                                     {"Ctrl-T", "take back", "^T", "back"},
                                     {"F1", "help", "F1", NULL},
                                     {"Ctrl-X", "leave", "^X", "leave"}},
                            GIVEN[] = {{"Ctrl-S", "save", "^S", "save"},
                                       {"Ctrl-N", "next", "^N", "next"},
                                       {"Ctrl-P", "previous", "^P", NULL},
                                       {"Ctrl-T", "back", "^T", "back"},
                                       {"F1", "help", "F1", NULL},
                                       {"Ctrl-X", "leave", "^X", "leave"}};
    enum { FULL_COLS = 78, GAP = 2 };
    const bool full = d->cols >= FULL_COLS, given = writing_desk_is_given(d);
    const int n = given ? sizeof GIVEN / sizeof *GIVEN : sizeof OWN / sizeof *OWN;
    int at = 1;
    for (int i = 0; i < n; i++) {
        const WritingKey *k = given ? &GIVEN[i] : &OWN[i];
        if (!full && !k->brief) continue;
        at += 1 + paint_text(row, at, d->cols - at, full ? k->key : k->brief_key, PAINT_BOLD);
        at += paint_text(row, at, d->cols - at, full ? k->about : k->brief, PAINT_PLAIN);
        at += full ? GAP : 1;
    }
}

/* "34 words, 210 characters" */
static void put_length(char out[NOTE], const TextArea *area)
{
    int words, characters;
    textarea_count(area, &words, &characters);
    snprintf(out, NOTE, "%s, %s", text_count(words, "word"), text_count(characters, "character"));
}

/* The prompt takes what the answer leaves, a third of the screen when it leaves nothing, two thirds while it is
 * written. */
static void place(WritingDesk *d)
{
    const bool given = writing_desk_is_given(d);
    const int body = d->rows - HEADER - 2 * TITLE - FOOT - KEYS - STATUS;
    TextArea *prompt = &d->area[WRITING_PROMPT], *answer = &d->area[WRITING_ANSWER];
    const int lines = given ? d->given.n : textarea_rows(prompt);
    const int least = !given && d->focus == WRITING_PROMPT ? 2 * body / 3 : body / 3;
    const int left = body - textarea_rows(answer) - 1;
    const int most = left > least ? left : least;
    int rows = lines < most ? lines : most;
    if (!given && rows < OWN_PROMPT && body > 3 * OWN_PROMPT) rows = OWN_PROMPT;
    if (rows < 1) rows = 1;
    d->body[WRITING_PROMPT] = rows;
    d->body[WRITING_ANSWER] = body - rows;
    for (int i = 0; i < WRITING_PARTS; i++)
        textarea_resize(&d->area[i], d->body[i], writing_view_columns(d));
}

static void paint_area(WritingDesk *d, int part, int title, const char *name)
{
    TextArea *area = &d->area[part];
    char note[NOTE], right[NOTE] = "";
    int row, col;
    textarea_place(area, &row, &col);
    put_length(note, area);
    if (area->n > area->rows)
        snprintf(right, sizeof right, " row %d of %d ", area->top + row + 1, area->n);
    const bool here = d->focus == part && d->mode == &WRITING_EDIT;
    view_paint_title(title, 0, d->cols, name, note, right, here ? PAINT_REVERSE : PAINT_BOLD);
    for (int i = 0; i < area->rows && area->top + i < area->n; i++) {
        Text line = {0};
        textarea_put_row(&line, area, area->top + i);
        if (line.n) paint_text(title + TITLE + i, 1, area->cols, line.bytes, PAINT_PLAIN);
        text_free(&line);
    }
    if (here) paint_cursor(title + TITLE + row, 1 + col);
}

static void paint_given(WritingDesk *d)
{
    const Box box = {
        .row = HEADER + TITLE, .col = 1, .rows = d->body[WRITING_PROMPT], .cols = d->given.width};
    const int last = d->given.n > box.rows ? d->given.n - box.rows : 0;
    const int first = d->given_top < last ? d->given_top : last,
              more = d->given.n - first - box.rows;
    char name[NOTE], right[NOTE] = "";
    const bool here = d->focus == WRITING_PROMPT && d->mode == &WRITING_EDIT;
    snprintf(name, sizeof name, "Prompt %s of %s", text_thousands((long long)d->at + 1),
             text_thousands((long long)d->prompts.n));
    if (more > 0) snprintf(right, sizeof right, " %s ↓ ", text_count(more, "more line"));
    else if (first > 0)
        snprintf(right, sizeof right, " Tab, up: %s above ", text_count(first, "line"));
    view_paint_title(HEADER, 0, d->cols, name, text_count(d->given.words, "word"), right,
                     here ? PAINT_REVERSE : PAINT_BOLD);
    if (d->given.n == 0) paint_text(box.row, 1, d->cols - 2, "(an empty prompt)", PAINT_DIM);
    paint_layout(&box, &d->given, first);
}

static void paint_texts(WritingDesk *d)
{
    place(d);
    paint_header(d);
    if (writing_desk_is_given(d)) paint_given(d);
    else paint_area(d, WRITING_PROMPT, HEADER, "Prompt");
    paint_area(d, WRITING_ANSWER, HEADER + TITLE + d->body[WRITING_PROMPT], "Answer");
}

/* ---- pictures -------------------------------------------------------------------------------------- */

void writing_view_edit(WritingDesk *d)
{
    const int foot = d->rows - STATUS - KEYS - FOOT;
    paint_texts(d);
    paint_rule(foot, 0, d->cols);
    paint_keys(d, foot + FOOT);
    paint_status(d);
}

void writing_view_leave(WritingDesk *d)
{
    const int foot = d->rows - STATUS - KEYS - FOOT;
    paint_texts(d);
    view_paint_title(foot, 0, d->cols, "This is not saved yet", "", "", PAINT_REVERSE);
    paint_text(foot + FOOT, 1, d->cols - 2,
               d->draft ? "s saves and leaves   k keeps it for your next start   d drops it"
                        : "s saves and leaves   d drops it",
               PAINT_PLAIN);
    paint_text(d->rows - 1, 1, d->cols - 2, "Esc goes on writing", PAINT_PLAIN);
}

void writing_view_help(WritingDesk *d)
{
    const Box box = {
        .row = HEADER + TITLE, .col = 1, .rows = writing_view_page_rows(d), .cols = d->page.width};
    const int more = d->page.n - d->page_top - box.rows;
    char right[NOTE] = "";
    if (more > 0) snprintf(right, sizeof right, " %s ↓ ", text_count(more, "more line"));
    paint_header(d);
    view_paint_title(HEADER, 0, d->cols, "Help", "", "", PAINT_BOLD);
    paint_layout(&box, &d->page, d->page_top);
    view_paint_title(d->rows - 2, 0, d->cols, "", "", right, PAINT_PLAIN);
    paint_text(d->rows - 1, 1, d->cols - 2,
               more > 0 || d->page_top > 0 ? "up, down, space scroll; any other key: back"
                                           : "any key: back",
               PAINT_DIM);
}

void writing_view_end(WritingDesk *d)
{
    enum { HALF = 30 };
    const int row = d->rows / 3, col = d->cols / 2 > HALF ? d->cols / 2 - HALF : 1;
    Text t = {0};
    text_format(&t, "No prompt is left: %s this time.",
                text_count((long long)d->written.counts.written, "answer"));
    paint_header(d);
    paint_text(row, col, d->cols - col - 1, t.bytes, PAINT_BOLD);
    paint_text(row + 2, col, d->cols - col - 1, "Everything is saved.", PAINT_PLAIN);
    paint_text(row + 4, col, d->cols - col - 1,
               "q quits; Ctrl-T takes the last one back; Ctrl-P goes back", PAINT_PLAIN);
    paint_status(d);
    text_free(&t);
}

void writing_view_too_small(WritingDesk *d)
{
    char text[NOTE];
    if (d->rows < 1 || d->cols < 1) return;
    snprintf(text, sizeof text, "enlarge to %dx%d (now %dx%d)", WRITING_MIN_COLS, WRITING_MIN_ROWS,
             d->cols, d->rows);
    paint_text(0, 0, d->cols, text, PAINT_PLAIN);
    if (d->rows > 1) paint_text(1, 0, d->cols, "Ctrl-X keeps the text, leaves", PAINT_PLAIN);
}
