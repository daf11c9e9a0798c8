/* The loop around every kind of training: steps, record, checkpoints, resume, stop.
 *
 * A Trainer knows how to do one step, and how to write and read everything that the next step depends
 * on; the loop knows nothing of models.  Stopped anywhere and resumed, the bits are those of a run that
 * was never stopped. */
#ifndef BASE_TRAINING_H
#define BASE_TRAINING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/run.h"
#include "base/text.h"

/* What a trainer thinks of its run after a step. */
typedef struct {
    const char *halt; /* why the run should end here, or NULL; lives until the next step */
    int64_t best;     /* the step whose checkpoint is to be kept whatever comes; -1: none */
} TrainerAdvice;

typedef struct {
    void *self;
    int64_t total; /* steps */
    /* Do step `step` (0 is the first); add JSON members for the record and a short note for the bar. */
    int (*step)(void *self, int64_t step, Text *members, Text *note, Error *err);
    int (*save)(void *self, const char *dir, Error *err); /* into an empty folder */
    int (*load)(void *self, const char *dir, Error *err);
    TrainerAdvice (*advice)(void *self); /* NULL: none */
} Trainer;

/* What stops without warning, a power cut, costs no more than this. */
enum { TRAINING_SAVE_SECONDS = 600 };

typedef struct {
    const char *name; /* on the progress bar */
    const char *unit; /* "step", "iteration" */
    int save_every; /* steps between checkpoints; 0: every TRAINING_SAVE_SECONDS.  And at the end */
    int keep;       /* checkpoints kept */
    bool resume;
    int64_t stop_after; /* as if interrupted after this many steps of this call; 0: never */
    bool quiet;         /* no bar */
    bool timed;         /* records say when they were made, and how long the step took */
    const char *event;  /* JSON members of a record to begin a resumed run with; NULL: none */
    /* Once, when nothing is left to do before the first step; or NULL. */
    int (*ready)(void *context, int64_t step, Error *err);
    /* Before step 0 and after each step, with what the step recorded ("" before the first); or NULL. */
    int (*after_step)(void *context, int64_t step, const char *members, Error *err);
    void *context;
} TrainingOptions;

typedef enum { TRAINING_FINISHED, TRAINING_STOPPED, TRAINING_HALTED } TrainingEnd;

/* Runs to the end, or until a signal or the trainer's advice to halt; either way the last step done is in a checkpoint when it returns.
 * *steps: how many steps the run has done altogether. */
int training_run(Trainer *t, Run *run, const TrainingOptions *o, TrainingEnd *end, int64_t *steps,
                 Error *err);

#endif
