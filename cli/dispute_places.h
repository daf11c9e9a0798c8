/* Where pairs are that people differ on, and why there are none. */
#ifndef CLI_DISPUTE_PLACES_H
#define CLI_DISPUTE_PLACES_H

#include "base/text.h"
#include "cli/project.h"
#include "store/store.h"

/* Those of the other campaigns, as members of an object or as lines that say how to get there.  as: of --as, or NULL. */
int dispute_put_elsewhere(Text *t, const Context *ctx, const char *campaign, const char *as,
                          Store *store, int64_t annotator, Error *err);
/* *n: how many this person may settle in the campaign in use; where there is none, the log says why. */
int dispute_explain_none(int64_t *n, Store *store, int64_t annotator, Error *err);

#endif
