#include "compare/forest_plot.h"

#include <math.h>
#include <string.h>

#include "compare/html.h"
#include "compare/svg.h"

/* Sizes in units of the view box; a letter of the names is some 7 of them wide. */
enum { WIDTH = 420, EDGE = 16, TOP = 8, ROW = 42, LINE = 26, CAP = 4, AXIS = 34, NAME_MAX = 34 };

typedef struct {
    double low, high;
} Scale;

static double place(const Scale *s, double x)
{
    return EDGE + (x - s->low) / (s->high - s->low) * (WIDTH - 2 * EDGE);
}

/* The end of a path tells more than its beginning. */
static void add_name(Text *out, const char *name)
{
    int letters = 0;
    const char *from = name + strlen(name);
    while (from > name && letters < NAME_MAX) {
        from--;
        letters += ((unsigned char)*from & 0xC0) != 0x80;
    }
    if (from > name) text_add(out, "\u2026");
    html_text(out, from);
}

static void add_axis(Text *out, Scale *s, const ForestPlot *p)
{
    double ticks[SVG_TICKS_MAX];
    const int n = svg_ticks(ticks, s->low, s->high, 4), bottom = TOP + p->n * ROW;
    s->low = ticks[0], s->high = ticks[n - 1];
    for (int i = 0; i < n; i++) {
        const double x = place(s, ticks[i]);
        text_format(out,
                    "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>"
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">",
                    ticks[i] == 0 ? "mark" : "grid", x, x, TOP, bottom, x, bottom + 14);
        html_number(out, ticks[i]);
        text_add(out, "</text>");
    }
    text_format(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", WIDTH - EDGE, bottom + 28);
    html_text(out, p->unit);
    text_add(out, "</text>");
}

static void add_row(Text *out, const Scale *s, const ForestRow *r, int top)
{
    const double at = place(s, r->value), low = place(s, r->low), high = place(s, r->high);
    const int y = top + LINE;
    text_format(out, "<g class=\"s0\"><text class=\"named halo\" x=\"%d\" y=\"%d\">", EDGE,
                top + 14);
    add_name(out, r->name);
    text_format(out, "</text><text class=\"number halo\" x=\"%d\" y=\"%d\" text-anchor=\"end\">",
                WIDTH - EDGE, top + 14);
    html_text(out, r->number);
    text_add(out, "</text>");
    if (high > low)
        text_format(out, "<path class=\"line\" d=\"M%.1f %dH%.1fM%.1f %dv%dM%.1f %dv%d\"/>", low, y,
                    high, low, y - CAP, 2 * CAP, high, y - CAP, 2 * CAP);
    text_format(out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%d\" r=\"5\"><title>",
                high > low ? "end" : "zero", at, y);
    html_text(out, r->name);
    text_add(out, "</title></circle></g>\n");
}

void forest_plot(Text *out, const ForestPlot *p)
{
    Scale s = {0, 0};
    for (int i = 0; i < p->n; i++)
        s.low = fmin(s.low, p->rows[i].low), s.high = fmax(s.high, p->rows[i].high);
    text_add(out, "<figure><figcaption>");
    html_element(out, "h3", NULL, p->title);
    if (p->note) html_element(out, "span", "note", p->note);
    text_format(out, "</figcaption>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH,
                TOP + p->n * ROW + AXIS);
    html_text(out, p->title);
    text_add(out, "\">");
    add_axis(out, &s, p);
    for (int i = 0; i < p->n; i++) add_row(out, &s, &p->rows[i], TOP + i * ROW);
    text_add(out, "</svg></figure>\n");
}
