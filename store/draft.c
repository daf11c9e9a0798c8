#include <assert.h>
#include <stdlib.h>

#include "store/sql.h"

static int put_draft(Store *s, const StoreDraft *d, Error *err)
{
    static const char SQL[] = "INSERT OR REPLACE INTO "
                              "draft(assignment_id,outcome,pref,reasons,confidence,note,prompt_top,"
                              "first_top,second_top,shown_us,first_input_us,active_ms,updated_us)"
                              " SELECT id,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13 FROM assignment"
                              " WHERE id=?1 AND state='open'";
    assert(!d->chosen || (d->outcome == OUTCOME_PREF) == (d->preferred != 0));
    if (d->note && content_check(s, d->note, "note", err) != 0) return -1;
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, d->assignment_id);
    if (d->chosen) {
        sql_bind_text(stmt, 2, outcome_name(d->outcome));
        sql_bind_id(stmt, 3, d->preferred);
    }
    sql_bind_text(stmt, 4, d->reasons);
    sql_bind_id(stmt, 5, d->confidence);
    sql_bind_text(stmt, 6, d->note);
    sqlite3_bind_int64(stmt, 7, d->prompt_top);
    sqlite3_bind_int64(stmt, 8, d->first_top);
    sqlite3_bind_int64(stmt, 9, d->second_top);
    sqlite3_bind_int64(stmt, 10, d->shown_us);
    sql_bind_id(stmt, 11, d->first_input_us);
    sqlite3_bind_int64(stmt, 12, d->active_ms);
    sqlite3_bind_int64(stmt, 13, store_time_us());
    return sql_run(s, stmt, "keep a draft", err);
}

/* A lease is for whoever went away, not for whoever reads a long text. */
static int renew_lease(Store *s, int64_t assignment_id, Error *err)
{
    static const char SQL[] =
        "UPDATE assignment SET expires_us=max(expires_us,?2+1000000*(SELECT g.lease_s FROM"
        " comparison c JOIN campaign g ON g.id=c.campaign_id WHERE c.id=comparison_id))"
        " WHERE id=?1 AND state='open'";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, assignment_id);
    sqlite3_bind_int64(stmt, 2, store_time_us());
    return sql_run(s, stmt, "hold a comparison on", err);
}

int store_put_draft(Store *s, const StoreDraft *draft, Error *err)
{
    if (sql_begin(s, err) != 0) return -1;
    int rc = put_draft(s, draft, err);
    if (rc == 0) rc = renew_lease(s, draft->assignment_id, err);
    return sql_finish(s, rc, err);
}

int store_get_draft(Store *s, int64_t assignment_id, StoreDraft *out, bool *found, Error *err)
{
    static const char SQL[] =
        "SELECT outcome, pref, reasons, confidence, note, prompt_top, first_top, second_top,"
        " shown_us, first_input_us, active_ms FROM draft WHERE assignment_id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, assignment_id);
    const int row = sql_step(s, stmt, "read a draft", err);
    if (row < 0) return -1;
    *found = row == 1;
    if (row == 0) return 0;
    *out = (StoreDraft){.assignment_id = assignment_id,
                        .chosen = sqlite3_column_type(stmt, 0) != SQLITE_NULL,
                        .outcome = sql_outcome(stmt, 0),
                        .preferred = sqlite3_column_int(stmt, 1),
                        .reasons = sql_copy_text(stmt, 2),
                        .confidence = sqlite3_column_int(stmt, 3),
                        .note = sql_copy_text(stmt, 4),
                        .prompt_top = sqlite3_column_int64(stmt, 5),
                        .first_top = sqlite3_column_int64(stmt, 6),
                        .second_top = sqlite3_column_int64(stmt, 7),
                        .shown_us = sqlite3_column_int64(stmt, 8),
                        .first_input_us = sqlite3_column_int64(stmt, 9),
                        .active_ms = sqlite3_column_int64(stmt, 10)};
    sql_release(stmt);
    return 0;
}

void store_draft_free(StoreDraft *draft)
{
    if (!draft) return;
    free((char *)draft->reasons);
    free((char *)draft->note);
    *draft = (StoreDraft){0};
}
