/* One start of a labeling program, from beginning to end. */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include <stdint.h>

#include "base/error.h"
#include "store/database.h"

typedef struct {
    int64_t annotator_id;
    const char *ui;       /* tui, line, rule, judge, import */
    const char *terminal; /* $TERM; may be NULL */
    int columns, rows;    /* of the terminal; 0 without one */
} StoreSession;
/* Ends what this annotator's killed programs left, as by STORE_HANG_UP. */
int store_begin_session(Store *s, const StoreSession *session, int64_t *id, Error *err);
/* Of a session whose terminal went away, or whose program was killed. */
#define STORE_HANG_UP "hang-up"
/* Of one that a signal ended. */
#define STORE_SIGNAL "signal"
/* Releases what the session still holds, but for STORE_HANG_UP and STORE_SIGNAL: whoever comes back before the
 * leases run out is given these pairs first.  `reason`: "quit", "done"... */
int store_end_session(Store *s, int64_t session_id, const char *reason, Error *err);

#endif
