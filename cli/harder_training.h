/* How to train a reward model that has not learned its own pairs. */
#ifndef CLI_HARDER_TRAINING_H
#define CLI_HARDER_TRAINING_H

#include "base/text.h"
#include "cli/command.h"

/* Arguments of `rlhf reward` that teach more than that run did: none where the project's settings have a higher rate, else
 * such a rate, and where that is high already more epochs.  false: nothing is known of the run. */
bool harder_training(Text *arguments, const Context *ctx, const char *run);

#endif
