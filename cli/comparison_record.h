/* A comparison written down: as JSON, and as an evaluation in the store. */
#ifndef CLI_COMPARISON_RECORD_H
#define CLI_COMPARISON_RECORD_H

#include "cli/comparison.h"

/* How the aligned model answers: members "finished" to "length_ratio", each with a comma before it. */
void comparison_answers_json(Text *out, const Comparison *c);
/* The same of the base: "base_finished", "base_distinct", "base_verbatim". */
void comparison_base_answers_json(Text *out, const Comparison *c);
/* {"trait": {"base": x, "best_of": x, "aligned": x}, ...} as shares; best_of with a baseline alone. */
void comparison_traits_json(Text *out, const Comparison *c);
typedef struct {
    const Loaded *base, *aligned, *reward; /* reward NULL: none */
} ComparedModels;
/* The whole object that `rlhf compare --json` prints, which the store gets too. */
int comparison_remember(Text *json, Store *store, const Context *ctx, const Comparison *c,
                        const ComparisonOptions *o, const ComparedModels *models, Error *err);

#endif
