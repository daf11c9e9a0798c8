#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/sql.h"

/* Both responses answer this prompt; *equal when their texts are the same. */
static int look_at_pair(Store *s, const StoreComparison *row, bool *equal, Error *err)
{
    static const char SQL[] = "SELECT a.content_id=b.content_id FROM response a, response b"
                              " WHERE a.id=?1 AND b.id=?2 AND a.prompt_id=?3 AND b.prompt_id=?3";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, row->a_id);
    sqlite3_bind_int64(stmt, 2, row->b_id);
    sqlite3_bind_int64(stmt, 3, row->prompt_id);
    const int found = sql_step(s, stmt, "look at a pair", err);
    if (found < 0) return -1;
    if (found == 0)
        return error_set(err, "%s: responses %lld and %lld do not both answer prompt %lld", s->path,
                         (long long)row->a_id, (long long)row->b_id, (long long)row->prompt_id);
    *equal = sqlite3_column_int(stmt, 0) != 0;
    sql_release(stmt);
    return 0;
}

static int find_comparison(Store *s, StoreComparison *row, Error *err)
{
    static const char SQL[] =
        "SELECT id FROM comparison WHERE campaign_id=?1 AND a_id=?2 AND b_id=?3";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, s->campaign_id);
    sqlite3_bind_int64(stmt, 2, row->a_id);
    sqlite3_bind_int64(stmt, 3, row->b_id);
    return sql_one(s, stmt, &row->id, "find a comparison", err);
}

static void put_in_order(StoreComparison *row)
{
    if (row->a_id < row->b_id) return;
    const int64_t larger = row->a_id;
    row->a_id = row->b_id;
    row->b_id = larger;
}

int comparison_put(Store *s, StoreComparison *row, bool *added, Error *err)
{
    static const char SQL[] =
        "INSERT INTO comparison(campaign_id,prompt_id,a_id,b_id,origin,created_us)"
        " VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT(campaign_id,a_id,b_id) DO NOTHING";
    assert(row->origin);
    put_in_order(row);
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, s->campaign_id);
    sqlite3_bind_int64(stmt, 2, row->prompt_id);
    sqlite3_bind_int64(stmt, 3, row->a_id);
    sqlite3_bind_int64(stmt, 4, row->b_id);
    sql_bind_text(stmt, 5, row->origin);
    sqlite3_bind_int64(stmt, 6, store_time_us());
    if (sql_run(s, stmt, "add a comparison", err) != 0) return -1;
    *added = sqlite3_changes(s->db) == 1;
    if (!*added) return find_comparison(s, row, err);
    row->id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

/* From the models on, which are few: of `but`, a prompt may have any number of answers. */
int comparison_find_texts(Store *s, int64_t prompt_id, const int64_t content_id[2], int64_t but,
                          int64_t *id, int64_t *a, int64_t *b, Error *err)
{
    static const char SQL[] =
        "SELECT c.id, x.id, y.id FROM model m CROSS JOIN response x CROSS JOIN model n"
        " CROSS JOIN response y CROSS JOIN campaign g CROSS JOIN comparison c"
        " WHERE m.id<>?4 AND x.prompt_id=?1 AND x.model_id=m.id AND x.content_id=?2"
        "  AND n.id<>?4 AND y.prompt_id=?1 AND y.model_id=n.id AND y.content_id=?3"
        "  AND g.purpose=?5 AND c.campaign_id=g.id"
        "  AND c.a_id=min(x.id,y.id) AND c.b_id=max(x.id,y.id) ORDER BY c.id LIMIT 1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, prompt_id);
    sqlite3_bind_int64(stmt, 2, content_id[0]);
    sqlite3_bind_int64(stmt, 3, content_id[1]);
    sqlite3_bind_int64(stmt, 4, but);
    sql_bind_text(stmt, 5, purpose_name(PURPOSE_TRAIN));
    const int found = sql_step(s, stmt, "find a pair by its texts", err);
    if (found < 0) return -1;
    *id = found ? sqlite3_column_int64(stmt, 0) : 0;
    if (found) {
        *a = sqlite3_column_int64(stmt, 1);
        *b = sqlite3_column_int64(stmt, 2);
        sql_release(stmt);
    }
    return 0;
}

static int insert(Store *s, StoreComparison *row, StoreAdded *added, Error *err)
{
    bool equal = false, is_new = false;
    put_in_order(row);
    row->id = 0;
    if (look_at_pair(s, row, &equal, err) != 0) return -1;
    if (equal) {
        added->refused++;
        return 0;
    }
    if (comparison_put(s, row, &is_new, err) != 0) return -1;
    added->added += is_new;
    added->duplicate += !is_new;
    return 0;
}

int store_add_comparisons(Store *s, StoreComparison *rows, size_t n, StoreAdded *added, Error *err)
{
    StoreAdded count = {0};
    if (sql_begin(s, err) != 0) return -1;
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) rc = insert(s, &rows[i], &count, err);
    rc = sql_finish(s, rc, err);
    if (rc == 0 && added) *added = count;
    return rc;
}

