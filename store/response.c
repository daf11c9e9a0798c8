/* Models, their responses, and the pairs made of them. */
#include <assert.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "store/sql.h"

/* ---- models ---------------------------------------------------------------------------------------- */

static int bind_hash(sqlite3_stmt *stmt, int at, const char *hex, Error *err)
{
    unsigned char hash[HASH_BYTES];
    size_t n = 0;
    if (!hex || !*hex) return 0; /* NULL */
    if (sodium_hex2bin(hash, sizeof hash, hex, strlen(hex), NULL, &n, NULL) != 0 || n != HASH_BYTES)
        return error_set(err, "%s: not a SHA-256 in hex", hex);
    sqlite3_bind_blob(stmt, at, hash, HASH_BYTES, SQLITE_TRANSIENT);
    return 0;
}

static int find_model(Store *s, StoreModel *model, Error *err)
{
    static const char SQL[] =
        "SELECT id FROM model WHERE name=?1 AND ifnull(weights_sha256,x'')=ifnull(?2,x'')";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sql_bind_text(stmt, 1, model->name);
    if (bind_hash(stmt, 2, model->weights_sha256, err) != 0) return -1;
    return sql_one(s, stmt, &model->id, "find a model", err);
}

int store_insert_model(Store *s, StoreModel *model, Error *err)
{
    static const char SQL[] =
        "INSERT INTO model(name,role,path,weights_sha256,tokenizer_sha256,run,step,created_us)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)";
    assert(model->name && model->role);
    if (find_model(s, model, err) != 0) return -1;
    if (model->id != 0) return 0;
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sql_bind_text(stmt, 1, model->name);
    sql_bind_text(stmt, 2, model->role);
    sql_bind_text(stmt, 3, model->path);
    if (bind_hash(stmt, 4, model->weights_sha256, err) != 0) return -1;
    if (bind_hash(stmt, 5, model->tokenizer_sha256, err) != 0) return -1;
    sql_bind_text(stmt, 6, model->run);
    sqlite3_bind_int64(stmt, 7, model->step);
    sqlite3_bind_int64(stmt, 8, store_time_us());
    if (sql_run(s, stmt, "add a model", err) != 0) return -1;
    model->id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

int store_add_model(Store *s, StoreModel *model, Error *err)
{
    if (sql_begin(s, err) != 0) return -1;
    return sql_finish(s, store_insert_model(s, model, err), err);
}

static char *copy_hash(sqlite3_stmt *stmt, int column)
{
    const unsigned char *hash = sqlite3_column_blob(stmt, column);
    if (!hash || sqlite3_column_bytes(stmt, column) != HASH_BYTES) return NULL;
    char *hex = mem_calloc(STORE_HASH, 1);
    return sodium_bin2hex(hex, STORE_HASH, hash, HASH_BYTES);
}

int store_list_models(Store *s, StoreModelList *out, Error *err)
{
    static const char SQL[] =
        "SELECT id, name, role, path, weights_sha256, tokenizer_sha256, run, step"
        " FROM model ORDER BY id";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    StoreModelList list = {0};
    int found;
    while ((found = sql_step(s, stmt, "list models", err)) == 1) {
        list.row = sql_grow(list.row, list.n, sizeof *list.row);
        list.row[list.n++] = (StoreModel){.id = sqlite3_column_int64(stmt, 0),
                                          .name = sql_copy_text(stmt, 1),
                                          .role = sql_copy_text(stmt, 2),
                                          .path = sql_copy_text(stmt, 3),
                                          .weights_sha256 = copy_hash(stmt, 4),
                                          .tokenizer_sha256 = copy_hash(stmt, 5),
                                          .run = sql_copy_text(stmt, 6),
                                          .step = sqlite3_column_int64(stmt, 7)};
    }
    if (found < 0) {
        store_models_free(&list);
        return -1;
    }
    *out = list;
    return 0;
}

void store_models_free(StoreModelList *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->n; i++) {
        StoreModel *m = &list->row[i];
        free((char *)m->name);
        free((char *)m->role);
        free((char *)m->path);
        free((char *)m->weights_sha256);
        free((char *)m->tokenizer_sha256);
        free((char *)m->run);
    }
    free(list->row);
    *list = (StoreModelList){0};
}

/* ---- responses ------------------------------------------------------------------------------------- */

