/* How long a training will take, before it begins. */
#ifndef CLI_TRAINING_TIME_H
#define CLI_TRAINING_TIME_H

#include "policy/supervised.h"

/* What one step costs, in tokens that go once forward through the model that is trained; a pass with its gradient
 * counts three.  `want`: what such a pass asks of the model, WANT_LOGP or WANT_VALUE.  0 tokens: not known. */
typedef struct {
    double forward_tokens;
    unsigned char want;
} StepWork;

StepWork supervised_work(const SupervisedConfig *c, const Examples *e);
/* Seconds of so many steps by the time of one forward pass on this machine, which changes nothing; 0 when that is
 * not known or too little to be worth a look. */
double training_time_guess(Policy *p, const StepWork *work, int64_t steps);

#endif
