/* Pairs of answers to one prompt. */
#ifndef STORE_COMPARISON_H
#define STORE_COMPARISON_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/database.h"
#include "store/response.h"

/* Two responses to one prompt: an unordered pair, stored with a_id < b_id. */
typedef struct {
    int64_t id, prompt_id;
    int64_t a_id, b_id; /* given in either order, put in order by the call */
    const char *origin; /* random, active, import */
} StoreComparison;
int store_add_comparisons(Store *s, StoreComparison *rows, size_t n, StoreAdded *added, Error *err);
/* Two responses to one prompt, by their places among those that come with them. */
typedef struct {
    int a, b;
} StorePairing;
/* Responses and the pairs of them, all or nothing: no prompt is left with answers and without its pairs.  Fills
 * in the responses' ids; `added` counts pairs. */
int store_add_answers(Store *s, StoreResponse *rows, size_t n, const StorePairing *pair,
                      size_t n_pairs, StoreAdded *added, Error *err);
int store_count_comparisons(Store *s, int64_t *out, Error *err);

#endif
