#include "cli/training.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/checkpoint.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/run_lock.h"
#include "base/text.h"
#include "cli/base_change.h"
#include "cli/detach.h"
#include "cli/live_settings.h"
#include "cli/options.h"
#include "cli/project_config.h"
#include "cli/resume.h"
#include "kernels/kernels.h"

static int named_run(char folder[FILE_PATH_MAX], const Context *ctx, const char *name, Error *err)
{
    char inside[FILE_PATH_MAX];
    if (project_check_run_name(name, err) != 0) return -1;
    snprintf(inside, sizeof inside, "runs/%s", name);
    return project_path(ctx, folder, inside, err);
}

static int find_run(TrainingRun *t, const TrainingFlags *flags, Error *err)
{
    if (flags->resume) return project_run(t->ctx, t->name, t->folder, flags->run, t->kind, err);
    if (!flags->run) {
        const int rc = project_new_run(t->ctx, t->name, t->folder, t->kind, err);
        t->made = rc == 0;
        return rc;
    }
    snprintf(t->name, sizeof t->name, "%s", flags->run);
    return named_run(t->folder, t->ctx, flags->run, err);
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
    if (ctx->compute) text_format(&t, "  \"compute\": \"%s\",\n", ctx->compute);
    text_format(&t, "  \"inputs\": %s,\n  \"settings\": ", inputs);
    text_add(&t, sections.bytes);
    text_add(&t, "\n}\n");
    text_free(&sections);
    return text_take(&t);
}

/* A run goes on as it multiplied before, whatever the project says by now. */
static void take_compute(Context *ctx, const char *settings)
{
    Compute compute;
    cJSON *run = cJSON_Parse(settings);
    const char *name = json_text(run, "compute", "");
    if (!ctx->compute_given)
        ctx->compute =
            kernels_find_compute(&compute, name) == 0 ? kernels_compute_name(compute) : NULL;
    ctx->compute_settled = true;
    cJSON_Delete(run);
}

int training_settings(Context *ctx, Config *c, const char *kind, const TrainingFlags *flags,
                      Error *err)
{
    char name[RUN_NAME_MAX], folder[FILE_PATH_MAX], path[FILE_PATH_MAX], *text = NULL;
    unsigned long long seed;
    if (flags->dry_run && (flags->resume || flags->detach))
        return error_usage(err, "--dry-run is of a new run; leave out --%s",
                           flags->resume ? "resume" : "detach");
    if (!flags->resume) {
        if (flags->run &&
            (named_run(folder, ctx, flags->run, err) != 0 || run_check_new(folder, err) != 0))
            return -1;
        if (project_compute(&ctx->compute, ctx, err) != 0) return -1;
        ctx->compute_settled = true;
        return context_settings(ctx, c, NULL, err);
    }
    if (project_run(ctx, name, folder, flags->run, kind, err) != 0) return -1;
    if (path_join(path, folder, "settings.json", err) != 0) return -1;
    if (!file_exists(path)) return error_set(err, "%s: no run to resume there", folder);
    if (run_read_settings(&text, folder, err) != 0) return -1;
    /* by hand: a seed of 64 bits does not fit JSON's numbers */
    if (!ctx->seed_given && sscanf(text, " { \"seed\" : %llu", &seed) == 1) ctx->seed = seed;
    take_compute(ctx, text);
    free(text);
    Context alone = *ctx;
    alone.project[0] = 0;
    return context_settings(&alone, c, path, err);
}

/* What its settings would be from here on is not said of a run that somebody else is working on. */
static int check_free(const TrainingRun *t, Error *err)
{
    if (!run_lock_is_held(t->folder, NULL)) return 0;
    error_set(err, "%s is running: another process is working on this run", t->name);
    return error_hint(err,
                      "watch it: rlhf watch %s   to change a live setting: rlhf stop %s, then "
                      "this command again",
                      t->name, t->name);
}

