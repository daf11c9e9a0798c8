/* What reward training reads. */
#ifndef STORE_PREFERENCE_H
#define STORE_PREFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/annotator.h"
#include "store/campaign.h"
#include "store/database.h"
#include "store/prompt.h"

typedef struct {
    int64_t comparison_id, prompt_id, chosen_id, rejected_id;
    const char *prompt, *chosen, *rejected;
    const char *template;                       /* as in StorePrompt */
    const int *chosen_tokens, *rejected_tokens; /* as sampled, or NULL */
    int n_chosen, n_rejected;
    bool tie;     /* chosen is a, rejected is b, neither is better */
    int strength; /* 1..4; 0 for a tie */
    bool first;   /* the chosen answer was shown first: on the left */
    double weight;
    Split split;
    AnnotatorKind kind;
    const char *annotator; /* handle */
    const char *comment;   /* a person's remark or a rule's reason; NULL: none */
    int64_t submitted_us;  /* when it was given */
} StorePreference;
typedef struct {
    Split split;
    AnnotatorKind kind;
    const char *annotator; /* handle; NULL any */
    double human_weight;   /* of labels by this project's people; 0 is 1, like all others */
    Purpose purpose;       /* of their campaign; 0 is training */
    int64_t campaign_id;   /* 0 any of that purpose */
} StorePreferenceFilter;
typedef struct {
    StorePreference *row;
    size_t n;
} StorePreferenceList;
/* Standing labels (newest, not retracted), one row each, in order of comparison and annotator; skips and
 * flags are left out, both-bad counts as a tie.  Where a reviewer has settled a comparison, the reviewer's
 * label stands for those of the other people. */
int store_list_preferences(Store *s, const StorePreferenceFilter *filter, StorePreferenceList *out,
                           Error *err);
void store_preferences_free(StorePreferenceList *list);

#endif
