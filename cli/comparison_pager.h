/* The prompts of a comparison on the full screen, one after another. */
#ifndef CLI_COMPARISON_PAGER_H
#define CLI_COMPARISON_PAGER_H

#include "cli/comparison_show.h"

typedef struct {
    const Comparison *result;
    const ComparisonOptions *options;
    ShowOrder order;
    const char *base, *aligned; /* what the models are called */
} ComparisonPages;

/* Until the person quits.  False, and nothing is shown, without a terminal that can place text. */
bool comparison_page(const ComparisonPages *pages);

#endif
