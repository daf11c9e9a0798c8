#include "store/sql.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

int sql_damaged(Store *s, const char *doing, Error *err)
{
    error_set(err, "%s: %s: the database is damaged or cut short", s->path, doing);
    return error_hint(err,
                      "put a backup in its place (rlhf backup makes them), and keep this file");
}

int sql_error(Store *s, const char *doing, Error *err)
{
    const int code = sqlite3_errcode(s->db);
    error_set(err, "%s: %s: %s", s->path, doing, sqlite3_errmsg(s->db));
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_hint(err, "another program has been writing to it for 30 seconds; try again");
    case SQLITE_FULL:
        return error_hint(err,
                          "the disk is full; nothing was changed: free some space and try again");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return sql_damaged(s, doing, err);
    case SQLITE_IOERR:
        return error_hint(err, "the disk failed to read or write; nothing is half-written");
    default: return -1;
    }
}

int sql_exec(Store *s, const char *sql, const char *doing, Error *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : sql_error(s, doing, err);
}

static bool find_cached(Store *s, sqlite3_stmt **out, const char *sql, int rows)
{
    for (int i = 0; i < s->n_cached; i++)
        if (s->cache[i].sql == sql && s->cache[i].rows == rows) {
            *out = s->cache[i].stmt;
            sqlite3_clear_bindings(*out);
            return true;
        }
    return false;
}

/* `text` is what is prepared, `sql` what it is known by. */
static int prepare(Store *s, sqlite3_stmt **out, const char *sql, int rows, const char *text,
                   Error *err)
{
    assert(s->n_cached < SQL_CACHE_MAX);
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) != SQLITE_OK)
        return sql_error(s, "prepare", err);
    s->cache[s->n_cached].sql = sql;
    s->cache[s->n_cached].rows = rows;
    s->cache[s->n_cached++].stmt = stmt;
    *out = stmt;
    return 0;
}

int sql_get(Store *s, sqlite3_stmt **out, const char *sql, Error *err)
{
    return find_cached(s, out, sql, 0) ? 0 : prepare(s, out, sql, 0, sql, err);
}

int sql_get_rows(Store *s, sqlite3_stmt **out, const char *head, const char *row, int n, Error *err)
{
    if (find_cached(s, out, head, n)) return 0;
    Text t = {0};
    text_add(&t, head);
    for (int i = 0; i < n; i++) {
        text_add(&t, i ? "," : "");
        text_add(&t, row);
    }
    const int rc = prepare(s, out, head, n, t.bytes, err);
    text_free(&t);
    return rc;
}

int sql_rows_of(int left)
{
    enum { FEW = 8 };
    return left >= SQL_ROWS ? SQL_ROWS : left >= FEW ? FEW : 1;
}

void sql_release(sqlite3_stmt *stmt)
{
    sqlite3_reset(stmt);
}

int sql_step(Store *s, sqlite3_stmt *stmt, const char *doing, Error *err)
{
    const int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) return 1;
    const int rc = code == SQLITE_DONE ? 0 : sql_error(s, doing, err);
    sql_release(stmt);
    return rc;
}

int sql_run(Store *s, sqlite3_stmt *stmt, const char *doing, Error *err)
{
    const int rc = sql_step(s, stmt, doing, err);
    assert(rc != 1);
    return rc;
}

int sql_one(Store *s, sqlite3_stmt *stmt, int64_t *out, const char *doing, Error *err)
{
    const int rc = sql_step(s, stmt, doing, err);
    if (rc < 0) return -1;
    *out = rc == 1 ? sqlite3_column_int64(stmt, 0) : 0;
    sql_release(stmt);
    return 0;
}

int sql_begin(Store *s, Error *err)
{
    s->head_known = false;
    return sql_exec(s, "BEGIN IMMEDIATE", "begin to write", err);
}

int sql_finish(Store *s, int rc, Error *err)
{
    if (rc == 0) rc = sql_exec(s, "COMMIT", "commit", err);
    /* Some errors have rolled back already; then this one finds no transaction, which is no matter. */
    if (rc != 0 && !sqlite3_get_autocommit(s->db))
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

void sql_bind_text(sqlite3_stmt *stmt, int at, const char *text_or_null)
{
    if (text_or_null) sqlite3_bind_text(stmt, at, text_or_null, -1, SQLITE_STATIC);
    else sqlite3_bind_null(stmt, at);
}

void sql_bind_id(sqlite3_stmt *stmt, int at, int64_t id)
{
    if (id != 0) sqlite3_bind_int64(stmt, at, id);
    else sqlite3_bind_null(stmt, at);
}

char *sql_copy_text(sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    return text ? mem_strndup((const char *)text, (size_t)sqlite3_column_bytes(stmt, column))
                : NULL;
}

Split sql_split(sqlite3_stmt *stmt, int column)
{
    const char *name = (const char *)sqlite3_column_text(stmt, column);
    for (int i = SPLIT_TRAIN; i < SPLIT_N; i++)
        if (name && strcmp(split_name((Split)i), name) == 0) return (Split)i;
    return SPLIT_ANY;
}

void sql_bind_split(sqlite3_stmt *stmt, int at, Split split)
{
    sql_bind_text(stmt, at, split == SPLIT_ANY ? NULL : split_name(split));
}

AnnotatorKind sql_kind(sqlite3_stmt *stmt, int column)
{
    const char *name = (const char *)sqlite3_column_text(stmt, column);
    for (int i = ANNOTATOR_HUMAN; i < ANNOTATOR_N; i++)
        if (name && strcmp(annotator_kind_name((AnnotatorKind)i), name) == 0)
            return (AnnotatorKind)i;
    return ANNOTATOR_ANY;
}

const unsigned char *sql_hash(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_bytes(stmt, column) == HASH_BYTES ? sqlite3_column_blob(stmt, column)
                                                            : NULL;
}

Outcome sql_outcome(sqlite3_stmt *stmt, int column)
{
    const char *name = (const char *)sqlite3_column_text(stmt, column);
    for (int i = OUTCOME_PREF; i <= OUTCOME_FLAG; i++)
        if (name && strcmp(outcome_name((Outcome)i), name) == 0) return (Outcome)i;
    return OUTCOME_SKIP;
}

void *sql_grow(void *rows, size_t n, size_t size)
{
    if ((n & (n - 1)) != 0) return rows;
    return mem_realloc(rows, n == 0 ? 1 : 2 * n, size);
}
