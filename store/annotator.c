#include <assert.h>
#include <stdlib.h>

#include "store/sql.h"

int store_insert_annotator(Store *s, const char *handle, AnnotatorKind kind, int64_t *id,
                           Error *err)
{
    static const char FIND[] = "SELECT id, kind FROM annotator WHERE handle=?1";
    static const char ADD[] = "INSERT INTO annotator(handle,kind,created_us) VALUES(?1,?2,?3)";
    assert(kind != ANNOTATOR_ANY);
    if (!*handle) return error_set(err, "%s: an annotator wants a name", s->path);
    if (content_check(s, handle, "the annotator's name", err) != 0) return -1;

    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, FIND, err) != 0) return -1;
    sql_bind_text(stmt, 1, handle);
    const int found = sql_step(s, stmt, "find an annotator", err);
    if (found < 0) return -1;
    if (found == 1) {
        const AnnotatorKind there = sql_kind(stmt, 1);
        *id = sqlite3_column_int64(stmt, 0);
        sql_release(stmt);
        if (there == kind) return 0;
        return error_set(err, "%s: annotator %s is of kind %s, not %s; take another name", s->path,
                         handle, annotator_kind_name(there), annotator_kind_name(kind));
    }
    if (sql_get(s, &stmt, ADD, err) != 0) return -1;
    sql_bind_text(stmt, 1, handle);
    sql_bind_text(stmt, 2, annotator_kind_name(kind));
    sqlite3_bind_int64(stmt, 3, store_time_us());
    if (sql_run(s, stmt, "add an annotator", err) != 0) return -1;
    *id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

int store_add_annotator(Store *s, const char *handle, AnnotatorKind kind, int64_t *id, Error *err)
{
    if (sql_begin(s, err) != 0) return -1;
    return sql_finish(s, store_insert_annotator(s, handle, kind, id, err), err);
}

int store_list_people(Store *s, StorePersonList *out, Error *err)
{
    static const char SQL[] = "SELECT id, handle, disabled_us IS NOT NULL FROM annotator"
                              " WHERE kind='human' ORDER BY id";
    StorePersonList list = {0};
    sqlite3_stmt *stmt = NULL;
    int found;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    while ((found = sql_step(s, stmt, "list people", err)) == 1) {
        list.row = sql_grow(list.row, list.n, sizeof *list.row);
        list.row[list.n++] = (StorePerson){.id = sqlite3_column_int64(stmt, 0),
                                           .handle = sql_copy_text(stmt, 1),
                                           .disabled = sqlite3_column_int(stmt, 2) != 0};
    }
    if (found < 0) {
        store_people_free(&list);
        return -1;
    }
    *out = list;
    return 0;
}

void store_people_free(StorePersonList *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->n; i++) free((char *)list->row[i].handle);
    free(list->row);
    *list = (StorePersonList){0};
}

static int disable(Store *s, int64_t id, bool disabled, Error *err)
{
    static const char SET[] = "UPDATE annotator SET disabled_us=CASE WHEN ?2 THEN"
                              " ifnull(disabled_us,?3) END WHERE id=?1 AND kind='human'";
    static const char RELEASE[] =
        "UPDATE assignment SET state='released' WHERE annotator_id=?1 AND state='open'";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SET, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, id);
    sqlite3_bind_int(stmt, 2, disabled);
    sqlite3_bind_int64(stmt, 3, store_time_us());
    if (sql_run(s, stmt, "change an annotator", err) != 0) return -1;
    if (sqlite3_changes(s->db) == 0)
        return error_set(err, "%s: there is no person %lld", s->path, (long long)id);
    if (!disabled) return 0;
    if (sql_get(s, &stmt, RELEASE, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, id);
    return sql_run(s, stmt, "release what she holds", err);
}

int store_disable_person(Store *s, int64_t id, bool disabled, Error *err)
{
    if (sql_begin(s, err) != 0) return -1;
    return sql_finish(s, disable(s, id, disabled, err), err);
}

/* ---- work ------------------------------------------------------------------------------------------ */

/* Signs of pref as a tie, so that 1 is the same side, 0.5 one of them undecided, 0 the other side. */
#define SAME_SIDE "1-abs(sign(l.pref)-sign(o.pref))/2.0"

int store_list_work(Store *s, int64_t from_us, int64_t to_us, StoreWorkList *out, Error *err)
{
    static const char SQL[] =
        "SELECT n.handle, l.submitted_us, l.active_ms, l.outcome IS 'skip', l.op='set'"
        "  AND g.purpose<>'practice' AND NOT EXISTS(SELECT 1 FROM label n WHERE n.supersedes=l.id),"
        " (SELECT sum(" SAME_SIDE ") FROM label_current o JOIN annotator m ON m.id=o.annotator_id"
        "   WHERE o.comparison_id=x.comparison_id AND o.annotator_id<>x.annotator_id"
        "    AND m.kind='human' AND o.role='annotator' AND o.pref IS NOT NULL AND l.pref IS NOT "
        "NULL),"
        " (SELECT count(*) FROM label_current o JOIN annotator m ON m.id=o.annotator_id"
        "   WHERE o.comparison_id=x.comparison_id AND o.annotator_id<>x.annotator_id"
        "    AND m.kind='human' AND o.role='annotator' AND o.pref IS NOT NULL AND l.pref IS NOT "
        "NULL)"
        " FROM label l JOIN assignment x ON x.id=l.assignment_id"
        " JOIN annotator n ON n.id=x.annotator_id JOIN comparison c ON c.id=x.comparison_id"
        " JOIN campaign g ON g.id=c.campaign_id"
        " WHERE n.kind='human' AND l.submitted_us>=?1 AND (?2=0 OR l.submitted_us<?2)"
        " ORDER BY n.id, l.submitted_us, l.id";
    StoreWorkList list = {0};
    sqlite3_stmt *stmt = NULL;
    int found;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, from_us);
    sqlite3_bind_int64(stmt, 2, to_us);
    while ((found = sql_step(s, stmt, "list work", err)) == 1) {
        list.row = sql_grow(list.row, list.n, sizeof *list.row);
        list.row[list.n++] = (StoreWork){.annotator = sql_copy_text(stmt, 0),
                                         .submitted_us = sqlite3_column_int64(stmt, 1),
                                         .active_ms = sqlite3_column_int64(stmt, 2),
                                         .skip = sqlite3_column_int(stmt, 3) != 0,
                                         .stands = sqlite3_column_int(stmt, 4) != 0,
                                         .agreement = sqlite3_column_double(stmt, 5),
                                         .compared = sqlite3_column_int64(stmt, 6)};
    }
    if (found < 0) {
        store_work_free(&list);
        return -1;
    }
    *out = list;
    return 0;
}

void store_work_free(StoreWorkList *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->n; i++) free((char *)list->row[i].annotator);
    free(list->row);
    *list = (StoreWorkList){0};
}
