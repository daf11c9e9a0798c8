/* Comparisons with an expected answer, to practise on. */
#ifndef STORE_GOLD_H
#define STORE_GOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/database.h"
#include "store/label.h"

/* The answer expected for a comparison, to practise on. */
typedef struct {
    int64_t comparison_id;
    Outcome outcome; /* OUTCOME_PREF, OUTCOME_TIE or OUTCOME_BOTH_BAD */
    int preferred;   /* as stored, for OUTCOME_PREF: < 0 a is better, > 0 b is */
    const char *why; /* told after the choice; may be NULL */
} StoreGold;
/* Replaces the one before. */
int store_put_gold(Store *s, const StoreGold *gold, Error *err);
/* The standing labels of a person that carry a comment become expected answers, the comment the reason; *n is how
 * many. */
int store_add_gold_of(Store *s, const char *handle, int64_t *n, Error *err);
int store_get_gold(Store *s, int64_t comparison_id, StoreGold *out, bool *found, Error *err);
void store_gold_free(StoreGold *gold); /* the texts, not the struct */
typedef struct {
    StoreGold *row;
    size_t n;
} StoreGoldList;
/* All of them, of any campaign, in order of comparison, but those whose prompt is redacted. */
int store_list_gold(Store *s, StoreGoldList *out, Error *err);
void store_gold_list_free(StoreGoldList *list);

#endif
