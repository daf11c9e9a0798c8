/* Labels: saved, superseded, undone, never changed. */
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/sql.h"

/* Those made one after the other stand side by side in the index of them: by chance alone each would touch a page
 * of its own, which at a million labels is half of what adding one takes. */
void label_make_uuids(uint8_t (*out)[16], int n)
{
    const uint64_t ms = (uint64_t)store_time_us() / 1000;
    randombytes_buf(out, (size_t)n * sizeof *out);
    for (int k = 0; k < n; k++) {
        for (int i = 0; i < 6; i++) out[k][i] = (uint8_t)(ms >> (8 * (5 - i)));
        out[k][6] = (uint8_t)((out[k][6] & 0x0f) | 0x70); /* RFC 9562, version 7 */
        out[k][8] = (uint8_t)((out[k][8] & 0x3f) | 0x80);
    }
}

void store_make_uuid(uint8_t out[16])
{
    label_make_uuids((uint8_t(*)[16])out, 1);
}

/* ---- a person's labels ----------------------------------------------------------------------------- */

static int find_uuid(Store *s, const uint8_t uuid[16], int64_t *label_id, Error *err)
{
    static const char SQL[] = "SELECT id FROM label WHERE uuid=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_blob(stmt, 1, uuid, 16, SQLITE_STATIC);
    return sql_one(s, stmt, label_id, "find a label", err);
}

int store_newest_label(Store *s, int64_t assignment_id, int64_t *label_id, Error *err)
{
    static const char SQL[] = "SELECT max(id) FROM label WHERE assignment_id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, assignment_id);
    return sql_one(s, stmt, label_id, "find a label", err);
}

/* The assignment to write to: this one, or, when its lease ran out and the same pair was given to the same
 * annotator again, the live one. */
static int live_assignment(Store *s, int64_t asked, int64_t *id, int64_t *session_id, bool *swapped,
                           Error *err)
{
    static const char SQL[] =
        "SELECT x.id, x.session_id, x.swapped FROM assignment o JOIN assignment x"
        " ON x.comparison_id=o.comparison_id AND x.annotator_id=o.annotator_id"
        " AND x.role=o.role WHERE o.id=?1"
        " ORDER BY x.state IN('open','done') DESC, x.id=?1 DESC LIMIT 1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, asked);
    const int found = sql_step(s, stmt, "find the assignment", err);
    if (found < 0) return -1;
    if (found == 0)
        return error_set(err, "%s: there is no assignment %lld", s->path, (long long)asked);
    *id = sqlite3_column_int64(stmt, 0);
    *session_id = sqlite3_column_int64(stmt, 1);
    *swapped = sqlite3_column_int(stmt, 2) != 0;
    sql_release(stmt);
    return 0;
}

static int finish_assignment(Store *s, int64_t assignment_id, Error *err)
{
    static const char SQL[] = "UPDATE assignment SET state='done' WHERE id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, assignment_id);
    return sql_run(s, stmt, "finish an assignment", err);
}

static int save(Store *s, const StoreDecision *d, int64_t *label_id, Error *err)
{
    LabelRow row = {.outcome = d->outcome,
                    .shown_us = d->shown_us,
                    .first_input_us = d->first_input_us,
                    .active_ms = d->active_ms,
                    .layout = d->layout,
                    .comment = d->comment,
                    .reasons = d->reasons && *d->reasons ? d->reasons : NULL,
                    .confidence = d->confidence,
                    .seen = d->seen};
    bool swapped = false;
    memcpy(row.uuid, d->uuid, 16);
    if (find_uuid(s, d->uuid, label_id, err) != 0) return -1;
    if (*label_id != 0) return 0;
    if (live_assignment(s, d->assignment_id, &row.assignment_id, &row.session_id, &swapped, err) !=
        0)
        return -1;
    if (store_newest_label(s, row.assignment_id, &row.supersedes, err) != 0) return -1;
    row.preferred = swapped ? -d->preferred : d->preferred;
    row.seen_a = swapped ? d->seen_second : d->seen_first;
    row.seen_b = swapped ? d->seen_first : d->seen_second;
    row.submitted_us = store_time_us();
    /* The clock may have been set back while the pair was on the screen. */
    if (row.shown_us > row.submitted_us) row.shown_us = row.submitted_us;
    if (label_append(s, &row, label_id, err) != 0) return -1;
    return finish_assignment(s, row.assignment_id, err);
}

int store_save_label(Store *s, const StoreDecision *decision, int64_t *label_id, Error *err)
{
    /* An unset uuid would make the second label look like a retry of the first. */
    assert(!sodium_is_zero(decision->uuid, 16));
    int64_t id = 0;
    if (sql_begin(s, err) != 0) return -1;
    const int rc = sql_finish(s, save(s, decision, &id, err), err);
    if (rc == 0 && label_id) *label_id = id;
    return rc;
}

