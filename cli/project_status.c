#include "cli/project_status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/evaluation.h"
#include "cli/project_next.h"

/* ---- the models ----------------------------------------------------------------------------------- */

static int read_times(StatusModel *m, Store *store, Error *err)
{
    StoreRunList runs = {0};
    if (store_list_runs(store, NULL, &runs, err) != 0) return -1;
    for (size_t i = 0; i < runs.n; i++)
        if (strcmp(runs.row[i].name, m->run) == 0)
            m->started_us = runs.row[i].started_us, m->ended_us = runs.row[i].ended_us;
    store_runs_free(&runs);
    return 0;
}

static int read_model(StatusModel *m, const Context *ctx, Store *store, const char *name,
                      Error *err)
{
    char folder[FILE_PATH_MAX];
    Error gone;
    if (project_model_path(ctx, m->path, name, err) != 0) return -1;
    if (!m->path[0]) return 0;
    m->there = project_model(ctx, folder, NULL, name, &gone) == 0;
    if (!m->there && m->path[0] == '/') snprintf(folder, sizeof folder, "%s", m->path);
    else if (!m->there && project_path(ctx, folder, m->path, err) != 0) return -1;
    project_name_model(ctx, m->name, m->run, folder);
    return m->run[0] ? read_times(m, store, err) : 0;
}

/* ---- all of it ------------------------------------------------------------------------------------ */

int project_status_read(ProjectStatus *out, const Context *ctx, Store *store, Error *err)
{
    ProjectStatus s = {0};
    int rc = -1;
    if (store_status(store, &s.store, err) != 0) goto done;
    if (labeling_left_read(&s.left, store, err) != 0) goto done;
    if (store_count_by_rule_alone(store, &s.by_rule_alone, err) != 0) goto done;
    if (read_model(&s.base, ctx, store, "base", err) != 0) goto done;
    if (read_model(&s.reward, ctx, store, "reward", err) != 0) goto done;
    if (read_model(&s.aligned, ctx, store, "aligned", err) != 0) goto done;
    if (evaluation_of_reward(&s.reward.found, store, s.reward.name, err) != 0) goto done;
    if (evaluation_of_aligned(&s.aligned.found, store, s.base.name, s.aligned.name, err) != 0)
        goto done;
    if (s.reward.started_us > 0 &&
        store_count_preferences_since(store, s.reward.started_us, &s.newer, err) != 0)
        goto done;
    if (project_next_find(&s, ctx, store, err) != 0) goto done;
    *out = s;
    rc = 0;

done:
    if (rc != 0) project_status_free(&s);
    return rc;
}

void project_status_free(ProjectStatus *s)
{
    free(s->base.found);
    free(s->reward.found);
    free(s->aligned.found);
    store_status_free(&s->store);
    *s = (ProjectStatus){0};
}
