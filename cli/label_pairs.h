/* Given pairs in the labeling tool, before whoever sits there. */
#ifndef CLI_LABEL_PAIRS_H
#define CLI_LABEL_PAIRS_H

#include "cli/command.h"
#include "store/store.h"

/* These comparisons (n) in this order and no others; a choice for one that this person has labeled supersedes it.
 * `as` as in annotator_name; line by line when `line`. */
int label_pairs(const Context *ctx, Store *store, const int64_t *comparison, size_t n,
                const char *as, bool line, Error *err);

#endif
