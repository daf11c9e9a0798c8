/* The narrow waist: what every trainer may ask of a model.
 *
 * Trainers see token batches and double arrays with one number per token; tensors, heads and memory
 * stay behind this header.  Supervised tuning, reward modelling and PPO differ only in how they turn
 * logp and value into a gradient of the same shape:
 *
 *     policy_evaluate(p, &batch, &terms);
 *     ... a loss turns terms.logp, terms.value into grad.logp, grad.value ...
 *     policy_accumulate(p, &batch, &grad);
 *     policy_step(p, learning_rate, 1.0);
 *
 * One engine, one set of bits: the log-probability of a token is the same double whether
 * policy_generate returned it or policy_evaluate did, alone or in any batch. */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "policy/adapter.h"
#include "policy/room.h"

typedef struct Policy Policy;

typedef struct {
    /* borrowed: what is seen through it and, when trained, changed in place of the model, which
     * stays as it is; NULL: the model itself */
    Adapter *adapter;
    bool train; /* gradients and moments are kept */
    /* activations are made again in the backward: less memory, the same numbers */
    bool recompute;
    int heads; /* K values per token; 0: none.  Taken from the score head of the adapter, or the model, when it has
                             one of that many rows, else drawn N(0, 1/sqrt(C+1)) (Ziegler et al. 2019) */
    bool zero_head; /* start the heads at 0 instead */
    /* the heads are no part of the model: what is saved predicts tokens, and only a saved state
     * has them too, in heads.safetensors */
    bool beside;
    int score_class; /* of several heads, the class that whoever scores means; nothing here depends on it */
    uint64_t seed;  /* of new heads */
    int max_tokens; /* of one micro-batch; a longer sequence is one by itself */
    Room *room;     /* borrowed: where its passes are; NULL: in one of its own */
    double beta1, beta2, eps, weight_decay;
    bool tensorflow_adam; /* epsilon as TensorFlow 1 places it */
} PolicyOptions;

/* The model is borrowed and, when trained without an adapter, changed in place. */
Policy *policy_open(Model *model, const PolicyOptions *options);
void policy_close(Policy *p);
const ModelConfig *policy_config(const Policy *p);
Model *policy_model(Policy *p);
/* Give back what is made again when it is next needed: the packed forms of its model's weights, which policies over
 * the same model use too, and the memory of its passes. */
void policy_release_packed(Policy *p);
void policy_release_room(Policy *p);

enum { WANT_LOGP = 1, WANT_ENTROPY = 2, WANT_VALUE = 4 };

/* Sequences laid end to end, never padded. */
typedef struct {
    int B, N;
    const int *token;          /* (N) */
    const int *start;          /* (B+1) */
    const unsigned char *want; /* (N) asked at each token; a sequence's first one has no logp */
    double temperature;        /* divides every logit: sampling, scoring and gradient alike */
} TokenBatch;

/* Results; in policy_accumulate the gradient of the loss by each.  Any may be NULL. */
typedef struct {
    double *logp;    /* (N) log p(token[i] | all tokens before it), nats; 0 where not wanted */
    double *entropy; /* (N) of the distribution token[i] was drawn from */
    /* (N,K) heads after reading token[i]: a score is the last row's, PPO's V(s_i) is the row
     * before i */
    double *value;
} TokenTerms;

/* Let micro-batches have so many tokens from now on, if max_tokens is less. */
void policy_reserve(Policy *p, int tokens);
/* Any number of tokens; sequences are taken as many at a time as a micro-batch may have. */
void policy_evaluate(Policy *p, const TokenBatch *b, TokenTerms *out);
/* The same, bit for bit, where no gradient is to follow: layers share their memory. */
void policy_measure(Policy *p, const TokenBatch *b, TokenTerms *out);
/* Add the gradient of the batch just evaluated, which must have been one micro-batch: one sequence,
 * max_tokens, or what policy_reserve allowed; and no other policy has used the room since. */
void policy_accumulate(Policy *p, const TokenBatch *b, const TokenTerms *grad);
/* One AdamW update of what was accumulated, its norm clipped to max_grad_norm (0: not clipped).
 * Returns the norm before clipping; when it is not finite there is no step and nothing is changed. */
double policy_step(Policy *p, double learning_rate, double max_grad_norm);
/* The norm that policy_step would return. */
double policy_gradient_norm(const Policy *p);
void policy_discard(Policy *p);
/* Put out = gain * head + bias into the heads' own weights. */
void policy_scale_head(Policy *p, double gain, double bias);
int64_t policy_steps(const Policy *p);
int policy_heads(const Policy *p);
int policy_score_class(const Policy *p);

/* config.json and model.safetensors, or an adapter's files, heads included unless they stand `beside`, into an
 * existing folder.  With heads it is a
 * ...ForSequenceClassification, which has no output projection: an untied one is left out, so such a
 * policy is to be trained by its values alone. */
int policy_save(const Policy *p, const char *dir, Error *err);
/* The same with moments and step (optimizer.safetensors), for a resume to the bit, and back again into
 * a policy of the same shape. */
int policy_save_state(const Policy *p, const char *dir, Error *err);
int policy_load_state(Policy *p, const char *dir, Error *err);

#endif
