/* Decoders of tokenizer.json: the spellings of tokens to the text they stand for.  ByteLevel,
 * ByteFallback, Fuse, Metaspace, Replace, Strip, and Sequences of them; without a decoder tokens are
 * joined by spaces.
 *
 * Text comes out as soon as no later token can change it; all at once and token by token are the same. */
#ifndef POLICY_DECODER_H
#define POLICY_DECODER_H

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

typedef struct Decoder Decoder;

int decoder_new(Decoder **out, const cJSON *part, Error *err);
Decoder *decoder_new_byte_level(void);
void decoder_free(Decoder *d);

/* Append what a token stands for by itself, wherever it stands: bytes, maybe of a part of a character.  A sign
 * for a space (U+2581) is one. */
void decoder_token(const Decoder *d, const char *token, Text *out);

/* A sequence of tokens while it is decoded.  The decoder is borrowed; one thread at a time may be inside
 * the functions of one decoder. */
typedef struct Decoding Decoding;
Decoding *decoding_begin(const Decoder *d);
void decoding_push(Decoding *s, const char *token, Text *out);
/* What was held back comes out, ill-formed UTF-8 as U+FFFD; s is freed. */
void decoding_end(Decoding *s, Text *out);

#endif
