/* A comparison on the terminal: examples side by side, the table of traits, win rates, a verdict. */
#ifndef CLI_COMPARISON_PRINT_H
#define CLI_COMPARISON_PRINT_H

#include "cli/comparison.h"

/* Number `i` of the prompts: what base, best-of-n and aligned answered, with points. */
void comparison_print_example(const Comparison *c, int i, const Rule *rule);
void comparison_print_traits(const Comparison *c, int best_of);
void comparison_print_wins(const Comparison *c, const ComparisonOptions *o, const char *title);
void comparison_print_verdict(const Comparison *c);

#endif
