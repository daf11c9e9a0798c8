/* What a sweep over sizes and amounts of data found, in its three forms. */
#ifndef CLI_SWEEP_REPORT_H
#define CLI_SWEEP_REPORT_H

#include "compare/scaling_law.h"

typedef struct {
    const ScalingPoint *point;
    int n;        /* done */
    int left_out; /* for want of time */
    ScalingLaw law;
    const char *no_fit; /* why there is none; NULL: law is one */
} SweepResult;

void sweep_print(const SweepResult *r);
void sweep_print_json(const SweepResult *r);
/* A page with the losses measured and those of the fit. */
int sweep_write_page(const SweepResult *r, const char *path, Error *err);

#endif
