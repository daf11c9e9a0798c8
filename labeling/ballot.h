/* Decisions that a person made elsewhere, as rows of JSON: what is handed out, and what comes back.
 *
 *   out   {"pair": 12, "prompt": "...", "first": "...", "second": "...", "order": "ba", "choice": null}
 *   back  {"pair": 12, "first": "...", "second": "...", "order": "ba", "choice": "second", "strength": 2}
 *
 * One rule: a side is never guessed.  `first` and `second` are those of the row's own `order` ("ba": b was shown
 * first), which it must have then; `a` and `b` are those of the store, whatever was shown.  Texts that a row has
 * must be those of the pair in that order, so that a row for another pair, or another project, is no label. */
#ifndef LABELING_BALLOT_H
#define LABELING_BALLOT_H

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"
#include "labeling/decision.h"
#include "store/store.h"

/* Append the row of a pair, with its line end; `prompt` as people read it. */
void ballot_put(Text *out, const StorePair *pair, const char *prompt, bool swapped);

typedef struct {
    StoreBallot ballot; /* borrows the texts below */
    bool open;          /* no choice has been made yet */
    char *comment, *reasons;
} Ballot;
/* Read one line (n bytes) against the campaign in use: 0, or 1 when it is refused, with the reason in err, or -1
 * when the store cannot be read.  The caller frees. */
int ballot_read(Ballot *out, Store *store, const Offer *offer, const char *line, size_t n,
                Error *err);
void ballot_free(Ballot *b); /* the texts, not the struct */

#endif
