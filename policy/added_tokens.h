/* Added tokens: spellings that are looked for in a text before anything else is done with it.
 *
 * The leftmost one is taken, of those that begin there the longest.  Tokens with `normalized` are looked
 * for in the normal form of what the others leave, and are spelled in their own. */
#ifndef POLICY_ADDED_TOKENS_H
#define POLICY_ADDED_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "policy/normalizer.h"
#include "policy/vocabulary.h"

enum { ADDED_TOKEN_MAX = 1024 /* bytes of one */ };

typedef struct {
    int id;
    bool special, normalized;
    bool single_word;    /* not beside a character of a word */
    bool lstrip, rstrip; /* white space beside it belongs to it */
} AddedToken;

typedef struct AddedTokens AddedTokens;

/* Tokens (n), copied, spelled as in the vocabulary; no id twice. */
int added_tokens_new(AddedTokens **out, const AddedToken *token, int n, const Vocabulary *v,
                     Normalizer *z, Error *err);
void added_tokens_free(AddedTokens *a);
const AddedToken *added_tokens_list(const AddedTokens *a, int *n);

/* What the token is decoded as, when that is not its spelling: one that is looked for in normal forms, and is
 * not special, stands for its own normal form.  Else NULL. */
const char *added_tokens_decoded(const AddedTokens *a, int id);

/* Where a search stands.  Zero-initialised is the beginning; text goes on at `done`. */
typedef struct {
    size_t look, done;
} AddedCursor;
/* The next token in the text (n bytes), of those with `normalized` or of the others: its id, or -1 when
 * no more comes.  text[*from..*to) is what stands before it.  Without `special` one that is special is
 * text, with all that is in it. */
int added_tokens_next(AddedTokens *a, bool normalized, AddedCursor *c, const char *text, size_t n,
                      bool special, size_t *from, size_t *to);

#endif
