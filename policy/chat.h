/* The chat format of a model, and conversations as its tokens.
 *
 * In the markup of a template, special tokens spelled out are tokens; in what somebody says they are text, so
 * that nobody can end a turn or begin one by writing <|im_end|>. */
#ifndef POLICY_CHAT_H
#define POLICY_CHAT_H

#include "base/error.h"
#include "policy/chat_template.h"
#include "policy/tokenizer.h"

enum { CHAT_STOPS_MAX = 4 };

typedef struct {
    const ChatTemplate *template; /* NULL: the model has none */
    ChatVariables variables;
    char *bos, *eos;          /* of tokenizer_config.json, or NULL; what `variables` points to */
    int stop[CHAT_STOPS_MAX]; /* tokens that end an answer */
    int n_stop;
} Chat;

/* The format of the model in the folder `dir`, whose tokenizer is `t`: the template called `name`, or, when that
 * is NULL, the model's own, of chat_template.jinja or else tokenizer_config.json.  A template that is not
 * recognised, or whose tokens the vocabulary lacks, is an error. */
int chat_open(Chat *out, const char *dir, const char *name, const Tokenizer *t, Error *err);
void chat_close(Chat *c);
/* Adds the tokens that end an answer in the template called `name` to the n_stop of `stop`, each once.  Those
 * that the vocabulary lacks end none.  More than CHAT_STOPS_MAX are an error. */
int chat_add_stops(int stop[CHAT_STOPS_MAX], int *n_stop, const char *dir, const char *name,
                   const Tokenizer *t, Error *err);
/* The error of a model without a template. */
int chat_missing(const char *dir, Error *err);
/* Whether somebody's words in it spell a special token. */
int chat_spells_special(bool *out, const ChatText *text, const Tokenizer *t, Error *err);

typedef struct {
    int *id; /* (n) */
    int n;
} ChatTokens;

/* The ids are those of the whole text, special tokens parsed, with two exceptions: content that spells a special
 * token is encoded apart, as text; and so is what is learned from what stands before it, because an answer is
 * sampled after the tokens of its prompt.  Nothing is put in front. */
int chat_encode(ChatTokens *out, const ChatText *text, const Tokenizer *t, Error *err);
void chat_tokens_free(ChatTokens *tokens);

#endif
