/* Thumbs up and down for single answers. */
#ifndef STORE_JUDGEMENT_H
#define STORE_JUDGEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/database.h"
#include "store/prompt.h"

/* A thumb up or down for one answer.  A later one of the same person for the same answer supersedes; the same
 * uuid again is the same judgement. */
typedef struct {
    uint8_t uuid[16];
    int64_t session_id, response_id;
    bool good;
} StoreJudgement;
int store_save_judgement(Store *s, const StoreJudgement *judgement, int64_t *id, Error *err);
/* A judgement that stands, and what it is of. */
typedef struct {
    int64_t id;
    const char *prompt, *response;
    const char *template; /* as in StorePrompt */
    const int *tokens;    /* of the response as sampled, or NULL */
    int n_tokens;
    bool good;
    Split split;           /* of the prompt */
    const char *annotator; /* handle */
} StoreJudged;
typedef struct {
    StoreJudged *row;
    size_t n;
} StoreJudgedList;
/* In order of id. */
int store_list_judgements(Store *s, StoreJudgedList *out, Error *err);
void store_judgements_free(StoreJudgedList *list);

#endif
