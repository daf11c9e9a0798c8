#include "cli/project.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checkpoint.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/sharing.h"
#include "policy/adapter.h"
#include "policy/hub_cache.h"

enum { PROJECT_JSON_MAX = 1 << 20, NAMES_MAX = 256, RUN_NOTE_MAX = RUN_NAME_MAX + 96 };

/* ---- where ---- */

static bool holds_database(const char *folder)
{
    char path[FILE_PATH_MAX];
    Error ignored;
    return path_join(path, folder, "rlhf.db", &ignored) == 0 && file_exists(path);
}

/* The absolute form: commands may be started from below, and runs may outlive the shell's folder. */
static int take_folder(Context *ctx, const char *folder, const char *source, Error *err)
{
    if (!holds_database(folder)) {
        error_set(err, "%s%s holds no project (rlhf.db)", source, folder);
        return error_hint(err, "make one with: rlhf init %s", folder);
    }
    char *full = realpath(folder, NULL);
    if (!full || strlen(full) >= sizeof ctx->project) {
        free(full);
        return error_set(err, "%s: path too long", folder);
    }
    strcpy(ctx->project, full);
    free(full);
    sharing_join(ctx->project);
    return 0;
}

int project_find(Context *ctx, const char *given, bool needed, Error *err)
{
    const char *variable = getenv("RLHF_PROJECT");
    ctx->project[0] = 0;
    if (given) return take_folder(ctx, given, "", err);
    if (variable && variable[0]) return take_folder(ctx, variable, "RLHF_PROJECT: ", err);

    char folder[FILE_PATH_MAX], start[FILE_PATH_MAX];
    if (!getcwd(start, sizeof start))
        return error_set(err, "cannot tell the current folder: %s", strerror(errno));
    strcpy(folder, start);
    for (;;) {
        if (holds_database(folder)) return take_folder(ctx, folder, "", err);
        char *slash = strrchr(folder, '/');
        if (!slash || folder[1] == 0) break;
        slash[slash == folder] = 0;
    }
    if (!needed) return 0;
    return error_set(err, "no project here or above %s; make one with: rlhf init", start);
}

int project_path(const Context *ctx, char out[FILE_PATH_MAX], const char *name, Error *err)
{
    if (name[0] != '/') return path_join(out, ctx->project, name, err);
    snprintf(out, FILE_PATH_MAX, "%s", name);
    return 0;
}

/* ---- project.json ---- */

/* A model's name of another type would pass for a model that is not there yet, and be written over. */
static int check_project(const cJSON *project, Error *err)
{
    const cJSON *models = cJSON_GetObjectItemCaseSensitive(project, "models"), *model;
    if (!cJSON_IsObject(project)) return error_set(err, "expected an object");
    if (models && !cJSON_IsObject(models))
        return error_set(err, "models: expected {\"name\": \"folder\"}");
    cJSON_ArrayForEach(model, models)
    {
        if (!cJSON_IsString(model))
            return error_set(err, "models.%.80s: expected the name of a folder", model->string);
    }
    return 0;
}

static int hint_project(Error *err)
{
    return error_hint(err, "mend it by hand; or move it away, and name the base again: rlhf init "
                           "--base RUN");
}

int project_read(const Context *ctx, cJSON **out, Error *err)
{
    char path[FILE_PATH_MAX];
    if (project_path(ctx, path, "project.json", err) != 0) return -1;
    if (!file_exists(path)) {
        *out = cJSON_CreateObject();
        return 0;
    }
    if (json_read(out, path, PROJECT_JSON_MAX, true, err) != 0) return hint_project(err);
    if (check_project(*out, err) == 0) return 0;
    cJSON_Delete(*out);
    *out = NULL;
    error_wrap(err, "%s", path);
    return hint_project(err);
}