/* Of a run that has ended nothing is left to resume, and what it has made may have changed what the same
 * command reads: sft replaces the base.  With the settings it had, its model is named once more: it may
 * have ended without. */
static int check_finished(TrainingRun *t, const char *old, Error *err)
{
    char state[RUN_STATE_MAX];
    int64_t step;
    project_run_state(state, &step, t->folder);
    if (strcmp(state, "finished") != 0) return 0;
    t->finished = step;
    if (t->event) return 0;
    if (t->resettled || strcmp(old, t->settings) == 0) {
        log_line("%s is finished, %s; for another run leave out --resume", t->name,
                 text_count(step, "step"));
        return 0;
    }
    return resume_refuse_finished(t, old, step, err);
}

/* The settings that the run is opened with: those it had, where it may go on with others. */
static int settle_settings(TrainingRun *t, char **open_with, const Config *settings, Error *err)
{
    Text event = {0}, said = {0};
    char *old = NULL;
    *open_with = NULL;
    if (!file_is_folder(t->folder) || run_read_settings(&old, t->folder, err) != 0) return 0;
    t->resettled = strcmp(old, t->settings) != 0 &&
                   live_settings_allow(&event, &said, old, t->settings, settings);
    if (said.n > 0) {
        t->event = text_take(&event);
        t->changes = text_take(&said);
    }
    text_free(&said);
    text_free(&event);
    int rc = check_finished(t, old, err);
    if (rc == 0) rc = resume_check_inputs(t, old, err);
    if (t->resettled && rc == 0) *open_with = old;
    else free(old);
    return rc;
}

/* Defaults where an earlier run had other settings are easily meant, and easily forgotten. */
static int note_config(const TrainingRun *t, Error *err)
{
    const Context *ctx = t->ctx;
    char file[FILE_PATH_MAX];
    const bool bare = !ctx->config_file && ctx->n_set + ctx->n_flag == 0;
    if (bare && !ctx->observer && project_config_find(ctx, file, t->kind))
        log_line("settings of the project and defaults; earlier ones: --config %s", file);
    return project_config_note(ctx, t->kind, t->folder, err);
}

int training_refuse(const Context *ctx, const char *kind, const TrainingFlags *flags, Error *err)
{
    char name[RUN_NAME_MAX], folder[FILE_PATH_MAX], state[RUN_STATE_MAX];
    int64_t step;
    Error none;
    if (!flags->resume || project_run(ctx, name, folder, flags->run, kind, &none) != 0) return -1;
    project_run_state(state, &step, folder);
    if (strcmp(state, "finished") != 0) return -1;
    return error_wrap(err, "run %s is finished, %s: nothing is left to resume; nor can it go on",
                      name, text_count(step, "step"));
}

int training_begin(TrainingRun *t, Context *ctx, Store *store, const char *kind,
                   const TrainingFlags *flags, const Config *settings, const char *inputs,
                   Error *err)
{
    char *had = NULL;
    *t = (TrainingRun){.ctx = ctx,
                       .store = store,
                       .kind = kind,
                       .resume = flags->resume,
                       .dry = flags->dry_run,
                       .stop_after = flags->stop_after};
    if (t->dry) return 0;
    if (find_run(t, flags, err) != 0) return -1;
    t->settings = settings_text(ctx, settings, inputs);
    t->inputs = mem_strdup(inputs);
    if (flags->resume && check_free(t, err) != 0) return -1;
    if (flags->resume && settle_settings(t, &had, settings, err) != 0) return -1;
    const bool is_new = t->made || !file_is_folder(t->folder);
    const int rc = run_open(&t->run, t->folder, had ? had : t->settings, flags->resume, err);
    free(had);
    if (rc != 0) return -1;
    t->made = is_new;
    return flags->resume ? 0 : note_config(t, err);
}

static int begin(TrainingRun *t, Error *err)
{
    StoreRun row = {.name = t->name,
                    .kind = t->kind,
                    .settings_json = t->settings,
                    .inputs_json = t->inputs,
                    .version = RLHF_VERSION,
                    .seed = t->ctx->seed};
    if (t->store && store_begin_run(t->store, &row, err) != 0) return -1;
    t->begun = true;
    return 0;
}

