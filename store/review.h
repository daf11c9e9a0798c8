/* Where people differ, and who settles it. */
#ifndef STORE_REVIEW_H
#define STORE_REVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/claim.h"
#include "store/database.h"
#include "store/label.h"

/* The next comparison of the campaign in use, with an id above `after`, on which the standing labels of two people
 * differ in side and which no reviewer has settled; held for the session's annotator, whose label is then a
 * reviewer's: it stands for those of the others.  One that this reviewer still holds, after a hang-up or a signal,
 * comes first.  *found is false when none is left. */
int store_claim_disagreed(Store *s, int64_t session_id, int64_t after, StoreClaim *out, bool *found,
                          Error *err);
/* How many there are for this reviewer. */
int store_count_disagreed(Store *s, int64_t annotator_id, int64_t *out, Error *err);
/* As store_undo_label, of a reviewer's labels. */
int store_undo_review(Store *s, int64_t session_id, StoreClaim *out, bool *found, Error *err);
typedef struct {
    const char *annotator;
    Outcome outcome;
    int preferred;                 /* as stored: < 0 a is better, > 0 b is */
    const char *comment, *reasons; /* may be NULL */
} StoreVote;
typedef struct {
    StoreVote *row;
    size_t n;
} StoreVoteList;
/* What people say of a comparison, reviewers apart, in the order in which they said it. */
int store_list_votes(Store *s, int64_t comparison_id, StoreVoteList *out, Error *err);
void store_votes_free(StoreVoteList *list);

#endif
