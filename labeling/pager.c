#include "labeling/pager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "labeling/key.h"
#include "labeling/scroll.h"
#include "labeling/shown.h"

enum { NOTE = 160 };

static const char HELP[] =
    "n  right  Enter   the next prompt;  p  left  the one before\n"
    "w                 worst first: where the aligned answer loses most\n"
    "b                 best first: where it gains most\n"
    "r                 in random order, drawn anew each time\n"
    "f                 in the project's order\n"
    "\n"
    "d                 differences: words that the other answer has not, underlined\n"
    "c                 the best of n in the base's place, and back\n"
    "P                 the whole prompt, when it does not fit\n"
    "z                 zoom: one answer alone, Tab for the other\n"
    "Tab               scroll the left alone, the right alone, both\n"
    "arrows  space     scroll;  PgUp  PgDn  Home  End  as well\n"
    "Ctrl-L            paint the screen again\n"
    "q                 go on to the numbers\n";

/* ---- what is shown --------------------------------------------------------------------------------- */

static const PagerAnswer *side(const Pager *p, int i)
{
    return &p->item.answer[i == 0 ? p->left : PAGER_ALIGNED];
}

static void set_about(Pager *p)
{
    for (int i = 0; i < 2; i++) {
        const PagerAnswer *a = side(p, i);
        p->view.name[i] = p->source->name[i == 0 ? p->left : PAGER_ALIGNED];
        snprintf(p->view.about[i], sizeof p->view.about[i], "%s", a->finished ? "" : "unfinished");
        /* Where the score is told in words, it stands below. */
        if (!a->why)
            snprintf(p->view.about[i], sizeof p->view.about[i], "score %.3g%s", a->score,
                     a->finished ? "" : ", unfinished");
    }
}

static void show(Pager *p)
{
    p->source->read(&p->item, p->row[p->at], p->source->context);
    const SessionPair pair = {
        .prompt = p->item.prompt, .left = side(p, 0)->text, .right = side(p, 1)->text};
    view_set_pair(&p->view, &pair);
    set_about(p);
    p->page_title = NULL;
}

static void put_in_order(Pager *p, PagerOrder order)
{
    p->order = order;
    if (order == PAGER_RANDOM) p->draw++;
    p->source->order(p->row, order, p->draw, p->source->context);
    p->at = 0;
    show(p);
}

static void go(Pager *p, int by)
{
    if (p->at + by < 0 || p->at + by >= p->source->n) return;
    p->at += by;
    show(p);
}

/* The base's answer, or the best of its n. */
static void turn(Pager *p)
{
    if (!p->source->name[PAGER_BEST]) return;
    p->left = p->left == PAGER_BASE ? PAGER_BEST : PAGER_BASE;
    show(p);
}

static void open_page(Pager *p, const char *title, const char *text, size_t n)
{
    layout_make(&p->page, text, n, view_page_box(&p->view).cols);
    layout_mark_names(&p->page);
    p->page_title = title;
    p->page_top = 0;
}

static void open_prompt(Pager *p)
{
    size_t n;
    const char *text = shown_prompt(p->item.prompt, &n);
    open_page(p, "Prompt", text, n);
}

/* ---- keys ------------------------------------------------------------------------------------------ */

static void item_key(Pager *p, int key)
{
    switch (key) {
    case 'n':
    case KEY_RIGHT_ARROW:
    case KEY_RETURN: go(p, 1); break;
    case 'p':
    case KEY_LEFT_ARROW: go(p, -1); break;
    case 'w': put_in_order(p, PAGER_WORST); break;
    case 'b': put_in_order(p, PAGER_BEST_FIRST); break;
    case 'r': put_in_order(p, PAGER_RANDOM); break;
    case 'f': put_in_order(p, PAGER_FIRST); break;
    case 'c': turn(p); break;
    case 'P': open_prompt(p); break;
    case '?':
    case KEY_HELP_F1: open_page(p, "Help", HELP, sizeof HELP - 1); break;
    case 'q':
    case 'Q': p->reason = "quit"; break;
    default: break;
    }
}

static void page_key(Pager *p, int key)
{
    if (!scroll_key(&p->page_top, p->page.n, view_page_box(&p->view).rows, key))
        p->page_title = NULL;
}

void pager_key(Pager *p, int key)
{
    p->dirty = true;
    if (key == KEY_LINE_FEED) key = KEY_RETURN;
    if (p->view.frame.too_small && (key == 'q' || key == 'Q')) p->reason = "quit";
    else if (p->view.frame.too_small || key == KEY_SIZE || key == KEY_CTRL_L) return;
    else if (p->page_title) page_key(p, key);
    else if (!view_key(&p->view, key)) item_key(p, key);
}

/* ---- pictures -------------------------------------------------------------------------------------- */

static void paint_header(const Pager *p)
{
    static const char *const ORDER[] = {[PAGER_WORST] = "worst first  ",
                                        [PAGER_BEST_FIRST] = "best first  ",
                                        [PAGER_RANDOM] = "in random order  ",
                                        [PAGER_FIRST] = ""};
    const int cols = p->view.frame.cols;
    char right[NOTE];
    snprintf(right, sizeof right, "%s%s of %s", ORDER[p->order], text_thousands(p->at + 1),
             text_thousands(p->source->n));
    const int width = text_width(right, strlen(right));
    const int at = 1 + paint_text(0, 1, cols - width - 3, "rlhf compare", PAINT_BOLD) + 2;
    if (cols - at - width - 3 > 0)
        paint_text(0, at, cols - at - width - 3, p->source->title, PAINT_PLAIN);
    paint_text(0, cols - 1 - width, width, right, PAINT_PLAIN);
}