/* The first step of a call makes room and wakes threads: it tells nothing about the others. */
static void note_time(TrainingRun *t)
{
    t->last_s = log_clock();
    if (t->timed_s > 0) t->timed++;
    else t->timed_s = t->last_s;
}

/* Keep what the last step recorded, and let the command and the observer look. */
static int after_step(void *context, int64_t step, const char *members, Error *err)
{
    TrainingRun *t = context;
    const TrainingObserver *o = t->ctx->observer;
    free(t->last);
    t->last = mem_strdup(members);
    if (step > 0) note_time(t);
    if (t->options->after_step &&
        t->options->after_step(t->options->context, step, members, err) != 0)
        return -1;
    if (!o) return 0;
    return o->after_step(o->context, t->kind, step, t->total, members, t->watched, t->tokenizer,
                         err);
}

static RunSpeed speed_like(const TrainingRun *t)
{
    return (RunSpeed){.weights = (int64_t)policy_model(t->watched)->parameters.n,
                      .threads = t->ctx->threads,
                      .kernels = kernels_name(),
                      .compute = kernels_compute_name(policy_config(t->watched)->compute),
                      .adapter = t->work.adapter};
}

/* What the next run of this kind may be timed by. */
static void put_speed(Text *result, const TrainingRun *t)
{
    Text speed = {0};
    const RunSpeed like = speed_like(t);
    training_time_put_speed(&speed, &like, &t->work, policy_config(t->watched), t->timed,
                            t->last_s - t->timed_s);
    if (speed.n) text_format(result, "%s%s", t->last && *t->last ? "," : "", speed.bytes);
    text_free(&speed);
}

/* An error of the training comes before one of the database. */
static int note_end(const TrainingRun *t, int rc, Error *err)
{
    Text result = {0};
    Error ignored;
    const char *state = rc != 0 ? "failed" : t->end == TRAINING_FINISHED ? "finished" : "stopped";
    text_format(&result, "{%s", t->last ? t->last : "");
    put_speed(&result, t);
    text_add(&result, "}");
    const int noted =
        store_end_run(t->store, t->name, state, result.bytes, rc == 0 ? err : &ignored);
    text_free(&result);
    if (rc != 0 || noted == 0) return rc;
    error_wrap(err, "%s has %s and is saved, but not noted", t->name, state);
    if (err->hint[0]) return -1;
    return error_hint(err, "mend that, then the same command with --resume --run %s goes on",
                      t->name);
}

/* What is long is told before it begins; while it runs the bar knows better. */
static void say_time(const TrainingRun *t, int64_t step)
{
    static const double WORTH_TELLING = 600;
    char duration[32];
    if (log_is_quiet()) return;
    const TimeEstimate e = training_time_estimate(t->watched, &t->work, t->total - step, t->store,
                                                  t->kind, t->ctx->threads);
    if (e.seconds >= WORTH_TELLING)
        log_line("%s: about %s, %s; a step measured: --dry-run",
                 text_count(t->total - step, t->options->unit), log_duration(duration, e.seconds),
                 e.basis);
}

static int ready(void *context, int64_t step, Error *err)
{
    TrainingRun *t = context;
    char watch[RUN_NAME_MAX + 16], stop[RUN_NAME_MAX + 16];
    if (t->resettled && run_change_settings(t->run, t->settings, err) != 0) return -1;
    say_time(t, step);
    if (t->ctx->detach == 0) return 0;
    snprintf(watch, sizeof watch, "rlhf watch %s", t->name);
    snprintf(stop, sizeof stop, "rlhf stop %s", t->name);
    return detach_ready(t->ctx, &(Detached){t->name, t->folder, watch, stop}, err);
}

