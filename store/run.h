/* Training runs and evaluations. */
#ifndef STORE_RUN_H
#define STORE_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/database.h"

typedef struct {
    int64_t id;
    const char *name, *kind;   /* kind: pretrain, sft, reward, ppo */
    const char *state;         /* running, finished, stopped, failed */
    const char *settings_json; /* as run */
    const char *inputs_json;   /* what it read, by hash */
    const char *result_json;   /* final metrics; NULL until it ends */
    const char *version;       /* of the program */
    uint64_t seed;
    int64_t started_us, ended_us; /* ended_us 0 while running */
} StoreRun;
typedef struct {
    StoreRun *row;
    size_t n;
} StoreRunList;
/* A new run, or one taken up again: a name that is there keeps its row and start, and runs again. */
int store_begin_run(Store *s, StoreRun *run, Error *err);
int store_end_run(Store *s, const char *name, const char *state, const char *result_json,
                  Error *err);
/* Newest first; kind NULL is any. */
int store_list_runs(Store *s, const char *kind, StoreRunList *out, Error *err);
void store_runs_free(StoreRunList *list);
/* The outcome of `compare` or `reward eval`, whole. */
int store_add_evaluation(Store *s, const char *name, const char *run, const char *json, Error *err);
/* The newest one of that name which has every member of the JSON object `members` (NULL: any), and when it
 * was made; *json is NULL and *created_us 0 when there is none.  The caller frees. */
int store_last_evaluation(Store *s, const char *name, const char *members, char **json,
                          int64_t *created_us, Error *err);

#endif
