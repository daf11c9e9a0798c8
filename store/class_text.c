/* Texts with a class each. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/family.h"

static const FamilyTable TEXT_CLASS = {
    .what = "text",
    .doing = "add a text and its class",
    .find = "SELECT id, split FROM text_class WHERE content_id=?1",
    .split = "SELECT split FROM text_class WHERE family=?1 LIMIT 1",
    .insert = "INSERT INTO text_class(content_id,source,split,family,created_us,class)"
              " VALUES(?1,?2,?3,?4,?5,?6)"};

int class_text_class(Store *s, int64_t id, char **out, Error *err)
{
    static const char SQL[] = "SELECT class FROM text_class WHERE id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, id);
    if (sql_step(s, stmt, "find a text's class", err) < 0) return -1;
    *out = sql_copy_text(stmt, 0);
    sql_release(stmt);
    return 0;
}

int store_insert_class_text(Store *s, StoreClassText *row, StoreAdded *added, Error *err)
{
    assert(row->class_name);
    if (!*row->class_name) return error_set(err, "%s: class is empty", s->path);
    if (content_check(s, row->class_name, "class", err) != 0) return -1;

    FamilyRow of_family = {.text = row->text,
                           .source = row->source,
                           .class_name = row->class_name,
                           .split = row->split};
    Content content;
    char *class_name = NULL;
    if (family_put(s, &TEXT_CLASS, &of_family, &content, added, err) != 0) return -1;
    row->id = of_family.id;
    row->split = of_family.split;
    if (!of_family.there) return 0;
    if (class_text_class(s, row->id, &class_name, err) != 0) return -1;
    const bool same = strcmp(class_name, row->class_name) == 0;
    added->duplicate += same;
    added->refused += !same;
    free(class_name);
    return 0;
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
        " JOIN content c ON c.id=t.content_id WHERE (?1 IS NULL OR t.split=?1)"
        " AND t.content_id NOT IN (SELECT content_id FROM redaction) ORDER BY t.id";
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

char *class_name_of(const cJSON *label)
{
    char digits[16];
    if (cJSON_IsString(label)) return *label->valuestring ? mem_strdup(label->valuestring) : NULL;
    if (cJSON_IsBool(label)) return mem_strdup(cJSON_IsTrue(label) ? "up" : "down");
    if (!cJSON_IsNumber(label) || label->valuedouble != label->valueint) return NULL;
    snprintf(digits, sizeof digits, "%d", label->valueint);
    return mem_strdup(digits);
}
