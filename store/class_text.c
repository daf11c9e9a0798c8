/* Texts with a class each. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/sql.h"

/* The text's row, or id 0; *same when it has this class. */
static int find_text(Store *s, StoreClassText *row, int64_t content_id, bool *same, Error *err)
{
    static const char SQL[] = "SELECT id, split, class=?2 FROM text_class WHERE content_id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, content_id);
    sql_bind_text(stmt, 2, row->class_name);
    const int found = sql_step(s, stmt, "find a text", err);
    if (found < 0) return -1;
    row->id = 0;
    if (found == 0) return 0;
    row->id = sqlite3_column_int64(stmt, 0);
    row->split = sql_split(stmt, 1);
    *same = sqlite3_column_int(stmt, 2) != 0;
    sql_release(stmt);
    return 0;
}

static int find_family(Store *s, int64_t family, Split *out, Error *err)
{
    static const char SQL[] = "SELECT split FROM text_class WHERE family=?1 LIMIT 1";
    return family_find(out, s, SQL, family, err);
}

static int insert(Store *s, StoreClassText *row, int64_t content_id, int64_t family, Error *err)
{
    static const char SQL[] =
        "INSERT INTO text_class(content_id,class,source,split,family,created_us)"
        " VALUES(?1,?2,?3,?4,?5,?6)";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, content_id);
    sql_bind_text(stmt, 2, row->class_name);
    sql_bind_text(stmt, 3, row->source);
    sql_bind_split(stmt, 4, row->split);
    sqlite3_bind_int64(stmt, 5, family);
    sqlite3_bind_int64(stmt, 6, store_time_us());
    if (sql_run(s, stmt, "add a text and its class", err) != 0) return -1;
    row->id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

int store_insert_class_text(Store *s, StoreClassText *row, StoreAdded *added, Error *err)
{
    assert(row->text && row->class_name && row->source);
    if (!*row->text) return error_set(err, "%s: text is empty", s->path);
    if (!*row->class_name) return error_set(err, "%s: class is empty", s->path);
    if (content_check(s, row->text, "text", err) != 0) return -1;
    if (content_check(s, row->class_name, "class", err) != 0) return -1;

    const Split wish = row->split;
    const int64_t family = family_key(row->text);
    int64_t content_id = 0;
    bool same = false;
    if (content_add(s, row->text, &content_id, err) != 0) return -1;
    if (find_text(s, row, content_id, &same, err) != 0) return -1;
    if (row->id != 0) {
        added->duplicate += same;
        added->refused += !same;
        return 0;
    }
    Split there = SPLIT_ANY;
    if (find_family(s, family, &there, err) != 0) return -1;
    row->split = there != SPLIT_ANY ? there : wish != SPLIT_ANY ? wish : family_split(family);
    added->moved += wish != SPLIT_ANY && wish != row->split;
    added->added++;
    return insert(s, row, content_id, family, err);
}

int store_add_class_texts(Store *s, StoreClassText *rows, size_t n, StoreAdded *added, Error *err)
{
    StoreAdded count = {0};
    if (sql_begin(s, err) != 0) return -1;
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = store_insert_class_text(s, &rows[i], &count, err);
    rc = sql_finish(s, rc, err);
    if (rc == 0 && added) *added = count;
    return rc;
}

int store_list_class_texts(Store *s, Split split, StoreClassTextList *out, Error *err)
{
    static const char SQL[] =
        "SELECT t.id, c.body, t.class, t.source, t.split FROM text_class t"
        " JOIN content c ON c.id=t.content_id WHERE ?1 IS NULL OR t.split=?1 ORDER BY t.id";
    StoreClassTextList list = {0};
    sqlite3_stmt *stmt = NULL;
    int found;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sql_bind_split(stmt, 1, split);
    while ((found = sql_step(s, stmt, "list texts and classes", err)) == 1) {
        list.row = sql_grow(list.row, list.n, sizeof *list.row);
        list.row[list.n++] = (StoreClassText){.id = sqlite3_column_int64(stmt, 0),
                                              .text = sql_copy_text(stmt, 1),
                                              .class_name = sql_copy_text(stmt, 2),
                                              .source = sql_copy_text(stmt, 3),
                                              .split = sql_split(stmt, 4)};
    }
    if (found < 0) {
        store_class_texts_free(&list);
        return -1;
    }
    *out = list;
    return 0;
}

void store_class_texts_free(StoreClassTextList *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->n; i++) {
        free((char *)list->row[i].text);
        free((char *)list->row[i].class_name);
        free((char *)list->row[i].source);
    }
    free(list->row);
    *list = (StoreClassTextList){0};
}
