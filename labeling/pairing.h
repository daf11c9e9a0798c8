/* Which two of the answers to one prompt are put to people. */
#ifndef LABELING_PAIRING_H
#define LABELING_PAIRING_H

#include <stdint.h>

#include "store/store.h"

enum {
    PAIRING_ANSWERS = 16, /* at most */
    PAIRING_MAX = PAIRING_ANSWERS * (PAIRING_ANSWERS - 1) / 2
};

/* Of K answers with these texts, every two of different models, where the models took turns (answer k is of
 * model k % models), and every two where there is one model.  Two equal texts are no pair, nor are two that an
 * earlier pair has already: *equal counts both.  Of more than `most`, those with the lowest numbers
 * drawn for (seed, prompt, pair) stay, so a larger `most` keeps all that a smaller one does.
 * Returns how many are in out (K(K-1)/2), a < b, ordered by b, then a. */
int pairing_choose(StorePairing *out, int *equal, const char *const *text, int K, int models,
                   int most, uint64_t seed, int64_t prompt_id);

#endif
