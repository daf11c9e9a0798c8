/* Where people differ: the pairs, and what each of them said. */
#include <stdlib.h>
#include <string.h>

#include "store/sql.h"

/* Labels of comparison c by people, as annotators, that choose or tie. */
#define VOTES                                                               \
    "SELECT 1 FROM label_current l JOIN annotator n ON n.id=l.annotator_id" \
    " WHERE l.comparison_id=c.id AND n.kind='human' AND l.role='annotator' AND l.pref"
/* Two of them stand on different sides, a tie being one of its own, and nobody has settled it. */
#define DISAGREED                                                                    \
    " FROM comparison c WHERE c.campaign_id=?1 AND c.prompt_id NOT IN " SQL_REDACTED \
    " AND (EXISTS(" VOTES "<0)+EXISTS(" VOTES "=0)+EXISTS(" VOTES ">0))>1"           \
    " AND NOT EXISTS(SELECT 1 FROM assignment x WHERE x.comparison_id=c.id"          \
    "  AND x.role='reviewer' AND (x.state='done' OR (x.state='open' AND x.annotator_id<>?2)))"

int store_count_disagreed(Store *s, int64_t annotator_id, int64_t *out, Error *err)
{
    static const char SQL[] = "SELECT count(*)" DISAGREED;
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, s->campaign_id);
    sqlite3_bind_int64(stmt, 2, annotator_id);
    return sql_one(s, stmt, out, "count what people differ on", err);
}

/* The open one of this reviewer and comparison; 0 when there is none. */
static int find_open(Store *s, int64_t comparison_id, int64_t annotator_id, int64_t *id, Error *err)
{
    static const char SQL[] = "SELECT id FROM assignment WHERE comparison_id=?1 AND annotator_id=?2"
                              " AND role='reviewer' AND state='open'";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, comparison_id);
    sqlite3_bind_int64(stmt, 2, annotator_id);
    return sql_one(s, stmt, id, "find an assignment", err);
}

static int claim(Store *s, int64_t session_id, int64_t after, StoreClaim *out, bool *found,
                 Error *err)
{
    /* What a lost line or a signal took out of this reviewer's hands comes first. */
    static const char SQL[] =
        "SELECT c.id" DISAGREED " AND c.id>?3 ORDER BY NOT EXISTS(SELECT 1 FROM assignment h"
        "  WHERE h.comparison_id=c.id AND h.role='reviewer' AND h.state='open'), c.id LIMIT 1";
    int64_t annotator_id = 0, comparison_id = 0, id = 0;
    sqlite3_stmt *stmt = NULL;
    if (store_find_session_annotator(s, session_id, &annotator_id, err) != 0) return -1;
    if (store_expire_leases(s, err) != 0) return -1;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, s->campaign_id);
    sqlite3_bind_int64(stmt, 2, annotator_id);
    sqlite3_bind_int64(stmt, 3, after);
    if (sql_one(s, stmt, &comparison_id, "find what people differ on", err) != 0) return -1;
    *found = comparison_id != 0;
    if (!*found) return 0;
    if (find_open(s, comparison_id, annotator_id, &id, err) != 0) return -1;
    const int rc = id ? store_hold_assignment(s, id, session_id, err)
                      : store_insert_assignment(s, comparison_id, annotator_id, session_id,
                                                "reviewer", "open", &id, err);
    return rc == 0 ? store_read_claim(s, id, out, err) : -1;
}

int store_claim_disagreed(Store *s, int64_t session_id, int64_t after, StoreClaim *out, bool *found,
                          Error *err)
{
    StoreClaim got = {0};
    bool any = false;
    if (sql_begin(s, err) != 0) return -1;
    if (sql_finish(s, claim(s, session_id, after, &got, &any, err), err) != 0) {
        store_claim_free(&got);
        return -1;
    }
    *found = any;
    if (any) *out = got;
    return 0;
}

int store_list_votes(Store *s, int64_t comparison_id, StoreVoteList *out, Error *err)
{
    static const char SQL[] =
        "SELECT n.handle, l.outcome, l.pref, l.comment, l.reasons FROM label_current l"
        " JOIN annotator n ON n.id=l.annotator_id WHERE l.comparison_id=?1 AND n.kind='human'"
        " AND l.role='annotator' ORDER BY l.id";
    StoreVoteList list = {0};
    sqlite3_stmt *stmt = NULL;
    int found;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, comparison_id);
    while ((found = sql_step(s, stmt, "list votes", err)) == 1) {
        list.row = sql_grow(list.row, list.n, sizeof *list.row);
        list.row[list.n++] = (StoreVote){.annotator = sql_copy_text(stmt, 0),
                                         .outcome = sql_outcome(stmt, 1),
                                         .preferred = sqlite3_column_int(stmt, 2),
                                         .comment = sql_copy_text(stmt, 3),
                                         .reasons = sql_copy_text(stmt, 4)};
    }
    if (found < 0) {
        store_votes_free(&list);
        return -1;
    }
    *out = list;
    return 0;
}

void store_votes_free(StoreVoteList *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->n; i++) {
        free((char *)list->row[i].annotator);
        free((char *)list->row[i].comment);
        free((char *)list->row[i].reasons);
    }
    free(list->row);
    *list = (StoreVoteList){0};
}
