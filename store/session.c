#include <string.h>

#include "store/sql.h"

int store_insert_session(Store *s, const StoreSession *session, int64_t *id, Error *err)
{
    static const char SQL[] =
        "INSERT INTO session(annotator_id,ui,version,terminal,columns,lines,started_us,process)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)";
    sqlite3_stmt *stmt = NULL;
    char process[PROCESS_NAME];
    process_name(process);
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, session->annotator_id);
    sql_bind_text(stmt, 2, session->ui);
    sql_bind_text(stmt, 3, RLHF_VERSION);
    sql_bind_text(stmt, 4, session->terminal);
    sqlite3_bind_int(stmt, 5, session->columns);
    sqlite3_bind_int(stmt, 6, session->rows);
    sqlite3_bind_int64(stmt, 7, store_time_us());
    sql_bind_text(stmt, 8, process);
    if (sql_run(s, stmt, "begin a session", err) != 0) return -1;
    *id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

/* A session of this annotator whose program was killed: 0 when there is none. */
static int find_killed(Store *s, int64_t annotator_id, int64_t *id, Error *err)
{
    static const char SQL[] = "SELECT id, process FROM session WHERE annotator_id=?1"
                              " AND ended_us IS NULL AND process IS NOT NULL ORDER BY id";
    sqlite3_stmt *stmt = NULL;
    int found;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, annotator_id);
    *id = 0;
    while ((found = sql_step(s, stmt, "find sessions that were killed", err)) == 1) {
        if (!process_is_gone((const char *)sqlite3_column_text(stmt, 1))) continue;
        *id = sqlite3_column_int64(stmt, 0);
        sql_release(stmt);
        return 0;
    }
    return found;
}

/* What killed sessions hold is given to their annotator at once, as after a hang-up. */
static int end_killed(Store *s, int64_t annotator_id, Error *err)
{
    static const char END[] =
        "UPDATE session SET ended_us=?2, end_reason='" STORE_HANG_UP "' WHERE id=?1";
    int64_t id = 0;
    sqlite3_stmt *stmt = NULL;
    do {
        if (find_killed(s, annotator_id, &id, err) != 0) return -1;
        if (id == 0) return 0;
        if (sql_get(s, &stmt, END, err) != 0) return -1;
        sqlite3_bind_int64(stmt, 1, id);
        sqlite3_bind_int64(stmt, 2, store_time_us());
    } while (sql_run(s, stmt, "end a session that was killed", err) == 0);
    return -1;
}

int store_begin_session(Store *s, const StoreSession *session, int64_t *id, Error *err)
{
    if (sql_begin(s, err) != 0) return -1;
    int rc = end_killed(s, session->annotator_id, err);
    if (rc == 0) rc = store_insert_session(s, session, id, err);
    return sql_finish(s, rc, err);
}

static int end_session(Store *s, int64_t session_id, const char *reason, Error *err)
{
    static const char RELEASE[] =
        "UPDATE assignment SET state='released' WHERE state='open' AND session_id=?1";
    static const char END[] = "UPDATE session SET ended_us=?2, end_reason=?3 WHERE id=?1";
    sqlite3_stmt *stmt = NULL;
    if (strcmp(reason, STORE_HANG_UP) != 0 && strcmp(reason, STORE_SIGNAL) != 0) {
        if (sql_get(s, &stmt, RELEASE, err) != 0) return -1;
        sqlite3_bind_int64(stmt, 1, session_id);
        if (sql_run(s, stmt, "release what the session holds", err) != 0) return -1;
    }
    if (sql_get(s, &stmt, END, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, session_id);
    sqlite3_bind_int64(stmt, 2, store_time_us());
    sql_bind_text(stmt, 3, reason);
    return sql_run(s, stmt, "end a session", err);
}

int store_end_session(Store *s, int64_t session_id, const char *reason, Error *err)
{
    if (sql_begin(s, err) != 0) return -1;
    return sql_finish(s, end_session(s, session_id, reason, err), err);
}

int store_find_session_annotator(Store *s, int64_t session_id, int64_t *annotator_id, Error *err)
{
    static const char SQL[] = "SELECT annotator_id FROM session WHERE id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, session_id);
    if (sql_one(s, stmt, annotator_id, "find a session", err) != 0) return -1;
    return *annotator_id
               ? 0
               : error_set(err, "%s: there is no session %lld", s->path, (long long)session_id);
}
