/* Several models on the same test prompts, by the strengths that their answers show against each other. */
#ifndef CLI_RANKING_H
#define CLI_RANKING_H

#include "cli/comparison.h"
#include "compare/bradley_terry.h"

/* The evaluations that hold what was found. */
#define RANKING_RECORD "compare models"
/* Said where the reward model judges. */
extern const char RANKING_CAUTION[];

/* Compare names[0] (`base`, an outline) with each of the others, and print who is how strong.  o->best_of must be 0;
 * `reward` may be NULL when there is a rule.  Weights of two models are held at a time, and the reward model's. */
int ranking_run(Context *ctx, Store *store, Loaded *base, Loaded *reward, const char *const *names,
                int n, const ComparisonOptions *o, Error *err);

#endif
