/* Review: the pairs that people differ on, one after another, and what each of them said.  That is told after the
 * reviewer's own choice is on the disk: who knows it before judges the people, not the answers. */
#ifndef LABELING_DISPUTES_H
#define LABELING_DISPUTES_H

#include "labeling/decision.h"
#include "store/store.h"

typedef struct {
    const char *handle;
    Decision said; /* sides as the reviewer sees them; the note is the person's comment */
} Vote;

typedef struct {
    Store *store;
    int64_t session_id, annotator_id; /* of the reviewer */
    int scale;                        /* of the campaign: no vote is stronger */
    int64_t after; /* comparisons up to this one were put aside, and are not offered */
    int64_t n_aside;

    StoreVoteList list; /* of the newest disputes_read_votes */
    Vote *vote;         /* (list.n) */
} Disputes;

/* The next one, held for the reviewer; *found is false when none is left but those put aside. */
int disputes_next(Disputes *d, StoreClaim *out, bool *found, Error *err);
/* How many are not settled, those put aside and the one in hand among them. */
int disputes_left(const Disputes *d, int64_t *out, Error *err);
/* Give it back for another time, or another reviewer. */
int disputes_put_aside(Disputes *d, const StoreClaim *claim, Error *err);
/* Offer those put aside again. */
void disputes_begin_again(Disputes *d);
/* What people said of this pair, into d->vote. */
int disputes_read_votes(Disputes *d, const StoreClaim *claim, Error *err);
void disputes_free(Disputes *d);

#endif