/* What makes the scores, or what is to be known of them. */
static void paint_why(const Pager *p)
{
    const Frame *f = &p->view.frame;
    const bool told = side(p, 0)->why || side(p, 1)->why;
    for (int i = 0; i < 2 && told; i++) {
        char text[2 * NOTE];
        const char *why = side(p, i)->why;
        snprintf(text, sizeof text, "%s scores %.3g: %s", p->view.name[i], side(p, i)->score,
                 why && *why ? why : "nothing");
        paint_text(f->keys + i, 1, f->cols - 2, text, PAINT_PLAIN);
    }
    if (told || !p->source->note) return;
    const Box box = {.row = f->keys, .col = 1, .rows = FRAME_KEYS, .cols = f->cols - 2};
    Layout note = {0};
    layout_make(&note, p->source->note, strlen(p->source->note), box.cols);
    paint_layout(&box, &note, 0);
    layout_free(&note);
}

/* Those that matter least go where there is no room. */
static void paint_keys(const Pager *p)
{
    const struct {
        const char *key, *about;
        bool there, spare;
    } KEY[] = {{"n", "next", true, false},
               {"p", "previous", true, false},
               {"w", "worst", true, false},
               {"b", "best", true, false},
               {"r", "random", true, false},
               {"f", "first", true, true},
               {"d", "diff", true, false},
               {"z", "zoom", true, true},
               {"c", p->source->name[p->left == PAGER_BASE ? PAGER_BEST : PAGER_BASE],
                p->source->name[PAGER_BEST] != NULL, false},
               {"?", "help", true, false},
               {"q", "quit", true, false}};
    enum { KEYS = sizeof KEY / sizeof *KEY };
    const Frame *f = &p->view.frame;
    int all = 0;
    for (int i = 0; i < KEYS; i++)
        if (KEY[i].there) all += 3 + (int)strlen(KEY[i].about) + 1;
    const bool spare = all <= f->cols;
    int at = 1;
    if (f->cols < FRAME_SIDE_COLS) {
        paint_text(f->status, 1, f->cols - 2, "n p go  w b r order  ? help  q quit", PAINT_PLAIN);
        return;
    }
    for (int i = 0; i < KEYS; i++) {
        if (!KEY[i].there || (KEY[i].spare && !spare)) continue;
        at += 1 + paint_text(f->status, at, f->cols - at, KEY[i].key, PAINT_BOLD);
        at += paint_text(f->status, at, f->cols - at, KEY[i].about, PAINT_PLAIN);
        at += all + KEYS <= f->cols ? 2 : 1;
    }
}

static void paint_page(const Pager *p)
{
    const Frame *f = &p->view.frame;
    const Box box = view_page_box(&p->view);
    const int more = p->page.n - p->page_top - box.rows;
    char right[NOTE] = "";
    if (more > 0) snprintf(right, sizeof right, " %s ↓ ", text_count(more, "more line"));
    view_paint_title(1, 0, f->cols, p->page_title, "", "", PAINT_BOLD);
    paint_layout(&box, &p->page, p->page_top);
    view_paint_title(f->rows - 2, 0, f->cols, "", "", right, PAINT_PLAIN);
    paint_text(f->rows - 1, 1, f->cols - 2, "up, down, space scroll; any other key: back",
               PAINT_DIM);
}

void pager_paint(Pager *p)
{
    const Frame *f = &p->view.frame;
    char name[NOTE];
    p->dirty = false;
    if (f->too_small) {
        snprintf(name, sizeof name, "enlarge to %dx%d; q quits", FRAME_MIN_COLS, FRAME_MIN_ROWS);
        if (f->rows > 0 && f->cols > 0) paint_text(0, 0, f->cols, name, PAINT_PLAIN);
        return;
    }
    snprintf(name, sizeof name, "Prompt %lld, aligned %+.3g", (long long)p->item.prompt_id,
             p->item.answer[PAGER_ALIGNED].score - side(p, 0)->score);
    p->view.prompt_name = name;
    paint_header(p);
    if (p->page_title) {
        paint_page(p);
    } else {
        view_paint_texts(&p->view);
        paint_why(p);
        paint_keys(p);
    }
    p->view.prompt_name = NULL;
}

/* ---- beginning and end ----------------------------------------------------------------------------- */

void pager_open(Pager *p, const PagerSource *source, PagerOrder order, int rows, int cols)
{
    *p = (Pager){
        .source = source, .view = {.chosen = -1, .diff = true, .prompt_key = "P"}, .dirty = true};
    p->row = mem_calloc((size_t)source->n + 1, sizeof *p->row);
    view_resize(&p->view, rows, cols);
    put_in_order(p, order);
}

void pager_resize(Pager *p, int rows, int cols)
{
    view_resize(&p->view, rows, cols);
    if (p->page.text) layout_rewrap(&p->page, view_page_box(&p->view).cols);
    p->dirty = true;
}

void pager_close(Pager *p)
{
    view_free(&p->view);
    layout_free(&p->page);
    free(p->row);
}
