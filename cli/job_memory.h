/* Memory that each job with a model takes, told before anything is taken. */
#ifndef CLI_JOB_MEMORY_H
#define CLI_JOB_MEMORY_H

#include <stddef.h>

#include "policy/adapter.h"

/* Beside a model's weights: a frozen policy of it, with or without heads, as loaded_policy opens them; what
 * decoding takes, of prompts and answers of `longest` tokens, or of the context where that is less. */
size_t scoring_memory(const ModelConfig *c, Adapter *adapter, int heads);
size_t sampling_memory(const ModelConfig *c, Adapter *adapter, int batch, int longest);

typedef enum { JOB_SCORE, JOB_SAMPLE, JOB_SFT, JOB_REWARD, JOB_PPO, JOBS } Job;

/* Answers decoded together, and the tokens of a prompt and its answer that are reckoned with; fewer where the
 * model's context is shorter. */
enum { JOB_BATCH = 64, JOB_TOKENS = 512 };

/* What a job begins with.  The model may be an outline (model_outline), and so may the adapters. */
typedef struct {
    const Model *model;
    Adapter *adapter; /* what the model is seen through; NULL: nothing */
    int heads;
    Adapter *trained; /* what is trained; NULL: all weights */
} JobModel;

/* Bytes, with the default settings.  PPO holds a policy, its reference, a reward model and a value model: of
 * the model's own shape, each with weights of its own, or, where adapters are trained, all over the same ones. */
size_t job_memory(Job job, const JobModel *of);
/* An outline of the adapter that is reckoned with where a model has none: rank 16, of all linear layers. */
Adapter *job_adapter(const Model *m);
/* "score", "sample", "sft", ... */
const char *job_name(Job job);
bool job_trains(Job job);
/* A model with heads scores and does nothing else. */
bool job_done_with(Job job, int heads);

#endif
