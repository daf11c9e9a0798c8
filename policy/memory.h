/* What models take, told before it is taken.  Bytes, exact but for some scratch memory of the kernels. */
#ifndef POLICY_MEMORY_H
#define POLICY_MEMORY_H

#include "policy/policy.h"

/* What is done with a model's weights decides in which forms they are kept: beside the weights themselves,
 * packed for the forward, and packed again, transposed, for the backward. */
typedef struct {
    bool predicts; /* tokens: the output projection is used, not heads alone */
    bool trained;  /* something behind the weights learns: they, an adapter, or heads */
    bool predictions_trained;
    bool changed; /* the weights themselves learn: bfloat16 does not hold them for long */
} ModelUse;
/* use NULL: they are held, and nothing is done with them. */
size_t model_memory(const ModelConfig *c, const ModelUse *use);

/* What a policy adds to its model: an adapter, gradients and moments of what it trains, and room for
 * micro-batches of max_tokens. */
size_t policy_memory(const ModelConfig *c, const PolicyOptions *options);
/* Its two parts: what it holds all the time, and what a pass of so many tokens takes. */
size_t policy_weights_memory(const ModelConfig *c, const PolicyOptions *options);
size_t pass_memory(const ModelConfig *c, const PolicyOptions *options, int tokens, bool gradient);

/* While `batch` responses are decoded together, prompts and responses of at most `longest` tokens; `low`
 * is an adapter's. */
size_t decoding_memory(const ModelConfig *c, int low, int batch, int longest);

#endif
