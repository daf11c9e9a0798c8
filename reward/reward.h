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
    const double *margin; /* (n) score by which the chosen one has to lead; NULL: 0 */
} Pairs;

/* Whole texts, prompt and response, end to end. */
typedef struct {
    int n;
    const int *token;
    const int *start; /* (n+1) */
} Texts;

/* What training reads; borrowed, and must outlive it. */
typedef struct {
    Pairs train;
    Pairs held_out; /* n is 0: none, and then neither `shrink` nor `keep_best` */
    /* answers of the model it starts from, to normalize on; n is 0: the training responses */
    Texts samples;
    const char *best_folder; /* where `keep_best` keeps weights while it trains; NULL without it */
} RewardData;

/* clang-format off */
/*    type    name           default  min   max      source   meaning */
#define REWARD_CONFIG(X) \
    X(double_live, epochs,        1,       0.01, 1000,    "Ziegler et al. 2019", "passes over the labels") \
    X(int,    batch_size,    32,      1,    65536,   "",      "labels per optimizer step") \
    X(int,    max_tokens,    2048,    16,   1048576, "",      "tokens of one micro-batch; changes memory, and results by rounding at most") \
    X(double, people_weight, 1,       0.001, 1e6,    "",      "weight of labels by this project's people; those of rules and data sets weigh 1") \
    X(double, strength_weight, 0,     0,    100,     "",      "added to a label's weight for each grade of strength above the first") \
    X(double, margin,        0,       0,    100,     "Touvron et al. 2023", "score by which the better answer has to lead, for each grade of strength") \
    X(choice, ties, "half", "half|drop|davidson", 0, "Davidson 1970", "a tie is half a win for either side, is left out, or has a likelihood of its own") \
    X(double, tie_nu,        0,       0,    100,     "Davidson 1970", "how easily answers tie, with ties=davidson; 0: learned") \
    X(double, label_smoothing, 0,     0,    0.49,    "Mitchell 2023", "share of every label that goes to the other side") \
    X(double, label_noise,   0,       0,    0.99,    "Christiano et al. 2017", "share of the labels taken to be coin tosses") \
    X(bool,   normalize,     true,    0,    1,       "Ziegler et al. 2019", "scores to mean 0, deviation 1 at the end") \
    X(int,    normalize_samples, 0,   0,    1e6,     "Ziegler et al. 2019", "over so many answers of the model it starts from, to training prompts; 0: over the training responses") \
    X(int,    normalize_tokens, 128,  1,    1e6,     "",      "longest of these answers; where nobody sets it, half of a context below 256") \
    X(bool,   shrink,        false,   0,    1,       "",      "scores times the share of their worth that held-out pairs confirm: a model no better than chance moves nothing") \
    X(int,    valid_every,   0,       0,    1e9,     "",      "steps between measurements on held-out pairs; 0: none, or with keep_best ten") \
    X(bool,   keep_best,     false,   0,    1,       "",      "of the states measured, the one with the lowest held-out loss becomes the model, not the last") \
    X(int_live,    save_every,    0,       0,    1e9,     "",      "steps between checkpoints; 0: ten minutes; one at the end") \
    X(int_live,    keep,          2,       1,    1000,    "",      "checkpoints kept") \
    OPTIMIZER_CONFIG(X, 1e-5, 0.0, 0.999, 1e-8, 0.0)

typedef struct { REWARD_CONFIG(CONFIG_MEMBER) } RewardConfig;
/* clang-format on */
extern const ConfigTable REWARD_TABLE;

enum { TIES_HALF, TIES_DROP, TIES_DAVIDSON }; /* RewardConfig.ties */

typedef struct RewardTraining RewardTraining;
RewardTraining *reward_training_new(Policy *p, const RewardData *data, const RewardConfig *c,
                                    uint64_t seed);
void reward_training_free(RewardTraining *t);
/* The record of the last step says what was done to the scores: `score_mean` and `score_deviation` before
 * normalizing, and by `shrink` `shrinkage`, the factor, and `held_out_accuracy`, of the scores before: a factor of
 * 0 makes all of them equal. */
Trainer reward_trainer(RewardTraining *t);
PolicyOptions reward_options(const RewardConfig *c, uint64_t seed);

/* score (B) of B sequences end to end: the head after the last token; of a classifier the log-odds of the policy's
 * score_class.  What PPO uses and what `reward score` prints, to the bit. */
void reward_score(double *score, Policy *p, const int *token, const int *start, int B);

#endif
