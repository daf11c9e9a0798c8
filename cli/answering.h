/* Answers of one model, or of several in turns, to prompts of the store, kept as they finish.
 *
 * A prompt has all of its answers and their pairs, or none: they are one transaction.  Prompts are stored in their
 * order, the first as soon as its answers are done, later ones about once a second.  So what is stored does not
 * depend on when sampling was stopped, or killed, and went on. */
#ifndef CLI_ANSWERING_H
#define CLI_ANSWERING_H

#include "base/log.h"
#include "cli/loaded.h"
#include "labeling/pairing.h"

enum { ANSWERING_MODELS = 8 }; /* at most */

typedef struct {
    Store *store;
    Loaded *model; /* (n_models) read; answer k of a prompt is of model k % n_models */
    int n_models;
    int64_t model_id[ANSWERING_MODELS];
    char *together; /* of several models: the words of their settings that name them; NULL of one */
    int answers, pairs; /* of a prompt; pairs at most */
    int max_new_tokens, batch;
    double temperature;
    uint64_t seed;
    Progress bar;
    bool shown; /* the first prompt */
    /* what is stored */
    int64_t prompts, stored_pairs, equal, unfinished, tokens;
    int64_t left_out; /* prompts that leave a model no room for an answer */
} Answering;

/* Writes the models into the store, and `together`. */
int answering_begin(Answering *a, Error *err);
/* The prompts of a split, of `source` (NULL: all), that lack answers. */
StorePromptFilter answering_filter(const Answering *a, Split split, const char *source);
/* At most `limit` of them (0: all), as tokens; the caller frees them. */
typedef struct Asked Asked;
int answering_ask(Asked **out, Answering *a, Split split, const char *source, int64_t limit,
                  Error *err);
void asked_free(Asked *asked);
/* Whether the machine has the memory that answering them will take: to be asked before the first answer of any. */
int answering_check_memory(const Answering *a, const Asked *asked, Error *err);
/* Answer them.  When asked to stop it keeps what it has and returns 0. */
int answering_go(Answering *a, const Asked *asked, Error *err);
/* The model with the least room. */
const Loaded *answering_narrowest(const Answering *a);
void answering_free(Answering *a);

#endif
