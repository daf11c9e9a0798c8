/* Learning-rate schedules: what to multiply the learning rate by at each optimizer step. */
#ifndef POLICY_SCHEDULE_H
#define POLICY_SCHEDULE_H

#include <stdint.h>

/* In the order of the setting's words: "constant|linear|cosine". */
typedef enum { SCHEDULE_CONSTANT, SCHEDULE_LINEAR, SCHEDULE_COSINE } Schedule;

/* After `step` of `total` optimizer steps (the first step has step 0): rises linearly from 0 over
 * `warmup` steps, then falls from 1 at step = warmup to `floor` at step = total, and stays there.  As
 * transformers' get_*_schedule_with_warmup, which take step 0 with a rate of 0 when there is a warm-up. */
double schedule_multiplier(Schedule schedule, int64_t step, int64_t warmup, int64_t total,
                           double floor);

/* The same for a trainer: its warm-up counts from 1, so that neither the first step nor the last is lost
 * to a rate of 0. */
double schedule_share(Schedule schedule, int64_t step, int64_t warmup, int64_t total, double floor);

#endif
