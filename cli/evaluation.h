/* What `reward eval` and `compare` found, kept in the store with the models that it was found of: by the
 * names that project_name_model gives them, for base, reward and aligned change. */
#ifndef CLI_EVALUATION_H
#define CLI_EVALUATION_H

#include "base/text.h"
#include "cli/command.h"
#include "store/store.h"

/* The members "model", or "base" and "aligned", for the JSON of an evaluation, without braces; of models in
 * these folders. */
void evaluation_put_model(Text *out, const Context *ctx, const char *folder);
void evaluation_put_compared(Text *out, const Context *ctx, const char *base, const char *aligned);
/* `json` has these members.  `command` is "reward eval" or "compare"; `folder` that of the model that it
 * is about. */
int evaluation_add(Store *store, const Context *ctx, const char *command, const char *folder,
                   const char *json, Error *err);
/* Whether that of a reward model leaves open that it is right half the time: the interval of its accuracy on
 * held-out pairs begins at one half or below.  NULL, not measured, does not. */
bool evaluation_is_chance(const char *json);
/* Whether it says that the model has not learned the very pairs that it was trained on. */
bool evaluation_is_underfit(const char *json);
/* The last of the model, or of the two; *json is NULL when there is none.  The caller frees. */
int evaluation_of_reward(char **json, Store *store, const char *name, Error *err);
int evaluation_of_aligned(char **json, Store *store, const char *base, const char *aligned,
                          Error *err);

#endif
