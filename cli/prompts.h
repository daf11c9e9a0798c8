/* Prompts of the store as tokens.  One that leaves no room for an answer as long as asked for is left out,
 * and counted: an answer cut by the context says nothing about the model. */
#ifndef CLI_PROMPTS_H
#define CLI_PROMPTS_H

#include "base/config.h"
#include "cli/loaded.h"
#include "policy/chat.h"

typedef struct {
    int n;
    const StorePrompt **row; /* (n) in order of id; they belong to `list` */
    Sequences tokens;        /* (n) */
    int stop[CHAT_STOPS_MAX],
        n_stop; /* end an answer to any of them: the tokenizer's stop token, then the
                                         ends of turns of the templates they are written in */
    int64_t left_out;
    StorePromptList list;
} PromptTokens;

/* The longest answer where none is asked for: 128 tokens, or half of a shorter context. */
int prompts_answer_length(const Loaded *l);
/* The same for a setting of c that nobody has set: `tokens` is its place, `key` its name ("ppo.max_new_tokens"). */
void prompts_fit_answers(int *tokens, const Config *c, const char *key, const Loaded *l);
/* At most filter->limit prompts (0: all), counted without those left out. */
int prompts_read(PromptTokens *out, Store *store, const StorePromptFilter *filter, const Loaded *l,
                 int max_new_tokens, Error *err);
/* {"temperature":...,"max_new_tokens":...} and what else the answers to them are sampled by; the caller frees.
 * `purpose` may be NULL. */
char *prompts_sampling_json(const PromptTokens *p, double temperature, int max_new_tokens,
                            const char *purpose);
/* On the log, prompt `which` as the model reads it: special tokens spelled out and named, line ends as a sign, and
 * a cursor where the answer begins. */
void prompts_show(const PromptTokens *p, int which, const Loaded *l);
/* The error for when none is left. */
int prompts_too_long(int64_t left_out, const Loaded *l, int max_new_tokens, Error *err);
/* Says how many were left out, if any. */
void prompts_log(int64_t left_out, const Loaded *l, int max_new_tokens);
void prompts_free(PromptTokens *p);

#endif
