/* A run: a folder with its settings, its record and its checkpoints.
 *
 *     runs/ppo-1/settings.json     as run, with seed, version and arithmetic
 *     runs/ppo-1/metrics.jsonl     one object a step: the record everything else is filled from
 *     runs/ppo-1/answers.jsonl     one object an answer, where asked for
 *     runs/ppo-1/samples.jsonl     one object an answer to a held-out prompt, where asked for
 *     runs/ppo-1/events.out.tfevents.rlhf   the record as TensorBoard reads it (base/tensorboard.h)
 *     runs/ppo-1/state.json        running, stopped, failed, finished
 *     runs/ppo-1/checkpoints/step-000040/
 *     runs/ppo-1/lock              held while a process works on it
 */
#ifndef BASE_RUN_H
#define BASE_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

typedef struct {
    char dir[FILE_PATH_MAX];
    FILE *metrics, *answers, *samples; /* the last two: NULL unless kept */
    FILE *events;                      /* TensorBoard's */
    int lock;                          /* descriptor */
} Run;

/* Make the folder, or take it up again; fails when another process holds it.  `settings` (JSON) is
 * written for a new run; a resumed one must have been started with the same, else the error names the
 * first difference, and goes on keeping answers if it has some. */
int run_open(Run **out, const char *dir, const char *settings, bool resume, Error *err);
/* Fails when `dir` has a run already, as run_open would without `resume`. */
int run_check_new(const char *dir, Error *err);
/* The settings that the run in `dir` was started with; the caller frees them. */
int run_read_settings(char **out, const char *dir, Error *err);
/* The first thing in which two such texts differ: "ppo.kl_coef was 0.05 and is 0.1 now"; false: in none. */
bool run_difference(Text *out, const char *old, const char *new);
/* From now on answers, or samples, are kept too; nothing when they are already. */
int run_keep_answers(Run *r, Error *err);
int run_keep_samples(Run *r, Error *err);
/* Settings (JSON) in place of those it was opened with; what changed is for the record to say. */
int run_change_settings(Run *r, const char *settings, Error *err);
/* Append {"step":step,MEMBERS}; MEMBERS is JSON without braces. */
int run_record(Run *r, int64_t step, const char *members, Error *err);
/* The same of one answer, or sample, among those of a step; they must be kept. */
int run_record_answer(Run *r, int64_t step, const char *members, Error *err);
int run_record_sample(Run *r, int64_t step, const char *members, Error *err);
/* Records so far are on the disk, answers and samples too. */
int run_sync(Run *r, Error *err);
/* Drop every record, answer and sample after `step`: a resume begins where its checkpoint was.  TensorBoard's
 * file is made anew from what is left. */
int run_cut_back(Run *r, int64_t step, Error *err);
/* state.json: {"state":STATE,"total":total,"step":step}; total: the steps that it is to have. */
int run_set_state(Run *r, const char *state, int64_t step, int64_t total, Error *err);
void run_close(Run *r);

#endif
