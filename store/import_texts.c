#include "store/import_texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int import_texts_add(ImportTexts *t, const char *body)
{
    t->text = sql_grow(t->text, (size_t)t->n, sizeof *t->text);
    ImportText *text = &t->text[t->n];
    *text = (ImportText){.body = body, .n = (int)strlen(body), .first = t->n};
    content_hash(text->hash, body);
    return t->n++;
}

/* ---- order ----------------------------------------------------------------------------------------- */

/* A hash by its first eight bytes, which all but never are those of another. */
typedef struct {
    uint64_t begin;
    int at;
} Key;

static int by_begin(const void *x, const void *y)
{
    const Key *a = x, *b = y;
    if (a->begin != b->begin) return a->begin < b->begin ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

static uint64_t begin_of(const unsigned char *hash)
{
    uint64_t begin = 0;
    for (int i = 0; i < 8; i++) begin = begin << 8 | hash[i];
    return begin;
}

/* The text before key[i] with the same hash, among those that begin alike; its own number when there is none. */
static int first_of(const ImportTexts *t, const Key *key, int from, int i)
{
    for (int k = from; k < i; k++)
        if (memcmp(t->text[key[k].at].hash, t->text[key[i].at].hash, HASH_BYTES) == 0)
            return t->text[key[k].at].first;
    return key[i].at;
}

void import_texts_sort(ImportTexts *t)
{
    Key *key = mem_calloc((size_t)t->n + 1, sizeof *key);
    int from = 0;
    for (int i = 0; i < t->n; i++) key[i] = (Key){begin_of(t->text[i].hash), i};
    qsort(key, (size_t)t->n, sizeof *key, by_begin);
    t->once = mem_realloc(t->once, (size_t)t->n + 1, sizeof *t->once);
    t->n_once = 0;
    for (int i = 0; i < t->n; i++) {
        if (key[i].begin != key[from].begin) from = i;
        const int at = key[i].at;
        t->text[at].first = first_of(t, key, from, i);
        if (t->text[at].first == at) t->once[t->n_once++] = at;
    }
    free(key);
}

/* ---- into the store -------------------------------------------------------------------------------- */

static int next_id(Store *s, int64_t *out, Error *err)
{
    static const char SQL[] = "SELECT ifnull(max(id),0)+1 FROM content";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    return sql_one(s, stmt, out, "find the newest text", err);
}

/* Of n texts with ids from `next` on, those that went in. */
static int find_added(ImportTexts *t, const int *at, int n, int64_t next, Store *s, Error *err)
{
    static const char SQL[] = "SELECT id FROM content WHERE id>=?1 AND id<?2";
    sqlite3_stmt *stmt = NULL;
    int found;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, next);
    sqlite3_bind_int64(stmt, 2, next + n);
    for (int i = 0; i < n; i++) t->text[at[i]].added = false;
    while ((found = sql_step(s, stmt, "find new texts", err)) == 1)
        t->text[at[sqlite3_column_int64(stmt, 0) - next]].added = true;
    return found;
}

/* The others were there already, with another id than they would have got. */
static int find_ids(ImportTexts *t, const int *at, int n, Store *s, Error *err)
{
    static const char SQL[] = "SELECT id FROM content WHERE sha256=?1";
    for (int i = 0; i < n; i++) {
        ImportText *text = &t->text[at[i]];
        sqlite3_stmt *stmt = NULL;
        if (text->added) continue;
        if (sql_get(s, &stmt, SQL, err) != 0) return -1;
        sqlite3_bind_blob(stmt, 1, text->hash, HASH_BYTES, SQLITE_STATIC);
        if (sql_one(s, stmt, &text->id, "find a text", err) != 0) return -1;
    }
    return 0;
}

/* In the order of hashes the texts lie all over the memory: those of the next statement are fetched meanwhile. */
static void fetch(const ImportTexts *t, int i)
{
    const int body = i + SQL_ROWS, text = i + 2 * SQL_ROWS;
    if (text < t->n_once) __builtin_prefetch(&t->text[t->once[text]]);
    if (body < t->n_once) __builtin_prefetch(t->text[t->once[body]].body);
}

/* n texts from the i-th of `once` on, none of them twice. */
static int put(ImportTexts *t, int from, int n, int64_t next, Store *s, Error *err)
{
    static const char SQL[] = "INSERT OR IGNORE INTO content(id,sha256,body) VALUES";
    enum { COLUMNS = 3 };
    const int *at = t->once + from;
    sqlite3_stmt *stmt = NULL;
    if (sql_get_rows(s, &stmt, SQL, "(?,?,?)", n, err) != 0) return -1;
    for (int i = 0; i < n; i++) {
        ImportText *text = &t->text[at[i]];
        fetch(t, from + i);
        text->id = next + i;
        text->added = true;
        sqlite3_bind_int64(stmt, i * COLUMNS + 1, text->id);
        sqlite3_bind_blob(stmt, i * COLUMNS + 2, text->hash, HASH_BYTES, SQLITE_STATIC);
        sqlite3_bind_text(stmt, i * COLUMNS + 3, text->body, text->n, SQLITE_STATIC);
    }
    if (sql_run(s, stmt, "add texts", err) != 0) return -1;
    if (sqlite3_changes(s->db) == n) return 0;
    if (find_added(t, at, n, next, s, err) != 0) return -1;
    return find_ids(t, at, n, s, err);
}

int import_texts_put(ImportTexts *t, Store *s, Error *err)
{
    int64_t next = 0;
    if (next_id(s, &next, err) != 0) return -1;
    for (int i = 0, n; i < t->n_once; i += n) {
        n = sql_rows_of(t->n_once - i);
        if (put(t, i, n, next, s, err) != 0) return -1;
        next += n;
    }
    return 0;
}

ImportText *import_texts_at(ImportTexts *t, int number)
{
    return &t->text[t->text[number].first];
}

void import_texts_free(ImportTexts *t)
{
    free(t->text);
    free(t->once);
    *t = (ImportTexts){0};
}
