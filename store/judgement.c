/* Thumbs up and down for single answers: superseded, never changed, in a hash chain of their own.
 *
 *   row_hash = SHA-256 of prev_hash, the row's own fields, SHA-256 of the prompt and of the answer
 *
 * each after its length, so that neither a judgement, nor who gave it, nor what it was given to can be changed
 * without a trace. */
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "store/sql.h"

enum { PAGE_ROWS = 10000, NUMBERS = 6 };

typedef struct {
    const unsigned char *uuid, *prev;     /* prev NULL: the first */
    const unsigned char *prompt, *answer; /* SHA-256 of the texts */
    int64_t response, annotator, session;
    int64_t supersedes, submitted_us;
    bool good;
} Row;

static int hash_row(unsigned char out[HASH_BYTES], const Row *r)
{
    char numbers[NUMBERS * 24], hex[SHA256_HEX];
    size_t n = 0;
    const int length =
        snprintf(numbers, sizeof numbers, "%lld %lld %lld %lld %lld %d", (long long)r->response,
                 (long long)r->annotator, (long long)r->session, (long long)r->supersedes,
                 (long long)r->submitted_us, r->good);
    const HashPart parts[] = {
        {r->prev ? r->prev : (const unsigned char *)"", r->prev ? HASH_BYTES : 0},
        {r->uuid, 16},
        {numbers, (size_t)length},
        {r->prompt, HASH_BYTES},
        {r->answer, HASH_BYTES}};
    sha256_parts(hex, parts, (int)(sizeof parts / sizeof *parts));
    return sodium_hex2bin(out, HASH_BYTES, hex, SHA256_HEX - 1, NULL, &n, NULL);
}

/* ---- save ------------------------------------------------------------------------------------------ */

static int find_uuid(Store *s, const uint8_t uuid[16], int64_t *id, Error *err)
{
    static const char SQL[] = "SELECT id FROM judgement WHERE uuid=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_blob(stmt, 1, uuid, 16, SQLITE_STATIC);
    return sql_one(s, stmt, id, "find a judgement", err);
}

static int find_standing(Store *s, int64_t response, int64_t annotator, int64_t *id, Error *err)
{
    static const char SQL[] =
        "SELECT id FROM judgement_current WHERE response_id=?1 AND annotator_id=?2";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, response);
    sqlite3_bind_int64(stmt, 2, annotator);
    return sql_one(s, stmt, id, "find a judgement", err);
}

static int copy_hash(Store *s, sqlite3_stmt *stmt, unsigned char out[HASH_BYTES], bool *any,
                     Error *err)
{
    const int found = sql_step(s, stmt, "read a hash", err);
    if (found < 0) return -1;
    *any = found == 1;
    if (!*any) return 0;
    memcpy(out, sqlite3_column_blob(stmt, 0), HASH_BYTES);
    sql_release(stmt);
    return 0;
}

static int read_head(Store *s, unsigned char out[HASH_BYTES], bool *any, Error *err)
{
    static const char SQL[] = "SELECT row_hash FROM judgement ORDER BY id DESC LIMIT 1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    return copy_hash(s, stmt, out, any, err);
}

