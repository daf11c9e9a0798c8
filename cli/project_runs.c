/* The runs of a project: their names, their kinds, and the lock that says one is running. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/checkpoint.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/run.h"
#include "base/run_lock.h"
#include "base/text.h"
#include "cli/project.h"
#include "ppo/ppo.h"
#include "store/store.h"

enum { RUNS_GUESSED = 256 };

/* The N of PREFIX-N, or -1. */
static long run_number(const char *name, const char *prefix)
{
    const size_t n = strlen(prefix);
    if (strncmp(name, prefix, n) != 0 || name[n] != '-' || name[n + 1] < '0' || name[n + 1] > '9')
        return -1;
    char *end;
    const long number = strtol(name + n + 1, &end, 10);
    return *end ? -1 : number;
}

int project_check_run_name(const char *name, Error *err)
{
    if (project_is_own_name(name))
        return error_usage(err, "--run: '%s' is what the project calls a model of its own", name);
    const size_t n = strlen(name);
    bool fits = n > 0 && n < RUN_NAME_MAX && name[0] != '.' && name[0] != '-';
    for (const char *c = name; *c; c++)
        fits = fits && (unsigned char)*c > ' ' && *c != 0x7f && *c != '/' && *c != '@';
    if (fits) return 0;
    error_usage(err, "--run: '%.80s' is no name for a run", name);
    return error_hint(err, "wanted: no space, / or @, and neither . nor - at its beginning");
}

int project_new_run(const Context *ctx, char name[RUN_NAME_MAX], char folder[FILE_PATH_MAX],
                    const char *prefix, Error *err)
{
    char runs[FILE_PATH_MAX], **names = NULL;
    int n = 0;
    if (project_path(ctx, runs, "runs", err) != 0 || folder_make(runs, err) != 0) return -1;
    if (folder_list(&names, &n, runs, err) != 0) return -1;
    long last = 0;
    for (int i = 0; i < n; i++)
        if (run_number(names[i], prefix) > last) last = run_number(names[i], prefix);
    folder_list_free(names, n);

    /* Another process may take the number first: mkdir decides. */
    for (;;) {
        snprintf(name, RUN_NAME_MAX, "%s-%ld", prefix, ++last);
        if (path_join(folder, runs, name, err) != 0) return -1;
        if (mkdir(folder, 0777) == 0) return file_sync_folder(runs, err);
        if (errno != EEXIST)
            return error_set(err, "cannot make the folder %s: %s", folder, strerror(errno));
    }
}

typedef struct {
    char *name;
    int64_t made_us;
} RunAge;

static int by_age(const void *a, const void *b)
{
    const RunAge *p = a, *q = b;
    if (p->made_us != q->made_us) return p->made_us < q->made_us ? -1 : 1;
    return strcmp(p->name, q->name);
}

/* When a run began: by the database, for a copy of the project has files of another time; else by its
 * settings file, which is written once; the folder's own time changes. */
static int64_t made(const char *name, const char *folder, const StoreRunList *recorded)
{
    struct stat s;
    for (size_t i = 0; i < recorded->n; i++)
        if (strcmp(recorded->row[i].name, name) == 0) return recorded->row[i].started_us;
    char settings[FILE_PATH_MAX];
    Error ignored;
    if (path_join(settings, folder, "settings.json", &ignored) != 0 || stat(settings, &s) != 0)
        if (stat(folder, &s) != 0) return 0;
    return (int64_t)s.st_mtim.tv_sec * 1000000 + s.st_mtim.tv_nsec / 1000;
}

/* A database that cannot be read now is told of by those who need it. */
static void read_recorded(StoreRunList *out, const Context *ctx)
{
    char path[FILE_PATH_MAX];
    Store *store = NULL;
    Error ignored;
    *out = (StoreRunList){0};
    if (project_path(ctx, path, "rlhf.db", &ignored) != 0 || !file_exists(path)) return;
    if (store_open_to_read(&store, path, &ignored) != 0) return;
    if (store_list_runs(store, NULL, out, &ignored) != 0) *out = (StoreRunList){0};
    store_close(store);
}

