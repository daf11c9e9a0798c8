/* A classifier of texts: a policy with a head for each of K classes, read at the last token.
 * Radford et al. 2018, section 3.2 */
#ifndef REWARD_CLASSIFIER_H
#define REWARD_CLASSIFIER_H

#include "base/training.h"
#include "policy/optimizer_config.h"
#include "reward/class_loss.h"

/* Whole texts end to end, each with its stop token. */
typedef struct {
    int n;
    const int *token;
    const int *start; /* (n+1) */
    const int *label; /* (n) in [0,K) */
} LabeledTexts;

/* clang-format off */
/*    type    name           default  min   max      source   meaning */
#define CLASSIFY_CONFIG(X) \
    X(double, epochs,        3,       0.01, 1000,    "Devlin et al. 2019", "passes over the texts") \
    X(int,    batch_size,    32,      1,    65536,   "",      "texts per optimizer step") \
    X(int,    max_tokens,    2048,    16,   1048576, "",      "tokens of one micro-batch; changes memory, and results by rounding at most") \
    X(bool,   balance,       false,   0,    1,       "",      "every class weighs the same, however many texts it has") \
    X(double, label_smoothing, 0,     0,    0.99,    "Szegedy et al. 2016", "share of every label that is spread over all classes") \
    X(int,    valid_every,   0,       0,    1e9,     "",      "steps between measurements on held-out texts; 0: at the end alone") \
    X(int,    save_every,    0,       0,    1e9,     "",      "steps between checkpoints; 0: ten minutes; one at the end") \
    X(int,    keep,          2,       1,    1000,    "",      "checkpoints kept") \
    OPTIMIZER_CONFIG(X, 2e-5, 0.0, 0.999, 1e-8, 0.0)

typedef struct { CLASSIFY_CONFIG(CONFIG_MEMBER) } ClassifyConfig;
/* clang-format on */
extern const ConfigTable CLASSIFY_TABLE;

typedef struct ClassifierTraining ClassifierTraining;
/* K classes are the policy's heads; held_out may be empty.  Both must outlive the training. */
ClassifierTraining *classifier_training_new(Policy *p, int K, const LabeledTexts *train,
                                            const LabeledTexts *held_out, const ClassifyConfig *c,
                                            uint64_t seed);
void classifier_training_free(ClassifierTraining *t);
/* `save` may have more to put into a checkpoint: the names of the classes. */
typedef int ClassifierSave(void *context, const char *dir, Error *err);
Trainer classifier_trainer(ClassifierTraining *t, ClassifierSave *save, void *context);
PolicyOptions classifier_options(const ClassifyConfig *c, int K, uint64_t seed);

/* logit (B,K) of B sequences end to end. */
void classifier_logits(double *logit, Policy *p, int K, const int *token, const int *start, int B);
/* confusion as in class_scores. */
ClassScores classifier_evaluate(long *confusion, Policy *p, int K, const LabeledTexts *texts);

#endif
