/* The files of --rejects and --reasons: refused lines as they came and why they were, of the whole input or not at all. */
#ifndef CLI_REJECTS_H
#define CLI_REJECTS_H

#include "base/file.h"

/* `option` is "rejects" or "reasons".  An error where they would take the place of an input (n of them; "-" is standard input), which is `done` (a
 * participle for the message), or of what is no plain file. */
int rejects_check(const char *option, const char *path, const char *done, const char *const *input,
                  int n, Error *err);
/* The file in its place, when rc is 0 and no signal has come: of a part of the input it would pass for that of
 * all of it.  Returns rc, or -1. */
int rejects_end(FileWriter *rejects, int rc, Error *err);

#endif