/* Hashes of the answer and of what it answers. */
static int read_texts(Store *s, int64_t response, unsigned char prompt[HASH_BYTES],
                      unsigned char answer[HASH_BYTES], Error *err)
{
    static const char PROMPT[] = "SELECT c.sha256 FROM response r JOIN prompt p ON p.id=r.prompt_id"
                                 " JOIN content c ON c.id=p.content_id WHERE r.id=?1";
    static const char ANSWER[] = "SELECT c.sha256 FROM response r JOIN content c ON"
                                 " c.id=r.content_id WHERE r.id=?1";
    sqlite3_stmt *stmt = NULL;
    bool any = false;
    if (sql_get(s, &stmt, PROMPT, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, response);
    if (copy_hash(s, stmt, prompt, &any, err) != 0) return -1;
    if (!any) return error_set(err, "%s: there is no response %lld", s->path, (long long)response);
    if (sql_get(s, &stmt, ANSWER, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, response);
    return copy_hash(s, stmt, answer, &any, err);
}

static int insert(Store *s, const Row *r, const unsigned char *hash, int64_t *id, Error *err)
{
    static const char SQL[] =
        "INSERT INTO judgement(uuid,response_id,annotator_id,session_id,supersedes,good,"
        "submitted_us,prev_hash,row_hash) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_blob(stmt, 1, r->uuid, 16, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, r->response);
    sqlite3_bind_int64(stmt, 3, r->annotator);
    sqlite3_bind_int64(stmt, 4, r->session);
    sql_bind_id(stmt, 5, r->supersedes);
    sqlite3_bind_int(stmt, 6, r->good);
    sqlite3_bind_int64(stmt, 7, r->submitted_us);
    if (r->prev) sqlite3_bind_blob(stmt, 8, r->prev, HASH_BYTES, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 9, hash, HASH_BYTES, SQLITE_STATIC);
    if (sql_run(s, stmt, "add a judgement", err) != 0) return -1;
    *id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

int store_insert_judgement(Store *s, const StoreJudgement *j, int64_t *id, Error *err)
{
    unsigned char prev[HASH_BYTES], prompt[HASH_BYTES], answer[HASH_BYTES], hash[HASH_BYTES];
    bool any = false;
    Row row = {.uuid = j->uuid,
               .prompt = prompt,
               .answer = answer,
               .response = j->response_id,
               .session = j->session_id,
               .good = j->good,
               .submitted_us = store_time_us()};
    if (find_uuid(s, j->uuid, id, err) != 0) return -1;
    if (*id != 0) return 0;
    if (store_find_session_annotator(s, j->session_id, &row.annotator, err) != 0) return -1;
    if (find_standing(s, row.response, row.annotator, &row.supersedes, err) != 0) return -1;
    if (read_texts(s, row.response, prompt, answer, err) != 0) return -1;
    if (read_head(s, prev, &any, err) != 0) return -1;
    row.prev = any ? prev : NULL;
    if (hash_row(hash, &row) != 0) return error_set(err, "%s: a hash is not hex", s->path);
    return insert(s, &row, hash, id, err);
}

int store_save_judgement(Store *s, const StoreJudgement *judgement, int64_t *id, Error *err)
{
    assert(!sodium_is_zero(judgement->uuid, 16));
    int64_t saved = 0;
    if (sql_begin(s, err) != 0) return -1;
    const int rc = sql_finish(s, store_insert_judgement(s, judgement, &saved, err), err);
    if (rc == 0 && id) *id = saved;
    return rc;
}

/* ---- what a classifier reads ----------------------------------------------------------------------- */

int store_list_judgements(Store *s, StoreJudgedList *out, Error *err)
{
    static const char SQL[] =
        "SELECT j.id, pc.body, rc.body, k.template, r.tokens, j.good, p.split, n.handle"
        " FROM judgement_current j JOIN response r ON r.id=j.response_id"
        " JOIN prompt p ON p.id=r.prompt_id JOIN content pc ON pc.id=p.content_id"
        " JOIN content rc ON rc.id=r.content_id JOIN annotator n ON n.id=j.annotator_id"
        " LEFT JOIN conversation k ON k.prompt_id=p.id ORDER BY j.id";
    StoreJudgedList list = {0};
    sqlite3_stmt *stmt = NULL;
    int found;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    while ((found = sql_step(s, stmt, "list judgements", err)) == 1) {
        list.row = sql_grow(list.row, list.n, sizeof *list.row);
        StoreJudged *row = &list.row[list.n++];
        *row = (StoreJudged){.id = sqlite3_column_int64(stmt, 0),
                             .prompt = sql_copy_text(stmt, 1),
                             .response = sql_copy_text(stmt, 2),
                             .template = sql_copy_text(stmt, 3),
                             .good = sqlite3_column_int(stmt, 5) != 0,
                             .split = sql_split(stmt, 6),
                             .annotator = sql_copy_text(stmt, 7)};
        row->tokens = sql_copy_tokens(stmt, 4, &row->n_tokens);
    }
    if (found < 0) {
        store_judgements_free(&list);
        return -1;
    }
    *out = list;
    return 0;
}

void store_judgements_free(StoreJudgedList *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->n; i++) {
        StoreJudged *j = &list->row[i];
        free((char *)j->prompt);
        free((char *)j->response);
        free((char *)j->template);
        free((int *)j->tokens);
        free((char *)j->annotator);
    }
    free(list->row);
    *list = (StoreJudgedList){0};
}

/* ---- verify ---------------------------------------------------------------------------------------- */

/* Whether the row that stands in stmt follows `prev` (NULL: none) and has its hash, which goes into `hash`. */
static bool is_right(sqlite3_stmt *stmt, const unsigned char *prev, unsigned char hash[HASH_BYTES])
{
    const Row row = {.uuid = sqlite3_column_blob(stmt, 1),
                     .response = sqlite3_column_int64(stmt, 2),
                     .annotator = sqlite3_column_int64(stmt, 3),
                     .session = sqlite3_column_int64(stmt, 4),
                     .supersedes = sqlite3_column_int64(stmt, 5),
                     .good = sqlite3_column_int(stmt, 6) != 0,
                     .submitted_us = sqlite3_column_int64(stmt, 7),
                     .prev = prev,
                     .prompt = sql_hash(stmt, 10),
                     .answer = sql_hash(stmt, 11)};
    const unsigned char *said = sql_hash(stmt, 8), *own = sql_hash(stmt, 9);
    if (!row.uuid || !own || !row.prompt || !row.answer || !prev != !said) return false;
    if (prev && memcmp(said, prev, HASH_BYTES) != 0) return false;
    return hash_row(hash, &row) == 0 && memcmp(hash, own, HASH_BYTES) == 0;
}

/* One page from the judgement after *last on; prev is the chain so far. */
static int verify_page(Store *s, int64_t *last, unsigned char prev[HASH_BYTES], int64_t *n,
                       bool *more, Error *err)
{
    static const char SQL[] =
        "SELECT j.id, j.uuid, j.response_id, j.annotator_id, j.session_id, j.supersedes, j.good,"
        " j.submitted_us, j.prev_hash, j.row_hash, pc.sha256, rc.sha256"
        " FROM judgement j LEFT JOIN response r ON r.id=j.response_id"
        " LEFT JOIN content rc ON rc.id=r.content_id LEFT JOIN prompt p ON p.id=r.prompt_id"
        " LEFT JOIN content pc ON pc.id=p.content_id WHERE j.id>?1 ORDER BY j.id LIMIT ?2";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, *last);
    sqlite3_bind_int(stmt, 2, PAGE_ROWS);
    int found;
    *more = false;
    while ((found = sql_step(s, stmt, "verify judgements", err)) == 1) {
        unsigned char hash[HASH_BYTES];
        *last = sqlite3_column_int64(stmt, 0);
        if (!is_right(stmt, *n ? prev : NULL, hash)) {
            sql_release(stmt);
            error_set(
                err,
                "%s: judgement %lld was changed after it was given, or the one before it is gone",
                s->path, (long long)*last);
            return error_hint(err, "put a backup in its place, and keep this file");
        }
        memcpy(prev, hash, HASH_BYTES);
        *n += 1;
        *more = true;
    }
    return found;
}

int judgement_verify(Store *s, int64_t *n, Error *err)
{
    unsigned char prev[HASH_BYTES] = {0};
    int64_t last = 0;
    bool more = true;
    *n = 0;
    while (more)
        if (verify_page(s, &last, prev, n, &more, err) != 0) return -1;
    return 0;
}
