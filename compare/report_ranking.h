/* The section of the page that ranks several models. */
#ifndef COMPARE_REPORT_RANKING_H
#define COMPARE_REPORT_RANKING_H

#include "compare/report.h"

void report_ranking(Text *out, const ReportRanking *ranking);
/* "+35 [-4, +74]"; "0" of the model that the points are above, "-" where none could be fitted. */
void report_rank_points(Text *out, const ReportRank *rank);
/* What the points mean, or why there are none, in a sentence. */
void report_ranking_note(Text *out, const ReportRanking *ranking);

#endif
