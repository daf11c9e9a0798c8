/* A corpus as sequences to learn from and others to be judged by. */
#ifndef CLI_CORPUS_TOKENS_H
#define CLI_CORPUS_TOKENS_H

#include "cli/corpus.h"
#include "policy/sequences.h"
#include "policy/supervised.h"
#include "policy/tokenizer.h"

/* One document in CORPUS_VALID_EVERY is held out, up to CORPUS_VALID_TOKENS tokens. */
enum { CORPUS_VALID_EVERY = 20, CORPUS_VALID_TOKENS = 20000 };

/* Zero-initialised is empty. */
typedef struct {
    Sequences train, valid;
} CorpusTokens;

/* A document becomes one sequence with an end-of-text token, or several when it is longer than max_T.  Held out are
 * those that corpus_clean chose, where it was asked.  Fails when nothing is left to train on. */
int corpus_tokens_make(CorpusTokens *out, const Corpus *c, const Tokenizer *t, int max_T,
                       Error *err);
void corpus_tokens_free(CorpusTokens *c);
/* Borrowed from it. */
Examples corpus_tokens_train(const CorpusTokens *c);
Examples corpus_tokens_valid(const CorpusTokens *c);

#endif
