/* Where one label, pair or prompt comes from, with all that is on record of it. */
#ifndef STORE_LINEAGE_H
#define STORE_LINEAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/annotator.h"
#include "store/campaign.h"
#include "store/database.h"
#include "store/label.h"
#include "store/prompt.h"
#include "store/response.h"

/* A row of the label table, who gave it and what it was given to. */
typedef struct {
    int64_t id, comparison_id;
    int64_t supersedes, superseded_by; /* 0: none */
    bool retract, stands;
    Outcome outcome; /* of one that is not a retraction */
    int preferred;   /* as stored, for OUTCOME_PREF: < 0 a is better, > 0 b is */
    bool swapped;    /* b was shown first */
    int64_t shown_us, first_input_us, submitted_us, active_ms;
    const char *layout, *comment, *reasons; /* may be NULL */
    int confidence;                         /* 0 not asked */
    int seen_a, seen_b;                     /* thousandths; -1 unknown */
    const char *annotator;                  /* handle */
    AnnotatorKind kind;
    bool reviewer;
    int guidelines_version; /* in force when the pair was given; 0 none */
    int64_t session_id;
    const char *ui, *version, *terminal; /* of the session; terminal may be NULL */
    int columns, rows;
    /* of its row, and of the one before: "" at the first */
    char hash[STORE_HASH], previous[STORE_HASH];
} StoreLabelRecord;
typedef struct {
    StoreLabelRecord *row;
    size_t n;
} StoreLabelRecordList;
/* One label (comparison_id 0), or all of a comparison (label_id 0), in the order in which they were given. */
int store_list_label_records(Store *s, int64_t label_id, int64_t comparison_id,
                             StoreLabelRecordList *out, Error *err);
void store_label_records_free(StoreLabelRecordList *list);

/* A label's place in the chain, counted from 1, of how many; the one before it (0: none).  Its hash
 * and that of the one after are computed anew from their rows and the one before, and those of the texts it was
 * given to: an error when one was changed. */
typedef struct {
    int64_t place, of, before;
} StoreLabelPlace;
int store_check_label(Store *s, int64_t label_id, StoreLabelPlace *out, Error *err);

/* An answer and what made it. */
typedef struct {
    StoreResponse response;
    StoreModel model;
    bool redacted;
    int64_t created_us, up, down; /* thumbs that stand */
} StoreAnswerRecord;
typedef struct {
    int64_t id, prompt_id, created_us;
    const char *campaign, *origin;
    Purpose purpose;
    int scale;
    StoreAnswerRecord answer[2]; /* a, b */
    const char *held_by; /* handles of who has it on the screen, commas between; NULL nobody */
} StorePairRecord;
/* There is none of that id: an error. */
int store_get_pair_record(Store *s, int64_t comparison_id, StorePairRecord *out, Error *err);
void store_pair_record_free(StorePairRecord *record); /* the texts, not the struct */

typedef struct {
    int64_t id;
    const char *campaign;
    int64_t labels, standing;
} StorePromptPair;
typedef struct {
    StorePrompt prompt;
    char hash[STORE_HASH];
    int64_t created_us, family; /* family: other prompts that are nearly the same */
    int64_t responses, demonstrations;
    const char *redacted_by, *redacted_why; /* by NULL: it is not; why may be NULL */
    int64_t redacted_us;
    StorePromptPair *pair;
    size_t n_pairs;
} StorePromptRecord;
int store_get_prompt_record(Store *s, int64_t prompt_id, StorePromptRecord *out, Error *err);
void store_prompt_record_free(StorePromptRecord *record); /* the texts, not the struct */

#endif
