/* How many weights a model has, and in which of its parts. */
#ifndef POLICY_PARAMETER_COUNT_H
#define POLICY_PARAMETER_COUNT_H

#include <stdint.h>

#include "policy/adapter.h"

typedef enum {
    PART_EMBEDDING, /* learned positions too */
    PART_ATTENTION,
    PART_MLP,
    PART_NORMS,  /* of query and key heads too */
    PART_OUTPUT, /* the projection to the vocabulary; none where it is the embedding */
    PART_SCORE,  /* heads that give values, not tokens */
    MODEL_PARTS
} ModelPart;

typedef struct {
    int64_t layer[MODEL_PARTS]; /* of one layer */
    int64_t all[MODEL_PARTS];   /* of all of them, and of what is outside of layers */
    int64_t total;
} ParameterCount;

/* Weights as checkpoints hold them, without the gaps that model_size counts; `heads` values per token.  With
 * heads an untied model has no output projection (policy_save). */
void parameter_count(ParameterCount *out, const ModelConfig *c, int heads);
/* Of its matrices A and B. */
int64_t parameter_count_adapter(const Adapter *a);
const char *parameter_count_part(ModelPart part);

#endif
