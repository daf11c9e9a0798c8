/* The reward model: a policy with one head, read at the last token of prompt and response.
 * Christiano et al. 2017; Stiennon et al. 2020 */
#ifndef REWARD_REWARD_H
#define REWARD_REWARD_H

#include <stdbool.h>

#include "base/training.h"
#include "policy/optimizer_config.h"

/* Labels of pairs: sequence 2i is prompt i with the chosen response, 2i+1 with the rejected one, each with
 * its stop token.  Labels of the same pair stand side by side. */
typedef struct {
    int n; /* labels */
    const int *token;
    const int *start;     /* (2n+1) */
    const double *target; /* (n) P(chosen is better): 1, or 1/2 for a tie */
    const double *weight; /* (n) */
} Pairs;

/* clang-format off */
/*    type    name           default  min   max      source   meaning */
#define REWARD_CONFIG(X) \
    X(double_live, epochs,        1,       0.01, 1000,    "Ziegler et al. 2019", "passes over the labels") \
    X(int,    batch_size,    32,      1,    65536,   "",      "labels per optimizer step") \
    X(int,    max_tokens,    2048,    16,   1048576, "",      "tokens of one micro-batch; changes memory, not results") \
    X(double, people_weight, 1,       0.001, 1e6,    "",      "weight of labels by this project's people; those of rules and data sets weigh 1") \
    X(double, label_noise,   0,       0,    0.99,    "Christiano et al. 2017", "share of the labels taken to be coin tosses") \
    X(bool,   normalize,     true,    0,    1,       "Ziegler et al. 2019", "scores of training responses to mean 0, deviation 1 at the end") \
    X(bool,   shrink,        false,   0,    1,       "",      "scores times the share of their worth that held-out pairs confirm: a model no better than chance moves nothing") \
    X(int_live,    save_every,    0,       0,    1e9,     "",      "steps between checkpoints; 0: ten minutes; one at the end") \
    X(int_live,    keep,          2,       1,    1000,    "",      "checkpoints kept") \
    OPTIMIZER_CONFIG(X, 1e-5, 0.0, 0.999, 1e-8, 0.0)

typedef struct { REWARD_CONFIG(CONFIG_MEMBER) } RewardConfig;
/* clang-format on */
extern const ConfigTable REWARD_TABLE;

typedef struct RewardTraining RewardTraining;
/* held_out: pairs that `shrink` goes by; may be NULL without it.  Both must outlive the training. */
RewardTraining *reward_training_new(Policy *p, const Pairs *train, const Pairs *held_out,
                                    const RewardConfig *c, uint64_t seed);
void reward_training_free(RewardTraining *t);
/* The record of the last step says what `shrink` did: `shrinkage`, the factor, and `held_out_accuracy`, of
 * the scores before: a factor of 0 makes all of them equal. */
Trainer reward_trainer(RewardTraining *t);
PolicyOptions reward_options(const RewardConfig *c, uint64_t seed);

/* score (B) of B sequences end to end: the head after the last token.  What PPO uses and what
 * `reward score` prints, to the bit. */
void reward_score(double *score, Policy *p, const int *token, const int *start, int B);

typedef struct {
    int n, labels;         /* pairs, each counted once, and their labels */
    bool all_equal;        /* no pair has two different scores: they say nothing */
    double accuracy, loss; /* over pairs, ties count half; over labels, nats */
    double calibration_error;
    double longer_wins; /* accuracy of "the longer answer wins" */
    double length_correlation;
    double margin; /* mean of chosen - rejected */
} RewardEvaluation;
/* chosen, rejected (pairs->n) receive the scores; may be NULL. */
RewardEvaluation reward_evaluate(Policy *p, const Pairs *pairs, double *chosen, double *rejected);

#endif