int project_compute(const char **out, const Context *ctx, Error *err)
{
    cJSON *project = NULL;
    Compute compute;
    *out = ctx->compute;
    if (ctx->compute_settled || !ctx->project[0]) return 0;
    if (project_read(ctx, &project, err) != 0) return -1;
    const cJSON *settings = cJSON_GetObjectItemCaseSensitive(project, "settings");
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(settings, "model");
    const cJSON *said = cJSON_GetObjectItemCaseSensitive(model, "compute");
    int rc = 0;
    if (cJSON_IsString(said) && kernels_find_compute(&compute, said->valuestring) == 0)
        *out = kernels_compute_name(compute);
    else if (said)
        rc =
            error_set(err, "project.json: settings: model.compute is neither \"f32\" nor \"bf16\"");
    cJSON_Delete(project);
    return rc;
}

void project_shorten(const Context *ctx, char out[FILE_PATH_MAX], const char *folder)
{
    char *full = realpath(folder, NULL);
    const char *path = full ? full : folder;
    const size_t n = strlen(ctx->project);
    if (n > 0 && strncmp(path, ctx->project, n) == 0 && path[n] == '/') path += n + 1;
    snprintf(out, FILE_PATH_MAX, "%s", path);
    free(full);
}

/* For people: the name that brings it back where it was pulled, else as above. */
static void name_folder(const Context *ctx, char out[FILE_PATH_MAX], const char *folder)
{
    char pulled[HUB_NAME_MAX];
    if (hub_cache_name(pulled, folder)) snprintf(out, FILE_PATH_MAX, "%s", pulled);
    else project_shorten(ctx, out, folder);
}

const char *const PROJECT_MODEL[PROJECT_MODELS] = {"base", "reward", "aligned"};

bool project_is_own_name(const char *name)
{
    for (int i = 0; i < PROJECT_MODELS; i++)
        if (strcmp(name, PROJECT_MODEL[i]) == 0) return true;
    return false;
}

static int change(const Context *ctx, void (*edit)(cJSON *project, void *what), void *what,
                  Error *err)
{
    char path[FILE_PATH_MAX];
    cJSON *project = NULL;
    if (project_read(ctx, &project, err) != 0) return -1;
    edit(project, what);
    char *text = cJSON_Print(project);
    int rc = project_path(ctx, path, "project.json", err);
    if (rc == 0) rc = file_write(path, text, strlen(text), err);
    cJSON_free(text);
    cJSON_Delete(project);
    return rc;
}

/* Two runs at once must not lose each other's change: the folder itself is the lock. */
int project_change(const Context *ctx, void (*edit)(cJSON *project, void *what), void *what,
                   Error *err)
{
    const int lock = open(ctx->project, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock < 0) return error_set(err, "cannot open %s: %s", ctx->project, strerror(errno));
    flock(lock, LOCK_EX);
    const int rc = change(ctx, edit, what, err);
    close(lock);
    return rc;
}

typedef struct {
    const char *name, *folder; /* of a model; the folder as it is stored */
} NamedModel;

static void put_model(cJSON *project, void *what)
{
    const NamedModel *m = what;
    cJSON *models = cJSON_GetObjectItemCaseSensitive(project, "models");
    if (!cJSON_IsObject(models)) {
        cJSON_DeleteItemFromObjectCaseSensitive(project, "models");
        models = cJSON_AddObjectToObject(project, "models");
    }
    cJSON_DeleteItemFromObjectCaseSensitive(models, m->name);
    cJSON_AddStringToObject(models, m->name, m->folder);
}

int project_set_model(const Context *ctx, const char *name, const char *folder, Error *err)
{
    char stored[FILE_PATH_MAX];
    project_shorten(ctx, stored, folder);
    return project_change(ctx, put_model, &(NamedModel){name, stored}, err);
}

/* ---- models ---- */

static bool holds_model(const char *folder)
{
    char path[FILE_PATH_MAX];
    Error ignored;
    return (path_join(path, folder, "config.json", &ignored) == 0 && file_exists(path)) ||
           adapter_in(folder);
}

bool project_model_inside(char out[FILE_PATH_MAX], const char *folder)
{
    char inside[FILE_PATH_MAX];
    Error ignored;
    if (holds_model(folder)) {
        snprintf(out, FILE_PATH_MAX, "%s", folder);
        return true;
    }
    if (path_join(inside, folder, "model", &ignored) != 0 || !holds_model(inside)) return false;
    snprintf(out, FILE_PATH_MAX, "%s", inside);
    return true;
}

