/* What an iteration of PPO costs, for the time that it takes (policy/step_work.h). */
#ifndef CLI_PPO_WORK_H
#define CLI_PPO_WORK_H

#include "cli/prompts.h"
#include "policy/step_work.h"
#include "ppo/ppo.h"

/* Tokens of an answer: what those that the project has are long in the mean, and where it has none `most`. */
double ppo_answer_tokens(Store *store, int most);
/* Of answers as long as that to these prompts, of which there are some. */
StepWork ppo_work(const PpoConfig *c, const PromptTokens *prompts, Store *store, bool adapter);

#endif
