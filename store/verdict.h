/* Labels by rules and judges, in whole batches. */
#ifndef STORE_VERDICT_H
#define STORE_VERDICT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/database.h"
#include "store/label.h"
#include "store/prompt.h"

/* For rules and judges: whole batches, without claims. */
typedef struct {
    int64_t comparison_id, prompt_id, a_id, b_id;
    Split split;
    const char *prompt, *a, *b;
    const char *template;            /* as in StorePrompt */
    const char *finish_a, *finish_b; /* NULL when unknown */
} StorePair;
typedef struct {
    StorePair *row;
    size_t n;
} StorePairList;
/* Comparisons of the campaign in use without a standing label of this annotator, in order of id; limit 0 is
 * all. */
int store_list_unlabeled(Store *s, int64_t annotator_id, int64_t limit, StorePairList *out,
                         Error *err);
/* One comparison, as a pair. */
int store_get_pair(Store *s, int64_t comparison_id, StorePairList *out, Error *err);
void store_pairs_free(StorePairList *list);

typedef struct {
    int64_t comparison_id;
    Outcome outcome;
    int preferred;       /* as stored, for OUTCOME_PREF: < 0 a is better, > 0 b is */
    const char *comment; /* the reason in words; may be NULL */
} StoreVerdict;
/* One transaction for all.  A comparison this annotator has already labeled is a duplicate. */
int store_add_labels(Store *s, int64_t session_id, const StoreVerdict *rows, size_t n,
                     StoreAdded *added, Error *err);

#endif
