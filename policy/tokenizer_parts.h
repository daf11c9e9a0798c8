/* What a Tokenizer is made of, for the files tokenizer*.c alone. */
#ifndef POLICY_TOKENIZER_PARTS_H
#define POLICY_TOKENIZER_PARTS_H

#include <pthread.h>

#include "base/file.h"
#include "base/json.h"
#include "policy/added_tokens.h"
#include "policy/decoder.h"
#include "policy/normalizer.h"
#include "policy/postprocessor.h"
#include "policy/pretokenizer.h"
#include "policy/tokenizer.h"
#include "policy/vocabulary.h"
#include "policy/word_encoder.h"
#include "policy/word_memory.h"

/* The parts of a tokenizer.json that tokenizer_put_json writes as they were read. */
enum { PART_NORMALIZER, PART_PRETOKENIZER, PART_POSTPROCESSOR, PART_DECODER, N_PARTS };
extern const char *const TOKENIZER_PART[N_PARTS];

struct Tokenizer {
    Vocabulary *vocabulary;
    Normalizer *normalizer; /* NULL: texts are taken as they are */
    AddedTokens *added;
    Pretokenizer *pretokenizer;
    WordEncoder *words;
    WordMemory *pieces; /* that the steps of the pre-tokenizer leave whole */
    Postprocessor around;
    Decoder *decoder;
    int eos;
    char *part[N_PARTS];  /* compact JSON; NULL in all for GPT-2's kind */
    char *json, *config;  /* tokenizer.json and tokenizer_config.json as read, or NULL */
    pthread_mutex_t turn; /* the parts remember things and have places to work in */
    char *sha256;         /* (SHA256_HEX), "" until it is asked for */
};

/* A tokenizer of GPT-2's kind from its tokens (n, taken over whatever happens), added tokens and merges,
 * which are not looked at again. */
int tokenizer_new(Tokenizer **out, char **tokens, int n, const AddedToken *added, int n_added,
                  const Merge *merges, int n_merges, Error *err);
/* The last step of making one: the stop token where no file names it. */
void tokenizer_finish(Tokenizer *t);
/* An error that names a byte of UTF-8 that has no token in the byte-level alphabet. */
int tokenizer_check_bytes(const Vocabulary *v, Error *err);
/* The text of tokenizer.json, the same for equal tokenizers. */
void tokenizer_put_json(const Tokenizer *t, Text *out);
/* tokenizer_config.json at `path`, which need not be there: stop token, beginning of text. */
int tokenizer_read_config(Tokenizer *t, const char *path, Error *err);

enum { TOKENIZER_JSON_MAX = 64 << 20 /* bytes; the largest published files have about 30 MB */ };

#endif
