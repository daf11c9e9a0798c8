/* The report in a terminal: the same parts as the page, curves drawn with block characters. */
#ifndef COMPARE_REPORT_TEXT_H
#define COMPARE_REPORT_TEXT_H

#include "compare/report.h"

/* Lines of text; curves fit `columns`, sentences are left to the caller to break.  Settings are left out.  Control
 * characters of texts become spaces. */
void report_text(Text *out, const ReportData *data, int columns);

/* One curve of a plot, `columns` wide and `rows` high: each column the mean of the points that fall into it, where
 * there are none the straight line between its neighbours; filled from the bottom in eighths of a character. */
void report_text_curve(Text *out, const SvgCurve *curve, int columns, int rows);

#endif
