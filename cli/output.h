/* Where a command may write for its user: asked before any work is done. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli/command.h"

/* Fails for a folder that is not there, for files of the project itself (its database, project.json, all
 * in runs/), for what is no ordinary file, and for a file that is there, unless `force` or it begins, in
 * OUTPUT_MARK_WITHIN bytes, with `mark`, as what the same command wrote before does.  NULL: no output is
 * known by a mark, and the message speaks of --force. */
enum { OUTPUT_MARK_WITHIN = 1024 };
int output_check(const Context *ctx, const char *path, const char *mark, bool force, Error *err);
/* The same of a folder for a model, of which an empty one may be there, and with `force` one that holds a model and
 * nothing that this program does not write beside one: that would be lost. */
int output_check_folder(const Context *ctx, const char *path, bool force, Error *err);

/* Nothing reaches standard output from here on, until what this returns is given back: for commands that run others
 * and print one object of their own. */
int output_silence(void);
void output_restore(int kept);

#endif
