#include "compare/svg.h"

#include <math.h>
#include <stdbool.h>

#include "compare/html.h"

/* Sizes in units of the view box. */
enum { WIDTH = 420, HEIGHT = 232, LEFT = 46, RIGHT = 14, TOP = 12, BOTTOM = 36 };
enum { COLOURS = 5, POINTS_SHOWN_MAX = 400, HITS_MAX = 80 };

typedef struct {
    double x_min, x_max, y_min, y_max;
} Frame;

static double place_x(const Frame *f, double x)
{
    return LEFT + (x - f->x_min) / (f->x_max - f->x_min) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const Frame *f, double y)
{
    return HEIGHT - BOTTOM - (y - f->y_min) / (f->y_max - f->y_min) * (HEIGHT - TOP - BOTTOM);
}

/* The smallest of 1, 2, 5 times a power of ten that is at least x. */
static double round_up(double x)
{
    const double power = pow(10, floor(log10(x) + 1e-9)), digit = x / power;
    return power * (digit <= 1 + 1e-9 ? 1 : digit <= 2 + 1e-9 ? 2 : digit <= 5 + 1e-9 ? 5 : 10);
}

int svg_ticks(double ticks[SVG_TICKS_MAX], double low, double high, int wanted)
{
    if (!(high > low)) high = low + (low != 0 ? fabs(low) : 1);
    double step = round_up((high - low) / wanted);
    double first = floor(low / step + 1e-9) * step;
    while ((high - first) / step > SVG_TICKS_MAX - 1) {
        step = round_up(step * 1.5);
        first = floor(low / step + 1e-9) * step;
    }
    int n = 0;
    for (; n < SVG_TICKS_MAX; n++) {
        ticks[n] = first + n * step;
        if (fabs(ticks[n]) < step * 1e-9) ticks[n] = 0;
        if (ticks[n] >= high - step * 1e-9) return n + 1;
    }
    return n;
}

static bool is_point(const SvgCurve *c, int i)
{
    return isfinite(c->x[i]) && isfinite(c->y[i]);
}

static bool find_frame(Frame *f, const SvgPlot *p)
{
    *f = (Frame){INFINITY, -INFINITY, INFINITY, -INFINITY};
    for (int k = 0; k < p->n_curves; k++) {
        const SvgCurve *c = &p->curves[k];
        for (int i = 0; i < c->n; i++) {
            if (!is_point(c, i)) continue;
            f->x_min = fmin(f->x_min, c->x[i]), f->x_max = fmax(f->x_max, c->x[i]);
            f->y_min = fmin(f->y_min, c->y[i]), f->y_max = fmax(f->y_max, c->y[i]);
        }
    }
    if (!(f->x_max >= f->x_min)) return false;
    if (p->mark_name) f->y_min = fmin(f->y_min, p->mark), f->y_max = fmax(f->y_max, p->mark);
    if (p->y_min != p->y_max)
        f->y_min = fmin(f->y_min, p->y_min), f->y_max = fmax(f->y_max, p->y_max);
    if (f->x_max == f->x_min) f->x_max = f->x_min + 1;
    return true;
}

/* Steps and iterations have no halves. */
static bool all_whole(const SvgPlot *p)
{
    for (int k = 0; k < p->n_curves; k++)
        for (int i = 0; i < p->curves[k].n; i++)
            if (isfinite(p->curves[k].x[i]) && p->curves[k].x[i] != floor(p->curves[k].x[i]))
                return false;
    return true;
}

