/* rlhf models: what --model takes here, by name: the project's, its runs' and what was pulled. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checkpoint.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/facts.h"
#include "cli/model_files.h"
#include "cli/options.h"
#include "cli/project.h"
#include "policy/hub_cache.h"

enum { NAME_COLUMNS = 20, KIND_COLUMNS = 18, SIZE_COLUMNS = 9 };

/* Prints each as it is found, or gathers them. */
typedef struct {
    const Context *ctx;
    cJSON *list; /* NULL: for people */
    int n;
} Listing;

static void add_gone(Listing *l, const char *name, const char *folder)
{
    l->n++;
    if (!l->list) {
        facts_line("%-*s  gone: %s", NAME_COLUMNS, name, folder);
        return;
    }
    cJSON *o = cJSON_CreateObject();
    facts_json_text(o, "name", name);
    facts_json_text(o, "model", NULL);
    facts_json_text(o, "folder", folder);
    cJSON_AddBoolToObject(o, "there", false);
    facts_json_text(o, "kind", NULL);
    cJSON_AddNumberToObject(o, "bytes", 0);
    cJSON_AddItemToArray(l->list, o);
}

static void add(Listing *l, const char *name, const char *folder)
{
    char kind[MODEL_FILES_KIND], model[FILE_PATH_MAX], run[RUN_NAME_MAX];
    const int64_t bytes = model_files_bytes(folder);
    model_files_kind(kind, folder);
    project_name_model(l->ctx, model, run, folder);
    l->n++;
    if (!l->list) {
        const bool same = strcmp(model, name) == 0;
        facts_line("%-*s  %-*s %*s%s%s", NAME_COLUMNS, name, KIND_COLUMNS, kind, SIZE_COLUMNS,
                   text_size((double)bytes), same ? "" : "  = ", same ? "" : model);
        return;
    }
    cJSON *o = cJSON_CreateObject();
    facts_json_text(o, "name", name);
    facts_json_text(o, "model", model);
    facts_json_text(o, "folder", folder);
    cJSON_AddBoolToObject(o, "there", true);
    facts_json_text(o, "kind", kind);
    facts_json_number(o, "bytes", bytes);
    cJSON_AddItemToArray(l->list, o);
}

/* ---- of the project -------------------------------------------------------------------------------- */

static int add_named(Listing *l, Error *err)
{
    for (int i = 0; i < PROJECT_MODELS; i++) {
        char path[FILE_PATH_MAX], folder[FILE_PATH_MAX], model[FILE_PATH_MAX];
        if (project_model_path(l->ctx, path, PROJECT_MODEL[i], err) != 0) return -1;
        if (!path[0]) continue;
        if (project_path(l->ctx, folder, path, err) != 0) return -1;
        if (project_model_inside(model, folder)) add(l, PROJECT_MODEL[i], model);
        else add_gone(l, PROJECT_MODEL[i], folder);
    }
    return 0;
}

/* RUN is what project_model takes for it, but for one that has a model of its own. */
static int add_run(Listing *l, const char *name, const char *folder, Error *err)
{
    char checkpoint[FILE_PATH_MAX], model[FILE_PATH_MAX];
    int64_t *step = NULL, last;
    int n = 0, rc = 0;
    if (checkpoint_steps(&step, &n, folder, err) != 0) return -1;
    if (project_model_inside(model, folder)) add(l, name, model);
    else if (n > 0 &&
             checkpoint_path(checkpoint, folder, project_run_step(folder, &last), err) == 0 &&
             project_model_inside(model, checkpoint))
        add(l, name, model);
    for (int i = 0; i < n && rc == 0; i++) {
        rc = checkpoint_path(checkpoint, folder, step[i], err);
        if (rc != 0 || !project_model_inside(model, checkpoint)) continue;
        Text at = {0};
        text_format(&at, "%s@%" PRId64, name, step[i]);
        add(l, at.bytes, model);
        text_free(&at);
    }
    free(step);
    return rc;
}

static int add_runs(Listing *l, Error *err)
{
    char **names = NULL, runs[FILE_PATH_MAX], folder[FILE_PATH_MAX];
    int n = 0, rc = 0;
    if (project_path(l->ctx, runs, "runs", err) != 0) return -1;
    if (project_list_runs(l->ctx, &names, &n, err) != 0) return -1;
    for (int i = 0; i < n && rc == 0; i++) {
        rc = path_join(folder, runs, names[i], err);
        if (rc == 0) rc = add_run(l, names[i], folder, err);
    }
    folder_list_free(names, n);
    return rc;
}

/* ---- of the hub ------------------------------------------------------------------------------------ */

/* A folder of that name, here, is what --model would take; project_model knows. */
static int add_pulled(Listing *l, Error *err)
{
    char **names = NULL, folder[FILE_PATH_MAX];
    int n = 0;
    Error no_model;
    if (hub_cache_models(&names, &n, err) != 0) return -1;
    for (int i = 0; i < n; i++)
        if (project_model(l->ctx, folder, NULL, names[i], &no_model) == 0) add(l, names[i], folder);
    folder_list_free(names, n);
    return 0;
}

/* ---- the command ----------------------------------------------------------------------------------- */

static int models(Context *ctx, int argc, char **argv, Error *err)
{
    Listing l = {.ctx = ctx};
    if (options_parse(ctx, NULL, NULL, NULL, 0, 0, argc, argv, err) != 0) return -1;
    cJSON *o = ctx->json ? cJSON_CreateObject() : NULL;
    if (o) l.list = cJSON_AddArrayToObject(o, "models");
    int rc = ctx->project[0] ? add_named(&l, err) : 0;
    if (rc == 0 && ctx->project[0]) rc = add_runs(&l, err);
    if (rc == 0) rc = add_pulled(&l, err);
    if (rc == 0 && o) facts_json_print(o);
    else cJSON_Delete(o);
    if (rc == 0 && !o && l.n == 0)
        printf("no models yet; one of the hub: rlhf pull REPO, one of your own: rlhf pretrain\n");
    return rc;
}

const Command cmd_models = {
    .name = "models",
    .heading = "models",
    .summary = "the names that --model takes here, with kind and size",
    .usage = "[--json]",
    .details =
        "First base, reward and aligned, then the runs: RUN is its best checkpoint on held-out "
        "prompts, where PPO noted one, else its newest; RUN@STEP the one of a step.\nLast what "
        "rlhf pull brought: org/name, org/name@REVISION.  Sizes are "
        "those of the weights on the disk.\nA folder with a model in it is a name, too.\n",
    .project = PROJECT_OPTIONAL,
    .run = models,
};
