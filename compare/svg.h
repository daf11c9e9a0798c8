/* Line plots as inline SVG: axes with round ticks, a legend, and the numbers under the pointer.
 *
 * Colours come from the style sheet of the page (classes s0, s1, ...), so a plot follows light and dark. */
#ifndef COMPARE_SVG_H
#define COMPARE_SVG_H

#include "base/text.h"

typedef struct {
    const char *name;
    const double *x, *y; /* points that are not finite break the line */
    int n;
} SvgCurve;

typedef struct {
    const char *title, *note; /* note: one sentence under the title; may be NULL */
    const char *x_label;
    const SvgCurve *curves;
    int n_curves;
    const char *mark_name; /* a horizontal line: a target or a limit; NULL for none */
    double mark;
    double y_min, y_max; /* the axis shows at least this; both 0: whatever the points need */
} SvgPlot;

/* Append a <figure>.  A plot without any finite point says so. */
void svg_plot(Text *out, const SvgPlot *plot);

enum { SVG_TICKS_MAX = 12 };
/* Round numbers (1, 2 or 5 times a power of ten) that cover [low, high], about `wanted` of them; returns
 * how many.  The outer ones may lie beyond low and high. */
int svg_ticks(double ticks[SVG_TICKS_MAX], double low, double high, int wanted);

#endif
