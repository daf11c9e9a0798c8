/* Pre-tokenizers of tokenizer.json: a text is cut into words, and merges never cross a cut.  ByteLevel,
 * Split, Digits, Punctuation, Metaspace, and Sequences of them. */
#ifndef POLICY_PRETOKENIZER_H
#define POLICY_PRETOKENIZER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json.h"

typedef struct Pretokenizer Pretokenizer;

/* From the object of the file; an absent one and null leave texts whole.  With `bytes`, words of a
 * pipeline that ends in ByteLevel come as the bytes they are; else as its alphabet spells them. */
int pretokenizer_new(Pretokenizer **out, const cJSON *part, bool bytes, Error *err);
/* GPT-2's: ByteLevel alone, words as bytes. */
Pretokenizer *pretokenizer_new_gpt2(void);
void pretokenizer_free(Pretokenizer *p);
/* Whether there is a ByteLevel, and whether it is the last step. */
bool pretokenizer_has_byte_level(const cJSON *part, bool *last);

/* Whether Metaspace asks, after other steps, which word is the first of the text.  What was put in front of
 * the text may then be a word by itself, and the engine counts the next one as first too. */
bool pretokenizer_asks_late(const Pretokenizer *p);

/* What is done with each word, n > 0 bytes; 0 or -1. */
typedef int (*WordVisitor)(void *context, const char *word, size_t n, Error *err);
/* Cut text (n bytes of UTF-8) and visit its words in order.  `first`: it is where the whole text begins.
 * One thread at a time. */
int pretokenizer_visit(Pretokenizer *p, const char *text, size_t n, bool first, WordVisitor visit,
                       void *context, Error *err);

#endif
