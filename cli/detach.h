/* --detach: a command of hours that goes on by itself, in a session of its own.
 *
 * The process forks before the command has done anything.  The child does it, its errors come back through a pipe
 * until it is ready for its first step; then it leaves the terminal, and the parent says where it went.  There
 * is no daemon: the child is the command. */
#ifndef CLI_DETACH_H
#define CLI_DETACH_H

#include "cli/command.h"

/* Whether the arguments ask for it: `--detach` among those of a command that has that option. */
bool detach_asked(const Command *c, int argc, char **argv);
/* Do the command so.  In the parent 0 is: it is on its way, or has ended without a first step; in the child what
 * the command returned, of which only the exit status is left to tell. */
int detach_run(Context *ctx, int argc, char **argv, Error *err);
/* What goes on: its name, its folder, and the commands that show it and end it. */
typedef struct {
    const char *name, *folder, *watch, *stop;
} Detached;
/* In the child: leave the terminal.  What is printed goes to output.log in the folder. */
int detach_ready(Context *ctx, const Detached *what, Error *err);

#endif
