/* Comparisons held for one annotator at a time, and how many are left. */
#ifndef STORE_CLAIM_H
#define STORE_CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/database.h"

/* A comparison held for one annotator until the lease runs out. */
typedef struct {
    int64_t assignment_id, comparison_id, prompt_id;
    int64_t a_id, b_id;
    /* b is shown first: a keyed function of campaign seed, comparison and annotator */
    bool swapped;
    const char *prompt, *template; /* template: as in StorePrompt */
    const char *first, *second;    /* the two answers in the order to show them */
    int64_t expires_us;
} StoreClaim;
/* The next comparison that no person has or had (nor this annotator); *found is false when none is left, the
 * campaign is closed or the annotator disabled.
 * First what a session of this annotator held when it was hung up or ended by a signal, then comparisons that
 * nobody has judged, then those that rules alone have, then, if asked for, imported ones; each in order of id,
 * but those of the prompt that the session labeled last before others, and of what one annotator is given one in
 * five is of the valid split while there are such. */
int store_claim_comparison(Store *s, int64_t session_id, bool imported, StoreClaim *out,
                           bool *found, Error *err);
/* What it may give this annotator, nothing held: ids in ascending order, but every fifth of the valid split; at most
 * `limit` (0: all); the caller frees them. */
int store_list_claimable(Store *s, int64_t annotator_id, bool imported, int64_t limit,
                         int64_t **comparison_id, size_t *n, Error *err);
/* Give it back unlabeled. */
int store_release_claim(Store *s, int64_t assignment_id, Error *err);
void store_claim_free(StoreClaim *claim); /* the texts, not the struct */
/* What this annotator has still to do, and has done (current labels, skips included). */
int store_count_claimable(Store *s, int64_t annotator_id, bool imported, int64_t *left,
                          int64_t *done, Error *err);
/* Sampled pairs of all campaigns that are open which a rule has judged and no person: people are offered them. */
int store_count_by_rule_alone(Store *s, int64_t *out, Error *err);
/* Of those done, the skips. */
int store_count_skipped(Store *s, int64_t annotator_id, int64_t *out, Error *err);
/* Comparisons that this annotator cannot be given, each counted once. */
typedef struct {
    int64_t labeled;        /* by other people */
    int64_t held;           /* by other people, who are at it */
    int64_t held_elsewhere; /* by other sessions of this annotator, which may have died */
    int64_t imported;       /* of data sets, with their labels, and of none of the above */
} StoreTaken;
int store_count_taken(Store *s, int64_t annotator_id, StoreTaken *out, Error *err);
/* Of those held by other people: how many comparisons could be this annotator's if they were given back, and when
 * the first lease runs out; 0 without any. */
int store_count_awaited(Store *s, int64_t annotator_id, int64_t *n, int64_t *first_us, Error *err);
/* Of those done, the ones decided at `since_us` or later, without skips. */
int store_count_since(Store *s, int64_t annotator_id, int64_t since_us, int64_t *out, Error *err);
/* Of anybody's standing preferences, those of prompts that are not for testing, decided at `since_us` or
 * later: what a model trained then has not read. */
int store_count_preferences_since(Store *s, int64_t since_us, int64_t *out, Error *err);

#endif
