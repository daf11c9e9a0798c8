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

/* Text on its way to words: n > 0 bytes of UTF-8, and what there is still to do. */
typedef struct {
    const char *text;
    size_t n;
    int step;   /* the next one; 0 begins */
    bool first; /* the whole text begins here */
    bool part;  /* the step before cut it out of more */
} Piece;
bool pretokenizer_is_word(const Pretokenizer *p, const Piece *piece); /* no step is left */

/* What is done with each piece; 0 or -1.  Its text is there for the call. */
typedef int (*PieceVisitor)(void *context, const Piece *piece, Error *err);
/* Take one step with a piece that is no word, and visit what comes of it in order.  What the steps make of
 * a piece depends on its text, step and first alone.  A visitor may take the next step with the piece it
 * is given before it comes back.  One thread at a time. */
int pretokenizer_step(Pretokenizer *p, const Piece *piece, PieceVisitor visit, void *context,
                      Error *err);

#endif
