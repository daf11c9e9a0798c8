/* Prompts and their splits. */
#ifndef STORE_PROMPT_H
#define STORE_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/database.h"

/* Train for SFT, reward and PPO; valid for choosing; test for `compare` alone. */
typedef enum { SPLIT_ANY, SPLIT_TRAIN, SPLIT_VALID, SPLIT_TEST } Split;
enum { SPLIT_N = 4 };
const char *split_name(Split split); /* "train"; SPLIT_ANY is "any" */
int split_parse(Split *out, const char *name, Error *err);

typedef struct {
    int64_t id;
    const char *text; /* verbatim, as the model reads it */
    /* when adding: what was written of it, whose near-duplicates it is with; NULL: the text */
    const char *words;
    const char *source; /* where it came from: "demo", "hh", a file's name */
    Split split;        /* when adding: SPLIT_ANY draws it by a keyed hash of its family */
    /* of a conversation: name of the chat template that its text is written in, so that special
     * tokens spelled out are tokens; NULL: text like any other.  A prompt that is there already
     * stays what it is */
    const char *template;
} StorePrompt;

/* Fills in each row's id and split.  `added` may be NULL, here and below. */
int store_add_prompts(Store *s, StorePrompt *rows, size_t n, StoreAdded *added, Error *err);
/* *id is 0 when the text is not there. */
int store_find_prompt(Store *s, const char *text, int64_t *id, Error *err);

typedef enum { ANSWERED_ANY, ANSWERED_NO, ANSWERED_YES } Answered;
typedef struct {
    Split split;
    const char *source;
    Answered answered; /* has responses (of model_id, when given) */
    int64_t model_id;
    int64_t answers; /* so many responses answer a prompt; 0: 1 */
    /* count responses alone whose settings (sampling_json) have these words in them */
    const char *words;
    bool plain; /* those alone that are not written in a chat template */
    int64_t limit;
} StorePromptFilter;
typedef struct {
    StorePrompt *row;
    size_t n;
} StorePromptList;
/* In order of id.  `filter` may be NULL. */
int store_list_prompts(Store *s, const StorePromptFilter *filter, StorePromptList *out, Error *err);
void store_prompts_free(StorePromptList *list);
/* Those of train and valid, not written in a chat template, that have no demonstration; in order of id. */
int store_list_undemonstrated(Store *s, StorePromptList *out, Error *err);
/* How many store_list_prompts would list without a limit. */
int store_count_prompts(Store *s, const StorePromptFilter *filter, int64_t *out, Error *err);

typedef struct {
    const char *who; /* asks for it; NULL: only look */
    const char *why; /* may be NULL */
    bool answers;    /* too, but for texts that other prompts have as well */
} StoreRedaction;
typedef struct {
    char *text;         /* as it was; the caller frees */
    int64_t created_us; /* when it came in */
    int64_t answers;    /* texts of its answers and demonstrations that no other prompt has */
} StoreRedacted;
/* A tombstone takes the place of the prompt's text, for good; its hash stays, so that the chains hold.  Lists, counts
 * and claims leave the prompt out from then on. */
int store_redact_prompt(Store *s, int64_t prompt_id, const StoreRedaction *how, StoreRedacted *out,
                        Error *err);
void store_redacted_free(StoreRedacted *redacted); /* the text, not the struct */

#endif
