/* Scripts by which a shell completes a command line of rlhf: commands, second words, options, settings and the
 * values of those that have a few, from the same tables as the help. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include <stdio.h>

#include "base/error.h"

/* `shell` is bash, zsh or fish; -1 for any other. */
int completion_print(const char *shell, FILE *to, Error *err);

#endif
