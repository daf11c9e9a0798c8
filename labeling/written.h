/* What one person has written in this sitting: into the store as demonstrations, and back out of it. */
#ifndef LABELING_WRITTEN_H
#define LABELING_WRITTEN_H

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
    Split
        split; /* of written prompts that are new, where no near-duplicate is; SPLIT_ANY: by hash */
} WritingOptions;
typedef struct {
    int64_t written, there;    /* there: the same prompt and answer were there already */
    int64_t by_split[SPLIT_N]; /* written */
} WritingCounts;

/* As it was typed. */
typedef struct {
    int64_t id;
    Split split;
    char *prompt, *answer;
} WrittenRow;

typedef struct {
    Store *store;
    const WritingOptions *options; /* borrowed */
    WrittenRow *row;               /* (n) that stand, the newest last */
    size_t n;
    WritingCounts counts;
} Written;

/* An answer to a prompt: to one of the store as that stands there (answers_only), else to a typed one.  *added is
 * false when both are there already; else it is on the disk, and row[n - 1]. */
int written_save(Written *w, const char *prompt, const char *answer, bool *added, Error *err);
/* Take the newest out of the store; n > 0.  *out is the caller's, for written_row_free. */
int written_take_back(Written *w, WrittenRow *out, Error *err);
void written_row_free(WrittenRow *row);
void written_free(Written *w);

#endif
