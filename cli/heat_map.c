#include "cli/heat_map.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/token_label.h"
#include "cli/wrap.h"

enum { SHADES = 10, NUMBER = 6 /* columns of a token's number */, LABEL_MAX = 14, SMALL = 24 };

/* Of 256: black over blue and red to a light yellow, the same on a dark and on a light terminal. */
static const int COLOR[SHADES] = {16, 17, 18, 54, 90, 126, 161, 203, 215, 229};
static const char CHARACTER[] = " .:-=+*#%@";

HeatMapStyle heat_map_style(void)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    const bool colors = isatty(STDOUT_FILENO) && !(no_color && *no_color) && term &&
                        strstr(term, "256color") != NULL;
    return (HeatMapStyle){wrap_columns(), colors};
}

int heat_map_shade(double p)
{
    const int shade = (int)lround(sqrt(p) * (SHADES - 1));
    return shade < 0 ? 0 : shade < SHADES ? shade : SHADES - 1;
}

void heat_map_pool(double *out, const double *p, int T, int step)
{
    const int n = (T + step - 1) / step;
    memset(out, 0, (size_t)n * (size_t)n * sizeof *out);
    for (int t = 0; t < T; t++) {
        const int row = t / step, rows = row < n - 1 ? step : T - row * step;
        for (int s = 0; s <= t; s++)
            out[(size_t)row * (size_t)n + (size_t)(s / step)] +=
                p[(size_t)t * (size_t)T + (size_t)s] / rows;
    }
}

/* n cells of so many columns each. */
static void print_cells(const double *p, int n, int cell, const HeatMapStyle *style)
{
    for (int i = 0; i < n; i++) {
        const int shade = heat_map_shade(p[i]);
        if (style->colors) printf("\033[48;5;%dm", COLOR[shade]);
        for (int k = 0; k < cell; k++) putchar(style->colors ? ' ' : CHARACTER[shade]);
    }
    if (style->colors && n > 0) printf("\033[0m");
}

/* ---- one head ------------------------------------------------------------------------------------- */

typedef struct {
    int n, step, cell; /* cells a side, tokens in one, columns it takes */
    int label;         /* columns of a label */
} Layout;

static Layout lay_out(int T, const int *token, const Tokenizer *t, int columns)
{
    Layout l = {.step = 1, .cell = 2};
    for (int i = 0; i < T; i++) {
        Text label = {0};
        token_label(&label, t, token[i]);
        const int width = text_width(label.bytes, label.n);
        if (width > l.label) l.label = width;
        text_free(&label);
    }
    if (l.label > LABEL_MAX) l.label = LABEL_MAX;
    const int room = columns - NUMBER - l.label - 1;
    if (2 * T > room) l.cell = 1;
    if (T > room) l.step = (T + room - 1) / room;
    l.n = (T + l.step - 1) / l.step;
    return l;
}

/* Numbers of tokens above their columns, as many as have room. */
static void print_axis(const Layout *l)
{
    enum { APART = 10 /* columns */ };
    const int every = APART / l->cell, wide = l->n * l->cell;
    Text line = {0};
    text_format(&line, "%*s", NUMBER + l->label + 1, "");
    const size_t first = line.n;
    for (int i = 0; i < l->n; i += every) {
        char number[16];
        const int n = snprintf(number, sizeof number, "%d", i * l->step);
        if (i > 0 && i * l->cell + n > wide) break;
        text_format(&line, "%*s%s", (int)(first + (size_t)(i * l->cell) - line.n), "", number);
    }
    puts(line.bytes);
    text_free(&line);
}

void heat_map_print(const AttentionMap *a, int head, const int *token, const Tokenizer *t,
                    const HeatMapStyle *style)
{
    const Layout l = lay_out(a->T, token, t, style->columns);
    const size_t T = (size_t)a->T, n = (size_t)l.n;
    double *p = mem_calloc(T * T, sizeof *p), *cells = mem_calloc(n * n, sizeof *cells);
    attention_map_head(p, a, head);
    heat_map_pool(cells, p, a->T, l.step);
    Text label = {0};
    if (l.step > 1) printf("each cell stands for %d tokens\n", l.step);
    print_axis(&l);
    for (int i = 0; i < l.n; i++) {
        text_clear(&label);
        token_label_columns(&label, t, token[i * l.step], l.label);
        printf("%*d %s ", NUMBER - 1, i * l.step, label.bytes);
        print_cells(cells + (size_t)i * n, i + 1, l.cell, style);
        putchar('\n');
    }
    text_free(&label);
    free(p);
    free(cells);
}

/* ---- all heads ------------------------------------------------------------------------------------ */

/* Heads [first, last) in a row of pictures; cells (NH, n, n). */
static void print_row(const double *cells, int first, int last, int n, int width,
                      const HeatMapStyle *style)
{
    for (int h = first; h < last; h++) printf("head %-*d", width - 5, h);
    putchar('\n');
    for (int i = 0; i < n; i++) {
        for (int h = first; h < last; h++) {
            print_cells(cells + ((size_t)h * (size_t)n + (size_t)i) * (size_t)n, i + 1, 1, style);
            if (h + 1 < last) printf("%*s", width - i - 1, "");
        }
        putchar('\n');
    }
}

void heat_map_print_all(const AttentionMap *a, const HeatMapStyle *style)
{
    enum { HEAD_NAME = 8, BETWEEN = 2 };
    const int step = (a->T + SMALL - 1) / SMALL, n = (a->T + step - 1) / step;
    const int width = (n > HEAD_NAME ? n : HEAD_NAME) + BETWEEN;
    const int beside = (style->columns + BETWEEN) / width;
    const size_t T = (size_t)a->T, all = (size_t)n * (size_t)n;
    double *p = mem_calloc(T * T, sizeof *p);
    double *cells = mem_calloc((size_t)a->NH * all, sizeof *cells);
    for (int h = 0; h < a->NH; h++) {
        attention_map_head(p, a, h);
        heat_map_pool(cells + (size_t)h * all, p, a->T, step);
    }
    if (step > 1) printf("each cell stands for %d tokens\n", step);
    for (int h = 0; h < a->NH; h += beside)
        print_row(cells, h, h + beside < a->NH ? h + beside : a->NH, n, width, style);
    free(p);
    free(cells);
}

void heat_map_legend(const HeatMapStyle *style)
{
    enum { WHOLE = 68 /* columns of all shades */ };
    const int every = style->columns < WHOLE ? 2 : 1;
    printf("shade from");
    for (int shade = 1; shade < SHADES; shade += every) {
        const double root = (shade - 0.5) / (SHADES - 1), least = 100 * root * root;
        if (style->colors) printf(" \033[48;5;%dm  \033[0m", COLOR[shade]);
        else printf(" %c", CHARACTER[shade]);
        printf(least < 1 ? " %.1f%%" : " %.0f%%", least);
    }
    putchar('\n');
}
