/* Labels made elsewhere: the pairs handed out, and the rows that come back (labeling/ballot.h). */
#ifndef CLI_BALLOTS_H
#define CLI_BALLOTS_H

#include "cli/command.h"
#include "store/store.h"

/* Print what `annotator` may be given, a row each, at most `limit` (0: all); *n is how many.  Nothing is held. */
int ballots_list(Store *store, int64_t annotator, bool imported, int limit, int64_t *n, Error *err);

typedef struct {
    const char *path; /* "-": standard input */
    const char *who;
    int64_t annotator;
    const char *rejects; /* of --rejects, or NULL */
    bool strict;         /* all or nothing */
    bool replace;        /* a row may take the place of a label that stands */
} BallotBatch;
/* Save the rows as labels of that person, and report.  An error when a row was refused: the others are saved. */
int ballots_save(const Context *ctx, Store *store, const BallotBatch *batch, Error *err);

#endif
