#include "labeling/paint.h"

#include <langinfo.h>
#include <locale.h>
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <wchar.h>

#include "base/mem.h"

enum { CELL = 8 /* wide characters of one cluster */ };
enum { COLOR_GOOD = 1, COLOR_BAD, COLOR_ONLY };

static SCREEN *screen;
static char *old_locale;
static bool colored;
static int cursor_row, cursor_col; /* of the picture; row -1: none */

/* ncurses needs to know that the terminal speaks UTF-8, and over ssh the locale is often just "C". */
static void choose_locale(void)
{
    static const char *const UTF8[] = {"", "C.UTF-8", "C.utf8", "en_US.UTF-8"};
    old_locale = mem_strdup(setlocale(LC_CTYPE, NULL));
    for (size_t i = 0; i < sizeof UTF8 / sizeof *UTF8; i++)
        if (setlocale(LC_CTYPE, UTF8[i]) && strcmp(nl_langinfo(CODESET), "UTF-8") == 0) return;
}

static void restore_locale(void)
{
    if (old_locale) setlocale(LC_CTYPE, old_locale);
    free(old_locale);
    old_locale = NULL;
}

static void choose_colors(void)
{
    const char *no_color = getenv("NO_COLOR");
    colored = !(no_color && *no_color) && has_colors();
    if (!colored) return;
    start_color();
    use_default_colors();
    init_pair(COLOR_GOOD, COLOR_GREEN, -1);
    init_pair(COLOR_BAD, COLOR_RED, -1);
    init_pair(COLOR_ONLY, COLOR_CYAN, -1);
}

int paint_open(Error *err)
{
    const char *term = getenv("TERM");
    choose_locale();
    /* initscr would end the program on a terminal it does not know. */
    screen = newterm(NULL, stdout, stdin);
    if (!screen || !tigetstr("cup")) {
        if (screen) paint_close(false);
        restore_locale();
        return error_set(err, "the terminal (TERM=%s) cannot place text; line by line: --line",
                         term && *term ? term : "unset");
    }
    set_term(screen);
    set_escdelay(25);
    choose_colors();
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    curs_set(0);
    return 0;
}

void paint_close(bool silent)
{
    if (screen && !silent) {
        endwin();
        delscreen(screen);
    }
    screen = NULL;
    restore_locale();
}

void paint_begin(void)
{
    cursor_row = -1;
    erase();
}

void paint_end(void)
{
    if (cursor_row >= 0) move(cursor_row, cursor_col);
    curs_set(cursor_row >= 0);
    refresh();
}

void paint_cursor(int row, int col)
{
    cursor_row = row, cursor_col = col;
}

void paint_forget(void)
{
    clearok(stdscr, TRUE);
}

void paint_size(int *rows, int *cols)
{
    getmaxyx(stdscr, *rows, *cols);
}

bool paint_speaks_utf8(void)
{
    return MB_CUR_MAX > 1;
}

static attr_t attributes(Paint paint, short *pair)
{
    *pair = 0;
    switch (paint) {
    case PAINT_BOLD: return A_BOLD;
    case PAINT_DIM: return A_DIM;
    case PAINT_REVERSE: return A_REVERSE;
    case PAINT_ONLY: *pair = colored ? COLOR_ONLY : 0; return A_UNDERLINE | A_BOLD;
    case PAINT_GOOD: *pair = colored ? COLOR_GOOD : 0; return A_BOLD;
    case PAINT_BAD: *pair = colored ? COLOR_BAD : 0; return A_BOLD;
    default: return A_NORMAL;
    }
}

/* One cluster as wide characters; question marks where this terminal would take another width. */
static void to_cell(wchar_t out[CELL], const char *s, size_t n, int width)
{
    mbstate_t state = {0};
    int count = 0, taken = 0;
    for (size_t i = 0; i < n && count + 1 < CELL;) {
        wchar_t c;
        const size_t step = mbrtowc(&c, s + i, n - i, &state);
        const int w = step == 0 || step > n - i ? -1 : wcwidth(c);
        if (w < 0) {
            taken = -1;
            break;
        }
        out[count++] = c;
        taken += w;
        i += step;
    }
    out[count] = 0;
    if (taken == width) return;
    wmemset(out, L'?', (size_t)width);
    out[width] = 0;
}

static int paint_bytes(int row, int col, int cols, const char *s, size_t n)
{
    int column = 0;
    for (size_t i = 0; i < n;) {
        int width;
        wchar_t cell[CELL];
        const size_t step = layout_cluster(&width, s + i, n - i);
        if (column + width > cols) break;
        to_cell(cell, s + i, step, width);
        mvaddwstr(row, col + column, cell);
        column += width;
        i += step;
    }
    return column;
}

int paint_text(int row, int col, int cols, const char *text, Paint paint)
{
    short pair;
    const attr_t attribute = attributes(paint, &pair);
    attr_set(attribute, pair, NULL);
    const int taken = paint_bytes(row, col, cols, text, strlen(text));
    attr_set(A_NORMAL, 0, NULL);
    return taken;
}

void paint_rule(int row, int col, int cols)
{
    mvhline(row, col, 0, cols);
}

void paint_divider(int col, int top, int foot)
{
    mvvline(top, col, 0, foot - top);
    mvaddch(top - 1, col, ACS_TTEE);
    mvaddch(foot, col, ACS_BTEE);
}

static Paint paint_of(LayoutPart part)
{
    return part == LAYOUT_NAME ? PAINT_BOLD : part == LAYOUT_ONLY ? PAINT_ONLY : PAINT_PLAIN;
}

/* One line, a stretch of the same kind at a time. */
static void paint_line(int row, const Box *box, const Layout *l, const LayoutLine *line)
{
    int col = line->indent;
    for (size_t at = line->at, end = line->at + line->n; at < end;) {
        const LayoutPart part = l->part ? l->part[at] : LAYOUT_PLAIN;
        size_t to = at + 1;
        while (to < end && l->part && l->part[to] == part) to++;
        if (!l->part) to = end;
        short pair;
        const attr_t attribute = attributes(paint_of(part), &pair);
        attr_set(attribute, pair, NULL);
        col += paint_bytes(row, box->col + col, box->cols - col, l->text + at, to - at);
        at = to;
    }
    attr_set(A_NORMAL, 0, NULL);
}

void paint_layout(const Box *box, const Layout *layout, int first)
{
    for (int i = 0; i < box->rows && first + i < layout->n; i++)
        paint_line(box->row + i, box, layout, &layout->line[first + i]);
}

void paint_blank(const Box *box)
{
    for (int i = 0; i < box->rows; i++) mvhline(box->row + i, box->col, ' ', box->cols);
}
