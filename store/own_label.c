/* What one person has labeled, newest first. */
#include <stdlib.h>

#include "store/sql.h"

static void read_own_label(StoreOwnLabel *row, sqlite3_stmt *stmt)
{
    const int preferred = sqlite3_column_int(stmt, 3);
    const bool swapped = sqlite3_column_int(stmt, 4) != 0;
    *row = (StoreOwnLabel){.id = sqlite3_column_int64(stmt, 0),
                           .comparison_id = sqlite3_column_int64(stmt, 1),
                           .outcome = sql_outcome(stmt, 2),
                           .preferred = swapped ? -preferred : preferred,
                           .submitted_us = sqlite3_column_int64(stmt, 5),
                           .active_ms = sqlite3_column_int64(stmt, 6),
                           .comment = sql_copy_text(stmt, 7),
                           .reasons = sql_copy_text(stmt, 8),
                           .prompt = sql_copy_text(stmt, 9),
                           .template = sql_copy_text(stmt, 10)};
}

static int list_own(Store *s, int64_t annotator_id, const char *role, int64_t since_us,
                    int64_t limit, StoreOwnLabelList *out, Error *err)
{
    /* The + keeps to the order of labels, so that the newest few are found without reading all. */
    static const char SQL[] =
        "SELECT l.id, l.comparison_id, l.outcome, l.pref, l.swapped, l.submitted_us, l.active_ms,"
        " l.comment, l.reasons, t.body, k.template FROM label_current l"
        " JOIN comparison c ON c.id=l.comparison_id JOIN prompt p ON p.id=c.prompt_id"
        " JOIN content t ON t.id=p.content_id LEFT JOIN conversation k ON k.prompt_id=p.id"
        " WHERE +l.annotator_id=?1 AND l.role=?5 AND +c.campaign_id=?2"
        " AND l.submitted_us>=?3 ORDER BY l.id DESC LIMIT ?4";
    StoreOwnLabelList list = {0};
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, annotator_id);
    sqlite3_bind_int64(stmt, 2, s->campaign_id);
    sqlite3_bind_int64(stmt, 3, since_us);
    sqlite3_bind_int64(stmt, 4, limit > 0 ? limit : -1);
    sql_bind_text(stmt, 5, role);
    int step;
    while ((step = sql_step(s, stmt, "list labels", err)) == 1) {
        list.row = sql_grow(list.row, list.n, sizeof *list.row);
        read_own_label(&list.row[list.n++], stmt);
    }
    if (step != 0) {
        store_own_labels_free(&list);
        return -1;
    }
    *out = list;
    return 0;
}

int store_list_own_labels(Store *s, int64_t annotator_id, int64_t since_us, int64_t limit,
                          StoreOwnLabelList *out, Error *err)
{
    return list_own(s, annotator_id, "annotator", since_us, limit, out, err);
}

int store_list_own_reviews(Store *s, int64_t annotator_id, int64_t limit, StoreOwnLabelList *out,
                           Error *err)
{
    return list_own(s, annotator_id, "reviewer", 0, limit, out, err);
}

void store_own_labels_free(StoreOwnLabelList *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->n; i++) {
        free((char *)list->row[i].comment);
        free((char *)list->row[i].reasons);
        free((char *)list->row[i].prompt);
        free((char *)list->row[i].template);
    }
    free(list->row);
    *list = (StoreOwnLabelList){0};
}
