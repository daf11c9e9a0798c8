/* BPE tokenizers as Hugging Face's tokenizer.json describes them, byte-level (GPT-2, Llama 3, Qwen2) and
 * of characters with bytes to fall back on (Llama 2, Mistral).  Sennrich et al. 2016; Radford et al. 2019.
 *
 * Text is normalized and cut into words as the file says; inside each, pairs are merged in the order in
 * which the merges were learned.  Ids and texts are those of Hugging Face's engine; what a file asks for
 * and is not here is refused by name.  Decoding is total: ill-formed UTF-8 becomes U+FFFD.  One Tokenizer
 * may be used by several threads, which then take turns. */
#ifndef POLICY_TOKENIZER_H
#define POLICY_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

typedef struct Tokenizer Tokenizer;

/* Read dir/tokenizer.json, or dir/vocab.json and dir/merges.txt where there is none, and
 * dir/tokenizer_config.json where there is one. */
int tokenizer_open(Tokenizer **out, const char *dir, Error *err);
/* Whether the folder has the files that tokenizer_open needs. */
bool tokenizer_in(const char *dir);
/* The text of dir/tokenizer.json, or where there is none the one that dir/vocab.json and dir/merges.txt
 * come to; *source is what of dir it was, for messages. */
int tokenizer_read_json(Text *out, const char **source, const char *dir, Error *err);
/* From the n bytes of a tokenizer.json. */
int tokenizer_parse(Tokenizer **out, const char *json, size_t n, Error *err);
void tokenizer_free(Tokenizer *t);
/* Write dir/tokenizer.json and dir/tokenizer_config.json as transformers reads them; of one that was
 * opened, the files as they were. */
int tokenizer_save(const Tokenizer *t, const char *dir, Error *err);

/* Learn merges from texts until there are vocab_size tokens or no pair occurs twice: the most
 * frequent pair first, ties to the lowest pair of ids; a pair that would spell an existing token
 * is passed over.  Ids: the special tokens in the order given, the 256 bytes in GPT-2's order,
 * then the merges.  Special tokens inside the texts separate them and are not learned from. */
int tokenizer_train(Tokenizer **out, const char *const *texts, int n_texts, int vocab_size,
                    const char *const *special, int n_special, Error *err);

/* n bytes of UTF-8 (NUL allowed) to ids; the caller frees.  With `special`, special tokens
 * spelled out in the text become their ids; without, they are text like any other.  Added tokens
 * that are not special are always found.  Nothing is put in front or behind.  Fails on text that is not
 * UTF-8, and on a character that has no token. */
int tokenizer_encode(const Tokenizer *t, const char *text, size_t n, bool special, int **ids,
                     int *n_ids, Error *err);
/* The same for a text that a model is to begin with: in front stands what the tokenizer's post-processor
 * puts there (a beginning-of-text token), once, also when the text spells it out.  Nothing is put behind,
 * since a prompt goes on. */
int tokenizer_encode_prompt(const Tokenizer *t, const char *text, size_t n, bool special, int **ids,
                            int *n_ids, Error *err);

/* Ids to well-formed UTF-8, terminated; the caller frees.  *length may be NULL; the text can
 * contain NUL.  Ids outside the vocabulary are passed over. */
char *tokenizer_decode(const Tokenizer *t, const int *ids, int n, bool skip_special,
                       size_t *length);

/* A response as people and the store have it: no special tokens, and U+FFFD for NUL too, which no text
 * may hold; the tokens keep what it was. */
char *tokenizer_decode_response(const Tokenizer *t, const int *ids, int n);

/* Decoding one token at a time: what later tokens may change, such as bytes of a character that is not
 * complete yet, is held back.  The pieces together are what tokenizer_decode gives.  Zero-initialised is
 * the beginning; token_stream_end has to come, and makes it one again. */
typedef struct {
    struct Decoding *decoding;
    Tokenizer *tokenizer;
} TokenStream;
void token_stream_push(TokenStream *s, const Tokenizer *t, int id, bool skip_special, Text *out);
void token_stream_end(TokenStream *s, Text *out);

int tokenizer_size(const Tokenizer *t);                  /* number of tokens; ids are 0..size-1 */
const char *tokenizer_token(const Tokenizer *t, int id); /* as in the file ("Ġthe"), or NULL */
int tokenizer_id(const Tokenizer *t, const char *token); /* of that form; -1 when there is none */
/* Append the bytes that the token stands for by itself, maybe of a part of a character. */
void tokenizer_token_bytes(const Tokenizer *t, int id, Text *out);
bool tokenizer_is_special(const Tokenizer *t, int id);
/* tokenizer_config.json's eos_token, else <|endoftext|>; -1 when there is none. */
int tokenizer_eos(const Tokenizer *t);
/* Of what tokenizer.json says, in one form: equal for equal tokenizers, however their files are laid
 * out.  Of one made by tokenizer_train, the SHA-256 of the file that tokenizer_save writes. */
const char *tokenizer_sha256(const Tokenizer *t);

#endif
