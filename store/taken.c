/* Why there is nothing to label: where the pairs are that a person is not given. */
#include "store/sql.h"

/* Assignments of pair c: of other people than ?1, or of her own; ?2 is now. */
#define ASSIGNED                                                                \
    "EXISTS(SELECT 1 FROM assignment x JOIN annotator n ON n.id=x.annotator_id" \
    " WHERE x.comparison_id=c.id AND n.kind='human'"
#define DONE ASSIGNED " AND n.id<>?1 AND x.state='done')"
#define HELD ASSIGNED " AND n.id<>?1 AND x.state='open' AND x.expires_us>=?2)"
#define OWN  ASSIGNED " AND n.id=?1 AND x.state='open' AND x.expires_us>=?2)"

int store_count_taken(Store *s, int64_t annotator_id, StoreTaken *out, Error *err)
{
    static const char SQL[] =
        "SELECT sum(done), sum(NOT done AND held), sum(NOT done AND NOT held AND own),"
        " sum(NOT done AND NOT held AND NOT own AND imported)"
        " FROM (SELECT " DONE " AS done, " HELD " AS held, " OWN " AS own,"
        " c.origin='import' AS imported FROM comparison c WHERE c.campaign_id=?3)";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, annotator_id);
    sqlite3_bind_int64(stmt, 2, store_time_us());
    sqlite3_bind_int64(stmt, 3, s->campaign_id);
    const int found = sql_step(s, stmt, "count taken comparisons", err);
    if (found < 0) return -1;
    *out = (StoreTaken){0};
    if (found == 0) return 0;
    *out = (StoreTaken){.labeled = sqlite3_column_int64(stmt, 0),
                        .held = sqlite3_column_int64(stmt, 1),
                        .held_elsewhere = sqlite3_column_int64(stmt, 2),
                        .imported = sqlite3_column_int64(stmt, 3)};
    sql_release(stmt);
    return 0;
}

int store_count_awaited(Store *s, int64_t annotator_id, int64_t *n, int64_t *first_us, Error *err)
{
    static const char SQL[] =
        "SELECT count(DISTINCT x.comparison_id), min(x.expires_us) FROM assignment x"
        " JOIN annotator p ON p.id=x.annotator_id JOIN comparison c ON c.id=x.comparison_id"
        " WHERE x.state='open' AND x.expires_us>=?3 AND x.role='annotator' AND p.kind='human'"
        " AND x.annotator_id<>?1 AND c.campaign_id=?2 AND NOT EXISTS(SELECT 1 FROM assignment m"
        "  WHERE m.comparison_id=c.id AND m.annotator_id=?1 AND m.state IN('open','done'))";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, annotator_id);
    sqlite3_bind_int64(stmt, 2, s->campaign_id);
    sqlite3_bind_int64(stmt, 3, store_time_us());
    if (sql_step(s, stmt, "count what others hold", err) != 1) return -1;
    *n = sqlite3_column_int64(stmt, 0);
    *first_us = sqlite3_column_int64(stmt, 1);
    sql_release(stmt);
    return 0;
}
