#include "base/training.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/checkpoint.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/text.h"

static int take_up(Trainer *t, Run *run, const TrainingOptions *o, int64_t *step, Error *err)
{
    char dir[FILE_PATH_MAX];
    Error none;
    *step = 0;
    if (!o->resume) return 0;
    if (checkpoint_newest(dir, step, run->dir, &none) != 0) {
        log_line("%s; starting from the beginning", none.message);
        *step = 0;
        if (checkpoint_set_aside(run->dir, -1, err) != 0) return -1;
        return run_cut_back(run, 0, err);
    }
    if (t->load(t->self, dir, err) != 0) return error_wrap(err, "%s", dir);
    if (*step < t->total) log_line("resumed from %s", dir);
    if (checkpoint_set_aside(run->dir, *step, err) != 0) return -1;
    return run_cut_back(run, *step, err);
}

static int begin(Trainer *t, Run *run, const TrainingOptions *o, int64_t *step, Error *err)
{
    if (take_up(t, run, o, step, err) != 0) return -1;
    if (o->event && run_record(run, *step, o->event, err) != 0) return -1;
    if (run_set_state(run, "running", *step, t->total, err) != 0) return -1;
    return o->ready ? o->ready(o->context, *step, err) : 0;
}

/* A record with its time, in seconds since 1970, and how long the step took that began at `began`. */
static int record(Run *run, const TrainingOptions *o, int64_t step, const char *members,
                  double began, Error *err)
{
    Text line = {0};
    struct timespec now;
    if (!o->timed) return run_record(run, step, members, err);
    clock_gettime(CLOCK_REALTIME, &now);
    text_format(&line, "%s%s\"seconds\":%.3f,\"time\":%lld.%03ld", members, *members ? "," : "",
                log_clock() - began, (long long)now.tv_sec, now.tv_nsec / 1000000);
    const int rc = run_record(run, step, line.bytes, err);
    text_free(&line);
    return rc;
}

static int one_step(Trainer *t, Run *run, const TrainingOptions *o, int64_t step, Progress *bar,
                    Error *err)
{
    Text members = {0}, note = {0};
    text_add(&members, "");
    text_add(&note, "");
    const double began = o->timed ? log_clock() : 0;
    int rc = t->step(t->self, step, &members, &note, err);
    if (rc != 0) error_wrap(err, "step %lld", (long long)(step + 1));
    if (rc == 0) rc = record(run, o, step + 1, members.bytes, began, err);
    if (rc == 0 && !o->quiet) progress_update(bar, step + 1, "%s", note.bytes);
    if (rc == 0 && o->after_step) rc = o->after_step(o->context, step + 1, members.bytes, err);
    text_free(&members);
    text_free(&note);
    return rc;
}

/* The record is on the disk before the checkpoint that it leads up to. */
static int save(Trainer *t, Run *run, const TrainingOptions *o, int64_t step, int64_t best,
                Error *err)
{
    progress_pulse("saving");
    if (run_sync(run, err) != 0) return -1;
    return checkpoint_save(run->dir, step, o->keep, best, t->save, t->self, err);
}

/* Errors of the system end in its own words for them. */
static bool is_full_disk(const Error *err)
{
    const int full[] = {ENOSPC, EDQUOT};
    for (size_t i = 0; i < sizeof full / sizeof *full; i++)
        if (text_ends(err->message, strerror(full[i]))) return true;
    return false;
}

static int finish(Run *run, int rc, int64_t step, int64_t total, Error *err)
{
    Error ignored;
    if (rc != 0 && is_full_disk(err))
        error_hint(err, "make room, then the same command with --resume goes on from the last "
                        "checkpoint");
    const char *state = rc != 0 ? "failed" : step >= total ? "finished" : "stopped";
    const int written = run_set_state(run, state, step, total, rc == 0 ? err : &ignored);
    return rc != 0 ? rc : written;
}

typedef struct {
    int64_t first, step, saved; /* saved: the step of the newest checkpoint, -1: none */
    double saved_at;            /* log_clock, where time says when to save */
} Place;

static bool stops(const Place *at, const TrainingOptions *o, int64_t total)
{
    if (interrupt_pending()) return true;
    return o->stop_after > 0 && at->step - at->first >= o->stop_after && at->step < total;
}

static bool save_is_due(const Place *at, const TrainingOptions *o)
{
    if (o->save_every > 0) return at->step % o->save_every == 0;
    return log_clock() - at->saved_at >= TRAINING_SAVE_SECONDS;
}

static TrainerAdvice advice_of(Trainer *t)
{
    return t->advice ? t->advice(t->self) : (TrainerAdvice){.best = -1};
}

/* The steps themselves; *halted: the trainer had enough. */
static int loop(Trainer *t, Run *run, const TrainingOptions *o, Place *at, Progress *bar,
                bool *halted, Error *err)
{
    TrainerAdvice advice = advice_of(t);
    bool stopping = false;
    while (at->step < t->total && !stopping) {
        if (one_step(t, run, o, at->step, bar, err) != 0) return -1;
        at->step++;
        advice = advice_of(t);
        *halted = advice.halt && at->step < t->total;
        stopping = *halted || stops(at, o, t->total);
        if (stopping || at->step == t->total || advice.best == at->step || save_is_due(at, o)) {
            if (save(t, run, o, at->step, advice.best, err) != 0) return -1;
            at->saved = at->step;
            if (o->save_every == 0) at->saved_at = log_clock();
        }
    }
    return at->saved == at->step ? 0 : save(t, run, o, at->step, advice.best, err);
}

int training_run(Trainer *t, Run *run, const TrainingOptions *o, TrainingEnd *end, int64_t *steps,
                 Error *err)
{
    Progress bar;
    Place at;
    bool halted = false;

    if (begin(t, run, o, &at.first, err) != 0) return -1;
    at.step = at.first, at.saved = o->resume ? at.first : -1;
    if (o->save_every == 0) at.saved_at = log_clock();
    if (at.step == 0 && o->after_step && o->after_step(o->context, 0, "", err) != 0)
        return finish(run, -1, at.step, t->total, err);
    if (!o->quiet) progress_begin(&bar, o->name, t->total, o->unit);
    const int rc = loop(t, run, o, &at, &bar, &halted, err);
    if (!o->quiet) progress_end(&bar);
    *steps = at.step;
    *end = at.step >= t->total ? TRAINING_FINISHED : halted ? TRAINING_HALTED : TRAINING_STOPPED;
    return finish(run, rc, at.step, t->total, err);
}
