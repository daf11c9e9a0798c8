#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql.h"

static int find_run(Store *s, const char *name, int64_t *id, Error *err)
{
    static const char SQL[] = "SELECT id FROM run WHERE name=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sql_bind_text(stmt, 1, name);
    return sql_one(s, stmt, id, "find a run", err);
}

static int begin_run(Store *s, StoreRun *run, Error *err)
{
    static const char SQL[] =
        "INSERT INTO run(name,kind,state,settings_json,inputs_json,version,seed,started_us)"
        " VALUES(?1,?2,'running',?3,?4,?5,?6,?7)"
        " ON CONFLICT(name) DO UPDATE SET state='running', settings_json=excluded.settings_json,"
        " inputs_json=excluded.inputs_json, version=excluded.version, seed=excluded.seed,"
        " result_json=NULL, ended_us=NULL WHERE kind=excluded.kind";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sql_bind_text(stmt, 1, run->name);
    sql_bind_text(stmt, 2, run->kind);
    sql_bind_text(stmt, 3, run->settings_json ? run->settings_json : "{}");
    sql_bind_text(stmt, 4, run->inputs_json ? run->inputs_json : "{}");
    sql_bind_text(stmt, 5, run->version ? run->version : RLHF_VERSION);
    sqlite3_bind_int64(stmt, 6, (int64_t)run->seed);
    sqlite3_bind_int64(stmt, 7, store_time_us());
    if (sql_run(s, stmt, "begin a run", err) != 0) return -1;
    if (sqlite3_changes(s->db) == 0)
        return error_set(err, "%s: run %s is there already and is no %s run; take another name",
                         s->path, run->name, run->kind);
    return find_run(s, run->name, &run->id, err);
}

int store_begin_run(Store *s, StoreRun *run, Error *err)
{
    assert(run->name && run->kind);
    if (content_check_json(s, run->settings_json, "settings", err) != 0) return -1;
    if (content_check_json(s, run->inputs_json, "inputs", err) != 0) return -1;
    if (sql_begin(s, err) != 0) return -1;
    return sql_finish(s, begin_run(s, run, err), err);
}

static int end_run(Store *s, const char *name, const char *state, const char *result_json,
                   Error *err)
{
    static const char SQL[] = "UPDATE run SET state=?2, result_json=?3, ended_us=?4 WHERE name=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sql_bind_text(stmt, 1, name);
    sql_bind_text(stmt, 2, state);
    sql_bind_text(stmt, 3, result_json);
    sqlite3_bind_int64(stmt, 4, store_time_us());
    if (sql_run(s, stmt, "end a run", err) != 0) return -1;
    return sqlite3_changes(s->db) == 1 ? 0
                                       : error_set(err, "%s: there is no run %s", s->path, name);
}

int store_end_run(Store *s, const char *name, const char *state, const char *result_json,
                  Error *err)
{
    if (content_check_json(s, result_json, "result", err) != 0) return -1;
    if (sql_begin(s, err) != 0) return -1;
    return sql_finish(s, end_run(s, name, state, result_json, err), err);
}

int store_list_runs(Store *s, const char *kind, StoreRunList *out, Error *err)
{
    static const char SQL[] = "SELECT id, name, kind, state, settings_json, inputs_json, "
                              "result_json, version, seed, started_us,"
                              " ended_us FROM run WHERE ?1 IS NULL OR kind=?1 ORDER BY id DESC";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sql_bind_text(stmt, 1, kind);
    StoreRunList list = {0};
    int found;
    while ((found = sql_step(s, stmt, "list runs", err)) == 1) {
        list.row = sql_grow(list.row, list.n, sizeof *list.row);
        list.row[list.n++] = (StoreRun){.id = sqlite3_column_int64(stmt, 0),
                                        .name = sql_copy_text(stmt, 1),
                                        .kind = sql_copy_text(stmt, 2),
                                        .state = sql_copy_text(stmt, 3),
                                        .settings_json = sql_copy_text(stmt, 4),
                                        .inputs_json = sql_copy_text(stmt, 5),
                                        .result_json = sql_copy_text(stmt, 6),
                                        .version = sql_copy_text(stmt, 7),
                                        .seed = (uint64_t)sqlite3_column_int64(stmt, 8),
                                        .started_us = sqlite3_column_int64(stmt, 9),
                                        .ended_us = sqlite3_column_int64(stmt, 10)};
    }
    if (found < 0) {
        store_runs_free(&list);
        return -1;
    }
    *out = list;
    return 0;
}

void store_runs_free(StoreRunList *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->n; i++) {
        StoreRun *r = &list->row[i];
        free((char *)r->name);
        free((char *)r->kind);
        free((char *)r->state);
        free((char *)r->settings_json);
        free((char *)r->inputs_json);
        free((char *)r->result_json);
        free((char *)r->version);
    }
    free(list->row);
    *list = (StoreRunList){0};
}

int store_add_evaluation(Store *s, const char *name, const char *run, const char *json, Error *err)
{
    static const char SQL[] =
        "INSERT INTO evaluation(name,run,json,created_us) VALUES(?1,?2,?3,?4)";
    if (content_check_json(s, json, "evaluation", err) != 0) return -1;
    if (sql_begin(s, err) != 0) return -1;
    sqlite3_stmt *stmt = NULL;
    int rc = sql_get(s, &stmt, SQL, err);
    if (rc == 0) {
        sql_bind_text(stmt, 1, name);
        sql_bind_text(stmt, 2, run);
        sql_bind_text(stmt, 3, json);
        sqlite3_bind_int64(stmt, 4, store_time_us());
        rc = sql_run(s, stmt, "add an evaluation", err);
    }
    return sql_finish(s, rc, err);
}

int store_last_evaluation(Store *s, const char *name, const char *members, char **json,
                          int64_t *created_us, Error *err)
{
    static const char SQL[] =
        "SELECT e.json, e.created_us FROM evaluation e WHERE e.name=?1 AND NOT EXISTS("
        "  SELECT 1 FROM json_each(?2) m WHERE json_extract(e.json,'$.'||m.key) IS NOT m.value)"
        " ORDER BY e.id DESC LIMIT 1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sql_bind_text(stmt, 1, name);
    sql_bind_text(stmt, 2, members);
    const int found = sql_step(s, stmt, "find an evaluation", err);
    if (found < 0) return -1;
    *json = found ? sql_copy_text(stmt, 0) : NULL;
    *created_us = found ? sqlite3_column_int64(stmt, 1) : 0;
    if (found) sql_release(stmt);
    return 0;
}
