/* Settling what people differ on, line by line.  The reviewer chooses as blindly as they did; what they chose, and
 * their notes, come afterwards. */
#ifndef LABELING_REVIEW_H
#define LABELING_REVIEW_H

#include <stdio.h>

#include "store/store.h"

typedef struct {
    int64_t settled, skipped, left;
} ReviewCounts;

/* Until nothing is left or the input ends; *reason says why it ended, for store_end_session.  Every choice is on
 * the disk before it is said to be saved. */
int review_run(ReviewCounts *counts, Store *store, int64_t session_id, int64_t annotator_id, int in,
               FILE *out, const char **reason, Error *err);

#endif
