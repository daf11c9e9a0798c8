#include <stdlib.h>

#include "store/sql.h"

int demonstration_put(Store *s, StoreDemonstration *row, int64_t content_id, StoreAdded *added,
                      Error *err)
{
    static const char ADD[] =
        "INSERT INTO demonstration(prompt_id,content_id,source,created_us,"
        "annotator_id,session_id) VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT DO NOTHING";
    static const char FIND[] = "SELECT id FROM demonstration WHERE prompt_id=?1 AND content_id=?2";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, ADD, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, row->prompt_id);
    sqlite3_bind_int64(stmt, 2, content_id);
    sql_bind_text(stmt, 3, row->source);
    sqlite3_bind_int64(stmt, 4, store_time_us());
    sql_bind_id(stmt, 5, row->annotator_id);
    sql_bind_id(stmt, 6, row->session_id);
    if (sql_run(s, stmt, "add a demonstration", err) != 0) return -1;
    if (sqlite3_changes(s->db) == 1) {
        row->id = sqlite3_last_insert_rowid(s->db);
        added->added++;
        return 0;
    }
    added->duplicate++;
    if (sql_get(s, &stmt, FIND, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, row->prompt_id);
    sqlite3_bind_int64(stmt, 2, content_id);
    return sql_one(s, stmt, &row->id, "find a demonstration", err);
}

static int insert(Store *s, StoreDemonstration *row, StoreAdded *added, Error *err)
{
    StorePrompt prompt = {
        .text = row->prompt, .source = row->source, .split = row->split, .template = row->template};
    StoreAdded of_prompt = {0};
    int64_t content_id = 0;
    if (store_insert_prompt(s, &prompt, &of_prompt, err) != 0) return -1;
    if (content_check(s, row->response, "response", err) != 0) return -1;
    if (content_add(s, row->response, &content_id, err) != 0) return -1;
    row->prompt_id = prompt.id;
    row->split = prompt.split;
    added->moved += of_prompt.moved;
    return demonstration_put(s, row, content_id, added, err);
}

int store_add_demonstrations(Store *s, StoreDemonstration *rows, size_t n, StoreAdded *added,
                             Error *err)
{
    StoreAdded count = {0};
    if (sql_begin(s, err) != 0) return -1;
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) rc = insert(s, &rows[i], &count, err);
    rc = sql_finish(s, rc, err);
    if (rc == 0 && added) *added = count;
    return rc;
}

int store_remove_demonstration(Store *s, int64_t id, int64_t annotator_id, bool *removed,
                               Error *err)
{
    static const char SQL[] = "DELETE FROM demonstration WHERE id=?1 AND annotator_id=?2";
    sqlite3_stmt *stmt = NULL;
    if (sql_begin(s, err) != 0) return -1;
    int rc = sql_get(s, &stmt, SQL, err);
    if (rc == 0) {
        sqlite3_bind_int64(stmt, 1, id);
        sqlite3_bind_int64(stmt, 2, annotator_id);
        rc = sql_run(s, stmt, "take a demonstration back", err);
    }
    const bool any = rc == 0 && sqlite3_changes(s->db) == 1;
    if (sql_finish(s, rc, err) != 0) return -1;
    *removed = any;
    return 0;
}

int store_list_demonstrations(Store *s, Split split, StoreDemonstrationList *out, Error *err)
{
    static const char SQL[] =
        "SELECT d.id, d.prompt_id, pc.body, dc.body, d.source, p.split, d.annotator_id,"
        " d.session_id, k.template"
        " FROM demonstration d JOIN prompt p ON p.id=d.prompt_id"
        " LEFT JOIN conversation k ON k.prompt_id=p.id"
        " JOIN content pc ON pc.id=p.content_id JOIN content dc ON dc.id=d.content_id"
        " WHERE (?1 IS NULL OR p.split=?1) AND p.id NOT IN " SQL_REDACTED " ORDER BY d.id";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sql_bind_split(stmt, 1, split);

    StoreDemonstrationList list = {0};
    int found;
    while ((found = sql_step(s, stmt, "list demonstrations", err)) == 1) {
        list.row = sql_grow(list.row, list.n, sizeof *list.row);
        list.row[list.n++] = (StoreDemonstration){.id = sqlite3_column_int64(stmt, 0),
                                                  .prompt_id = sqlite3_column_int64(stmt, 1),
                                                  .prompt = sql_copy_text(stmt, 2),
                                                  .response = sql_copy_text(stmt, 3),
                                                  .source = sql_copy_text(stmt, 4),
                                                  .split = sql_split(stmt, 5),
                                                  .annotator_id = sqlite3_column_int64(stmt, 6),
                                                  .session_id = sqlite3_column_int64(stmt, 7),
                                                  .template = sql_copy_text(stmt, 8)};
    }
    if (found < 0) {
        store_demonstrations_free(&list);
        return -1;
    }
    *out = list;
    return 0;
}

void store_demonstrations_free(StoreDemonstrationList *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->n; i++) {
        free((char *)list->row[i].prompt);
        free((char *)list->row[i].response);
        free((char *)list->row[i].source);
        free((char *)list->row[i].template);
    }
    free(list->row);
    *list = (StoreDemonstrationList){0};
}
