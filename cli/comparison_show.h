/* Which prompts of a comparison are shown, and in which order: what --show says. */
#ifndef CLI_COMPARISON_SHOW_H
#define CLI_COMPARISON_SHOW_H

#include "cli/comparison.h"

typedef enum {
    SHOW_FIRST,  /* in the order of the project */
    SHOW_WORST,  /* where the aligned answer loses most against the base's */
    SHOW_BEST,   /* where it gains most */
    SHOW_RANDOM, /* drawn by the seed */
} ShowOrder;

typedef struct {
    ShowOrder order;
    int n;
} Show;

/* "worst", "best:10", "random", or a number alone. */
int comparison_show_parse(Show *out, const char *text, Error *err);
/* item (c->n): all prompts in that order; of equal ones the first comes first. */
void comparison_show_order(int *item, const Comparison *c, ShowOrder order, uint64_t seed);

#endif
