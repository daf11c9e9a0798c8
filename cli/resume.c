#include "cli/resume.h"

#include <string.h>

#include "base/json.h"
#include "base/run.h"
#include "base/text.h"
#include "cli/loaded.h"
#include "cli/project_config.h"

/* ": the prompts are others now", or the first setting that is another: what a person has to know who meant to go on. */
static void put_changed(Text *out, const char *old, const char *new, bool settings)
{
    static const char *const INPUT[][2] = {{"model", "the model it starts from"},
                                           {"reference", "the reference"},
                                           {"reward", "the reward model"},
                                           {"prompts", "the prompts"},
                                           {"pairs", "the labels it learns from"},
                                           {"held_out", "the held-out labels"},
                                           {"corpus", "the text"}};
    cJSON *was = cJSON_Parse(old), *is = cJSON_Parse(new);
    const cJSON *before = cJSON_GetObjectItemCaseSensitive(was, "inputs"),
                *now = cJSON_GetObjectItemCaseSensitive(is, "inputs");
    int n = 0;
    text_add(out, "");
    for (size_t i = 0; i < sizeof INPUT / sizeof *INPUT; i++)
        if (strcmp(json_text(before, INPUT[i][0], ""), json_text(now, INPUT[i][0], "")) != 0)
            text_format(out, "%s%s", n++ ? ", " : "; changed since: ", INPUT[i][1]);
    Text first = {0};
    if (n == 0 && settings && run_difference(&first, old, new))
        text_format(out, "; %s", first.bytes);
    text_free(&first);
    cJSON_Delete(was);
    cJSON_Delete(is);
}

/* The newest run whose model is the one of that role that the run began with; "" when none is known. */
static void find_input(char run[RUN_NAME_MAX], const TrainingRun *t, const char *hash)
{
    char **names = NULL;
    int n = 0;
    Error none;
    run[0] = 0;
    if (project_list_runs(t->ctx, &names, &n, &none) != 0) return;
    for (int i = n - 1; i >= 0 && !run[0]; i--) {
        char folder[FILE_PATH_MAX], kind[RUN_KIND_MAX], inside[RUN_NAME_MAX + 8];
        Loaded l;
        if (strlen(names[i]) >= RUN_NAME_MAX) continue;
        snprintf(inside, sizeof inside, "runs/%s", names[i]);
        if (project_path(t->ctx, folder, inside, &none) != 0) continue;
        project_run_kind(kind, folder);
        if (strcmp(kind, "reward") != 0 ||
            project_model(t->ctx, folder, NULL, names[i], &none) != 0 ||
            loaded_outline_folder(&l, t->ctx, folder, NULL, &none) != 0)
            continue;
        if (loaded_read(&l, &none) == 0 && strcmp(l.hash, hash) == 0)
            snprintf(run, RUN_NAME_MAX, "%s", names[i]);
        loaded_close(&l);
    }
    folder_list_free(names, n);
}

/* What was read is another by now: named by what it is, and how to give it as it was. */
static int refuse_inputs(const TrainingRun *t, const char *old, const char *changed, Error *err)
{
    char run[RUN_NAME_MAX] = "";
    cJSON *was = cJSON_Parse(old), *is = cJSON_Parse(t->settings);
    const char *before = json_text(cJSON_GetObjectItemCaseSensitive(was, "inputs"), "reward", ""),
               *now = json_text(cJSON_GetObjectItemCaseSensitive(is, "inputs"), "reward", "");
    if (before[0] && strcmp(before, now) != 0) find_input(run, t, before);
    cJSON_Delete(was);
    cJSON_Delete(is);
    error_set(err, "run %s cannot go on%s", t->name, changed);
    if (run[0])
        return error_hint(err,
                          "with the reward model that it began with: --reward %s; or a new "
                          "run: leave out --resume",
                          run);
    return error_hint(err, "give them as at the start (--model, --source and the like); what has "
                           "changed for good wants a new run: leave out --resume");
}

int resume_refuse_finished(const TrainingRun *t, const char *old, int64_t step, Error *err)
{
    char inside[RUN_NAME_MAX + 32], file[FILE_PATH_MAX];
    Text changed = {0};
    put_changed(&changed, old, t->settings, true);
    error_set(err, "run %s is finished, %s: nothing is left to resume%s", t->name,
              text_count(step, "step"), changed.bytes);
    text_free(&changed);
    snprintf(inside, sizeof inside, "runs/%s/settings.json", t->name);
    if (!project_config_type(t->ctx, file, inside)) return -1;
    return error_hint(err,
                      "its model: --model %s; another run with its settings, from what is there "
                      "now: rlhf %s --config %s",
                      t->name, t->kind, file);
}

int resume_check_inputs(const TrainingRun *t, const char *old, Error *err)
{
    Text changed = {0};
    put_changed(&changed, old, t->settings, false);
    const int rc = changed.n > 0 ? refuse_inputs(t, old, changed.bytes, err) : 0;
    text_free(&changed);
    return rc;
}
