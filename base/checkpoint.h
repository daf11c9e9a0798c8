/* Checkpoints: complete or absent.
 *
 * A checkpoint is a folder that appears by rename after everything in it, and manifest.json with sizes
 * and SHA-256 of it all, is on the disk.  Reading one checks the manifest; a damaged one is passed over
 * for the one before, and said. */
#ifndef BASE_CHECKPOINT_H
#define BASE_CHECKPOINT_H

#include <stdint.h>

#include "base/error.h"
#include "base/file.h"

/* `write` fills an empty folder; sub-folders are allowed.  Keeps the newest `keep`, this one and that of step
 * `spare` (-1: none), removes the others after the new one stands. */
int checkpoint_save(const char *run_dir, int64_t step, int keep, int64_t spare,
                    int (*write)(void *context, const char *dir, Error *err), void *context,
                    Error *err);
/* The newest sound checkpoint of a run into dir (FILE_PATH_MAX) and *step; an error when there is none. */
int checkpoint_newest(char *dir, int64_t *step, const char *run_dir, Error *err);
/* Those above `step` become step-N.damaged and are no checkpoints any more, which is said: a run that goes
 * on from `step` (-1: from the beginning) saves others with smaller numbers, which they must not outlive. */
int checkpoint_set_aside(const char *run_dir, int64_t step, Error *err);
/* The step of the newest by name, sound or not, which costs no reading; -1 when there is none. */
int64_t checkpoint_last_step(const char *run_dir);
/* The steps of all by name, sound or not, in ascending order; n is 0 without any.  The caller frees. */
int checkpoint_steps(int64_t **steps, int *n, const char *run_dir, Error *err);
/* The folder of one step. */
int checkpoint_path(char *dir, const char *run_dir, int64_t step, Error *err);
/* Every file of the manifest is there with its size and hash. */
int checkpoint_verify(const char *dir, Error *err);

#endif
