/* A run: a folder with its settings, its record and its checkpoints.
 *
 *     runs/ppo-1/settings.json     as run, with seed, version and arithmetic
 *     runs/ppo-1/metrics.jsonl     one object a step: the record everything else is filled from
 *     runs/ppo-1/answers.jsonl     one object an answer, where asked for
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

typedef struct {
    char dir[FILE_PATH_MAX];
    FILE *metrics, *answers; /* answers: NULL unless kept */
    int lock;                /* descriptor */
} Run;

/* Make the folder, or take it up again; fails when another process holds it.  `settings` (JSON) is
 * written for a new run; a resumed one must have been started with the same, else the error names the
 * first difference, and goes on keeping answers if it has some. */
int run_open(Run **out, const char *dir, const char *settings, bool resume, Error *err);
/* The settings that the run in `dir` was started with; the caller frees them. */
int run_read_settings(char **out, const char *dir, Error *err);
/* From now on answers are kept too; nothing when they are already. */
int run_keep_answers(Run *r, Error *err);
/* Append {"step":step,MEMBERS}; MEMBERS is JSON without braces. */
int run_record(Run *r, int64_t step, const char *members, Error *err);
/* The same of one answer among those of a step; answers must be kept. */
int run_record_answer(Run *r, int64_t step, const char *members, Error *err);
/* Records so far are on the disk, answers too. */
int run_sync(Run *r, Error *err);
/* Drop every record and answer after `step`: a resume begins where its checkpoint was. */
int run_cut_back(Run *r, int64_t step, Error *err);
/* state.json: {"state":STATE,"step":step}. */
int run_set_state(Run *r, const char *state, int64_t step, Error *err);
void run_close(Run *r);

#endif
