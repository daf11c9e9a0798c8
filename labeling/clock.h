/* The time of day, for labels. */
#ifndef LABELING_CLOCK_H
#define LABELING_CLOCK_H

#include <stdint.h>

/* Microseconds UTC that follow the monotonic clock: a corrected wall clock must not make a label older than
 * its first view. */
int64_t clock_now_us(void *unused);
/* Midnight by the clock on the annotator's wall. */
int64_t clock_day_begin_us(void);

#endif
