/* A comparison written down, as JSON. */
#ifndef CLI_COMPARISON_RECORD_H
#define CLI_COMPARISON_RECORD_H

#include "cli/comparison.h"

/* The members that `rlhf compare --json` prints, without braces. */
void comparison_json(Text *out, const Comparison *c);
/* {"trait": {"base": x, "best_of": x, "aligned": x}, ...} as shares; best_of with a baseline alone. */
void comparison_traits_json(Text *out, const Comparison *c);

#endif