static int add_answers(Store *s, StoreResponse *rows, size_t n, const StorePairing *pair,
                       size_t n_pairs, StoreAdded *added, Error *err)
{
    StoreAdded of_responses = {0};
    for (size_t i = 0; i < n; i++) {
        if (store_insert_response(s, &rows[i], &of_responses, err) != 0) return -1;
        progress_pulse(NULL);
    }
    for (size_t i = 0; i < n_pairs; i++) {
        const StoreResponse *a = &rows[pair[i].a], *b = &rows[pair[i].b];
        StoreComparison row = {
            .prompt_id = a->prompt_id, .a_id = a->id, .b_id = b->id, .origin = "random"};
        if (insert(s, &row, added, err) != 0) return -1;
    }
    return 0;
}

int store_add_answers(Store *s, StoreResponse *rows, size_t n, const StorePairing *pair,
                      size_t n_pairs, StoreAdded *added, Error *err)
{
    StoreAdded count = {0};
    if (sql_begin(s, err) != 0) return -1;
    const int rc = sql_finish(s, add_answers(s, rows, n, pair, n_pairs, &count, err), err);
    if (rc == 0 && added) *added = count;
    return rc;
}

/* ---- pairs with their texts ------------------------------------------------------------------------ */

#define PAIR_COLUMNS                                                                             \
    "SELECT c.id, c.prompt_id, c.a_id, c.b_id, p.split, pc.body, ac.body, bc.body, a.finish, "   \
    "b.finish, k.template"                                                                       \
    " FROM comparison c JOIN prompt p ON p.id=c.prompt_id JOIN content pc ON pc.id=p.content_id" \
    " JOIN response a ON a.id=c.a_id JOIN content ac ON ac.id=a.content_id"                      \
    " JOIN response b ON b.id=c.b_id JOIN content bc ON bc.id=b.content_id"                      \
    " LEFT JOIN conversation k ON k.prompt_id=p.id"

static int copy_pairs(Store *s, sqlite3_stmt *stmt, StorePairList *out, Error *err)
{
    StorePairList list = {0};
    int found;
    while ((found = sql_step(s, stmt, "list pairs", err)) == 1) {
        list.row = sql_grow(list.row, list.n, sizeof *list.row);
        list.row[list.n++] = (StorePair){.comparison_id = sqlite3_column_int64(stmt, 0),
                                         .prompt_id = sqlite3_column_int64(stmt, 1),
                                         .template = sql_copy_text(stmt, 10),
                                         .a_id = sqlite3_column_int64(stmt, 2),
                                         .b_id = sqlite3_column_int64(stmt, 3),
                                         .split = sql_split(stmt, 4),
                                         .prompt = sql_copy_text(stmt, 5),
                                         .a = sql_copy_text(stmt, 6),
                                         .b = sql_copy_text(stmt, 7),
                                         .finish_a = sql_copy_text(stmt, 8),
                                         .finish_b = sql_copy_text(stmt, 9)};
    }
    if (found < 0) {
        store_pairs_free(&list);
        return -1;
    }
    *out = list;
    return 0;
}

int store_list_unlabeled(Store *s, int64_t annotator_id, int64_t limit, StorePairList *out,
                         Error *err)
{
    static const char SQL[] = PAIR_COLUMNS
        " WHERE NOT EXISTS(SELECT 1 FROM assignment x WHERE x.comparison_id=c.id"
        "                   AND x.annotator_id=?1 AND x.state='done')"
        " AND +c.campaign_id=?3 AND c.prompt_id NOT IN " SQL_REDACTED " ORDER BY c.id LIMIT ?2";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, annotator_id);
    sqlite3_bind_int64(stmt, 2, limit > 0 ? limit : -1);
    sqlite3_bind_int64(stmt, 3, s->campaign_id);
    return copy_pairs(s, stmt, out, err);
}

int store_get_pair(Store *s, int64_t comparison_id, StorePairList *out, Error *err)
{
    static const char SQL[] = PAIR_COLUMNS " WHERE c.id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, comparison_id);
    if (copy_pairs(s, stmt, out, err) != 0) return -1;
    if (out->n == 1) return 0;
    store_pairs_free(out);
    return error_set(err, "%s: there is no comparison %lld", s->path, (long long)comparison_id);
}

void store_pairs_free(StorePairList *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->n; i++) {
        StorePair *p = &list->row[i];
        free((char *)p->prompt);
        free((char *)p->template);
        free((char *)p->a);
        free((char *)p->b);
        free((char *)p->finish_a);
        free((char *)p->finish_b);
    }
    free(list->row);
    *list = (StorePairList){0};
}

int store_count_comparisons(Store *s, int64_t *out, Error *err)
{
    static const char SQL[] = "SELECT count(*) FROM comparison";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    return sql_one(s, stmt, out, "count", err);
}