static void add_axes(Text *out, Frame *f, const SvgPlot *p)
{
    double ticks[SVG_TICKS_MAX];
    int n = svg_ticks(ticks, f->y_min, f->y_max, 4);
    f->y_min = ticks[0];
    f->y_max = ticks[n - 1];
    for (int i = 0; i < n; i++) {
        const double y = place_y(f, ticks[i]);
        text_format(out, "<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
                    i ? "grid" : "axis", LEFT, WIDTH - RIGHT, y, y);
        text_format(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 7, y + 4);
        html_number(out, ticks[i]);
        text_add(out, "</text>");
    }
    n = svg_ticks(ticks, f->x_min, f->x_max, 5);
    const bool whole = all_whole(p);
    for (int i = 0; i < n; i++) {
        if (ticks[i] < f->x_min || ticks[i] > f->x_max) continue;
        if (whole && fabs(ticks[i] - round(ticks[i])) > 1e-6) continue;
        text_format(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">", place_x(f, ticks[i]),
                    HEIGHT - BOTTOM + 16);
        html_number(out, ticks[i]);
        text_add(out, "</text>");
    }
    if (p->x_label == NULL) return;
    text_format(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", WIDTH - RIGHT, HEIGHT - 3);
    html_text(out, p->x_label);
    text_add(out, "</text>");
}

static void add_mark(Text *out, const Frame *f, const SvgPlot *p)
{
    if (p->mark_name == NULL) return;
    const double y = place_y(f, p->mark);
    text_format(out, "<line class=\"mark\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT,
                WIDTH - RIGHT, y, y);
    text_format(out, "<text class=\"marked halo\" x=\"%d\" y=\"%.1f\">", LEFT + 6, y - 5);
    html_text(out, p->mark_name);
    text_add(out, "</text>");
}

/* The last point is always shown. */
static int next_shown(int i, int last, int stride)
{
    if (i == last) return last + 1;
    return i + stride < last ? i + stride : last;
}

static void add_line(Text *out, const Frame *f, const SvgCurve *c)
{
    const int stride = 1 + (c->n - 1) / POINTS_SHOWN_MAX;
    bool pen_down = false;
    text_add(out, "<path class=\"line\" d=\"");
    for (int i = 0; i < c->n; i = next_shown(i, c->n - 1, stride)) {
        if (!is_point(c, i)) {
            pen_down = false;
            continue;
        }
        text_format(out, "%c%.1f %.1f", pen_down ? 'L' : 'M', place_x(f, c->x[i]),
                    place_y(f, c->y[i]));
        pen_down = true;
    }
    text_add(out, "\"/>");
}

/* A dot at the end, and unseen discs that show their numbers under the pointer. */
static void add_points(Text *out, const Frame *f, const SvgCurve *c)
{
    const int stride = 1 + (c->n - 1) / HITS_MAX;
    int last = c->n - 1;
    while (last >= 0 && !is_point(c, last)) last--;
    for (int i = 0; i <= last; i = next_shown(i, last, stride)) {
        if (!is_point(c, i)) continue;
        const double x = place_x(f, c->x[i]), y = place_y(f, c->y[i]);
        if (i == last)
            text_format(out, "<circle class=\"end\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>", x, y);
        text_format(out, "<circle class=\"hit\" cx=\"%.1f\" cy=\"%.1f\" r=\"7\"><title>", x, y);
        html_text(out, c->name);
        text_add(out, " ");
        html_number(out, c->y[i]);
        text_add(out, " at ");
        html_number(out, c->x[i]);
        text_add(out, "</title></circle>");
    }
}

static void add_caption(Text *out, const SvgPlot *p)
{
    text_add(out, "<figcaption>");
    html_element(out, "h3", NULL, p->title);
    if (p->note) html_element(out, "span", "note", p->note);
    if (p->n_curves > 1) {
        text_add(out, "<div class=\"key\">");
        for (int k = 0; k < p->n_curves; k++) {
            text_format(out, "<span><i class=\"swatch s%d\"></i>", k % COLOURS);
            html_text(out, p->curves[k].name);
            text_add(out, "</span>");
        }
        text_add(out, "</div>");
    }
    text_add(out, "</figcaption>\n");
}

void svg_plot(Text *out, const SvgPlot *p)
{
    Frame f;
    text_add(out, "<figure>");
    add_caption(out, p);
    if (!find_frame(&f, p)) {
        text_add(out, "<p class=\"note\">nothing was measured</p></figure>\n");
        return;
    }
    text_format(out, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    html_text(out, p->title);
    text_add(out, "\">");
    add_axes(out, &f, p);
    for (int k = 0; k < p->n_curves; k++) {
        text_format(out, "<g class=\"s%d\">", k % COLOURS);
        add_line(out, &f, &p->curves[k]);
        add_points(out, &f, &p->curves[k]);
        text_add(out, "</g>");
    }
    add_mark(out, &f, p);
    text_add(out, "</svg></figure>\n");
}
