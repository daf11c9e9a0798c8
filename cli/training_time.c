#include "cli/training_time.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "kernels/kernels.h"

/* Multiply-adds that any machine does in less than the ten minutes from which a guess is told. */
static const double SMALL_WORK = 1e11;

StepWork trained_work(double sequences, double length, int max_tokens, bool predicts, bool adapter)
{
    const double tokens = sequences * length;
    return (StepWork){.trunk[WORK_TRAINED] = tokens,
                      .head[WORK_TRAINED] = predicts ? tokens : 0,
                      .length = length,
                      .rows = tokens < max_tokens ? (int)tokens : max_tokens,
                      .adapter = adapter};
}

StepWork supervised_work(const SupervisedConfig *c, const Examples *e, bool adapter)
{
    const double length = e->n > 0 ? (double)e->start[e->n] / e->n : 0;
    return trained_work(c->batch_size, length, c->max_tokens, true, adapter);
}

void training_time_put_speed(Text *out, const RunSpeed *like, const StepWork *work,
                             const ModelConfig *c, int64_t steps, double seconds)
{
    const double all = step_work_all(work, c) * (double)steps;
    if (steps < SPEED_STEPS_MIN || seconds <= 0 || all <= 0) return;
    text_format(out,
                "\"speed\":{\"work_per_second\":%.4g,\"weights\":%lld,\"threads\":%d,"
                "\"kernels\":\"%s\",\"compute\":\"%s\",\"adapter\":%s}",
                all / seconds, (long long)like->weights, like->threads, like->kernels,
                like->compute, like->adapter ? "true" : "false");
}

/* Multiply-adds a second of that run, 0 where it was another kind of machine or model. */
static double speed_of(const StoreRun *run, const RunSpeed *like)
{
    cJSON *result = NULL;
    Error ignored;
    if (strcmp(run->state, "finished") != 0 || !run->result_json) return 0;
    if (json_parse_row(&result, run->result_json, strlen(run->result_json), &ignored) != 0)
        return 0;
    const cJSON *speed = cJSON_GetObjectItemCaseSensitive(result, "speed");
    const bool alike =
        (int64_t)json_number(speed, "weights", -1) == like->weights &&
        (int)json_number(speed, "threads", 0) == like->threads &&
        strcmp(json_text(speed, "kernels", ""), like->kernels) == 0 &&
        strcmp(json_text(speed, "compute", "f32"), like->compute) == 0 &&
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(speed, "adapter")) == like->adapter;
    const double found = alike ? json_number(speed, "work_per_second", 0) : 0;
    cJSON_Delete(result);
    return found;
}

/* By the newest run that tells; false when none does. */
static bool by_last_run(TimeEstimate *out, double work, Store *store, const char *kind,
                        const RunSpeed *like)
{
    StoreRunList runs = {0};
    Error ignored;
    double speed = 0;
    if (!store || store_list_runs(store, kind, &runs, &ignored) != 0) return false;
    for (size_t i = 0; i < runs.n && speed <= 0; i++) {
        speed = speed_of(&runs.row[i], like);
        if (speed > 0)
            snprintf(out->basis, sizeof out->basis, "by the speed of %s", runs.row[i].name);
    }
    store_runs_free(&runs);
    if (speed > 0) out->seconds = work / speed;
    return speed > 0;
}

TimeEstimate training_time_estimate(Policy *p, const StepWork *work, int64_t steps, Store *store,
                                    const char *kind, int threads)
{
    return training_time_reckon(policy_model(p), work, steps, store, kind, threads);
}

TimeEstimate training_time_reckon(const Model *m, const StepWork *work, int64_t steps, Store *store,
                                  const char *kind, int threads)
{
    const ModelConfig *c = &m->config;
    const RunSpeed like = {.weights = (int64_t)m->parameters.n,
                           .threads = threads,
                           .kernels = kernels_name(),
                           .compute = kernels_compute_name(c->compute),
                           .adapter = work->adapter};
    const double all = step_work_all(work, c) * (double)steps;
    TimeEstimate e = {0};
    if (all < SMALL_WORK || by_last_run(&e, all, store, kind, &like)) return e;
    const MachineSpeed speed = machine_speed_measure(c, work->rows, work->batch);
    e.seconds = step_work_seconds(work, c, &speed) * (double)steps;
    snprintf(e.basis, sizeof e.basis, "by how fast this machine multiplies matrices just now");
    return e;
}
