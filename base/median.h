/* The middle of some numbers, which a few that are far off do not move. */
#ifndef BASE_MEDIAN_H
#define BASE_MEDIAN_H

#include <stddef.h>

/* The middle of x (n), which is put in ascending order; the mean of the two in the middle of an even number; 0 of
 * none. */
double median(double *x, size_t n);

#endif
