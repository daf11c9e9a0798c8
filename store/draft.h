/* Decisions in the making. */
#ifndef STORE_DRAFT_H
#define STORE_DRAFT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/database.h"
#include "store/label.h"

/* A decision in the making, kept so that a lost line or a killed program loses none of it.  It ends with its
 * assignment's being open: with the label, the release, the lease. */
typedef struct {
    int64_t assignment_id;
    bool chosen;                               /* whether outcome and preferred mean anything */
    Outcome outcome;                           /* chosen, not saved */
    int preferred;                             /* as shown, as in StoreDecision */
    const char *reasons, *note;                /* may be NULL */
    int confidence;                            /* 0 none */
    int64_t prompt_top, first_top, second_top; /* byte of each text that stood first in its pane */
    int64_t shown_us, first_input_us, active_ms;
} StoreDraft;
/* Replaces the one before, and the lease begins anew; of an assignment that is no longer open nothing is kept. */
int store_put_draft(Store *s, const StoreDraft *draft, Error *err);
/* *found is false, and *out is left alone, when there is none.  The caller frees. */
int store_get_draft(Store *s, int64_t assignment_id, StoreDraft *out, bool *found, Error *err);
void store_draft_free(StoreDraft *draft); /* the texts, not the struct */

#endif