static int measure_step(TrainingRun *t, Trainer *trainer, Error *err)
{
    Text members = {0}, note = {0};
    text_add(&members, "");
    const int64_t at = t->typical < t->total ? t->typical : 0;
    log_line("measuring one %s of %s", t->options->unit, text_thousands(t->total));
    const double began = log_clock();
    const int rc = trainer->step(trainer->self, at, &members, &note, err);
    t->seconds = log_clock() - began;
    t->end = TRAINING_STOPPED;
    t->last = text_take(&members);
    text_free(&note);
    return rc;
}

/* Who watches goes on in a way of its own, and says so. */
static void say_stopped(const TrainingRun *t, const Trainer *trainer)
{
    if (t->end == TRAINING_HALTED)
        log_line("halted after %lld of %lld: %s", (long long)t->steps, (long long)t->total,
                 trainer->advice(trainer->self).halt);
    if (t->end == TRAINING_STOPPED && !t->ctx->observer && !t->ctx->led)
        log_line("stopped after %lld of %lld; go on with: rlhf %s %s--resume --run %s",
                 (long long)t->steps, (long long)t->total, t->kind,
                 strcmp(t->kind, "pretrain") == 0 ? "FILE... " : "", t->name);
}

/* Other settings are for steps that are still to come. */
static int check_steps_left(const TrainingRun *t, Error *err)
{
    if (!t->event || t->finished == 0 || t->finished < t->total) return 0;
    error_set(err, "run %s is finished, %s: with these settings none is left", t->name,
              text_count(t->finished, "step"));
    return error_hint(err, "more of them go on with it; for another run leave out --resume");
}

int training_go(TrainingRun *t, Trainer *trainer, const TrainingOptions *o, Policy *p,
                const Tokenizer *tokenizer, Error *err)
{
    TrainingOptions inner = *o;
    t->options = o, t->watched = p, t->tokenizer = tokenizer, t->total = trainer->total;
    inner.resume = t->resume, inner.stop_after = t->stop_after;
    inner.quiet = o->quiet || log_is_quiet();
    inner.after_step = after_step, inner.ready = ready, inner.context = t;
    inner.timed = true, inner.event = t->event;
    if (t->dry) return measure_step(t, trainer, err);
    if (check_steps_left(t, err) != 0) return -1;
    if (t->changes) log_line("from here on: %s", t->changes);
    if (begin(t, err) != 0) return -1;
    int rc = training_run(trainer, t->run, &inner, &t->end, &t->steps, err);
    if (t->store) rc = note_end(t, rc, err);
    if (rc != 0) return -1;
    say_stopped(t, trainer);
    return checkpoint_path(t->model, t->folder, t->steps, err);
}

int training_take_step(TrainingRun *t, int64_t step, Error *err)
{
    char path[FILE_PATH_MAX];
    if (checkpoint_path(path, t->folder, step, err) != 0) return -1;
    if (checkpoint_verify(path, err) != 0) return -1;
    snprintf(t->model, sizeof t->model, "%s", path);
    return 0;
}

/* What had the name before, while it is there to go back to; "" where it is the same. */
static void find_before(char called[FILE_PATH_MAX], const TrainingRun *t, const char *name)
{
    char folder[FILE_PATH_MAX], now[FILE_PATH_MAX], run[RUN_NAME_MAX];
    Error none;
    called[0] = 0;
    if (project_model(t->ctx, folder, NULL, name, &none) != 0) return;
    project_name_model(t->ctx, called, run, folder);
    project_name_model(t->ctx, now, run, t->model);
    if (strcmp(called, now) == 0) called[0] = 0;
}

/* A base of other words would leave the project's reward and aligned models without one. */
static bool keep_base(const TrainingRun *t)
{
    const char *other = base_change_find(t->ctx, t->model);
    if (!other || !project_has_model(t->ctx, "base")) return false;
    log_line("%s has another tokenizer than the project's %s model, and so does not become its "
             "base; all the same: rlhf init --base %s",
             t->name, other, t->name);
    return true;
}

