/* A text that must go: a tombstone takes its place, its hash stays, so that the chains over it still hold. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/sql.h"

/* What can be redacted: a row with a content and the time it came in. */
typedef struct {
    const char *what; /* in messages, and as the second word of rlhf redact */
    const char *read; /* content_id, body, created_us and whether it is redacted, of row ?1 */
} Redactable;

#define REDACTABLE(table)                                                \
    "SELECT t.content_id, c.body, t.created_us,"                         \
    " EXISTS(SELECT 1 FROM redaction r WHERE r.content_id=t.content_id)" \
    " FROM " table " t JOIN content c ON c.id=t.content_id WHERE t.id=?1"
static const Redactable PROMPT = {"prompt", REDACTABLE("prompt")},
                        CLASS_TEXT = {"text", REDACTABLE("text_class")};

static int read_row(Store *s, const Redactable *of, int64_t id, int64_t *content_id,
                    StoreRedacted *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, of->read, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, id);
    const int found = sql_step(s, stmt, "find what is to be redacted", err);
    if (found < 0) return -1;
    if (found == 0) {
        error_set(err, "there is no %s %lld", of->what, (long long)id);
        return error_hint(err, "which %ss hold words: rlhf redact %s --find TEXT", of->what,
                          of->what);
    }
    *content_id = sqlite3_column_int64(stmt, 0);
    out->text = sql_copy_text(stmt, 1);
    out->created_us = sqlite3_column_int64(stmt, 2);
    const bool gone = sqlite3_column_int(stmt, 3) != 0;
    sql_release(stmt);
    return gone ? error_set(err, "%s %lld is redacted already", of->what, (long long)id) : 0;
}

static int redact(Store *s, int64_t content_id, const char *who, const char *why, Error *err)
{
    static const char NOTE[] = "INSERT INTO redaction(content_id,who,why,created_us)"
                               " VALUES(?1,?2,?3,?4) ON CONFLICT DO NOTHING";
    static const char REPLACE[] = "UPDATE content SET body='" SQL_TOMBSTONE "' WHERE id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, NOTE, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, content_id);
    sql_bind_text(stmt, 2, who);
    sql_bind_text(stmt, 3, why);
    sqlite3_bind_int64(stmt, 4, store_time_us());
    if (sql_run(s, stmt, "note a redaction", err) != 0) return -1;
    if (sql_get(s, &stmt, REPLACE, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, content_id);
    return sql_run(s, stmt, "redact a text", err);
}

/* Texts of answers to this prompt and to no other: what others have as well ("Yes.") says nothing about it. */
#define ANSWERS                                                                     \
    " FROM (SELECT content_id FROM response WHERE prompt_id=?1"                     \
    "  UNION SELECT content_id FROM demonstration WHERE prompt_id=?1) t"            \
    " WHERE NOT EXISTS(SELECT 1 FROM redaction r WHERE r.content_id=t.content_id)"  \
    " AND NOT EXISTS(SELECT 1 FROM response o WHERE o.content_id=t.content_id"      \
    "  AND o.prompt_id<>?1)"                                                        \
    " AND NOT EXISTS(SELECT 1 FROM demonstration o WHERE o.content_id=t.content_id" \
    "  AND o.prompt_id<>?1)"                                                        \
    " AND NOT EXISTS(SELECT 1 FROM prompt o WHERE o.content_id=t.content_id AND o.id<>?1)"

static int redact_answers(Store *s, int64_t prompt_id, const char *who, const char *why, Error *err)
{
    static const char NEXT[] = "SELECT content_id" ANSWERS " LIMIT 1";
    /* ids of tokens spell the text as well */
    static const char TOKENS[] = "UPDATE response SET tokens=NULL WHERE prompt_id=?1 AND content_id"
                                 " IN (SELECT content_id FROM redaction)";
    sqlite3_stmt *stmt = NULL;
    int64_t content_id = 0;
    do {
        if (sql_get(s, &stmt, NEXT, err) != 0) return -1;
        sqlite3_bind_int64(stmt, 1, prompt_id);
        if (sql_one(s, stmt, &content_id, "find an answer", err) != 0) return -1;
        if (content_id != 0 && redact(s, content_id, who, why, err) != 0) return -1;
    } while (content_id != 0);
    if (sql_get(s, &stmt, TOKENS, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, prompt_id);
    return sql_run(s, stmt, "redact tokens", err);
}

static int count_answers(Store *s, int64_t prompt_id, int64_t *out, Error *err)
{
    static const char COUNT[] = "SELECT count(*)" ANSWERS;
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, COUNT, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, prompt_id);
    return sql_one(s, stmt, out, "count answers", err);
}

/* A tombstone in the place of an answer would be shown, and learned, as one. */
static int check_no_answer(Store *s, int64_t content_id, Error *err)
{
    static const char SQL[] =
        "SELECT t.prompt_id FROM (SELECT prompt_id, content_id FROM response"
        "  UNION ALL SELECT prompt_id, content_id FROM demonstration) t"
        " WHERE t.content_id=?1 AND t.prompt_id NOT IN " SQL_REDACTED " LIMIT 1";
    sqlite3_stmt *stmt = NULL;
    int64_t prompt_id = 0;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, content_id);
    if (sql_one(s, stmt, &prompt_id, "find an answer", err) != 0) return -1;
    if (prompt_id == 0) return 0;
    error_set(err, "the text is an answer to prompt %lld as well", (long long)prompt_id);
    return error_hint(err, "both go with: rlhf redact prompt %lld --answers", (long long)prompt_id);
}

static int look_or_redact(Store *s, const Redactable *of, int64_t id, const StoreRedaction *how,
                          StoreRedacted *out, Error *err)
{
    const bool prompt = of == &PROMPT;
    int64_t content_id = 0;
    if (read_row(s, of, id, &content_id, out, err) != 0) return -1;
    if (prompt && count_answers(s, id, &out->answers, err) != 0) return -1;
    if (!prompt && check_no_answer(s, content_id, err) != 0) return -1;
    if (!how->who) return 0;
    if (redact(s, content_id, how->who, how->why, err) != 0) return -1;
    return prompt && how->answers ? redact_answers(s, id, how->who, how->why, err) : 0;
}

static int redact_row(Store *s, const Redactable *of, int64_t id, const StoreRedaction *how,
                      StoreRedacted *out, Error *err)
{
    StoreRedacted found = {0};
    if (how->why && content_check(s, how->why, "reason", err) != 0) return -1;
    /* Pages that are given up are overwritten. */
    if (sql_exec(s, "PRAGMA secure_delete=ON", "redact", err) != 0) return -1;
    if (sql_begin(s, err) != 0) return -1;
    if (sql_finish(s, look_or_redact(s, of, id, how, &found, err), err) != 0) {
        store_redacted_free(&found);
        return -1;
    }
    /* In WAL mode the old page may stay in the database until it is written back. */
    if (how->who) sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    *out = found;
    return 0;
}

int store_redact_prompt(Store *s, int64_t prompt_id, const StoreRedaction *how, StoreRedacted *out,
                        Error *err)
{
    return redact_row(s, &PROMPT, prompt_id, how, out, err);
}

int store_redact_class_text(Store *s, int64_t id, const StoreRedaction *how, StoreRedacted *out,
                            Error *err)
{
    return redact_row(s, &CLASS_TEXT, id, how, out, err);
}

void store_redacted_free(StoreRedacted *redacted)
{
    if (!redacted) return;
    free(redacted->text);
    *redacted = (StoreRedacted){0};
}
