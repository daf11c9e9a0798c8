/* Decisions that a person made elsewhere: looked up, and added as labels of that person. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/sql.h"

/* ---- what may be decided --------------------------------------------------------------------------- */

int store_ask_swapped(Store *s, int64_t comparison_id, int64_t annotator_id, bool *swapped,
                      Error *err)
{
    static const char SQL[] =
        "SELECT swapped FROM assignment WHERE comparison_id=?1 AND annotator_id=?2"
        " AND role='annotator' AND state IN('open','done')";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, comparison_id);
    sqlite3_bind_int64(stmt, 2, annotator_id);
    const int found = sql_step(s, stmt, "find an assignment", err);
    if (found < 0) return -1;
    *swapped = found == 1 ? sqlite3_column_int(stmt, 0) != 0
                          : store_is_swapped(s, comparison_id, annotator_id);
    if (found == 1) sql_release(stmt);
    return 0;
}

/* 1: the reason is in err. */
static int refuse(Store *s, int64_t comparison_id, Error *err)
{
    static const char SQL[] = "SELECT c.campaign_id, g.name, c.prompt_id IN " SQL_REDACTED
                              " FROM comparison c JOIN campaign g ON g.id=c.campaign_id"
                              " WHERE c.id=?1";
    sqlite3_stmt *stmt = NULL;
    int refused = 1;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, comparison_id);
    const int found = sql_step(s, stmt, "look at a pair", err);
    if (found < 0) return -1;
    if (found == 0) {
        error_set(err, "there is no pair %lld", (long long)comparison_id);
        return 1;
    }
    if (sqlite3_column_int64(stmt, 0) != s->campaign_id)
        error_set(err, "pair %lld is of campaign %s", (long long)comparison_id,
                  (const char *)sqlite3_column_text(stmt, 1));
    else if (sqlite3_column_int(stmt, 2))
        error_set(err, "pair %lld: its prompt is redacted", (long long)comparison_id);
    else refused = 0;
    sql_release(stmt);
    return refused;
}

int store_find_votable(Store *s, int64_t comparison_id, StorePairList *out, Error *err)
{
    const int refused = refuse(s, comparison_id, err);
    return refused ? refused : store_get_pair(s, comparison_id, out, err);
}

/* ---- adding ---------------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The label of the assignment that stands, and whether it says what the ballot does; *standing is 0 when none
 * does. */
static int look_at_standing(Store *s, const StoreBallot *b, int64_t assignment_id,
                            int64_t *standing, bool *same, Error *err)
{
    static const char SQL[] = "SELECT l.id, l.outcome, l.pref, l.comment, l.reasons, l.confidence"
                              " FROM label l WHERE l.assignment_id=?1 AND l.op='set'"
                              " AND NOT EXISTS(SELECT 1 FROM label n WHERE n.supersedes=l.id)";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, assignment_id);
    const int found = sql_step(s, stmt, "find the label that stands", err);
    if (found <= 0) return found;
    *standing = sqlite3_column_int64(stmt, 0);
    *same = sql_outcome(stmt, 1) == b->outcome &&
            (b->outcome != OUTCOME_PREF || sqlite3_column_int(stmt, 2) == b->preferred) &&
            same_text((const char *)sqlite3_column_text(stmt, 3), b->comment) &&
            same_text((const char *)sqlite3_column_text(stmt, 4), b->reasons) &&
            sqlite3_column_int(stmt, 5) == b->confidence;
    sql_release(stmt);
    return 0;
}

/* What a label says was shown may not change after it was given: its hash covers it. */
static int set_order(Store *s, int64_t assignment_id, int64_t session_id, int first, Error *err)
{
    static const char SQL[] =
        "UPDATE assignment SET state='done', session_id=?2,"
        " swapped=CASE WHEN ?3=0 OR EXISTS(SELECT 1 FROM label l WHERE l.assignment_id=?1)"
        " THEN swapped ELSE ?3>0 END WHERE id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, assignment_id);
    sqlite3_bind_int64(stmt, 2, session_id);
    sqlite3_bind_int(stmt, 3, first);
    return sql_run(s, stmt, "finish an assignment", err);
}

static int append(Store *s, int64_t session_id, int64_t assignment_id, StoreBallot *b, Error *err)
{
    LabelRow row = {.assignment_id = assignment_id,
                    .session_id = session_id,
                    .outcome = b->outcome,
                    .preferred = b->preferred,
                    .submitted_us = store_time_us(),
                    .active_ms = b->active_ms,
                    .comment = b->comment,
                    .reasons = b->reasons,
                    .confidence = b->confidence};
    store_make_uuid(row.uuid);
    row.shown_us = row.submitted_us - 1000 * b->active_ms;
    if (store_newest_label(s, assignment_id, &row.supersedes, err) != 0) return -1;
    if (set_order(s, assignment_id, session_id, b->first, err) != 0) return -1;
    b->fate = BALLOT_ADDED;
    return label_append(s, &row, &b->label_id, err);
}

static int add(Store *s, int64_t session_id, int64_t annotator_id, StoreBallot *b, bool replace,
               Error *err)
{
    int64_t assignment_id = 0, standing = 0;
    bool done = false, same = false;
    if (store_find_assignment(s, b->comparison_id, annotator_id, &assignment_id, &done, err) != 0)
        return -1;
    if (assignment_id == 0 &&
        store_insert_assignment(s, b->comparison_id, annotator_id, session_id, "annotator", "done",
                                &assignment_id, err) != 0)
        return -1;
    if (look_at_standing(s, b, assignment_id, &standing, &same, err) != 0) return -1;
    b->label_id = standing;
    b->fate = same ? BALLOT_THERE : BALLOT_AGAINST;
    if (same || (standing && !replace)) return 0;
    return append(s, session_id, assignment_id, b, err);
}

int store_add_ballots(Store *s, int64_t session_id, StoreBallot *rows, size_t n, BallotTerms terms,
                      Error *err)
{
    int64_t annotator_id = 0;
    bool against = false;
    if (sql_begin(s, err) != 0) return -1;
    int rc = store_find_session_annotator(s, session_id, &annotator_id, err);
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = add(s, session_id, annotator_id, &rows[i], terms.replace, err);
        against |= rc == 0 && rows[i].fate == BALLOT_AGAINST;
        progress_pulse(NULL);
    }
    if (rc != 0 || !(terms.look || (terms.whole && against))) return sql_finish(s, rc, err);
    Error ignored;
    sql_finish(s, -1, &ignored);
    return 0;
}
