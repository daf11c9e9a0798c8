/* A run of any trainer in a folder of its own, and what two runs must have in common. */
#ifndef TESTS_TRAINER_H
#define TESTS_TRAINER_H

#include "base/training.h"
#include "tests/scratch.h"

/* Train in scratch/NAME from step 0, or on from where it was stopped. */
static inline TrainingEnd trainer_run(Trainer t, const char *name, int save_every, bool resume,
                                      int stop_after)
{
    Error err;
    Run *run = NULL;
    TrainingEnd end;
    int64_t steps;
    const TrainingOptions o = {.name = "test",
                               .unit = "step",
                               .save_every = save_every,
                               .keep = 2,
                               .resume = resume,
                               .stop_after = stop_after,
                               .quiet = true};
    if (!resume) scratch_folder(name, false);
    assert_worked(run_open(&run, scratch_path(name), "{}", resume, &err), &err);
    assert_worked(training_run(&t, run, &o, &end, &steps, &err), &err);
    run_close(run);
    return end;
}

/* Blank out the members that measure time. */
static inline void trainer_blank_times(char *text)
{
    static const char *const TIMES[] = {"\"eps\":", "\"time/"};
    for (int i = 0; i < 2; i++)
        for (char *at = text; (at = strstr(at, TIMES[i])) != NULL;) {
            at += strlen(TIMES[i]);
            while (*at && *at != ',' && *at != '}') memmove(at, at + 1, strlen(at));
        }
}

static inline void assert_same_metrics(const char *a, const char *b)
{
    char file[2][128];
    snprintf(file[0], sizeof file[0], "%s/metrics.jsonl", a);
    snprintf(file[1], sizeof file[1], "%s/metrics.jsonl", b);
    char *x = scratch_read(scratch_path(file[0])), *y = scratch_read(scratch_path(file[1]));
    trainer_blank_times(x);
    trainer_blank_times(y);
    assert_true(strlen(x) > 20);
    assert_string_equal(x, y);
    free(x);
    free(y);
}

/* `file` of the checkpoint of one step has the same SHA-256 in both runs. */
static inline void assert_same_hash(const char *a, const char *b, int step, const char *file)
{
    Error err;
    char hash[2][SHA256_HEX];
    const char *run[] = {a, b};
    for (int i = 0; i < 2; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/checkpoints/step-%06d/%s", run[i], step, file);
        assert_worked(sha256_file(hash[i], scratch_path(path), &err), &err);
    }
    assert_string_equal(hash[0], hash[1]);
}

/* One byte in the middle of a checkpoint's file turns over. */
static inline void trainer_damage(const char *run, int step, const char *file)
{
    char path[256];
    snprintf(path, sizeof path, "%s/checkpoints/step-%06d/%s", run, step, file);
    FILE *f = fopen(scratch_path(path), "r+b");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    const long middle = ftell(f) / 2;
    fseek(f, middle, SEEK_SET);
    const int byte = fgetc(f);
    fseek(f, middle, SEEK_SET);
    fputc(byte ^ 1, f);
    fclose(f);
}

#endif
