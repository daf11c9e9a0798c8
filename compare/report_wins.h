/* Win rates as rows of the page, each on a track from 0 to 100%. */
#ifndef COMPARE_REPORT_WINS_H
#define COMPARE_REPORT_WINS_H

#include "compare/report.h"

/* The percentages above such rows. */
void report_win_head(Text *out);
/* Hollow, and the caution below its name, where there is one. */
void report_win_row(Text *out, const ReportWin *win);

#endif
