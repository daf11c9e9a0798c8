/* How far a project has come: what is stored, which models it has, and which command comes next. */
#ifndef CLI_PROJECT_STATUS_H
#define CLI_PROJECT_STATUS_H

#include "cli/labeling_left.h"
#include "cli/project.h"
#include "store/store.h"

/* The model that has one of the project's three names now. */
typedef struct {
    bool there;
    char path[FILE_PATH_MAX];     /* of project.json; "": none yet; without `there`: gone */
    char name[FILE_PATH_MAX];     /* RUN@STEP when a run made it, else its folder */
    char run[RUN_NAME_MAX];       /* that made it, or "" */
    int64_t started_us, ended_us; /* of that run; 0 when not known */
    char *found; /* JSON of `reward eval`, of `compare` with this very base; NULL: not measured */
} StatusModel;

typedef struct {
    StoreStatus store;
    LabelingLeft left;
    StatusModel base, reward, aligned;
    int64_t
        by_rule_alone; /* pairs that a rule has judged and no person: `rlhf label` offers them */
    int64_t newer;     /* labels that the reward model has not read */
    char next[FILE_PATH_MAX +
              256]; /* the command that comes next, as typed; "" when none is known */
    char why[256];
    const char *command; /* its first word; NULL when none is known */
} ProjectStatus;

int project_status_read(ProjectStatus *out, const Context *ctx, Store *store, Error *err);
void project_status_free(ProjectStatus *s);

#endif
