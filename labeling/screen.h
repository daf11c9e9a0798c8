/* The labeling screen: a desk (labeling/desk.h) on a terminal, over ncurses. */
#ifndef LABELING_SCREEN_H
#define LABELING_SCREEN_H

#include "labeling/session.h"

/* Runs until the annotator quits or a signal comes; the terminal is as before when it returns.
 * *reason: "quit", "done", "limit", "signal" or "hang-up".  The session stays the caller's. */
int screen_run(Session *s, const char *who, const char **reason, Error *err);

#endif
