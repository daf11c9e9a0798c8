/* A model opened by its name, with its tokenizer: what most commands begin with. */
#ifndef CLI_LOADED_H
#define CLI_LOADED_H

#include "cli/command.h"
#include "policy/generate.h"
#include "policy/policy.h"
#include "policy/sequences.h"
#include "policy/tokenizer.h"
#include "store/store.h"

typedef struct {
    char name[128], folder[FILE_PATH_MAX];
    char hash[SHA256_HEX]; /* of the weights */
    Model *model;
    Tokenizer *tokenizer;
    Policy *policy; /* NULL until loaded_policy */
} Loaded;

/* `role` is what messages call it ("policy"); NULL says nothing. */
int loaded_open(Loaded *l, const Context *ctx, const char *role, const char *name, Error *err);
/* The same of a model that is to predict tokens. */
int loaded_open_language(Loaded *l, const Context *ctx, const char *role, const char *name,
                         Error *err);
/* Say on the log where a model's sequences end early because its attention slides over a window. */
void loaded_tell_window(const Model *m, const char *folder);
/* Open a frozen policy for sampling and scoring; heads as the checkpoint has them. */
void loaded_policy(Loaded *l);
void loaded_close(Loaded *l);
/* Whether tokens of one mean the same to the other. */
bool loaded_same_tokenizer(const Loaded *a, const Loaded *b);
/* The model as a row of the store, with the run that made it and its step; one of no run is the project's
 * base, or from outside. */
int loaded_record(const Loaded *l, Store *store, int64_t *id, Error *err);

/* Add the tokens of a prompt: its text exactly, nothing in front.  An empty one is an error. */
int add_prompt_tokens(Sequences *s, const Tokenizer *t, const char *prompt, Error *err);
/* Add the tokens of a response: as sampled when known, else its text and the stop token. */
int add_response_tokens(Sequences *s, const Tokenizer *t, const char *response, const int *tokens,
                        int n, Error *err);
/* A response as text: without its stop token, U+FFFD for a NUL; the caller frees. */
char *response_text(const Tokenizer *t, const int *tokens, int n);

/* The project's store. */
int open_store(Store **out, const Context *ctx, Error *err);

#endif
