/* The section of the page that says what people found. */
#ifndef COMPARE_REPORT_PEOPLE_H
#define COMPARE_REPORT_PEOPLE_H

#include "compare/report.h"

void report_people(Text *out, const ReportPeople *people);

#endif
