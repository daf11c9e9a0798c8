/* Which command comes next in a project: the first link that is missing in the chain from prompts to an
 * aligned model that was compared with its base. */
#ifndef CLI_PROJECT_NEXT_H
#define CLI_PROJECT_NEXT_H

#include "cli/project_status.h"

/* Fills next and why; reads the rest of `s`, and the runs. */
int project_next_find(ProjectStatus *s, const Context *ctx, Store *store, Error *err);

#endif
