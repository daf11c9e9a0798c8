/* rlhf show: the parts of it, one for each kind of thing.  Each prints all that is known, for people or as one
 * object; what is not there is an error. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "cli/command.h"
#include "store/store.h"

/* The hashes of the label are checked on the spot: when one is wrong, that is the error, after all has been
 * printed. */
int show_label(const Context *ctx, Store *store, int64_t id, Error *err);
int show_pair(const Context *ctx, Store *store, int64_t id, Error *err);
int show_prompt(const Context *ctx, Store *store, int64_t id, Error *err);
/* `name` NULL: the newest. */
int show_run(const Context *ctx, Store *store, const char *name, Error *err);

enum { SHOW_DECISION = 96 };
/* "b is clearly better", "tie", "took label 3 back"; sides as stored, `scale` that of the campaign. */
const char *show_decision(char out[SHOW_DECISION], const StoreLabelRecord *l, int scale);
/* One label as an object. */
cJSON *show_label_json(const StoreLabelRecord *l);

#endif
