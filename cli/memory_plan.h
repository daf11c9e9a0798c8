/* What a command is about to take: said before it is taken, and refused when the machine has not got it.  The
 * models are outlines as yet (loaded_outline). */
#ifndef CLI_MEMORY_PLAN_H
#define CLI_MEMORY_PLAN_H

#include "cli/loaded.h"
#include "cli/training.h"
#include "policy/memory.h"
#include "ppo/ppo_memory.h"

enum { MEMORY_PARTS_MAX = 8 };

/* Zero-initialised is empty. */
typedef struct {
    struct {
        const char *what;
        size_t bytes;
    } part[MEMORY_PARTS_MAX];
    int n;
    bool untold; /* nothing is said of one that fits: a fuller one follows */
    bool tell;   /* on the log, however small */
} MemoryPlan;

/* Parts of the same name are one.  The first one is of weights. */
void memory_plan_add(MemoryPlan *p, const char *what, size_t bytes);
/* A model's weights, where they are not another's that is in the plan; a frozen policy of it (loaded_policy);
 * decoding `batch` answers together, `longest` tokens of prompt and answer each. */
void memory_plan_add_weights(MemoryPlan *p, const Loaded *l, const ModelUse *use);
void memory_plan_add_scoring(MemoryPlan *p, const Loaded *l);
void memory_plan_add_sampling(MemoryPlan *p, const Loaded *l, int batch, int longest);
/* Of the plans with activations kept and with activations made again in the backward, the one to go by: the first if
 * it fits and nobody asked for the other (*recompute, which tells afterwards). */
const MemoryPlan *memory_plan_choose(const MemoryPlan *kept, const MemoryPlan *again,
                                     bool *recompute);
/* Weights, what is trained, and the fullest phase of an iteration. */
void memory_plan_add_ppo(MemoryPlan *p, const PpoMemory *m);
/* Fails when a plan does not fit into what is free and what this process holds; `hint` says what would take less
 * beside the weights.  A plan of some size, or one that is to be told, is told on the log. */
int memory_plan_check(const MemoryPlan *p, const char *hint, Error *err);

/* Of a batch at most, and of all that is held out. */
typedef struct {
    int64_t batch, held_out;
} PlanTokens;

/* The plans of commands with one model: to hold it; to score so many tokens at a time; to decode with it; to
 * train it, or the adapter that the settings name. */
int memory_plan_weights(const Loaded *l, Error *err);
int memory_plan_scoring(const Loaded *l, int tokens, Error *err);
int memory_plan_decoding(const Loaded *l, int batch, int longest, Error *err);
int memory_plan_training(const Loaded *l, PolicyOptions options, PlanTokens tokens,
                         const LoraConfig *lora, const ModelUse *use, TrainingFlags *flags,
                         Error *err);

#endif
