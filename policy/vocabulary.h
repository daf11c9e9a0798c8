/* The tokens of a tokenizer: ids to spellings and back. */
#ifndef POLICY_VOCABULARY_H
#define POLICY_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct {
    int n;         /* tokens; ids are 0..n-1 */
    char **token;  /* (n) as spelled in the file, no two the same */
    bool *special; /* (n) */
    /* (n) in model.vocab, which characters and merges are looked up in; the others are only
     * found whole, as added tokens */
    bool *in_model;
    int *slots; /* (room) hash table of the spellings, -1 empty; room is a power of two */
    size_t room;
} Vocabulary;

/* Takes the tokens (n) over, whatever happens.  Special is none, in the model are all. */
int vocabulary_new(Vocabulary **out, char **tokens, int n, Error *err);
void vocabulary_free(Vocabulary *v);
/* The id of a spelling of n bytes, or -1. */
int vocabulary_find(const Vocabulary *v, const char *token, size_t n);
/* The same among the tokens of the model. */
int vocabulary_find_in_model(const Vocabulary *v, const char *token, size_t n);

#endif
