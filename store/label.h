/* Decisions: saved, changed, taken back. */
#ifndef STORE_LABEL_H
#define STORE_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/claim.h"
#include "store/database.h"

typedef enum { OUTCOME_PREF, OUTCOME_TIE, OUTCOME_BOTH_BAD, OUTCOME_SKIP, OUTCOME_FLAG } Outcome;
const char *outcome_name(Outcome outcome);

typedef struct {
    int64_t assignment_id;
    /* made once per decision (store_make_uuid), so that a retry is not a second label */
    uint8_t uuid[16];
    Outcome outcome;
    int preferred; /* AS SHOWN, for OUTCOME_PREF: -1..-4 the first answer (-4 by far), 1..4 the second */
    int64_t shown_us; /* when the pair came onto the screen */
    int64_t active_ms;
    int64_t first_input_us; /* the first key that counted after it; 0 unknown */
    const char *layout;     /* side, stack, line */
    const char *comment;    /* may be NULL */
    const char *reasons;    /* of a skip or flag: words of a-z and -, commas between; may be NULL */
    int confidence;         /* 1 to 9; 0 not asked */
    bool seen;              /* whether the next two are known */
    int seen_first, seen_second; /* thousandths of the answers as shown that were in view */
} StoreDecision;
void store_make_uuid(uint8_t out[16]);
/* Hold this very comparison for the session's annotator, who may have judged it before: deciding then
 * supersedes. */
int store_hold_comparison(Store *s, int64_t session_id, int64_t comparison_id, StoreClaim *out,
                          Error *err);
/* On the disk when it returns.  Deciding again on the same assignment supersedes the earlier label; a
 * lease that ran out is no reason to throw a person's work away. */
int store_save_label(Store *s, const StoreDecision *decision, int64_t *label_id, Error *err);
/* Take back the annotator's newest standing label, today's or not; it stays on record as retracted.  The
 * pair is held again and given back to be shown; *found is false when nothing is left to undo. */
int store_undo_label(Store *s, int64_t session_id, StoreClaim *out, bool *found, Error *err);

/* A label that stands, as its annotator sees it. */
typedef struct {
    int64_t id, comparison_id;
    Outcome outcome;
    int preferred; /* as shown, as in StoreDecision */
    int64_t submitted_us, active_ms;
    const char *comment, *reasons; /* may be NULL */
    const char *prompt, *template; /* as in StorePrompt */
} StoreOwnLabel;
typedef struct {
    StoreOwnLabel *row;
    size_t n;
} StoreOwnLabelList;
/* Newest first, of the campaign in use, submitted at `since_us` or later; limit 0 is all. */
int store_list_own_labels(Store *s, int64_t annotator_id, int64_t since_us, int64_t limit,
                          StoreOwnLabelList *out, Error *err);
/* Those given as a reviewer (store/review.h). */
int store_list_own_reviews(Store *s, int64_t annotator_id, int64_t limit, StoreOwnLabelList *out,
                           Error *err);
void store_own_labels_free(StoreOwnLabelList *list);

#endif