int project_model_path(const Context *ctx, char path[FILE_PATH_MAX], const char *name, Error *err)
{
    cJSON *project = NULL;
    if (project_read(ctx, &project, err) != 0) return -1;
    const cJSON *models = cJSON_GetObjectItemCaseSensitive(project, "models");
    snprintf(path, FILE_PATH_MAX, "%s", json_text(models, name, ""));
    cJSON_Delete(project);
    return 0;
}

static int stored_model(const Context *ctx, char folder[FILE_PATH_MAX], const char *name,
                        Error *err)
{
    char stored[FILE_PATH_MAX];
    if (project_model_path(ctx, stored, name, err) != 0) return -1;
    folder[0] = 0;
    return stored[0] ? project_path(ctx, folder, stored, err) : 0;
}

bool project_has_model(const Context *ctx, const char *name)
{
    char folder[FILE_PATH_MAX];
    Error ignored;
    return ctx->project[0] && stored_model(ctx, folder, name, &ignored) == 0 && folder[0];
}

static int none_yet(const char *name, Error *err)
{
    const bool base = strcmp(name, "base") == 0, reward = strcmp(name, "reward") == 0;
    const char *maker = base ? "pretrain" : reward ? "reward" : "ppo";
    error_set(err, "no %s model yet", name);
    if (base) {
        if (!command_find(maker)) return error_hint(err, "name one with: rlhf init --base DIR");
        return error_hint(err,
                          "train one with: rlhf pretrain, or name one with: rlhf init --base DIR");
    }
    return command_find(maker) ? error_hint(err, "train one with: rlhf %s", maker) : -1;
}

static int named_model(const Context *ctx, char folder[FILE_PATH_MAX], const char *name, Error *err)
{
    char stored[FILE_PATH_MAX];
    if (!ctx->project[0])
        return error_set(err, "%s is a model of a project, and there is none here", name);
    if (stored_model(ctx, stored, name, err) != 0) return -1;
    if (!stored[0]) return none_yet(name, err);
    if (!project_model_inside(folder, stored))
        return error_set(err, "the %s model is gone: no config.json in %s", name, stored);
    return 0;
}

/* RUN or RUN@STEP; `note` gets what is to be said of a RUN whose best is not its last. */
static int run_model(const Context *ctx, char folder[FILE_PATH_MAX], char note[RUN_NOTE_MAX],
                     const char *name, Error *err)
{
    char wanted[RUN_NAME_MAX], run[RUN_NAME_MAX], run_folder[FILE_PATH_MAX], inside[FILE_PATH_MAX];
    const char *at = strchr(name, '@');
    const size_t n = at ? (size_t)(at - name) : strlen(name);
    if (n >= sizeof wanted) return error_set(err, "%.80s...: no model of that name", name);
    snprintf(wanted, sizeof wanted, "%.*s", (int)n, name);
    if (project_is_own_name(wanted)) {
        error_set(err, "%s: a step is one of a run, and %s is no run", name, wanted);
        return error_hint(err, "the runs: rlhf runs; the run that %s came from: rlhf status",
                          wanted);
    }
    if (project_run(ctx, run, run_folder, wanted, NULL, err) != 0) return -1;

    if (at) {
        char *end;
        const long long step = strtoll(at + 1, &end, 10);
        if (at[1] < '0' || at[1] > '9' || *end)
            return error_set(err, "%s: what follows @ is no step", name);
        if (checkpoint_path(inside, run_folder, step, err) != 0) return -1;
        if (project_model_inside(folder, inside)) return 0;
        return error_set(err, "%s: no checkpoint of step %lld in %s", name, step, run_folder);
    }
    int64_t step, last;
    if (project_model_inside(folder, run_folder)) return 0;
    if (project_run_checkpoint(inside, &step, &last, run_folder, err) != 0)
        return error_wrap(err, "run %s", run);
    if (step != last)
        snprintf(note, RUN_NOTE_MAX, ", its best on held-out prompts (its last: %s@%lld)", run,
                 (long long)last);
    if (project_model_inside(folder, inside)) return 0;
    return error_set(err, "run %s: no model (config.json) in %s", run, inside);
}

