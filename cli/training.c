#include "cli/training.h"

#include <stdlib.h>
#include <string.h>

#include "base/checkpoint.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "kernels/kernels.h"

static int find_run(TrainingRun *t, const TrainingFlags *flags, Error *err)
{
    if (flags->resume) return project_run(t->ctx, t->name, t->folder, flags->run, t->kind, err);
    if (!flags->run) return project_new_run(t->ctx, t->name, t->folder, t->kind, err);
    char inside[FILE_PATH_MAX];
    if (strchr(flags->run, '/') || flags->run[0] == '.' || !*flags->run)
        return error_usage(err, "--run: '%s' is no name for a run", flags->run);
    snprintf(t->name, sizeof t->name, "%s", flags->run);
    snprintf(inside, sizeof inside, "runs/%s", t->name);
    return project_path(t->ctx, t->folder, inside, err);
}

/* The settings as run, what was read, by hash, and whose arithmetic: all that decides the bits of the
 * result.  All kernels but the reference ones give the same. */
static char *settings_text(const Context *ctx, const Config *settings, const char *inputs)
{
    Text t = {0}, sections = {0};
    config_json(settings, &sections);
    text_format(&t, "{\n  \"seed\": %llu,\n  \"version\": \"%s\",\n", (unsigned long long)ctx->seed,
                RLHF_VERSION);
    text_format(&t, "  \"arithmetic\": \"%s\",\n",
                strcmp(kernels_name(), "reference") == 0 ? "reference" : "vector");
    text_format(&t, "  \"inputs\": %s,\n  \"settings\": ", inputs);
    text_add(&t, sections.bytes);
    text_add(&t, "\n}\n");
    text_free(&sections);
    return text_take(&t);
}

/* Of a run that has ended nothing is left to resume, and what it has made may have changed what the same
 * command reads: sft replaces the base.  With the settings it had, its model is named once more: it may
 * have ended without. */
static int check_finished(const TrainingRun *t, const char *settings, Error *err)
{
    char state[RUN_STATE_MAX], *old = NULL;
    int64_t step;
    project_run_state(state, &step, t->folder);
    if (strcmp(state, "finished") != 0) return 0;
    if (run_read_settings(&old, t->folder, err) != 0) return -1;
    const bool same = strcmp(old, settings) == 0;
    free(old);
    if (same) {
        log_line("%s is finished, %s; for another run leave out --resume", t->name,
                 text_count(step, "step"));
        return 0;
    }
    error_set(err, "run %s is finished, %s: nothing is left to resume", t->name,
              text_count(step, "step"));
    return error_hint(err, "its model: --model %s; for another run leave out --resume", t->name);
}

int training_begin(TrainingRun *t, Context *ctx, Store *store, const char *kind,
                   const TrainingFlags *flags, const Config *settings, const char *inputs,
                   Error *err)
{
    *t = (TrainingRun){.ctx = ctx,
                       .store = store,
                       .kind = kind,
                       .resume = flags->resume,
                       .stop_after = flags->stop_after};
    if (find_run(t, flags, err) != 0) return -1;
    char *text = settings_text(ctx, settings, inputs);
    int rc = flags->resume ? check_finished(t, text, err) : 0;
    if (rc == 0) rc = run_open(&t->run, t->folder, text, flags->resume, err);
    if (rc == 0 && store) {
        StoreRun row = {.name = t->name,
                        .kind = kind,
                        .settings_json = text,
                        .inputs_json = inputs,
                        .version = RLHF_VERSION,
                        .seed = ctx->seed};
        rc = store_begin_run(store, &row, err);
    }
    free(text);
    return rc;
}

/* Keep what the last step recorded, and let the command and the observer look. */
static int after_step(void *context, int64_t step, const char *members, Error *err)
{
    TrainingRun *t = context;
    const TrainingObserver *o = t->ctx->observer;
    free(t->last);
    t->last = mem_strdup(members);
    if (t->options->after_step &&
        t->options->after_step(t->options->context, step, members, err) != 0)
        return -1;
    if (!o) return 0;
    return o->after_step(o->context, t->kind, step, t->total, members, t->watched, t->tokenizer,
                         err);
}

int training_go(TrainingRun *t, Trainer *trainer, const TrainingOptions *o, Policy *p,
                const Tokenizer *tokenizer, Error *err)
{
    TrainingOptions inner = *o;
    t->options = o, t->watched = p, t->tokenizer = tokenizer, t->total = trainer->total;
    inner.resume = t->resume, inner.stop_after = t->stop_after;
    inner.quiet = o->quiet || log_is_quiet();
    inner.after_step = after_step, inner.context = t;
    const int rc = training_run(trainer, t->run, &inner, &t->end, &t->steps, err);
    if (t->store) {
        Text result = {0};
        Error ignored;
        text_format(&result, "{%s}", t->last ? t->last : "");
        store_end_run(t->store, t->name,
                      rc != 0                       ? "failed"
                      : t->end == TRAINING_FINISHED ? "finished"
                                                    : "stopped",
                      result.bytes, rc == 0 ? err : &ignored);
        text_free(&result);
    }
    if (rc != 0) return -1;
    /* who watches goes on in a way of its own, and says so */
    if (t->end == TRAINING_STOPPED && !t->ctx->observer)
        log_line("stopped after %lld of %lld; go on with the same command and --resume --run %s",
                 (long long)t->steps, (long long)trainer->total, t->name);
    return checkpoint_path(t->model, t->folder, t->steps, err);
}

void training_report(const TrainingRun *t)
{
    if (t->ctx->json)
        printf("{\"run\":\"%s\",\"steps\":%lld,\"final\":{%s},\"checkpoint\":\"%s\"}\n", t->name,
               (long long)t->steps, t->last ? t->last : "", t->model);
    else printf("%s: %s, %s\n", t->name, text_count(t->steps, "step"), t->model);
}

void training_end(TrainingRun *t)
{
    run_close(t->run);
    free(t->last);
    *t = (TrainingRun){0};
}
