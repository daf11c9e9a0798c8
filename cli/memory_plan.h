/* What a command is about to take: said before it is taken, and refused when the machine has not got it. */
#ifndef CLI_MEMORY_PLAN_H
#define CLI_MEMORY_PLAN_H

#include "base/text.h"
#include "cli/loaded.h"
#include "policy/memory.h"

/* Zero-initialised is empty. */
typedef struct {
    size_t total;
    Text parts;
    bool tell; /* on the log, however small */
} MemoryPlan;

void memory_plan_add(MemoryPlan *p, const char *what, size_t bytes);
/* Fails when a plan does not fit beside what this process does not hold; `hint` says what would take less.
 * A plan of some size, or one that is to be told, is told on the log.  Frees the plan either way. */
int memory_plan_check(MemoryPlan *p, const char *hint, Error *err);

/* Room of the policies that loaded_policy opens. */
size_t scoring_memory(const Loaded *l);
/* Of one training command over a model: its weights and what learns. */
int memory_plan_training(const ModelConfig *c, const PolicyOptions *options, const ModelUse *use,
                         bool tell, Error *err);

/* Of one that decodes `batch` responses together; `longest`: tokens of prompt and response. */
int memory_plan_decoding(const Loaded *l, int batch, int longest, Error *err);

#endif
