/* All answers of two models on the page: what is counted over them, and a table of the prompts. */
#ifndef COMPARE_REPORT_ANSWERS_H
#define COMPARE_REPORT_ANSWERS_H

#include "compare/report.h"

void report_measures(Text *out, const ReportData *d);
/* Folded away until it is opened; the page's script turns its order round. */
void report_prompts(Text *out, const ReportData *d);

#endif
