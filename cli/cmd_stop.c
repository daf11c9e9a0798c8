/* rlhf stop: a run is saved and ended, from any terminal. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/run_lock.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/project.h"
#include "cli/run_view.h"

enum { LOOK_MS = 50 };

static int not_running(const RunView *v, Error *err)
{
    if (v->step >= 0)
        return error_set(err, "%s is not running: %s, %s", v->name, v->state,
                         text_count(v->step, "step"));
    return error_set(err, "%s is not running: %s", v->name, v->state);
}

/* Until nobody has its lock, so until the last step is saved. */
static int wait_for_end(const RunView *v, Error *err)
{
    log_line("%s: asked to stop; it ends after its current step, and saves", v->name);
    while (run_lock_is_held(v->folder, NULL)) {
        if (interrupt_pending())
            return error_stopped(err,
                                 "%s was asked to stop and works on its last step; rlhf runs "
                                 "tells when it has ended",
                                 v->name);
        poll(NULL, 0, LOOK_MS);
    }
    return 0;
}

/* Whether `rlhf loop` works on the run, or, where v is NULL, works at all. */
static bool is_of_loop(const Context *ctx, const RunView *v)
{
    char folder[FILE_PATH_MAX];
    pid_t loop = 0, run = 0;
    Error ignored;
    if (project_path(ctx, folder, "loop", &ignored) != 0 || !run_lock_is_held(folder, &loop))
        return false;
    return !v || (run_lock_is_held(v->folder, &run) && run != 0 && run == loop);
}

static int none_running(const Context *ctx, Error *err)
{
    error_set(err, "no run is running");
    return is_of_loop(ctx, NULL) ? error_hint(err, "the loop is at work; end it: rlhf loop --stop")
                                 : -1;
}

static int report(const Context *ctx, const RunView *v, bool of_loop, Error *err)
{
    const bool ended = strcmp(v->state, "stopped") == 0 || strcmp(v->state, "finished") == 0;
    if (!ended)
        return error_set(err, "%s has %s; its last checkpoint is what there is", v->name, v->state);
    if (ctx->json)
        printf("{\"run\":\"%s\",\"state\":\"%s\",\"steps\":%lld}\n", v->name, v->state,
               (long long)v->step);
    else if (strcmp(v->state, "finished") == 0)
        printf("%s has finished, %s\n", v->name, text_count(v->step, "step"));
    else if (of_loop)
        printf("%s stopped and is saved, %s, and with it the loop; go on with: rlhf loop\n",
               v->name, text_count(v->step, "step"));
    else
        printf("%s stopped and is saved, %s; go on with: rlhf %s %s--resume --run %s\n", v->name,
               text_count(v->step, "step"), v->kind,
               strcmp(v->kind, "pretrain") == 0 ? "FILE... " : "", v->name);
    return 0;
}

static int stop(Context *ctx, int argc, char **argv, Error *err)
{
    Words words;
    RunView v;
    if (options_parse(ctx, NULL, NULL, &words, 0, 1, argc, argv, err) != 0) return -1;
    if (run_view_open(&v, ctx, words.n > 0 ? words.word[0] : NULL, err) != 0) return -1;
    const bool of_loop = is_of_loop(ctx, &v);
    int rc = run_lock_signal(v.folder, SIGTERM, err);
    if (rc == 0) rc = words.n > 0 ? not_running(&v, err) : none_running(ctx, err);
    else if (rc > 0) {
        rc = wait_for_end(&v, err);
        run_view_refresh(&v);
        if (rc == 0) rc = report(ctx, &v, of_loop, err);
    }
    run_view_close(&v);
    return rc;
}

const Command cmd_stop = {
    .name = "stop",
    .heading = "watch",
    .summary = "save and end a run that is running",
    .usage = "[RUN]",
    .details = "Without RUN the newest that works.  Returns when its last step is saved; "
               "--resume goes on from there.",
    .project = PROJECT_NEEDED,
    .run = stop,
};
