/* Decoding: sample responses with a KV cache, many sequences at once.
 *
 * A response depends on its prompt, its key and the sampling settings alone: not on how many are decoded
 * together, in which order, or on how many threads.  A finished response gives its place to the next
 * prompt at once. */
#ifndef POLICY_GENERATE_H
#define POLICY_GENERATE_H

#include <stdint.h>

#include "base/error.h"
#include "policy/policy.h"

typedef struct {
    int n;
    const int *token;    /* prompts end to end */
    const int *start;    /* (n+1) */
    const uint64_t *key; /* (n) what the random numbers of response i are keyed by, with the seed */
} Prompts;

typedef enum { FINISH_STOP, FINISH_LENGTH } Finish;

typedef struct {
    double temperature;
    int max_new_tokens;  /* cut where the model's context ends */
    bool greedy;         /* the likeliest token; temperature still scales logp */
    int top_k;           /* 0: off */
    double top_p;        /* 1: off */
    int stop[4], n_stop; /* tokens that end a response; they are part of it */
    uint64_t seed;
    int batch; /* sequences decoded together */
    /* Each token as it comes, or NULL; with more than one prompt they come interleaved. */
    void (*on_token)(void *context, int prompt, int token, double logp);
    /* Each response when it is done, or NULL: its n tokens and their logp, borrowed for the call. */
    void (*on_response)(void *context, int prompt, const int *token, const double *logp, int n,
                        Finish finish);
    void *context;
    /* Called now and then with the number of responses finished, or NULL; non-zero stops early. */
    int (*on_progress)(void *context, int finished);
} SamplingConfig;

typedef struct {
    int n;
    int *token;     /* responses end to end */
    int *start;     /* (n+1) */
    double *logp;   /* per token: of the whole distribution at the temperature, not a cut one */
    Finish *finish; /* (n) */
    /* tokens that went through the trunk: a prompt that is still known is not computed again */
    int64_t n_rows;
} Responses;

/* Fails on an empty prompt, one that leaves no room in the context, or a token outside the vocabulary,
 * naming the prompt's index; *longest is the tokens of the longest. */
int prompts_check(int *longest, const ModelConfig *c, const Prompts *in, Error *err);
/* Fails on such prompts too, and where there is not the memory. */
int policy_generate(Policy *p, const Prompts *in, const SamplingConfig *s, Responses *out,
                    Error *err);
void responses_free(Responses *r);

/* The lowest logit that top_k and top_p leave: at least top_k tokens, and the fewest likeliest whose
 * probabilities reach top_p; ties at the border stay.  logit (V) is not changed. */
double truncation_floor(const double *logit, int V, double temperature, int top_k, double top_p);

#endif
