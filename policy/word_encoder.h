/* One word of a text to ids: its bytes or characters as units, then the merges.
 *
 * A character that has no token becomes the tokens of its bytes (`<0x0A>`, byte fallback) or the unknown
 * token.  Words are remembered, since most come again. */
#ifndef POLICY_WORD_ENCODER_H
#define POLICY_WORD_ENCODER_H

#include <stdbool.h>

#include "base/error.h"
#include "policy/bpe.h"
#include "policy/vocabulary.h"

typedef struct {
    bool bytes;         /* words are bytes, whose tokens are spelled in the byte-level alphabet */
    bool byte_fallback; /* the rest is for words of characters */
    bool fuse_unk;      /* unknown characters side by side are one unknown token */
    bool ignore_merges; /* a word that is a token is that token, whatever the merges make of it */
    int unk;            /* the unknown token, or -1 */
} WordOptions;

typedef struct WordEncoder WordEncoder;

/* The vocabulary is borrowed; merges (n) are copied.  With `bytes`, each byte that occurs in UTF-8 has a
 * token. */
WordEncoder *word_encoder_new(const Vocabulary *v, const Merge *merges, int n,
                              const WordOptions *options);
void word_encoder_free(WordEncoder *w);
const Merge *word_encoder_merges(const WordEncoder *w, int *n);
const WordOptions *word_encoder_options(const WordEncoder *w);
/* The token of each byte into byte_id[256], -1 where there is none. */
void word_encoder_byte_ids(const Vocabulary *v, int *byte_id);
/* Append the ids of a word, n > 0 bytes.  Fails where a character has no token and nothing stands in for
 * it.  One thread at a time. */
int word_encoder_encode(WordEncoder *w, IdList *out, const char *word, size_t n, Error *err);

#endif