int project_list_runs(const Context *ctx, char ***names, int *n, Error *err)
{
    char runs[FILE_PATH_MAX], **found = NULL;
    int n_found = 0;
    *names = NULL;
    *n = 0;
    if (project_path(ctx, runs, "runs", err) != 0) return -1;
    if (!file_is_folder(runs)) return 0;
    if (folder_list(&found, &n_found, runs, err) != 0) return -1;
    StoreRunList recorded;
    read_recorded(&recorded, ctx);
    RunAge *list = mem_calloc((size_t)n_found, sizeof *list);
    int kept = 0;
    for (int i = 0; i < n_found; i++) {
        char folder[FILE_PATH_MAX];
        Error ignored;
        const bool whole = !strstr(found[i], ".tmp-") &&
                           path_join(folder, runs, found[i], &ignored) == 0 &&
                           file_is_folder(folder);
        if (whole) list[kept++] = (RunAge){found[i], made(found[i], folder, &recorded)};
        else free(found[i]);
    }
    store_runs_free(&recorded);
    qsort(list, (size_t)kept, sizeof *list, by_age);
    for (int i = 0; i < kept; i++) found[i] = list[i].name;
    free(list);
    *names = found;
    *n = kept;
    return 0;
}

static int unknown_run(const char *wanted, char *const *names, int n, Error *err)
{
    const char *guesses[PROJECT_MODELS + RUNS_GUESSED];
    int n_guesses = 0;
    while (n_guesses < PROJECT_MODELS) guesses[n_guesses] = PROJECT_MODEL[n_guesses], n_guesses++;
    for (int i = n - 1; i >= 0 && n_guesses < PROJECT_MODELS + RUNS_GUESSED; i--)
        guesses[n_guesses++] = names[i];
    const char *near = text_nearest(wanted, guesses, n_guesses);
    if (near)
        return error_set(err, "no model, run or folder '%.80s'; did you mean: %s", wanted, near);
    error_set(err, "no model, run or folder '%.80s'", wanted);
    return error_hint(err, n > 0 ? "what was trained here: rlhf runs"
                                 : "nothing was trained here yet; a model of the hub: rlhf pull");
}

void project_run_kind(char kind[RUN_KIND_MAX], const char *run_folder)
{
    char *text = NULL;
    cJSON *tree = NULL;
    Error ignored;
    kind[0] = 0;
    if (run_read_settings(&text, run_folder, &ignored) == 0 &&
        json_parse(&tree, text, strlen(text), &ignored) == 0) {
        const cJSON *settings = cJSON_GetObjectItemCaseSensitive(tree, "settings");
        if (settings && settings->child)
            snprintf(kind, RUN_KIND_MAX, "%.31s", settings->child->string);
    }
    cJSON_Delete(tree);
    free(text);
}

/* One that has not written its settings is told by its number alone. */
static bool is_of_kind(const char *runs, const char *name, const char *kind)
{
    char folder[FILE_PATH_MAX], found[RUN_KIND_MAX] = "";
    Error ignored;
    if (path_join(folder, runs, name, &ignored) == 0) project_run_kind(found, folder);
    return found[0] ? strcmp(found, kind) == 0 : run_number(name, kind) > 0;
}

/* round-2-ppo, or round-2-ppo-2 where that was taken: as cli/loop_steps.c calls them. */
bool project_run_is_of_loop(const Context *ctx, const char *name)
{
    static const char *const KINDS[] = {"reward", "ppo"};
    char state[FILE_PATH_MAX];
    Error ignored;
    int at = 0;
    if (sscanf(name, "round-%*[0-9]-%n", &at) != 0 || at == 0) return false;
    if (project_path(ctx, state, "loop/state.json", &ignored) != 0 || !file_exists(state))
        return false;
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (strcmp(name + at, KINDS[i]) == 0 || run_number(name + at, KINDS[i]) > 0) return true;
    return false;
}

/* None of that kind, or none but the loop's, of which `of_loop` is the newest. */
static int no_run(const char *kind, const char *of_loop, Error *err)
{
    if (!of_loop) return error_set(err, "no %s%srun yet", kind ? kind : "", kind ? " " : "");
    error_set(err, "no %s run yet but those of rlhf loop, the newest %s", kind, of_loop);
    return error_hint(err,
                      "the loop goes on with its own: rlhf loop; with that one by itself: --run %s",
                      of_loop);
}

