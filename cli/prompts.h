/* Prompts of the store as tokens.  One that leaves no room for an answer as long as asked for is left out,
 * and counted: an answer cut by the context says nothing about the model. */
#ifndef CLI_PROMPTS_H
#define CLI_PROMPTS_H

#include "cli/loaded.h"

typedef struct {
    int n;
    const StorePrompt **row; /* (n) in order of id; they belong to `list` */
    Sequences tokens;        /* (n) */
    int64_t left_out;
    StorePromptList list;
} PromptTokens;

/* At most filter->limit prompts (0: all), counted without those left out. */
int prompts_read(PromptTokens *out, Store *store, const StorePromptFilter *filter, const Loaded *l,
                 int max_new_tokens, Error *err);
/* The error for when none is left. */
int prompts_too_long(int64_t left_out, const Loaded *l, int max_new_tokens, Error *err);
/* Says how many were left out, if any. */
void prompts_log(int64_t left_out, const Loaded *l, int max_new_tokens);
void prompts_free(PromptTokens *p);

#endif
