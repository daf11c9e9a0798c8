/* People write on the full screen. */
#ifndef LABELING_WRITING_SCREEN_H
#define LABELING_WRITING_SCREEN_H

#include "labeling/written.h"

/* As writing_run (labeling/writing.h), on the terminal, which is as before when it returns.  What is begun is kept in
 * the file `draft`. */
int writing_screen_run(WritingCounts *counts, Store *store, const WritingOptions *options,
                       const char *draft, const char **reason, Error *err);

#endif
