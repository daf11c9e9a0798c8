/* A project: the folder that holds rlhf.db, its runs, and the names of its models.
 *
 *     rlhf.db                         everything remembered (store/)
 *     project.json                    {"models": {"base": FOLDER, ...}, "settings": {section: {...}}, "config": ...}
 *     runs/ppo-1/                     a run (base/run.h) with its checkpoints
 *     runs/ppo-1/model/               what it ended with, when it has ended
 *
 * The folder of a model holds config.json, or an adapter_config.json, or has a folder model/ that does. */
#ifndef CLI_PROJECT_H
#define CLI_PROJECT_H

#include <cjson/cJSON.h>

#include "cli/command.h"

/* Fill ctx->project: `given` (--project) or RLHF_PROJECT or the nearest folder here or above that holds
 * rlhf.db; "" when there is none, unless `needed`. */
int project_find(Context *ctx, const char *given, bool needed, Error *err);
/* `name` inside the project; one that begins with / stays as it is. */
int project_path(const Context *ctx, char out[FILE_PATH_MAX], const char *name, Error *err);
/* project.json; {} when it is not there.  The caller calls cJSON_Delete. */
int project_read(const Context *ctx, cJSON **out, Error *err);

/* project.json as `edit` makes it, which gets `what`; one process at a time. */
int project_change(const Context *ctx, void (*edit)(cJSON *project, void *what), void *what,
                   Error *err);
/* A path from the project's folder when it is inside, so that a project can be moved; else the whole of it. */
void project_shorten(const Context *ctx, char out[FILE_PATH_MAX], const char *path);

/* The step that the name of a run means: its best on held-out prompts where PPO noted one, as `aligned` is, else its
 * last, which is *last; -1: it has none.  By names alone, sound or not. */
int64_t project_run_step(const char *run_folder, int64_t *last);
/* The checkpoint of it, or where that is damaged the newest sound one. */
int project_run_checkpoint(char checkpoint[FILE_PATH_MAX], int64_t *step, int64_t *last,
                           const char *run_folder, Error *err);
/* What a project calls models of its own: base, reward, aligned. */
enum { PROJECT_MODELS = 3 };
extern const char *const PROJECT_MODEL[PROJECT_MODELS];
bool project_is_own_name(const char *name);
/* The folder itself, or the model/ inside it; false when neither holds a model. */
bool project_model_inside(char out[FILE_PATH_MAX], const char *folder);
/* The folder of a model called `name`: base, reward, aligned, a folder, RUN, RUN@STEP, or a repository that
 * was pulled (org/name, org/name@REVISION), in this order.  Says which one was taken (`policy: base =
 * models/base`), as `role`, which may be NULL for silence. */
int project_model(const Context *ctx, char folder[FILE_PATH_MAX], const char *role,
                  const char *name, Error *err);
/* Where project.json says that base, reward or aligned lies: from the project's folder when inside; "" when
 * there is none yet. */
int project_model_path(const Context *ctx, char path[FILE_PATH_MAX], const char *name, Error *err);
/* What the model in `folder` is called whatever base, reward and aligned are later: RUN@STEP when a run of
 * this project made it, and then `run` is that run; else ORG/NAME@COMMIT of one that was pulled, or the
 * folder, from the project's when inside, and "". */
enum { RUN_NAME_MAX = 128 };
void project_name_model(const Context *ctx, char name[FILE_PATH_MAX], char run[RUN_NAME_MAX],
                        const char *folder);
/* Whether the model in `folder` is the one that the project calls `name` (base, reward, aligned). */
bool project_is_model(const Context *ctx, const char *folder, const char *name);
/* Whether the project has a model under one of its three names. */
bool project_has_model(const Context *ctx, const char *name);
/* From now on `name` (base, reward, aligned) is that folder. */
int project_set_model(const Context *ctx, const char *name, const char *folder, Error *err);

/* Make runs/PREFIX-N with the next free N; `name` gets "ppo-3", `folder` its path. */
int project_new_run(const Context *ctx, char name[RUN_NAME_MAX], char folder[FILE_PATH_MAX],
                    const char *prefix, Error *err);
/* Whether a new run may be called that: a word that no shell, no path and no name of a model reads otherwise. */
int project_check_run_name(const char *name, Error *err);
/* The folder of a run that is there; an unknown name guesses.  NULL or "" is the newest of that kind, whatever
 * it is called, but none that `rlhf loop` made; a kind of NULL is any, of the loop too. */
int project_run(const Context *ctx, char name[RUN_NAME_MAX], char folder[FILE_PATH_MAX],
                const char *wanted, const char *kind, Error *err);
/* Whether `rlhf loop` made the run, which goes on with it by itself and alone compares before `aligned` moves. */
bool project_run_is_of_loop(const Context *ctx, const char *name);
/* How all models of this command multiply: as settled, else from model.compute in the project's settings; NULL: each as it
 * says itself. */
int project_compute(const char **out, const Context *ctx, Error *err);
/* The first section of its settings (pretrain, sft, reward, ppo, ...), or "" where they cannot be read. */
enum { RUN_KIND_MAX = 32 };
void project_run_kind(char kind[RUN_KIND_MAX], const char *run_folder);
/* Names of all runs, oldest first. */
int project_list_runs(const Context *ctx, char ***names, int *n, Error *err);
/* running, died, stopped, failed, finished, empty (nothing said yet); *step is -1 when not known. */
enum { RUN_STATE_MAX = 32 };
void project_run_state(char state[RUN_STATE_MAX], int64_t *step, const char *run_folder);

#endif
