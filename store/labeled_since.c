/* How much has been labeled lately. */
#include "store/sql.h"

int store_count_since(Store *s, int64_t annotator_id, int64_t since_us, int64_t *out, Error *err)
{
    /* The + keeps to the labels since then, which are few. */
    static const char SQL[] = "SELECT count(*) FROM label_current l JOIN comparison c"
                              " ON c.id=l.comparison_id WHERE +l.annotator_id=?1"
                              " AND l.submitted_us>=?2 AND l.outcome<>'skip' AND +c.campaign_id=?3";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, annotator_id);
    sqlite3_bind_int64(stmt, 2, since_us);
    sqlite3_bind_int64(stmt, 3, s->campaign_id);
    return sql_one(s, stmt, out, "count labels", err);
}

int store_count_preferences_since(Store *s, int64_t since_us, int64_t *out, Error *err)
{
    static const char SQL[] =
        "SELECT count(*) FROM label_current l JOIN comparison c ON c.id=l.comparison_id"
        " JOIN prompt p ON p.id=c.prompt_id JOIN campaign g ON g.id=c.campaign_id"
        " WHERE l.pref IS NOT NULL AND g.purpose='train' AND p.split<>'test' AND "
        "l.submitted_us>=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, since_us);
    return sql_one(s, stmt, out, "count labels", err);
}