int project_run(const Context *ctx, char name[RUN_NAME_MAX], char folder[FILE_PATH_MAX],
                const char *wanted, const char *kind, Error *err)
{
    char **names = NULL, runs[FILE_PATH_MAX];
    int n = 0, rc = 0;
    if (project_path(ctx, runs, "runs", err) != 0) return -1;
    if (project_list_runs(ctx, &names, &n, err) != 0) return -1;
    const char *found = NULL, *of_loop = NULL;
    const bool by_name = wanted && wanted[0];
    for (int i = n - 1; i >= 0 && !found; i--) {
        if (strlen(names[i]) >= RUN_NAME_MAX) continue;
        const bool fits =
            by_name ? strcmp(names[i], wanted) == 0 : !kind || is_of_kind(runs, names[i], kind);
        if (!fits) continue;
        if (by_name || !kind || !project_run_is_of_loop(ctx, names[i])) found = names[i];
        else if (!of_loop) of_loop = names[i];
    }
    if (found) {
        snprintf(name, RUN_NAME_MAX, "%s", found);
        rc = path_join(folder, runs, found, err);
    } else {
        rc = by_name ? unknown_run(wanted, names, n, err) : no_run(kind, of_loop, err);
    }
    folder_list_free(names, n);
    return rc;
}

int64_t project_run_step(const char *run_folder, int64_t *last)
{
    char newest[FILE_PATH_MAX], best[FILE_PATH_MAX], inside[FILE_PATH_MAX];
    Error ignored;
    *last = checkpoint_last_step(run_folder);
    if (*last < 0 || checkpoint_path(newest, run_folder, *last, &ignored) != 0) return *last;
    const int64_t at = ppo_saved_best(newest);
    if (at < 0 || checkpoint_path(best, run_folder, at, &ignored) != 0) return *last;
    return project_model_inside(inside, best) ? at : *last;
}

int project_run_checkpoint(char checkpoint[FILE_PATH_MAX], int64_t *step, int64_t *last,
                           const char *run_folder, Error *err)
{
    char best[FILE_PATH_MAX];
    Error ignored;
    const int64_t at = project_run_step(run_folder, last);
    if (at == *last || checkpoint_path(best, run_folder, at, &ignored) != 0 ||
        checkpoint_verify(best, &ignored) != 0) {
        if (checkpoint_newest(checkpoint, step, run_folder, err) != 0) return -1;
        *last = *step;
        return 0;
    }
    *step = at;
    snprintf(checkpoint, FILE_PATH_MAX, "%s", best);
    return 0;
}

/* The step of the last whole line of the record, or -1; a line is short beside what is read. */
static int64_t last_recorded(const char *run_folder)
{
    enum { TAIL = 1 << 16 };
    char path[FILE_PATH_MAX], tail[TAIL + 1];
    long long step = -1;
    Error ignored;
    if (path_join(path, run_folder, "metrics.jsonl", &ignored) != 0) return -1;
    FILE *f = fopen(path, "re");
    if (!f) return -1;
    const int64_t size = file_size(path);
    if (size > TAIL) fseeko(f, (off_t)(size - TAIL), SEEK_SET);
    const size_t n = fread(tail, 1, TAIL, f);
    fclose(f);
    tail[n] = 0;
    char *end = strrchr(tail, '\n');
    if (!end) return -1;
    *end = 0;
    const char *line = strrchr(tail, '\n');
    if (sscanf(line ? line + 1 : tail, "{\"step\":%lld", &step) != 1) return -1;
    return (int64_t)step;
}

void project_run_state(char state[RUN_STATE_MAX], int64_t *step, const char *run_folder)
{
    char path[FILE_PATH_MAX];
    cJSON *tree = NULL;
    Error ignored;
    *step = -1;
    snprintf(state, RUN_STATE_MAX, "empty");
    if (path_join(path, run_folder, "state.json", &ignored) == 0 && file_exists(path)) {
        snprintf(state, RUN_STATE_MAX, "damaged");
        if (json_read(&tree, path, 1 << 16, false, &ignored) == 0) {
            snprintf(state, RUN_STATE_MAX, "%s", json_text(tree, "state", "damaged"));
            const double said = json_number(tree, "step", -1);
            if (said >= 0 && said < 1e15) *step = (int64_t)said;
        }
        cJSON_Delete(tree);
    }
    /* What the file says last was said when the process began: the lock knows whether it still works,
     * the checkpoints how far it came. */
    const bool works = run_lock_is_held(run_folder, NULL);
    if (!works && strcmp(state, "running") != 0) return;
    snprintf(state, RUN_STATE_MAX, works ? "running" : "died");
    const int64_t saved = checkpoint_last_step(run_folder);
    if (saved > *step) *step = saved;
    const int64_t recorded = works ? last_recorded(run_folder) : -1;
    if (recorded > *step) *step = recorded;
}
