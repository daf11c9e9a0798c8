#include "base/training.h"

#include <errno.h>
#include <string.h>

#include "base/checkpoint.h"
#include "base/interrupt.h"
#include "base/log.h"

static int begin(Trainer *t, Run *run, const TrainingOptions *o, int64_t *step, Error *err)
{
    char dir[FILE_PATH_MAX];
    Error none;
    *step = 0;
    if (!o->resume) return 0;
    if (checkpoint_newest(dir, step, run->dir, &none) != 0) {
        log_line("%s; starting from the beginning", none.message);
        *step = 0;
        return run_cut_back(run, 0, err);
    }
    if (t->load(t->self, dir, err) != 0) return error_wrap(err, "%s", dir);
    log_line("resumed from %s", dir);
    return run_cut_back(run, *step, err);
}

static int one_step(Trainer *t, Run *run, const TrainingOptions *o, int64_t step, Progress *bar,
                    Error *err)
{
    Text members = {0}, note = {0};
    text_add(&members, "");
    text_add(&note, "");
    int rc = t->step(t->self, step, &members, &note, err);
    if (rc != 0) error_wrap(err, "step %lld", (long long)(step + 1));
    if (rc == 0) rc = run_record(run, step + 1, members.bytes, err);
    if (rc == 0 && !o->quiet) progress_update(bar, step + 1, "%s", note.bytes);
    if (rc == 0 && o->after_step) rc = o->after_step(o->context, step + 1, members.bytes, err);
    text_free(&members);
    text_free(&note);
    return rc;
}

/* The record is on the disk before the checkpoint that it leads up to. */
static int save(Trainer *t, Run *run, const TrainingOptions *o, int64_t step, Error *err)
{
    progress_pulse("saving");
    if (run_sync(run, err) != 0) return -1;
    return checkpoint_save(run->dir, step, o->keep, t->save, t->self, err);
}

/* Errors of the system end in its own words for them. */
static bool is_full_disk(const Error *err)
{
    const int full[] = {ENOSPC, EDQUOT};
    const size_t n = strlen(err->message);
    for (size_t i = 0; i < sizeof full / sizeof *full; i++) {
        const char *words = strerror(full[i]);
        if (n >= strlen(words) && strcmp(err->message + n - strlen(words), words) == 0) return true;
    }
    return false;
}

static int finish(Run *run, int rc, bool finished, int64_t step, Error *err)
{
    Error ignored;
    if (rc != 0 && is_full_disk(err))
        error_hint(err, "make room, then the same command with --resume goes on from the last "
                        "checkpoint");
    const char *state = rc != 0 ? "failed" : finished ? "finished" : "stopped";
    const int written = run_set_state(run, state, step, rc == 0 ? err : &ignored);
    return rc != 0 ? rc : written;
}

int training_run(Trainer *t, Run *run, const TrainingOptions *o, TrainingEnd *end, int64_t *steps,
                 Error *err)
{
    Progress bar;
    int64_t step, saved;
    int rc = 0;
    bool stopping = false;

    if (begin(t, run, o, &step, err) != 0) return -1;
    saved = o->resume ? step : -1;
    if (run_set_state(run, "running", step, err) != 0) return -1;
    if (step == 0 && o->after_step && o->after_step(o->context, 0, "", err) != 0) return -1;
    if (!o->quiet) progress_begin(&bar, o->name, t->total, o->unit);
    while (rc == 0 && step < t->total && !stopping) {
        rc = one_step(t, run, o, step, &bar, err);
        if (rc != 0) break;
        step++;
        stopping =
            interrupt_pending() || (o->stop_after > 0 && step >= o->stop_after && step < t->total);
        if (stopping || step == t->total || (o->save_every > 0 && step % o->save_every == 0)) {
            rc = save(t, run, o, step, err);
            saved = step;
        }
    }
    if (!o->quiet) progress_end(&bar);
    if (rc == 0 && saved != step) rc = save(t, run, o, step, err);
    *steps = step;
    *end = step < t->total ? TRAINING_STOPPED : TRAINING_FINISHED;
    return finish(run, rc, step >= t->total, step, err);
}
