/* The labeling screen: keys in, labels out, over ncurses.  One key decides and is saved; the screen says
 * so only when the label is on the disk, and `u` takes it back. */
#ifndef LABELING_SCREEN_H
#define LABELING_SCREEN_H

#include "labeling/session.h"

/* Runs until the annotator quits or a signal comes; the terminal is as before when it returns.
 * *reason: "quit", "done", "limit", "signal" or "hang-up".  The session stays the caller's. */
int screen_run(Session *s, const char *who, const char **reason, Error *err);

#endif
