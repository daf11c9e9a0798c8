/* The line that says which command comes next, as it is typed here: what `rlhf status` ends with, and every command that
 * has changed what comes next. */
#ifndef CLI_NEXT_LINE_H
#define CLI_NEXT_LINE_H

#include "base/text.h"
#include "cli/project_status.h"

/* s->next with the settings that the project trains with, and the project where --project named it. */
void next_line_complete(ProjectStatus *s, const Context *ctx);
/* A command and why, with what in it is a placeholder: a line that a shell takes as it stands. */
void next_line_format(Text *t, const char *command, const char *why);
/* Print it, if any. */
void next_line_put(const ProjectStatus *s);
/* The same for the project as it is now; silent with --json, and where another command leads this one. */
int next_line_print(const Context *ctx, Store *store, Error *err);

#endif
