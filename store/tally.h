/* What `rlhf status` counts, kept with the rows up to which it was counted, so that of a million pairs only those
 * after them are looked at.  One rule: a tally is never more than a place to begin; a count from nothing gives the
 * same, as store_verify makes sure.
 *
 * It cannot go wrong by a path that was forgotten, because no path has to tell it: prompts, responses, comparisons,
 * labels and judgements are only ever added, with rising ids, and what a row counts as is fixed by it and by rows
 * before it.  Redaction alone changes what earlier rows count as; a tally of another number of redactions is not
 * used.  Private to store/. */
#ifndef STORE_TALLY_H
#define STORE_TALLY_H

#include "store/sql.h"

typedef enum {
    TALLY_UPTO,      /* by table: the newest row counted, of redaction the number of rows */
    TALLY_PROMPTS,   /* by split */
    TALLY_ANSWERED,  /* by split: prompts with a response */
    TALLY_RESPONSES, /* in all, as what follows without `by` */
    TALLY_COMPARISONS,
    TALLY_PAIRS,       /* by split: comparisons to train on */
    TALLY_DECIDED,     /* by split: those of them with a standing label, skips included */
    TALLY_PREFERENCES, /* by split: standing labels to train on with a preference */
    TALLY_USED,        /* by annotator: the same */
    TALLY_LABELED,     /* comparisons with a standing label other than a skip */
    TALLY_SKIPPED,     /* comparisons that were skipped and nothing else */
    TALLY_LABELS,      /* by annotator: standing, without skips */
    TALLY_STANDING,    /* by annotator: standing, skips included */
    TALLY_JUDGEMENTS,  /* that stand */
    TALLY_N
} TallyWhat;

typedef struct {
    TallyWhat what;
    int64_t of; /* split, annotator or table; else 0 */
    int64_t n;
} TallyCount;

typedef struct {
    TallyCount *count; /* (n_counts) */
    size_t n_counts;
    int64_t behind; /* rows counted that are not in what the store has of it */
} Tally;

/* All zero is a tally of nothing. */
int64_t tally_of(const Tally *t, TallyWhat what, int64_t of);
/* What the store has kept. */
int tally_load(Tally *t, Store *s, Error *err);
/* On to where nothing was left a moment ago, in pieces of so many rows of each table: each is a read of its own, so
 * that nobody waits long to commit.  Where one fails, the pieces before it are counted. */
enum { TALLY_PIECE = 5000 };
int tally_approach(Tally *t, Store *s, int64_t rows, Error *err);
/* All that is left, inside the caller's transaction. */
int tally_finish(Tally *t, Store *s, Error *err);
/* Kept for later, in a transaction of its own, unless that is not worth it: few rows were added since. */
int tally_keep(const Tally *t, Store *s, Error *err);
/* Whether what is kept is right; an error says what is not. */
int tally_verify(Store *s, Error *err);
void tally_free(Tally *t);

#endif
