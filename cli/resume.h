/* Why a run cannot be resumed, in words for people: what it reads has changed, or it has finished. */
#ifndef CLI_RESUME_H
#define CLI_RESUME_H

#include "cli/training.h"

/* `old`: the settings (JSON) that the run began with; t->settings: those it would go on with. */
int resume_check_inputs(const TrainingRun *t, const char *old, Error *err);
/* The error of a run that has ended after `step` and whose settings or inputs are others now. */
int resume_refuse_finished(const TrainingRun *t, const char *old, int64_t step, Error *err);

#endif
