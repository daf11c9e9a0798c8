/* Answers of a model to the project's training prompts, drawn for what is measured on them alone. */
#ifndef CLI_POLICY_SAMPLES_H
#define CLI_POLICY_SAMPLES_H

#include "cli/loaded.h"

/* n answers, each after its prompt, at temperature 1 and of at most max_new_tokens; where the prompts are fewer,
 * each is asked more often.  The same of one model, seed and store. */
int policy_samples_draw(Sequences *out, const Context *ctx, Store *store, Loaded *l, int n,
                        int max_new_tokens, Error *err);

#endif
