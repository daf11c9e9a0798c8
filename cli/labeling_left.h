/* What is left to label, over all campaigns. */
#ifndef CLI_LABELING_LEFT_H
#define CLI_LABELING_LEFT_H

#include "cli/project.h"
#include "store/store.h"

enum { LABELING_CAMPAIGN_MAX = 64 }; /* bytes of a campaign's name, and the zero */

typedef struct {
    int64_t to_do; /* sampled pairs of open campaigns that want another person's decision */
    /* The open campaign to train on with the most pairs that nobody and no rule has judged, and how many. */
    char campaign[LABELING_CAMPAIGN_MAX];
    int64_t unjudged;
    /* Likewise of those that are closed. */
    char closed[LABELING_CAMPAIGN_MAX];
    int64_t unjudged_closed;
    bool default_closed; /* `rlhf sample` makes no pairs for it */
} LabelingLeft;

int labeling_left_read(LabelingLeft *out, Store *store, Error *err);

#endif
