#include <assert.h>
#include <stdlib.h>

#include "store/sql.h"

static int put_gold(Store *s, const StoreGold *g, Error *err)
{
    static const char SQL[] = "INSERT OR REPLACE INTO gold(comparison_id,outcome,pref,why,"
                              "created_us) VALUES(?1,?2,?3,?4,?5)";
    assert(g->outcome == OUTCOME_PREF || g->outcome == OUTCOME_TIE ||
           g->outcome == OUTCOME_BOTH_BAD);
    if (g->why && content_check(s, g->why, "reason", err) != 0) return -1;
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, g->comparison_id);
    sql_bind_text(stmt, 2, outcome_name(g->outcome));
    sqlite3_bind_int(stmt, 3, g->preferred);
    sql_bind_text(stmt, 4, g->why);
    sqlite3_bind_int64(stmt, 5, store_time_us());
    return sql_run(s, stmt, "keep the expected answer", err);
}

int store_put_gold(Store *s, const StoreGold *gold, Error *err)
{
    if (sql_begin(s, err) != 0) return -1;
    return sql_finish(s, put_gold(s, gold, err), err);
}

static int add_gold_of(Store *s, const char *handle, int64_t *n, Error *err)
{
    static const char FIND[] = "SELECT id FROM annotator WHERE handle=?1 AND kind='human'";
    static const char SQL[] =
        "INSERT OR REPLACE INTO gold(comparison_id,outcome,pref,why,created_us)"
        " SELECT comparison_id, outcome, pref, comment, ?2 FROM label_current"
        " WHERE annotator_id=?1 AND pref IS NOT NULL AND comment<>''";
    sqlite3_stmt *stmt = NULL;
    int64_t id = 0;
    if (sql_get(s, &stmt, FIND, err) != 0) return -1;
    sql_bind_text(stmt, 1, handle);
    if (sql_one(s, stmt, &id, "find an annotator", err) != 0) return -1;
    if (id == 0) return error_set(err, "there is no annotator '%.60s'", handle);
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, id);
    sqlite3_bind_int64(stmt, 2, store_time_us());
    if (sql_run(s, stmt, "keep the expected answers", err) != 0) return -1;
    *n = sqlite3_changes(s->db);
    return 0;
}

int store_add_gold_of(Store *s, const char *handle, int64_t *n, Error *err)
{
    int64_t added = 0;
    if (sql_begin(s, err) != 0) return -1;
    if (sql_finish(s, add_gold_of(s, handle, &added, err), err) != 0) return -1;
    *n = added;
    return 0;
}

int store_get_gold(Store *s, int64_t comparison_id, StoreGold *out, bool *found, Error *err)
{
    static const char SQL[] = "SELECT outcome, pref, why FROM gold WHERE comparison_id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, comparison_id);
    const int row = sql_step(s, stmt, "read the expected answer", err);
    if (row < 0) return -1;
    *found = row == 1;
    if (row == 0) return 0;
    *out = (StoreGold){.comparison_id = comparison_id,
                       .outcome = sql_outcome(stmt, 0),
                       .preferred = sqlite3_column_int(stmt, 1),
                       .why = sql_copy_text(stmt, 2)};
    sql_release(stmt);
    return 0;
}

void store_gold_free(StoreGold *gold)
{
    if (!gold) return;
    free((char *)gold->why);
    *gold = (StoreGold){0};
}

int store_list_gold(Store *s, StoreGoldList *out, Error *err)
{
    static const char SQL[] =
        "SELECT g.comparison_id, g.outcome, g.pref, g.why FROM gold g"
        " JOIN comparison c ON c.id=g.comparison_id WHERE c.prompt_id NOT IN " SQL_REDACTED
        " ORDER BY g.comparison_id";
    StoreGoldList list = {0};
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    int step;
    while ((step = sql_step(s, stmt, "list the pairs to practise on", err)) == 1) {
        list.row = sql_grow(list.row, list.n, sizeof *list.row);
        list.row[list.n++] = (StoreGold){.comparison_id = sqlite3_column_int64(stmt, 0),
                                         .outcome = sql_outcome(stmt, 1),
                                         .preferred = sqlite3_column_int(stmt, 2),
                                         .why = sql_copy_text(stmt, 3)};
    }
    if (step != 0) {
        store_gold_list_free(&list);
        return -1;
    }
    *out = list;
    return 0;
}

void store_gold_list_free(StoreGoldList *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->n; i++) free((char *)list->row[i].why);
    free(list->row);
    *list = (StoreGoldList){0};
}
