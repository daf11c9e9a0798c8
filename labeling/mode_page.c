/* A text in place of the pair: help, the guidelines, the whole prompt, the first screen of all. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "labeling/desk.h"
#include "labeling/scroll.h"

static const char HELP_CHOICES[] =
    "Read the prompt, then both answers, and choose the better one. Each choice is on the disk "
    "before the screen says saved.\n\n";
static const char HELP_BETTER[] = "a   1   left      A is better\n"
                                  "b   2   right     B is better\n";
static const char HELP_REVIEW[] =
    "People differ on these pairs. Choose as blindly as they did: what each of them chose, and "
    "their notes, come when your own choice is on the disk. Yours settles the pair.\n\n";
static const char HELP_LABEL[] =
    "s                 skip: I cannot judge this pair; it asks why\n"
    "f                 flag: somebody should look at it; it asks why\n"
    "n                 a note that goes with the choice\n"
    "u                 undo: take the last one back, as often as you like\n"
    "h                 history: your labels, to look at and to change\n";
static const char HELP_LATER[] =
    "s                 later: leave this pair for another time, or another reviewer\n"
    "n                 a note that goes with the choice\n"
    "u                 undo: take the last one of this sitting back\n";
static const char HELP_REST[] =
    "g                 the guidelines\n"
    "\n"
    "down  j           one line on;  up  k  one line back\n"
    "space  PgDn       one page on;  PgUp  one page back\n"
    "Home  <           to the beginning;  End  >  to the end\n"
    "Tab               scroll A alone, B alone, both\n"
    "z                 zoom: one answer alone, Tab for the other\n"
    "d                 differences: words that the other answer has not, underlined\n"
    "p                 the whole prompt, when it does not fit\n"
    "Ctrl-L            paint the screen again\n"
    "q                 quit; nothing is lost, and the next start goes on here\n"
    "\n"
    "Which answer stands on the left is drawn by lot. A key in the first quarter second of a pair "
    "is ignored: it was meant for the pair before. After a minute without a key the clock "
    "stops. <U+202E> and the like stand for characters that cannot be seen or would disturb the "
    "terminal. The mouse belongs to your terminal: it selects text as ever.";

static const char WELCOME[] =
    "You will see a prompt and two answers to it, and say which answer is better.\n"
    "\n"
    "%s"
    "s                 skip: I cannot judge this pair\n"
    "u                 take the last one back\n"
    "?                 all keys\n"
    "\n"
    "Each choice is saved at once. Quit with q whenever you like: the next start goes on where you "
    "were.\n";

/* "1 2 3             A is much, clearly, slightly better" */
static void put_side(Text *t, const Offer *offer, Choice choice)
{
    enum { COLUMN = 18 };
    const int n = offer->scale, first = choice == CHOICE_LEFT ? 1 : n + 2;
    for (int digit = first; digit < first + n; digit++) text_format(t, "%d ", digit);
    text_format(t, "%*s%c is", COLUMN - 2 * n, "", choice == CHOICE_LEFT ? 'A' : 'B');
    for (int i = 0; i < n; i++)
        text_format(t, "%s %s", i ? "," : "",
                    decision_degree(choice == CHOICE_LEFT ? n - i : 1 + i, n));
    text_add(t, " better\n");
}

static void put_degrees(Text *t, const Offer *offer)
{
    put_side(t, offer, CHOICE_LEFT);
    if (offer->tie) text_format(t, "%d   t   =         a tie: equally good\n", offer->scale + 1);
    put_side(t, offer, CHOICE_RIGHT);
    text_add(t, "a   b             A, or B, is better: it asks how much\n");
}

static void put_choices(Text *t, const Offer *offer)
{
    if (offer->scale == 1) text_add(t, HELP_BETTER);
    else put_degrees(t, offer);
    if (offer->tie && offer->scale == 1) text_add(t, "t   =             a tie: equally good\n");
    if (offer->both_bad) text_add(t, "0                 both are bad\n");
}

void desk_open_page(Desk *d, const char *title, const char *text, size_t n)
{
    layout_make(&d->text, text, n, view_page_box(&d->view).cols);
    layout_mark_names(&d->text);
    snprintf(d->title, sizeof d->title, "%s", title);
    d->guidelines_next = false;
    session_touch(d->session);
    desk_keep(d);
    desk_enter(d, &MODE_PAGE);
}

void desk_open_help(Desk *d)
{
    Text t = {0};
    if (d->view.review) text_add(&t, HELP_REVIEW);
    text_add(&t, HELP_CHOICES);
    put_choices(&t, &d->view.offer);
    text_add(&t, d->view.review ? HELP_LATER : HELP_LABEL);
    text_add(&t, HELP_REST);
    desk_open_page(d, "Help", t.bytes, t.n);
    text_free(&t);
}

void desk_open_welcome(Desk *d)
{
    Text choices = {0}, t = {0};
    put_choices(&choices, &d->view.offer);
    text_format(&t, WELCOME, choices.bytes);
    desk_open_page(d, "Welcome", t.bytes, t.n);
    d->guidelines_next = d->view.guided;
    text_free(&choices);
    text_free(&t);
}

void desk_open_guidelines(Desk *d)
{
    const char *text = session_guidelines(d->session);
    char title[DESK_TITLE];
    if (!text) {
        desk_say(d, PAINT_DIM, "there are no guidelines");
        return;
    }
    snprintf(title, sizeof title, "Guidelines, version %d", session_guidelines_version(d->session));
    desk_open_page(d, title, text, strlen(text));
}

static int page_key(Desk *d, int key, Error *err)
{
    (void)err;
    if (scroll_key(&d->top, d->text.n, view_page_box(&d->view).rows, key)) return 0;
    if (d->guidelines_next) desk_open_guidelines(d);
    else desk_return(d);
    return 0;
}

static void page_paint(const Desk *d)
{
    const Frame *f = &d->view.frame;
    const Box box = view_page_box(&d->view);
    const int more = d->text.n - d->top - box.rows;
    char note[DESK_TITLE] = "";
    if (more > 0) snprintf(note, sizeof note, " %s ↓ ", text_count(more, "more line"));
    view_paint_header(&d->view);
    view_paint_title(1, 0, f->cols, d->title, "", "", PAINT_BOLD);
    paint_layout(&box, &d->text, d->top);
    view_paint_title(f->rows - 2, 0, f->cols, "", "", note, PAINT_PLAIN);
    paint_text(f->rows - 1, 1, f->cols - 2,
               d->guidelines_next       ? "any key: the guidelines"
               : more > 0 || d->top > 0 ? "up, down, space scroll; any other key: to the pair"
                                        : "any key: to the pair",
               PAINT_DIM);
}

const Mode MODE_PAGE = {.key = page_key, .paint = page_paint};
