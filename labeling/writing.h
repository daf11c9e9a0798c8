/* People write what a model is to learn by imitation: prompts with answers, or answers to prompts that are there. */
#ifndef LABELING_WRITING_H
#define LABELING_WRITING_H

#include <stdio.h>

#include "store/store.h"

/* How typed words become what a model reads and says: before + prompt + after, and lead + answer. */
typedef struct {
    const char *before, *after, *lead;
} WritingForm;

typedef struct {
    const char *writer; /* whose they are */
    int64_t annotator_id, session_id;
    bool answers_only; /* to prompts of the store that have none, train and valid */
    /* of written prompts; an answer to one of the store is led by a space where that needs one */
    WritingForm form;
} WritingOptions;
typedef struct {
    int64_t written, there; /* there: the same prompt and answer were there already */
} WritingCounts;

/* A text ends with a line that holds only a dot; :u in its first line takes the last one back, :q ends.  What is
 * said to be saved is on the disk.  *reason says why it ended, for store_end_session. */
int writing_run(WritingCounts *counts, Store *store, const WritingOptions *options, int in,
                FILE *out, const char **reason, Error *err);

#endif