static int sampling_add(Store *s, const char *json, int64_t *id, Error *err)
{
    static const char ADD[] =
        "INSERT INTO sampling(sha256,params_json) VALUES(?1,?2) ON CONFLICT DO NOTHING";
    static const char FIND[] = "SELECT id FROM sampling WHERE sha256=?1";
    *id = 0;
    if (!json) return 0;
    unsigned char hash[HASH_BYTES];
    content_hash(hash, json);
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, FIND, err) != 0) return -1;
    sqlite3_bind_blob(stmt, 1, hash, HASH_BYTES, SQLITE_STATIC);
    if (sql_one(s, stmt, id, "find sampling settings", err) != 0) return -1;
    if (*id != 0) return 0;
    if (content_check_json(s, json, "sampling settings", err) != 0) return -1;
    if (sql_get(s, &stmt, ADD, err) != 0) return -1;
    sqlite3_bind_blob(stmt, 1, hash, HASH_BYTES, SQLITE_STATIC);
    sql_bind_text(stmt, 2, json);
    if (sql_run(s, stmt, "add sampling settings", err) != 0) return -1;
    *id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

/* Little-endian whatever the machine; the caller frees. */
static unsigned char *pack_tokens(const int *tokens, int n)
{
    unsigned char *bytes = mem_calloc((size_t)n + 1, 4);
    for (int i = 0; i < n; i++) {
        const uint32_t id = (uint32_t)tokens[i];
        for (int k = 0; k < 4; k++) bytes[4 * i + k] = (unsigned char)(id >> (8 * k));
    }
    return bytes;
}

int *sql_copy_tokens(sqlite3_stmt *stmt, int column, int *n)
{
    *n = 0;
    if (sqlite3_column_type(stmt, column) == SQLITE_NULL) return NULL;
    const unsigned char *bytes = sqlite3_column_blob(stmt, column);
    *n = sqlite3_column_bytes(stmt, column) / 4;
    int *tokens = mem_calloc((size_t)*n + 1, sizeof *tokens);
    for (int i = 0; i < *n; i++)
        tokens[i] = (int)((uint32_t)bytes[4 * i] | (uint32_t)bytes[4 * i + 1] << 8 |
                          (uint32_t)bytes[4 * i + 2] << 16 | (uint32_t)bytes[4 * i + 3] << 24);
    return tokens;
}

static int insert_response(Store *s, StoreResponse *row, int64_t content_id, int64_t sampling_id,
                           Error *err)
{
    static const char SQL[] =
        "INSERT INTO "
        "response(prompt_id,model_id,content_id,sampling_id,seed,sample_no,tokens,n_tokens,"
        "sum_logprob,finish,created_us) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11) ON CONFLICT DO "
        "NOTHING";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, row->prompt_id);
    sqlite3_bind_int64(stmt, 2, row->model_id);
    sqlite3_bind_int64(stmt, 3, content_id);
    sql_bind_id(stmt, 4, sampling_id);
    sqlite3_bind_int64(stmt, 5, (int64_t)row->seed);
    sqlite3_bind_int(stmt, 6, row->sample_no);
    if (row->tokens)
        sqlite3_bind_blob(stmt, 7, pack_tokens(row->tokens, row->n_tokens), 4 * row->n_tokens,
                          free);
    sqlite3_bind_int(stmt, 8, row->tokens ? row->n_tokens : 0);
    if (!isnan(row->sum_logprob)) sqlite3_bind_double(stmt, 9, row->sum_logprob);
    sql_bind_text(stmt, 10, row->finish);
    sqlite3_bind_int64(stmt, 11, store_time_us());
    if (sql_run(s, stmt, "add a response", err) != 0) return -1;
    row->id = sqlite3_changes(s->db) == 1 ? sqlite3_last_insert_rowid(s->db) : 0;
    return 0;
}

static int find_response(Store *s, StoreResponse *row, int64_t content_id, int64_t sampling_id,
                         Error *err)
{
    static const char SAMPLED[] = "SELECT id FROM response WHERE prompt_id=?1 AND model_id=?2"
                                  " AND sampling_id=?3 AND seed=?4 AND sample_no=?5";
    static const char GIVEN[] = "SELECT id FROM response WHERE prompt_id=?1 AND model_id=?2"
                                " AND content_id=?3 AND sampling_id IS NULL";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, sampling_id ? SAMPLED : GIVEN, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, row->prompt_id);
    sqlite3_bind_int64(stmt, 2, row->model_id);
    sqlite3_bind_int64(stmt, 3, sampling_id ? sampling_id : content_id);
    if (sampling_id) {
        sqlite3_bind_int64(stmt, 4, (int64_t)row->seed);
        sqlite3_bind_int(stmt, 5, row->sample_no);
    }
    return sql_one(s, stmt, &row->id, "find a response", err);
}

