/* What is there, counted: `rlhf status`. */
#ifndef STORE_STATUS_H
#define STORE_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/annotator.h"
#include "store/database.h"
#include "store/prompt.h"

typedef struct {
    const char *handle;
    AnnotatorKind kind;
    int64_t labels;      /* standing, without skips */
    int64_t preferences; /* those that training may read: no flags, and of campaigns to train */
} StoreAnnotator;
typedef struct {
    int64_t prompts[SPLIT_N]; /* [SPLIT_ANY] is the total */
    int64_t demonstrations, models, responses, comparisons;
    int64_t labeled;                     /* comparisons with a standing label other than a skip */
    int64_t skipped;                     /* comparisons that were skipped and nothing else */
    int64_t labels_by_kind[ANNOTATOR_N]; /* standing, skips included; [ANNOTATOR_ANY]: all */
    int64_t preferences[SPLIT_N];        /* usable for training: skips and flags left out */
    int64_t undecided[SPLIT_N];          /* likewise: comparisons nobody has labeled or skipped */
    int64_t unanswered[SPLIT_N];         /* prompts without responses */
    StoreAnnotator *annotator;
    size_t n_annotators;
    int64_t judgements;                    /* of single answers, that stand */
    int64_t class_texts[SPLIT_N], classes; /* texts with a class, and how many different ones */
    int64_t runs, runs_finished, evaluations;
} StoreStatus;
int store_status(Store *s, StoreStatus *out, Error *err);
void store_status_free(StoreStatus *status);

#endif
