/* Labeling line by line: for a pipe, a screen reader, a terminal that cannot place text.  Nothing is
 * redrawn; each part is named before it is printed. */
#ifndef LABELING_LINE_H
#define LABELING_LINE_H

#include <stdio.h>

#include "labeling/session.h"

/* Reads a, b, digits, t, s, f, n, g, u, r, ?, q (see its help) from the descriptor `in` until the pairs, the input or the limit end.
 * *reason: "done", "limit", "quit", "input ended" or "signal".  The session stays the caller's. */
int line_run(Session *s, int in, FILE *out, const char **reason, Error *err);

#endif
