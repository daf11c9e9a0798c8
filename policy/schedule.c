#include "policy/schedule.h"

#include <assert.h>
#include <math.h>

double schedule_multiplier(Schedule schedule, int64_t step, int64_t warmup, int64_t total,
                           double floor)
{
    assert(step >= 0 && warmup >= 0 && floor >= 0 && floor <= 1);
    if (step < warmup) return (double)step / (double)warmup;
    if (schedule == SCHEDULE_CONSTANT) return 1;

    const double left = step < total ? (double)(total - step) / (double)(total - warmup) : 0;
    const double shape = schedule == SCHEDULE_LINEAR ? left : (1 - cos(M_PI * left)) / 2;
    return floor + (1 - floor) * shape;
}

double schedule_share(Schedule schedule, int64_t step, int64_t warmup, int64_t total, double floor)
{
    return schedule_multiplier(schedule, step < warmup ? step + 1 : step, warmup, total, floor);
}
