/* A comparison that people judge: a campaign of pairs, one answer of each model, whose labels are never trained on.
 * Who labels sees neither which model gave an answer nor that there are two of them. */
#ifndef CLI_COMPARISON_PEOPLE_H
#define CLI_COMPARISON_PEOPLE_H

#include "cli/comparison.h"

/* Of a comparison by these settings that was asked for before: the result so far, on standard output.  Else both
 * models answer, their pairs are queued, and what is to be typed next is printed.  Weights are read only then. */
int comparison_by_people(Context *ctx, Store *store, Loaded *base, Loaded *aligned,
                         const ComparisonOptions *o, Error *err);

#endif
