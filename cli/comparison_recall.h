/* A comparison out of the store: what `compare` found, with its answers, without asking any model again. */
#ifndef CLI_COMPARISON_RECALL_H
#define CLI_COMPARISON_RECALL_H

#include "cli/comparison.h"

typedef struct {
    Comparison result;            /* without tokens of the answers */
    ComparisonOptions options;    /* source is the record's */
    Loaded base, aligned, reward; /* names, folders and hashes alone; nothing to close */
    bool has_reward;
    int64_t created_us;
    void *record; /* what the texts belong to */
} RecalledComparison;

/* The newest of these two models, which are what project_name_model calls them; NULL: of any.  What an earlier version
 * of this program noted has no answers, and is an error. */
int comparison_recall(RecalledComparison *out, const Context *ctx, Store *store, const char *base,
                      const char *aligned, Error *err);
void comparison_recall_free(RecalledComparison *recalled);

#endif
