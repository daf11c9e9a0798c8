/* Texts, each stored once; and the words that the schema and the headers share. */
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "store/sql.h"

static const char *const SPLITS[SPLIT_N] = {"any", "train", "valid", "test"};
static const char *const KINDS[ANNOTATOR_N] = {"any", "human", "rule", "llm", "import"};
static const char *const OUTCOMES[] = {"pref", "tie", "both_bad", "skip", "flag"};
static const char *const PURPOSES[PURPOSE_N] = {"train", "evaluate", "practice"};
static const char *const DATA[] = {"auto",       "prompts", "demonstrations", "preferences",
                                   "judgements", "classes", "labels",         "responses"};
enum { DATA_N = sizeof DATA / sizeof *DATA };

/* The words from `first` on, before `end`, are those that one would type. */
static int parse(int *out, const char *name, const char *what, const char *const *words, int n,
                 int first, int end, Error *err)
{
    for (int i = 0; i < n; i++)
        if (strcmp(words[i], name) == 0) {
            *out = i;
            return 0;
        }
    Text all = {0};
    for (int i = first; i < end; i++) text_format(&all, "%s%s", i > first ? ", " : "", words[i]);
    error_usage(err, "%.60s: unknown %s (one of %s)", name, what, all.bytes);
    text_free(&all);
    return -1;
}

const char *split_name(Split split)
{
    return SPLITS[split];
}

int split_parse(Split *out, const char *name, Error *err)
{
    int i = 0;
    if (parse(&i, name, "split", SPLITS, SPLIT_N, SPLIT_TRAIN, SPLIT_N, err) != 0) return -1;
    *out = (Split)i;
    return 0;
}

const char *annotator_kind_name(AnnotatorKind kind)
{
    return KINDS[kind];
}

const char *outcome_name(Outcome outcome)
{
    return OUTCOMES[outcome];
}

const char *purpose_name(Purpose purpose)
{
    return PURPOSES[purpose];
}

int purpose_parse(Purpose *out, const char *name, Error *err)
{
    int i = 0;
    if (parse(&i, name, "purpose", PURPOSES, PURPOSE_N, 0, PURPOSE_N, err) != 0) return -1;
    *out = (Purpose)i;
    return 0;
}

int data_kind_parse(DataKind *out, const char *name, Error *err)
{
    int i = 0;
    /* import takes the word from a person, export from its own table */
    if (parse(&i, name, "kind of data", DATA, DATA_N, DATA_PROMPTS, DATA_LABELS, err) != 0)
        return -1;
    *out = (DataKind)i;
    return 0;
}

int content_check(Store *s, const char *text, const char *what, Error *err)
{
    size_t at;
    assert(text);
    if (text_is_utf8(text, strlen(text), &at)) return 0;
    return error_set(err, "%s: %s is not valid UTF-8 at byte %zu", s->path, what, at);
}

int content_check_json(Store *s, const char *json, const char *what, Error *err)
{
    cJSON *parsed = NULL;
    if (!json) return 0;
    if (json_parse(&parsed, json, strlen(json), err) != 0)
        return error_wrap(err, "%s: %s", s->path, what);
    cJSON_Delete(parsed);
    return 0;
}

void content_hash(unsigned char out[HASH_BYTES], const char *text)
{
    crypto_hash_sha256(out, (const unsigned char *)text, strlen(text));
}

int content_put(Store *s, const char *text, Content *out, Error *err)
{
    static const char ADD[] =
        "INSERT INTO content(sha256,body) VALUES(?1,?2) ON CONFLICT DO NOTHING";
    static const char FIND[] = "SELECT id FROM content WHERE sha256=?1";

    sqlite3_stmt *stmt = NULL;
    content_hash(out->hash, text);
    if (sql_get(s, &stmt, ADD, err) != 0) return -1;
    sqlite3_bind_blob(stmt, 1, out->hash, HASH_BYTES, SQLITE_STATIC);
    sql_bind_text(stmt, 2, text);
    if (sql_run(s, stmt, "add a text", err) != 0) return -1;
    out->added = sqlite3_changes(s->db) == 1;
    if (out->added) {
        out->id = sqlite3_last_insert_rowid(s->db);
        return 0;
    }
    if (sql_get(s, &stmt, FIND, err) != 0) return -1;
    sqlite3_bind_blob(stmt, 1, out->hash, HASH_BYTES, SQLITE_STATIC);
    return sql_one(s, stmt, &out->id, "find a text", err);
}

int content_add(Store *s, const char *text, int64_t *id, Error *err)
{
    Content content;
    if (content_put(s, text, &content, err) != 0) return -1;
    *id = content.id;
    return 0;
}
