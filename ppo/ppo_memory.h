/* What PPO takes, told before it is taken: what it holds all the time, and on top the most that a phase of an iteration
 * does (rollout_keep_packed says what each holds). */
#ifndef PPO_PPO_MEMORY_H
#define PPO_PPO_MEMORY_H

#include "ppo/ppo.h"

/* One of the four models, which may be an outline, and so may its adapter. */
typedef struct {
    const void *base; /* of equal bases the weights are in memory once */
    const ModelConfig *config;
    PolicyOptions options;
} PpoModel;

typedef struct {
    PpoModel policy, reference, value, reward; /* value.base NULL: the policy itself */
    int longest;                               /* tokens of a prompt and its answer */
    int together;                              /* answers that are decoded together */
} PpoModels;

/* Bytes. */
typedef struct {
    size_t weights;       /* in floats, of all models */
    size_t policy, value; /* adapters, gradients, moments; value 0: the policy's */
    size_t phase;         /* of the fullest one: packed weights, passes, keys and values */
    const char *name;     /* of that: "sampling", "scoring" or "updating" */
} PpoMemory;

PpoMemory ppo_memory(const PpoModels *m, const PpoConfig *c);
size_t ppo_memory_total(const PpoMemory *m);

#endif
