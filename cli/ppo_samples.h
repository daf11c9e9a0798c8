/* The same two held-out prompts, answered now and then while PPO trains: on the log, and in samples.jsonl of the
 * run.  With the same random numbers each time, so that what changes is the policy. */
#ifndef CLI_PPO_SAMPLES_H
#define CLI_PPO_SAMPLES_H

#include "base/run.h"
#include "ppo/ppo.h"
#include "policy/tokenizer.h"

enum { PPO_SAMPLES = 2 };

/* Answers of in->policy to the first of in->held_out after `step`, scored; nothing where there are none. */
int ppo_samples_take(Run *run, const PpoInputs *in, const PpoConfig *c, const Tokenizer *t,
                     int64_t step, Error *err);

#endif
