/* The terminal between keys and pictures, the same for every screen: waits, notices signals, a lost line and a
 * program that was suspended, paints what is old. */
#ifndef LABELING_STAGE_H
#define LABELING_STAGE_H

#include <stdbool.h>

#include "base/error.h"

/* A screen: a state without a terminal, and what becomes of it.  Each function gets `state`. */
typedef struct {
    void *state;
    bool writes; /* people write on it (labeling/keyboard.h) */
    int (*open)(void *state, int rows, int cols, Error *err);
    void (*resize)(void *state, int rows, int cols);
    int (*key)(void *state, int key, Error *err);
    /* Would a picture painted now be another?  idle: no key is waiting. */
    bool (*is_old)(const void *state, bool idle);
    void (*paint)(void *state);
    /* The picture is on the terminal; true: what was typed until here was typed at something else. */
    bool (*painted)(void *state);
    /* Every two seconds, and at the end unless the person quit: keep on the disk what a killed program would lose. */
    void (*keep)(void *state, bool end);
    /* Why it ends (store/session.h has two words); NULL: it does not. */
    const char *(*reason)(const void *state);
} Stage;

/* Takes the terminal, and gives it back as it was.  *reason: what stage->reason said, or STORE_SIGNAL or
 * STORE_HANG_UP; left alone when it fails. */
int stage_run(const Stage *stage, const char **reason, Error *err);

#endif
