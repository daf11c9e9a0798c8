/* A track of the report's page: a line from 0 to 100% with shares on it, as dots, and their intervals, as bars.
 *
 * Colours come from the class names: base, best, aligned, judge (hollow: of a judge that is no evidence). */
#ifndef COMPARE_TRACK_H
#define COMPARE_TRACK_H

#include "base/text.h"

/* The percentages above tracks of the same width. */
void track_scale(Text *out);
void track_begin(Text *out);
/* From low to high, shares of 1. */
void track_bar(Text *out, const char *class_name, double low, double high);
/* title: what is said under the pointer. */
void track_dot(Text *out, const char *class_name, double share, const char *title);
void track_end(Text *out);

#endif
