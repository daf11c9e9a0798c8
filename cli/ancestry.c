#include "cli/ancestry.h"

#include <stdlib.h>
#include <string.h>

#include "base/checkpoint.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/loaded.h"
#include "cli/run_record.h"

typedef struct {
    Ancestor model;
    char start[SHA256_HEX]; /* the weights its run started from; "" of a run from scratch */
} Known;

/* What a run has come to; a run without a model that can be read is nobody's ancestor. */
static bool read_run(Known *out, const Context *ctx, const Loaded *base, const char *runs,
                     const char *name)
{
    char folder[FILE_PATH_MAX], checkpoint[FILE_PATH_MAX];
    RunRecord record = {0};
    Loaded made;
    int64_t last;
    Error ignored;
    *out = (Known){0};
    snprintf(out->model.name, sizeof out->model.name, "%s", name);
    if (path_join(folder, runs, name, &ignored) != 0 ||
        project_run_checkpoint(checkpoint, &out->model.step, &last, folder, &ignored) != 0 ||
        run_record_read(&record, checkpoint, &ignored) != 0)
        return false;
    snprintf(out->start, sizeof out->start, "%s", record.start);
    run_record_free(&record);
    char inside[FILE_PATH_MAX];
    if (!project_model_inside(inside, checkpoint) ||
        loaded_outline_folder(&made, ctx, inside, base, &ignored) != 0)
        return false;
    const bool whole = loaded_read(&made, &ignored) == 0;
    if (whole) snprintf(out->model.hash, sizeof out->model.hash, "%s", made.hash);
    loaded_close(&made);
    return whole;
}

static const Known *with_hash(const Known *known, int n, const char *hash)
{
    for (int i = n - 1; i >= 0; i--)
        if (strcmp(known[i].model.hash, hash) == 0) return &known[i];
    return NULL;
}

static void turn_round(Ancestor *list, int n)
{
    for (int i = 0; i < n / 2; i++) {
        const Ancestor swapped = list[i];
        list[i] = list[n - 1 - i], list[n - 1 - i] = swapped;
    }
}

int ancestry_find(Ancestor *out, int *n, int room, bool *complete, const Context *ctx,
                  const char *start, const Loaded *base, Error *err)
{
    char runs[FILE_PATH_MAX], **names = NULL;
    int n_names = 0, n_known = 0;
    *n = 0;
    *complete = true;
    if (!*start || strcmp(start, base->hash) == 0) return 0; /* no model has to be read for it */
    if (project_path(ctx, runs, "runs", err) != 0) return -1;
    if (project_list_runs(ctx, &names, &n_names, err) != 0) return -1;
    Known *known = mem_calloc((size_t)n_names + 1, sizeof *known);
    for (int i = 0; i < n_names; i++)
        n_known += read_run(&known[n_known], ctx, base, runs, names[i]);
    while (*complete && *start && strcmp(start, base->hash) != 0 && *n < room) {
        const Known *k = with_hash(known, n_known, start);
        *complete = k != NULL;
        if (k) out[(*n)++] = k->model, start = k->start;
    }
    turn_round(out, *n);
    free(known);
    folder_list_free(names, n_names);
    return 0;
}
