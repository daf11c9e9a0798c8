/* Estimates with their intervals below each other, one line of a name and numbers over each, as inline SVG.
 *
 * Drawn for a phone's width and up; colours come from the style sheet of the page, as in svg.h. */
#ifndef COMPARE_FOREST_PLOT_H
#define COMPARE_FOREST_PLOT_H

#include "base/text.h"

typedef struct {
    const char *name, *number; /* number: the estimate and its interval, as they are printed */
    double value, low, high; /* low equal to high: no interval, what the others are measured from */
} ForestRow;

typedef struct {
    const char *title, *note, *unit; /* note: one sentence under the title; unit: of the axis */
    const ForestRow *rows;           /* all numbers finite */
    int n;
} ForestPlot;

/* Append a <figure>; a line stands at 0. */
void forest_plot(Text *out, const ForestPlot *plot);

#endif
