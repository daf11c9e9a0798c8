/* People write what a model is to learn by imitation, line by line: prompts with answers, or answers to prompts that
 * are there. */
#ifndef LABELING_WRITING_H
#define LABELING_WRITING_H

#include <stdio.h>

#include "labeling/written.h"

/* A text ends with a line that holds only a dot; :u in its first line takes the last one back, :q ends.  What is
 * said to be saved is on the disk.  *reason says why it ended, for store_end_session. */
int writing_run(WritingCounts *counts, Store *store, const WritingOptions *options, int in,
                FILE *out, const char **reason, Error *err);

#endif