static int undo(Store *s, int64_t session_id, const char *role, StoreClaim *out, bool *found,
                Error *err)
{
    static const char NEWEST[] = "SELECT l.id, l.assignment_id FROM label_current l"
                                 " JOIN comparison c ON c.id=l.comparison_id WHERE"
                                 " l.annotator_id=?1 AND c.campaign_id=?2 AND l.role=?3"
                                 " ORDER BY l.id DESC LIMIT 1";
    int64_t annotator_id = 0, id = 0;
    LabelRow row = {.retract = true, .session_id = session_id};
    sqlite3_stmt *stmt = NULL;
    if (store_find_session_annotator(s, session_id, &annotator_id, err) != 0) return -1;
    if (sql_get(s, &stmt, NEWEST, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, annotator_id);
    sqlite3_bind_int64(stmt, 2, s->campaign_id);
    sql_bind_text(stmt, 3, role);
    const int step = sql_step(s, stmt, "find the newest label", err);
    if (step <= 0) return step;
    row.supersedes = sqlite3_column_int64(stmt, 0);
    row.assignment_id = sqlite3_column_int64(stmt, 1);
    sql_release(stmt);
    *found = true;

    store_make_uuid(row.uuid);
    row.shown_us = row.submitted_us = store_time_us();
    if (label_append(s, &row, &id, err) != 0) return -1;
    if (store_hold_assignment(s, row.assignment_id, session_id, err) != 0) return -1;
    return store_read_claim(s, row.assignment_id, out, err);
}

static int undo_newest(Store *s, int64_t session_id, const char *role, StoreClaim *out, bool *found,
                       Error *err)
{
    StoreClaim got = {0};
    bool any = false;
    if (sql_begin(s, err) != 0) return -1;
    if (sql_finish(s, undo(s, session_id, role, &got, &any, err), err) != 0) {
        store_claim_free(&got);
        return -1;
    }
    *found = any;
    if (any) *out = got;
    return 0;
}

int store_undo_label(Store *s, int64_t session_id, StoreClaim *out, bool *found, Error *err)
{
    return undo_newest(s, session_id, "annotator", out, found, err);
}

int store_undo_review(Store *s, int64_t session_id, StoreClaim *out, bool *found, Error *err)
{
    return undo_newest(s, session_id, "reviewer", out, found, err);
}

/* ---- rules, judges and data sets ------------------------------------------------------------------- */

int store_find_assignment(Store *s, int64_t comparison_id, int64_t annotator_id, int64_t *id,
                          bool *done, Error *err)
{
    static const char SQL[] =
        "SELECT id, state FROM assignment WHERE comparison_id=?1 AND annotator_id=?2"
        " AND role='annotator' AND state IN('open','done')";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, comparison_id);
    sqlite3_bind_int64(stmt, 2, annotator_id);
    const int found = sql_step(s, stmt, "find an assignment", err);
    if (found <= 0) return found;
    *id = sqlite3_column_int64(stmt, 0);
    *done = strcmp((const char *)sqlite3_column_text(stmt, 1), "done") == 0;
    sql_release(stmt);
    return 0;
}

int store_insert_verdict(Store *s, int64_t session_id, const StoreVerdict *verdict,
                         StoreAdded *added, Error *err)
{
    LabelRow row = {.session_id = session_id,
                    .outcome = verdict->outcome,
                    .preferred = verdict->preferred,
                    .comment = verdict->comment};
    int64_t annotator_id = 0, id = 0;
    bool done = false;
    if (store_find_session_annotator(s, session_id, &annotator_id, err) != 0) return -1;
    if (store_find_assignment(s, verdict->comparison_id, annotator_id, &row.assignment_id, &done,
                              err) != 0)
        return -1;
    if (done) {
        added->duplicate++;
        return 0;
    }
    if (row.assignment_id == 0) {
        if (store_insert_assignment(s, verdict->comparison_id, annotator_id, session_id,
                                    "annotator", "done", &row.assignment_id, err) != 0)
            return -1;
    } else {
        if (store_newest_label(s, row.assignment_id, &row.supersedes, err) != 0) return -1;
        if (finish_assignment(s, row.assignment_id, err) != 0) return -1;
    }
    store_make_uuid(row.uuid);
    row.shown_us = row.submitted_us = store_time_us();
    added->added++;
    return label_append(s, &row, &id, err);
}

int store_add_labels(Store *s, int64_t session_id, const StoreVerdict *rows, size_t n,
                     StoreAdded *added, Error *err)
{
    StoreAdded count = {0};
    if (sql_begin(s, err) != 0) return -1;
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = store_insert_verdict(s, session_id, &rows[i], &count, err);
        progress_pulse(NULL);
    }
    rc = sql_finish(s, rc, err);
    if (rc == 0 && added) *added = count;
    return rc;
}
