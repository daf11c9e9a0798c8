/* The lock of a run: runs/NAME/lock, held by the process that works on the run and by nobody when it has ended,
 * however it ended. */
#ifndef BASE_RUN_LOCK_H
#define BASE_RUN_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* Takes it into *lock, a descriptor (-1 when there is none) that lets go of it when it is closed; fails when
 * another process has it. */
int run_lock_take(int *lock, const char *dir, Error *err);
/* Whether a process works on the run in `dir`; *holder (may be NULL) is that process, or 0 when this machine
 * cannot tell.  Both come from locks of the system, which end with the process, never from what a file says.
 * Not for a process that works on that run itself: looking would let go of the lock that names it. */
bool run_lock_is_held(const char *dir, pid_t *holder);
/* Send a signal to the process that works on the run: 1 when it was sent, 0 when none works on it, -1 when it
 * may not be sent or the process is not known.  A process that took over the number of one that has just
 * ended is never meant. */
int run_lock_signal(const char *dir, int signal_number, Error *err);

#endif