int response_put(Store *s, StoreResponse *row, int64_t content_id, StoreAdded *added, Error *err)
{
    int64_t sampling_id = 0;
    if (sampling_add(s, row->sampling_json, &sampling_id, err) != 0) return -1;
    if (insert_response(s, row, content_id, sampling_id, err) != 0) return -1;
    if (row->id != 0) {
        added->added++;
        return 0;
    }
    added->duplicate++;
    return find_response(s, row, content_id, sampling_id, err);
}

int store_insert_response(Store *s, StoreResponse *row, StoreAdded *added, Error *err)
{
    int64_t content_id = 0;
    if (content_check(s, row->text, "response", err) != 0) return -1;
    if (content_add(s, row->text, &content_id, err) != 0) return -1;
    return response_put(s, row, content_id, added, err);
}

int store_add_responses(Store *s, StoreResponse *rows, size_t n, StoreAdded *added, Error *err)
{
    StoreAdded count = {0};
    if (sql_begin(s, err) != 0) return -1;
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++) {
        rc = store_insert_response(s, &rows[i], &count, err);
        progress_pulse(NULL);
    }
    rc = sql_finish(s, rc, err);
    if (rc == 0 && added) *added = count;
    return rc;
}

static void copy_response(StoreResponse *row, sqlite3_stmt *stmt)
{
    *row = (StoreResponse){.id = sqlite3_column_int64(stmt, 0),
                           .prompt_id = sqlite3_column_int64(stmt, 1),
                           .model_id = sqlite3_column_int64(stmt, 2),
                           .text = sql_copy_text(stmt, 3),
                           .sum_logprob = NAN,
                           .finish = sql_copy_text(stmt, 6),
                           .seed = (uint64_t)sqlite3_column_int64(stmt, 7),
                           .sample_no = sqlite3_column_int(stmt, 8),
                           .sampling_json = sql_copy_text(stmt, 9)};
    row->tokens = sql_copy_tokens(stmt, 4, &row->n_tokens);
    if (sqlite3_column_type(stmt, 5) != SQLITE_NULL)
        row->sum_logprob = sqlite3_column_double(stmt, 5);
}

int store_list_responses(Store *s, const StoreResponseFilter *filter, StoreResponseList *out,
                         Error *err)
{
    static const char SQL[] =
        "SELECT r.id, r.prompt_id, r.model_id, c.body, r.tokens, r.sum_logprob, r.finish, r.seed,"
        " r.sample_no, g.params_json FROM response r JOIN content c ON c.id=r.content_id"
        " JOIN prompt p ON p.id=r.prompt_id LEFT JOIN sampling g ON g.id=r.sampling_id"
        " WHERE (?1 IS NULL OR r.prompt_id=?1) AND (?2 IS NULL OR r.model_id=?2)"
        "   AND (?3 IS NULL OR p.split=?3) AND r.id>?4 ORDER BY r.id LIMIT ?5";
    static const char OF_PROMPT[] =
        "SELECT r.id, r.prompt_id, r.model_id, c.body, r.tokens, r.sum_logprob, r.finish, r.seed,"
        " r.sample_no, g.params_json FROM response r JOIN content c ON c.id=r.content_id"
        " JOIN prompt p ON p.id=r.prompt_id LEFT JOIN sampling g ON g.id=r.sampling_id"
        " WHERE r.prompt_id=?1 AND (?2 IS NULL OR r.model_id=?2)"
        "   AND (?3 IS NULL OR p.split=?3) AND r.id>?4 ORDER BY r.id LIMIT ?5";
    static const StoreResponseFilter ANY = {0};
    const StoreResponseFilter *f = filter ? filter : &ANY;
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, f->prompt_id ? OF_PROMPT : SQL, err) != 0) return -1;
    sql_bind_id(stmt, 1, f->prompt_id);
    sql_bind_id(stmt, 2, f->model_id);
    sql_bind_split(stmt, 3, f->split);
    sqlite3_bind_int64(stmt, 4, f->after);
    sqlite3_bind_int64(stmt, 5, f->limit > 0 ? f->limit : -1);

    StoreResponseList list = {0};
    int found;
    while ((found = sql_step(s, stmt, "list responses", err)) == 1) {
        list.row = sql_grow(list.row, list.n, sizeof *list.row);
        copy_response(&list.row[list.n++], stmt);
    }
    if (found < 0) {
        store_responses_free(&list);
        return -1;
    }
    *out = list;
    return 0;
}

void store_responses_free(StoreResponseList *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->n; i++) {
        StoreResponse *r = &list->row[i];
        free((char *)r->text);
        free((int *)r->tokens);
        free((char *)r->finish);
        free((char *)r->sampling_json);
    }
    free(list->row);
    *list = (StoreResponseList){0};
}
