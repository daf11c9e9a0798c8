/* What `reward` and `reward eval` say of a reward model. */
#ifndef CLI_REWARD_REPORT_H
#define CLI_REWARD_REPORT_H

#include "base/text.h"
#include "cli/preferences.h"
#include "reward/evaluation.h"

/* A reward model that is open: one head, or of a classifier the class whose log-odds are the score.  `class` may be
 * NULL.  Fails for what is neither. */
int reward_choose(Loaded *l, const char *class, Error *err);
/* The same by its name, and ready to score. */
int reward_open(Loaded *l, const Context *ctx, const char *name, const char *class, Error *err);
/* Of at least one pair, with a bar.  chosen, rejected (pairs->n) as in reward_evaluate. */
RewardEvaluation reward_measure(Policy *p, const Pairs *pairs, double *chosen, double *rejected);

/* What nobody can do better than, by the labels. */
typedef struct {
    /* of two people about one pair; NAN unless OVERLAP_MIN such pairs of labels are there */
    double agreement;
    int overlap;    /* such pairs */
    double ceiling; /* accuracy of somebody who makes no errors; NAN when not known */
    bool by_rule;   /* known from the errors that a rule made on purpose */
} NoiseCeiling;
enum { OVERLAP_MIN = 10 };
/* `held_out`: what the accuracy is measured on.  `other`: more labels of this project, or NULL. */
NoiseCeiling noise_ceiling(const PreferenceSet *held_out, const PreferenceSet *other);

/* One JSON object, with the model's name; `underfit`: it has not learned the very pairs that it was trained on. */
void reward_report_json(Text *t, const RewardEvaluation *e, const NoiseCeiling *c, bool underfit,
                        const Context *ctx, const char *folder);
/* The closing lines, but for what comes next (next_line.h).  `file`: of the pairs, NULL for those held out;
 * `when`: "", or " before shrinking"; `worst_follow`: they stand below and nobody is sent to look for them. */
void reward_report_print(const char *name, const RewardEvaluation *e, const NoiseCeiling *c,
                         const char *file, const char *when, bool worst_follow);

/* Of a few hundred of the pairs it learned from, which take no longer than the held-out ones. */
RewardEvaluation reward_measure_learned(Policy *p, const Pairs *pairs);
/* Whether these pairs cannot tell the model from chance, or say that it is worse. */
bool reward_report_is_chance(const RewardEvaluation *e);
/* Whether the pairs that a model was trained on say that it did not learn them; `held_out` is its accuracy on others. */
bool reward_report_is_underfit(const RewardEvaluation *learned, double held_out);
/* Why that is so of held-out pairs, by how it orders pairs that it has just learned from: it did not learn those
 * either, or nothing that holds for others. */
void reward_report_cause(const RewardEvaluation *learned, double held_out, double learning_rate);

#endif
