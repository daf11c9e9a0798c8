/* A model opened by its name, with its tokenizer: what most commands begin with. */
#ifndef CLI_LOADED_H
#define CLI_LOADED_H

#include "cli/command.h"
#include "policy/generate.h"
#include "policy/policy.h"
#include "policy/sequences.h"
#include "policy/tokenizer.h"
#include "store/store.h"

enum { SCORING_TOKENS = 4096 }; /* of a micro-batch of a frozen policy */

typedef struct Loaded {
    char name[128], folder[FILE_PATH_MAX];
    char hash[SHA256_HEX]; /* of the weights, an adapter's and its base's both */
    Model *model;          /* an outline until loaded_read */
    bool is_read;
    char model_folder[FILE_PATH_MAX]; /* `folder`, or that of an adapter's base */
    char model_hash[SHA256_HEX];
    Adapter *adapter; /* what the model is seen through; NULL: nothing */
    char adapter_folder[FILE_PATH_MAX];
    const struct Loaded *beside; /* whose the model is; NULL: its own */
    Tokenizer *tokenizer;
    int score_class; /* of a classifier: whose log-odds are its score; set before loaded_policy */
    Room *room;      /* of its policy's passes, borrowed; NULL: its own; set before loaded_policy */
    Policy *policy;  /* NULL until loaded_policy */
    bool overruled;  /* multiplied otherwise than the model says itself */
} Loaded;

/* All that is known of a model before its weights are read: shape, adapter, tokenizer.  What a command was
 * given is checked, and its memory planned, against that.
 * `role` is what messages call it ("policy"); NULL says nothing.  Where `beside` has the same base weights
 * (NULL: none), they are shared: beside must not be trained, be read earlier, and be closed later. */
int loaded_outline(Loaded *l, const Context *ctx, const char *role, const char *name,
                   const Loaded *beside, Error *err);
/* The weights of a folder alone, to be multiplied as the models of this command are. */
int loaded_model(Model **out, const Context *ctx, const char *folder, Error *err);
/* The same of a model that is to predict tokens. */
int loaded_outline_language(Loaded *l, const Context *ctx, const char *role, const char *name,
                            const Loaded *beside, Error *err);
/* The same of a folder, without a tokenizer. */
int loaded_outline_folder(Loaded *l, const Context *ctx, const char *folder, const Loaded *beside,
                          Error *err);
/* See the model through the adapter in that folder from now on. */
int loaded_see_through(Loaded *l, const char *folder, Error *err);
/* The weights, if they are not read already.  A number that is none, and weights that an adapter was not
 * trained over, are refused; on failure loaded_close is all that is left to do. */
int loaded_read(Loaded *l, Error *err);
/* The same without `hash`, which takes longer than all the rest: for what records nothing of the model.  An adapter that
 * names its base's weights is checked in any case.  loaded_read can follow. */
int loaded_read_unnamed(Loaded *l, Error *err);
/* An outline, read. */
int loaded_open(Loaded *l, const Context *ctx, const char *role, const char *name,
                const Loaded *beside, Error *err);
/* Where the weights of the model in `folder` lie: there, or in the folder of an adapter's base. */
int loaded_base_folder(char out[FILE_PATH_MAX], const Context *ctx, const char *folder, Error *err);
/* Its tokenizer, which an adapter's folder need not have: then the base's. */
const char *loaded_tokenizer_folder(const Loaded *l);
int loaded_open_tokenizer(Loaded *l, Error *err);
/* Where there is none that this program reads it stays NULL, and *why says so: ids are left without their words. */
void loaded_try_tokenizer(Loaded *l, Error *why);
/* Heads that the checkpoint has: 1 of a reward model, one for each class of a classifier, 0 of a language model. */
int loaded_heads(const Loaded *l);
/* Training goes on in the adapter that a model has, of its rank, or is refused; alpha and targets are that one's,
 * and the settings become what they are, before they are recorded. */
int loaded_check_lora(const Loaded *l, const LoraConfig *lora, Error *err);
void loaded_adopt_lora(LoraConfig *lora, const Loaded *l);
/* The adapter that training by these settings is to change, the caller's: a new one, or, where the model
 * is seen through one already, a copy of that; NULL where all weights are trained.  Planned: an outline. */
Adapter *loaded_planned_adapter(const Loaded *l, const LoraConfig *lora);
int loaded_train_adapter(Adapter **out, const Loaded *l, const LoraConfig *lora, uint64_t seed,
                         Error *err);
/* Open a frozen policy for sampling and scoring; heads as the checkpoint has them. */
void loaded_policy(Loaded *l);
void loaded_close(Loaded *l);
/* Whether tokens of one mean the same to the other. */
bool loaded_same_tokenizer(const Loaded *a, const Loaded *b);
/* Whether one can have been trained from the other: the same family, layers, heads and widths. */
bool loaded_same_shape(const Loaded *a, const Loaded *b);
/* The model as a row of the store, with the run that made it and its step; one of no run is the project's
 * base, or from outside. */
int loaded_record(const Loaded *l, Store *store, int64_t *id, Error *err);

/* Add the tokens of a prompt: its text exactly, after the tokenizer's beginning-of-text token where it has
 * one.  An empty one is an error. */
int add_prompt_tokens(Sequences *s, const Tokenizer *t, const char *prompt, Error *err);
/* The same of a prompt that is written in the chat template of that name: special tokens spelled out in it are
 * tokens.  NULL: text like any other. */
int add_conversation_tokens(Sequences *s, const Tokenizer *t, const char *prompt,
                            const char *template, Error *err);
/* Add the tokens of a text that is a sequence by itself, and the stop token. */
int add_document_tokens(Sequences *s, const Tokenizer *t, const char *text, Error *err);
/* Add the tokens of a response: as sampled when known, else its text and what ends it: the stop token, or the
 * end of a turn in the chat template that its prompt is written in (NULL: none). */
int add_response_tokens(Sequences *s, const Tokenizer *t, const char *response,
                        const char *template, const int *tokens, int n, Error *err);
/* A response as text: without its stop token, U+FFFD for a NUL; the caller frees. */
char *response_text(const Tokenizer *t, const int *tokens, int n);

/* The project's store. */
int open_store(Store **out, const Context *ctx, Error *err);
/* For a command that only reads (store_open_to_read). */
int open_store_to_read(Store **out, const Context *ctx, Error *err);

#endif
