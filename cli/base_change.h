/* A project whose base was changed under its other models: reward and aligned were trained from one, and another has
 * taken its name.  Their tokens tell. */
#ifndef CLI_BASE_CHANGE_H
#define CLI_BASE_CHANGE_H

#include "cli/project.h"

/* Which of the project's reward and aligned has another tokenizer than the model in `folder`: its name, or NULL.  What
 * cannot be read is left to whoever uses it. */
const char *base_change_find(const Context *ctx, const char *folder);
/* The newest run of a base whose words that model ("reward", "aligned") has; false: there is none. */
bool base_change_back(char run[RUN_NAME_MAX], const Context *ctx, const char *model);
/* To an error about models that do not go together: how to go back, where the base was changed. */
int base_change_hint(const Context *ctx, Error *err);

#endif
