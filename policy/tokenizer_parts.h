/* What a Tokenizer is made of, for the files tokenizer*.c alone. */
#ifndef POLICY_TOKENIZER_PARTS_H
#define POLICY_TOKENIZER_PARTS_H

#include <pthread.h>

#include "base/file.h"
#include "policy/bpe.h"
#include "policy/pretokenize.h"
#include "policy/tokenizer.h"

/* A token that is looked for in the text before anything else. */
typedef struct {
    int id;
    bool special;
} AddedToken;

struct Tokenizer {
    int n;        /* tokens */
    char **token; /* (n) as spelled in the file */
    int *slots;   /* (room) hash table of the spellings, -1 empty; room is a power of two */
    size_t room;
    Text bytes;        /* what the tokens decode to, end to end; token i ends at end[i] */
    size_t *end;       /* (n) */
    bool *special;     /* (n) */
    AddedToken *added; /* (n_added) longest first */
    int n_added;
    bool added_begins[256]; /* some added token begins with this byte */
    int eos;
    Bpe *bpe;
    Pretokenizer *pretokenizer;
    pthread_mutex_t turn; /* bpe and pretokenizer remember things while they encode */
    char sha256[SHA256_HEX];
};

/* From spellings (n, taken over whatever happens) and added tokens; merges follow. */
int tokenizer_new(Tokenizer **out, char **tokens, int n, const AddedToken *added, int n_added,
                  Error *err);
/* The second half: the 256 bytes and the merges, then the hash. */
int tokenizer_set_merges(Tokenizer *t, const Merge *merges, int n, Error *err);
/* The token of each byte into byte_id[256]; an error names one that is missing. */
int tokenizer_byte_ids(const Tokenizer *t, int *byte_id, Error *err);
int tokenizer_find(const Tokenizer *t, const char *token, size_t n);
/* The first added token at or after `from` and its id; n and -1 when there is none. */
size_t tokenizer_next_added(const Tokenizer *t, const char *text, size_t n, size_t from,
                            bool special, int *id);
/* The text of tokenizer.json. */
void tokenizer_put_json(const Tokenizer *t, Text *out);

#endif
