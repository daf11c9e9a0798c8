/* Proximal policy optimization of a language model against a reward model, with a penalty for moving
 * away from the frozen reference.          Schulman et al. 2017; Ziegler et al. 2019; Stiennon et al. 2020
 *
 * One iteration: sample a response to each of batch_size prompts; score them; reward every token with
 * -kl_coef * (logp - ref_logp) and the last with the score; advantages by GAE, whitened; then `epochs`
 * passes of clipped policy and value updates.
 *
 * Where they are asked for: every eval_every iterations the policy answers held-out prompts against the
 * reference, and the checkpoint that wins most often without breaking is kept (ppo/held_out.h); a run that leaves
 * its bounds (stop_kl, stop_ratio, stop_finished, stop_distinct) halts.
 *
 * The run watches its own arithmetic: until the first optimizer step after a rollout every ratio must be
 * exactly 1, and before the first update of a run the KL must be exactly 0. */
#ifndef PPO_PPO_H
#define PPO_PPO_H

#include "base/training.h"
#include "policy/generate.h"
#include "ppo/ppo_config.h"
#include "ppo/ppo_metrics.h"

/* Prompts end to end. */
typedef struct {
    int n;
    const int *token, *start; /* start (n+1) */
} PromptSet;

typedef struct {
    Policy *policy;      /* trained */
    Policy *reference;   /* frozen: what KL is measured to */
    bool aligned_before; /* the policy left the reference in an earlier run; else they are equal */
    Policy *reward;      /* frozen, one head */
    Policy *value;       /* trained, one head; the policy itself where they share a trunk */
    PromptSet prompts;
    PromptSet held_out; /* for choosing among checkpoints; may have n 0 */
    int stop[4], n_stop;
    uint64_t seed;
} PpoInputs;

/* Fails when settings contradict each other. */
int ppo_check_settings(const PpoConfig *c, Error *err);
/* The same, and when the models or prompts do not fit. */
int ppo_check(const PpoConfig *c, const PpoInputs *in, Error *err);

typedef struct Ppo Ppo;
/* All borrowed. */
Ppo *ppo_new(const PpoInputs *in, const PpoConfig *c);
void ppo_free(Ppo *p);
Trainer ppo_trainer(Ppo *p);
/* Of the last iteration; ppo/rollout.h says what a rollout is. */
const PpoMetrics *ppo_metrics(const Ppo *p);
const struct Rollout *ppo_rollout(const Ppo *p);
/* The step whose checkpoint won most often on held-out prompts, or -1. */
int64_t ppo_best(const Ppo *p, double *win_rate);
/* Which bound (stop_kl and its like) the last iteration was beyond, in words, or NULL; lives until the next. */
const char *ppo_out_of_bounds(const Ppo *p);
/* The same as the checkpoint in `dir` knew it; -1 also when that is none of PPO's. */
int64_t ppo_saved_best(const char *dir);
PolicyOptions ppo_policy_options(const PpoConfig *c);
PolicyOptions ppo_value_options(const PpoConfig *c);

#endif
