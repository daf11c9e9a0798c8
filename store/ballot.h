/* Decisions that a person made elsewhere, brought in as a whole batch. */
#ifndef STORE_BALLOT_H
#define STORE_BALLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/database.h"
#include "store/label.h"
#include "store/verdict.h"

/* Whether this annotator is shown b of a comparison first: as it was, or as it will be. */
int store_ask_swapped(Store *s, int64_t comparison_id, int64_t annotator_id, bool *swapped,
                      Error *err);
/* The comparison of that id, as a pair.  1, with the reason in err: there is none in the campaign in use that
 * people may still decide. */
int store_find_votable(Store *s, int64_t comparison_id, StorePairList *out, Error *err);

typedef enum {
    BALLOT_ADDED,
    BALLOT_THERE,  /* what it says stands already */
    BALLOT_AGAINST /* a label of this annotator stands that says otherwise */
} BallotFate;
typedef struct {
    int64_t comparison_id;
    Outcome outcome;
    int preferred; /* as stored, for OUTCOME_PREF: -1..-4 a is better, 1..4 b is */
    int first;     /* what was shown first: -1 a, 1 b; 0 unknown: what store_ask_swapped says */
    int64_t active_ms;
    const char *comment, *reasons; /* as in StoreDecision; may be NULL */
    int confidence;                /* 1 to 9; 0 not asked */
    BallotFate fate;               /* filled in */
    int64_t label_id;              /* likewise: its label, or the one that stands */
} StoreBallot;
/* How ballots are taken. */
typedef struct {
    bool replace; /* one against a label supersedes it */
    bool whole;   /* none is added where one is against a label */
    bool look;    /* none is added: the fates are what they would be */
} BallotTerms;
/* One transaction for all, in this order.  The sides of a pair that this annotator has labeled before stay as they
 * were shown then. */
int store_add_ballots(Store *s, int64_t session_id, StoreBallot *rows, size_t n, BallotTerms terms,
                      Error *err);

#endif