int training_name_model(const TrainingRun *t, const char *name, Error *err)
{
    static const char *const SAYS[][2] = {
        {"base", "base: what sampling, reward and PPO start from"},
        {"reward", "reward model"},
        {"aligned", "aligned model"}};
    char before[FILE_PATH_MAX];
    if (t->ctx->made && strcmp(name, "aligned") == 0) {
        snprintf(t->ctx->made, FILE_PATH_MAX, "%s", t->model);
        return 0;
    }
    if (strcmp(name, "base") == 0 && keep_base(t)) return 0;
    find_before(before, t, name);
    if (project_set_model(t->ctx, name, t->model, err) != 0) return -1;
    for (size_t i = 0; i < sizeof SAYS / sizeof *SAYS && !t->ctx->observer; i++)
        if (strcmp(name, SAYS[i][0]) == 0)
            log_line("%s is now the project's %s", t->name, SAYS[i][1]);
    if (before[0] && !t->ctx->observer && !t->ctx->led)
        log_line("%s%s was %s; back to it: rlhf init --%s %s",
                 strcmp(name, "base") == 0 ? "the " : "", name, before, name, before);
    return 0;
}

/* ", loss 0.485, held out 0.522": what of a record is for people, with as many decimals as the bar has. */
static void put_final(Text *out, const char *members)
{
    static const struct {
        const char *metric, *name;
        int decimals;
        const char *unit;
    } SHOWN[] = {{"loss", "loss", 3, ""},
                 {"eval_loss", "held out", 3, ""},
                 {"objective/scores", "score by the reward model", 2, ""},
                 {"objective/kl", "KL to the reference", 2, " nats an answer"}};
    Text object = {0};
    cJSON *record = NULL;
    Error ignored;
    text_format(&object, "{%s}", members);
    if (json_parse(&record, object.bytes, object.n, &ignored) == 0)
        for (size_t i = 0; i < sizeof SHOWN / sizeof *SHOWN; i++) {
            const double x = json_number(record, SHOWN[i].metric, NAN);
            if (isfinite(x))
                text_format(out, ", %s %.*f%s", SHOWN[i].name, SHOWN[i].decimals, x, SHOWN[i].unit);
        }
    cJSON_Delete(record);
    text_free(&object);
}

/* What is held after a step is what all of them take. */
static void report_dry(const TrainingRun *t)
{
    char all[32];
    const double seconds = t->seconds * (double)t->total;
    const size_t memory = mem_held();
    if (t->ctx->json)
        printf("{\"dry_run\":true,\"steps\":%lld,\"seconds_per_step\":%.3f,\"seconds\":%.3f,"
               "\"memory\":%zu,\"step\":{%s}}\n",
               (long long)t->total, t->seconds, seconds, memory, t->last);
    else
        printf("%s: %s of %.3g s: about %s; memory held %s; nothing was "
               "changed\n",
               t->kind, text_count(t->total, t->options->unit), t->seconds,
               log_duration(all, seconds), text_size((double)memory));
}

void training_report(const TrainingRun *t)
{
    if (t->dry) {
        report_dry(t);
        return;
    }
    Text final = {0};
    text_add(&final, "");
    /* who watches has shown them in a way of its own */
    if (t->last && !t->ctx->observer) put_final(&final, t->last);
    if (t->ctx->json)
        printf("{\"run\":\"%s\",\"steps\":%lld,\"final\":{%s},\"checkpoint\":\"%s\"}\n", t->name,
               (long long)t->steps, t->last ? t->last : "", t->model);
    else
        printf("%s: %s%s, %s\n", t->name, text_count(t->steps, t->options->unit), final.bytes,
               t->model);
    text_free(&final);
}

void training_end(TrainingRun *t)
{
    Error ignored;
    if (t->made && !t->begun) folder_remove(t->folder, &ignored);
    run_close(t->run);
    free(t->last);
    free(t->settings);
    free(t->inputs);
    free(t->event);
    free(t->changes);
    *t = (TrainingRun){0};
}
