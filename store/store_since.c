/* How much has been labeled lately. */
#include "store/sql.h"

int store_count_since(Store *s, int64_t annotator_id, int64_t since_us, int64_t *out, Error *err)
{
    static const char SQL[] = "SELECT count(*) FROM label_current"
                              " WHERE annotator_id=?1 AND submitted_us>=?2 AND outcome<>'skip'";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, annotator_id);
    sqlite3_bind_int64(stmt, 2, since_us);
    return sql_one(s, stmt, out, "count labels", err);
}

int store_count_preferences_since(Store *s, int64_t since_us, int64_t *out, Error *err)
{
    static const char SQL[] =
        "SELECT count(*) FROM label_current l JOIN comparison c ON c.id=l.comparison_id"
        " JOIN prompt p ON p.id=c.prompt_id"
        " WHERE l.pref IS NOT NULL AND p.split<>'test' AND l.submitted_us>=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, since_us);
    return sql_one(s, stmt, out, "count labels", err);
}
