/* How long a training will take, before it begins: by the last finished run of its kind where that tells, else by how
 * fast this machine multiplies matrices (policy/machine_speed.h). */
#ifndef CLI_TRAINING_TIME_H
#define CLI_TRAINING_TIME_H

#include "cli/project.h"
#include "policy/policy.h"
#include "policy/step_work.h"
#include "policy/supervised.h"
#include "store/store.h"

/* Sequences of that mean length, forward and back, max_tokens of them at a time. */
StepWork trained_work(double sequences, double length, int max_tokens, bool predicts, bool adapter);
StepWork supervised_work(const SupervisedConfig *c, const Examples *e, bool adapter);

/* What a run was like whose speed is known: only one like it says anything about another. */
typedef struct {
    double work_per_second; /* multiply-adds as step_work_all counts them */
    int64_t weights;
    int threads;
    const char *kernels, *compute;
    bool adapter;
} RunSpeed;

enum { SPEED_STEPS_MIN = 10 }; /* of a run, to tell its speed by */

/* "speed":{...} for the result of a run that did `steps` like `like` in so many seconds; nothing of fewer than
 * SPEED_STEPS_MIN. */
void training_time_put_speed(Text *out, const RunSpeed *like, const StepWork *work,
                             const ModelConfig *c, int64_t steps, double seconds);

typedef struct {
    double seconds;                /* 0: not known, or too little to be worth a look */
    char basis[RUN_NAME_MAX + 64]; /* "by the speed of ppo-1" */
} TimeEstimate;

/* Of so many steps of policy p.  store NULL: there are no runs to go by. */
TimeEstimate training_time_estimate(Policy *p, const StepWork *work, int64_t steps, Store *store,
                                    const char *kind, int threads);
/* The same of a model that is to be trained, or an outline of it. */
TimeEstimate training_time_reckon(const Model *m, const StepWork *work, int64_t steps, Store *store,
                                  const char *kind, int threads);

#endif