/* A repository in the cache of the hub, with its model. */
static bool pulled_model(char folder[FILE_PATH_MAX], const char *name)
{
    HubRepo repo;
    char commit[HUB_COMMIT_MAX], snapshot[FILE_PATH_MAX];
    Error ignored;
    return hub_repo_read(&repo, name, false, &ignored) == 0 && hub_cache_find(commit, &repo) &&
           hub_cache_snapshot(snapshot, &repo, commit, &ignored) == 0 &&
           project_model_inside(folder, snapshot);
}

/* Neither a folder nor in the cache. */
static int not_pulled(const char *name, Error *err)
{
    HubRepo repo;
    char near[HUB_ID_MAX];
    Error ignored;
    error_set(err, "%s: no such folder", name);
    if (hub_repo_read(&repo, name, false, &ignored) != 0) return -1;
    hub_cache_nearest(near, &repo);
    error_set(err, "%s: no such folder, and no model of that name was pulled%s%s", name,
              near[0] ? "; did you mean: " : "", near);
    return error_hint(err, "bring it from the hub with: rlhf pull %s", name);
}

int project_model(const Context *ctx, char folder[FILE_PATH_MAX], const char *role,
                  const char *name, Error *err)
{
    char found[FILE_PATH_MAX], shown[FILE_PATH_MAX], note[RUN_NOTE_MAX] = "";
    int rc;
    if (project_is_own_name(name)) rc = named_model(ctx, found, name, err);
    else if (project_model_inside(found, name)) rc = 0;
    else if (file_is_folder(name)) rc = error_set(err, "%s: no model there (config.json)", name);
    else if (ctx->project[0] && !strchr(name, '/') && run_model(ctx, found, note, name, err) == 0)
        rc = 0;
    else if (pulled_model(found, name)) rc = 0;
    else if (strchr(name, '/')) rc = not_pulled(name, err);
    else if (ctx->project[0]) rc = -1;
    else rc = error_set(err, "%s: no such folder, and no project here to look it up in", name);
    if (rc != 0) return -1;

    snprintf(folder, FILE_PATH_MAX, "%s", found);
    name_folder(ctx, shown, found);
    if (role && strcmp(shown, name) == 0) log_line("%s: %s", role, shown);
    else if (role) log_line("%s: %s = %s%s", role, name, shown, note);
    return 0;
}

void project_name_model(const Context *ctx, char name[FILE_PATH_MAX], char run[RUN_NAME_MAX],
                        const char *folder)
{
    static const char RUNS[] = "runs/", STEP[] = "/checkpoints/step-";
    name_folder(ctx, name, folder);
    run[0] = 0;
    const char *step = strstr(name, STEP), *made_by = name + strlen(RUNS);
    const size_t n = strncmp(name, RUNS, strlen(RUNS)) == 0 ? strcspn(made_by, "/") : 0;
    if (n == 0 || n >= RUN_NAME_MAX || step != made_by + n) return;
    char *end;
    const long long at = strtoll(step + strlen(STEP), &end, 10);
    if (*end && strcmp(end, "/model") != 0) return; /* value/ lies there too */
    snprintf(run, RUN_NAME_MAX, "%.*s", (int)n, made_by);
    snprintf(name, FILE_PATH_MAX, "%s@%lld", run, at);
}

bool project_is_model(const Context *ctx, const char *folder, const char *name)
{
    char own[FILE_PATH_MAX], called[2][FILE_PATH_MAX], run[RUN_NAME_MAX];
    Error none;
    if (!ctx->project[0] || project_model(ctx, own, NULL, name, &none) != 0) return false;
    project_name_model(ctx, called[0], run, own);
    project_name_model(ctx, called[1], run, folder);
    return strcmp(called[0], called[1]) == 0;
}
