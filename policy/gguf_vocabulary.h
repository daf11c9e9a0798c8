/* The tokens of a tokenizer.json by id, one for every row of the embedding, with llama.cpp's types. */
#ifndef POLICY_GGUF_VOCABULARY_H
#define POLICY_GGUF_VOCABULARY_H

#include <stdbool.h>

#include "base/error.h"
#include "base/json.h"

/* Numbers are llama.cpp's. */
typedef enum {
    GGUF_TOKEN_NORMAL = 1,
    GGUF_TOKEN_UNKNOWN = 2,
    GGUF_TOKEN_CONTROL = 3, /* special: markup that no text means */
    GGUF_TOKEN_USER_DEFINED = 4,
    GGUF_TOKEN_UNUSED = 5, /* a row that no token has: "[PAD7]" */
    GGUF_TOKEN_BYTE = 6
} GgufTokenType;

typedef struct {
    int V;
    char **token;  /* (V) */
    int *type;     /* (V) GgufTokenType */
    int *by_token; /* (V) ids, sorted by token */
} GgufVocabulary;

/* `tokenizer` is the whole tokenizer.json; one with a token beyond V is refused. */
int gguf_vocabulary_read(GgufVocabulary *out, const cJSON *tokenizer, int V, Error *err);
void gguf_vocabulary_free(GgufVocabulary *v);
/* -1 when there is none. */
int gguf_vocabulary_id(const GgufVocabulary *v, const char *token);

#endif
