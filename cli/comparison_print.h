/* A comparison on the terminal: examples side by side, the table of traits, win rates, a verdict. */
#ifndef CLI_COMPARISON_PRINT_H
#define CLI_COMPARISON_PRINT_H

#include "cli/comparison.h"

/* Number `i` of the prompts: what base, best-of-n and aligned answered, with points; on a terminal the words that
 * one of base and aligned has alone are marked. */
void comparison_print_example(const Comparison *c, int i, const Rule *rule);
/* A line above it: the place it has among all, and what both scored. */
void comparison_print_place(const Comparison *c, int i, int place);
void comparison_print_traits(const Comparison *c, int best_of);
void comparison_print_wins(const Comparison *c, const ComparisonOptions *o, const char *title);
/* The sign test, and how varied the words are. */
void comparison_print_details(const Comparison *c);
void comparison_print_verdict(const Comparison *c);

#endif
