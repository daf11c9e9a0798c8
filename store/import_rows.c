#include "store/import_rows.h"

#include <stdio.h>
#include <string.h>

static int next_id(ImportRows *r, int64_t *next, const char *sql, int64_t *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (*next == 0) {
        if (sql_get(r->store, &stmt, sql, err) != 0) return -1;
        if (sql_one(r->store, stmt, next, "find the newest row", err) != 0) return -1;
    }
    *out = (*next)++;
    return 0;
}

/* ---- into the tables: n rows from the i-th on ------------------------------------------------------ */

typedef int Put(ImportRows *r, int i, int n, Error *err);

static int put_prompts(ImportRows *r, int from, int n, Error *err)
{
    static const char SQL[] =
        "INSERT OR FAIL INTO prompt(source,created_us,id,content_id,split,family) VALUES";
    enum { SHARED = 2, OWN = 4 };
    sqlite3_stmt *stmt = NULL;
    if (sql_get_rows(r->store, &stmt, SQL, "(?1,?2,?,?,?,?)", n, err) != 0) return -1;
    sql_bind_text(stmt, 1, r->source);
    sqlite3_bind_int64(stmt, 2, store_time_us());
    for (int i = 0; i < n; i++) {
        const PromptRow *row = &r->prompt[from + i];
        const int at = SHARED + i * OWN;
        sqlite3_bind_int64(stmt, at + 1, row->id);
        sqlite3_bind_int64(stmt, at + 2, row->content_id);
        sql_bind_split(stmt, at + 3, row->split);
        sqlite3_bind_int64(stmt, at + 4, row->family);
    }
    return sql_run(r->store, stmt, "add prompts", err);
}

