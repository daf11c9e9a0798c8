/* The models between a base and what was trained from it in several rounds. */
#ifndef CLI_ANCESTRY_H
#define CLI_ANCESTRY_H

#include "cli/loaded.h"
#include "cli/project.h"

typedef struct {
    char name[RUN_NAME_MAX];
    int64_t step;
    char hash[SHA256_HEX]; /* of the weights */
} Ancestor;

/* Follow the `model` among the inputs of each run, from the run that started from the weights `start` back
 * to `base`: the models on the way, oldest first, at most `room`; *complete is false when one of
 * them is no longer there. */
int ancestry_find(Ancestor *out, int *n, int room, bool *complete, const Context *ctx,
                  const char *start, const Loaded *base, Error *err);

#endif
