/* What every training command does around its trainer: a run in runs/NAME/, a row in the store, resume,
 * and the closing lines. */
#ifndef CLI_TRAINING_H
#define CLI_TRAINING_H

#include "base/training.h"
#include "cli/command.h"
#include "cli/project.h"
#include "cli/training_time.h"
#include "policy/tokenizer.h"
#include "store/store.h"

/* Options that every training command has; a command puts them first in its own struct. */
typedef struct {
    const char *run; /* name of the run; NULL: the next number */
    bool resume;
    int stop_after;
    bool detach; /* seen to by main (cli/detach.h) */
    bool dry_run;
    bool recompute; /* also where memory would not do otherwise (memory_plan_choose) */
} TrainingFlags;
/* clang-format off */
#define TRAINING_OPTIONS(Struct, member) \
    {"run", OPTION_TEXT, offsetof(Struct, member.run), 0, 0, "NAME", "name of the run (default: the next number)"}, \
    {"resume", OPTION_SWITCH, offsetof(Struct, member.resume), 0, 0, NULL, "go on with --run, or with the newest run of this kind but those of rlhf loop, with its settings and seed"}, \
    {"stop-after", OPTION_INT, offsetof(Struct, member.stop_after), 0, 1e9, "N", "save and stop after N steps of this call, as Ctrl-C would"}, \
    {"dry-run", OPTION_SWITCH, offsetof(Struct, member.dry_run), 0, 0, NULL, "say what would be done: data, memory, one measured step, the time; changes nothing on the disk"}, \
    {"recompute", OPTION_SWITCH, offsetof(Struct, member.recompute), 0, 0, NULL, "make activations again in the backward: less memory, more time, same numbers (where memory would not do)"}, \
    {"detach", OPTION_SWITCH, offsetof(Struct, member.detach), 0, 0, NULL, "go on without this terminal; then: rlhf watch, rlhf stop"}
/* clang-format on */

/* Sees a policy before its first step and after each one, with the step's record. */
typedef struct TrainingObserver {
    int (*after_step)(void *context, const char *kind, int64_t step, int64_t total,
                      const char *members, Policy *p, const Tokenizer *t, Error *err);
    void *context;
} TrainingObserver;

typedef struct {
    Context *ctx;
    Store *store;     /* borrowed; NULL: no project */
    const char *kind; /* pretrain, sft, reward, ppo */
    char name[RUN_NAME_MAX], folder[FILE_PATH_MAX];
    Run *run;
    bool resume;
    bool dry;                /* one step is measured and nothing written; there is no `run` */
    bool made, begun;        /* the folder, by this call; the first step */
    char *settings, *inputs; /* as written */
    bool resettled;          /* `settings` take the place of those it is resumed from */
    char *event, *changes;   /* which live ones changed, as a record and for people; NULL: none */
    int64_t finished;        /* the steps of a run that had ended; 0: it had not */
    int64_t stop_after;
    char model[FILE_PATH_MAX]; /* the newest checkpoint, once there is one */
    TrainingEnd end;
    int64_t steps;
    const TrainingOptions *options; /* the command's own */
    char *last;                     /* members of the last record */
    Policy *watched;                /* what an observer sees */
    const Tokenizer *tokenizer;
    int64_t total;
    StepWork work;   /* of one step; set before training_go by commands that know */
    double timed_s;  /* log_clock at the end of the first step of this call; 0 before */
    double last_s;   /* and at the end of the last */
    int64_t timed;   /* the steps between them */
    int64_t typical; /* the first step that costs what most do; a dry run measures that */
    double seconds;  /* of the step that a dry run measured */
} TrainingRun;

/* The effective settings, as context_settings has them; with --resume those of the run, and its seed, take
 * the place of the defaults and the project's.  What is given beside may still differ, and is refused then.
 * Without it a name that another run has is refused here, before anything is read. */
int training_settings(Context *ctx, Config *c, const char *kind, const TrainingFlags *flags,
                      Error *err);
/* An error of what a run reads, met before training_begin: where the run that is to be resumed has finished, that comes
 * first.  Returns -1. */
int training_refuse(const Context *ctx, const char *kind, const TrainingFlags *flags, Error *err);
/* Take up or start a run; `inputs` is JSON of what is read, by hash.  Live settings (base/config.h) may differ
 * from those of a run that is taken up; the record says so.  Of a dry run nothing is made. */
int training_begin(TrainingRun *t, Context *ctx, Store *store, const char *kind,
                   const TrainingFlags *flags, const Config *settings, const char *inputs,
                   Error *err);
/* Run the trainer of policy p; o's resume and stop_after are set here.  What will take more than ten minutes says
 * so before its first step.  A dry run does one step, and has ended as one that was stopped. */
int training_go(TrainingRun *t, Trainer *trainer, const TrainingOptions *o, Policy *p,
                const Tokenizer *tokenizer, Error *err);
/* What the run made is from here on its checkpoint of that step; fails when that is gone. */
int training_take_step(TrainingRun *t, int64_t step, Error *err);
/* The model of a finished run is from now on the project's base, reward or aligned; says so.  An aligned one
 * goes to ctx->made instead, where there is such a place. */
int training_name_model(const TrainingRun *t, const char *name, Error *err);
/* {"run":...,"steps":...,"final":{...},"checkpoint":...} on stdout with --json, else one line with the last
 * numbers.  Of a dry run what it would take: {"dry_run":true,"steps":...,"seconds_per_step":...,"seconds":...,
 * "memory":...,"step":{...}}. */
void training_report(const TrainingRun *t);
/* Lets go of the run; a folder made for one that never came to its first step is removed. */
void training_end(TrainingRun *t);

#endif