static int put_answers(ImportRows *r, int from, int n, Error *err)
{
    static const char SQL[] = "INSERT OR FAIL INTO response(model_id,created_us,seed,sample_no,"
                              "n_tokens,id,prompt_id,content_id) VALUES";
    enum { SHARED = 2, OWN = 3 };
    sqlite3_stmt *stmt = NULL;
    if (sql_get_rows(r->store, &stmt, SQL, "(?1,?2,0,0,0,?,?,?)", n, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, r->model_id);
    sqlite3_bind_int64(stmt, 2, store_time_us());
    for (int i = 0; i < n; i++) {
        const AnswerRow *row = &r->answer[from + i];
        const int at = SHARED + i * OWN;
        sqlite3_bind_int64(stmt, at + 1, row->id);
        sqlite3_bind_int64(stmt, at + 2, row->prompt_id);
        sqlite3_bind_int64(stmt, at + 3, row->content_id);
    }
    return sql_run(r->store, stmt, "add responses", err);
}

static int put_pairs(ImportRows *r, int from, int n, Error *err)
{
    static const char SQL[] =
        "INSERT OR FAIL INTO comparison(campaign_id,created_us,origin,id,prompt_id,a_id,b_id) "
        "VALUES";
    enum { SHARED = 2, OWN = 4 };
    sqlite3_stmt *stmt = NULL;
    if (sql_get_rows(r->store, &stmt, SQL, "(?1,?2,'import',?,?,?,?)", n, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, r->store->campaign_id);
    sqlite3_bind_int64(stmt, 2, store_time_us());
    for (int i = 0; i < n; i++) {
        const PairRow *row = &r->pair[from + i];
        const int at = SHARED + i * OWN;
        sqlite3_bind_int64(stmt, at + 1, row->id);
        sqlite3_bind_int64(stmt, at + 2, row->prompt_id);
        sqlite3_bind_int64(stmt, at + 3, row->a_id);
        sqlite3_bind_int64(stmt, at + 4, row->b_id);
    }
    return sql_run(r->store, stmt, "add comparisons", err);
}

static int put_labels(ImportRows *r, int from, int n, Error *err)
{
    int64_t comparison_id[SQL_ROWS] = {0}, first = 0;
    uint8_t uuid[SQL_ROWS][16];
    for (int i = 0; i < n; i++) comparison_id[i] = r->shown[from + i].comparison_id;
    if (store_insert_done(r->store, comparison_id, n, r->annotator_id, r->session_id, &first,
                          err) != 0)
        return -1;
    label_make_uuids(uuid, n);
    for (int i = 0; i < n; i++) {
        r->label[from + i].assignment_id = first + i;
        memcpy(r->label[from + i].uuid, uuid[i], sizeof *uuid);
    }
    return label_append_rows(r->store, r->label + from, r->shown + from, n, err);
}

static int put_all(ImportRows *r, int *waiting, Put *put, Error *err)
{
    for (int i = 0, n; i < *waiting; i += n) {
        n = sql_rows_of(*waiting - i);
        if (put(r, i, n, err) != 0) return -1;
    }
    *waiting = 0;
    return 0;
}

int import_rows_flush(ImportRows *r, Error *err)
{
    memset(&r->next, 0, sizeof r->next);
    if (put_all(r, &r->n_prompts, put_prompts, err) != 0) return -1;
    if (put_all(r, &r->n_answers, put_answers, err) != 0) return -1;
    if (put_all(r, &r->n_pairs, put_pairs, err) != 0) return -1;
    return put_all(r, &r->n_labels, put_labels, err);
}

/* ---- waiting --------------------------------------------------------------------------------------- */

int import_rows_prompt(ImportRows *r, PromptRow *row, Error *err)
{
    static const char NEXT[] = "SELECT ifnull(max(id),0)+1 FROM prompt";
    if (next_id(r, &r->next.prompt, NEXT, &row->id, err) != 0) return -1;
    r->prompt[r->n_prompts++] = *row;
    return r->n_prompts == SQL_ROWS ? put_all(r, &r->n_prompts, put_prompts, err) : 0;
}

int import_rows_answer(ImportRows *r, AnswerRow *row, Error *err)
{
    static const char NEXT[] = "SELECT ifnull(max(id),0)+1 FROM response";
    if (next_id(r, &r->next.response, NEXT, &row->id, err) != 0) return -1;
    r->answer[r->n_answers++] = *row;
    return r->n_answers == SQL_ROWS ? put_all(r, &r->n_answers, put_answers, err) : 0;
}

int import_rows_pair(ImportRows *r, PairRow *row, Error *err)
{
    static const char NEXT[] = "SELECT ifnull(max(id),0)+1 FROM comparison";
    if (next_id(r, &r->next.comparison, NEXT, &row->id, err) != 0) return -1;
    r->pair[r->n_pairs++] = *row;
    return r->n_pairs == SQL_ROWS ? put_all(r, &r->n_pairs, put_pairs, err) : 0;
}

int import_rows_label(ImportRows *r, int64_t comparison_id, Outcome outcome, int preferred,
                      const unsigned char *const hash[3], const char *comment, Error *err)
{
    const int n = r->n_labels++;
    const int64_t now = store_time_us();
    for (int i = 0; i < 3; i++) memcpy(r->hash[n][i], hash[i], HASH_BYTES);
    snprintf(r->comment[n], sizeof r->comment[n], "%s", comment);
    r->shown[n] =
        (LabelShown){.comparison_id = comparison_id,
                     .annotator_id = r->annotator_id,
                     .swapped = store_is_swapped(r->store, comparison_id, r->annotator_id),
                     .role = "annotator",
                     .prompt = r->hash[n][0],
                     .a = r->hash[n][1],
                     .b = r->hash[n][2]};
    r->label[n] = (LabelRow){.session_id = r->session_id,
                             .outcome = outcome,
                             .preferred = preferred,
                             .shown_us = now,
                             .submitted_us = now,
                             .comment = *comment ? r->comment[n] : NULL};
    return r->n_labels == SQL_ROWS ? put_all(r, &r->n_labels, put_labels, err) : 0;
}

Split import_rows_split(const ImportRows *r, int64_t family)
{
    for (int i = 0; i < r->n_prompts; i++)
        if (r->prompt[i].family == family) return r->prompt[i].split;
    return SPLIT_ANY;
}
