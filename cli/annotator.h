/* Who sits there. */
#ifndef CLI_ANNOTATOR_H
#define CLI_ANNOTATOR_H

#include "store/store.h"

/* `as` (of --as), else RLHF_ANNOTATOR, else the name of this login. */
const char *annotator_name(const char *as);

/* Who that is in this project.  Nobody yet: 0 while the project has at most one person, and an error then, since a name
 * may be mistyped: `rlhf annotators add` is needed.  Somebody disabled is an error.  Adds nobody. */
int annotator_find(const char *name, Store *store, int64_t *id, Error *err);
/* The same, and who is nobody yet is added: before something of theirs is stored. */
int annotator_take(const char *name, Store *store, int64_t *id, Error *err);
/* A name that a person may have: no colon (rules, judges and data sets have those), nothing that does not print. */
int annotator_check_name(const char *name, Error *err);

#endif
