/* What the files of store/ share: the connection, statements, transactions, and what others call inside
 * their own transaction.  Private to store/. */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <sqlite3.h>

#include "store/process.h"
#include "store/store.h"

enum { SQL_CACHE_MAX = 96, HASH_BYTES = 32 };

struct Store {
    sqlite3 *db;
    char *path;
    uint64_t seed; /* of the campaign */
    int64_t campaign_id;
    int64_t waiting_since_us; /* for a lock, by a steady clock */
    struct {
        const char *sql;
        int rows; /* 0: as it stands */
        sqlite3_stmt *stmt;
    } cache[SQL_CACHE_MAX];
    int n_cached;
    /* Within a transaction, once a label was added: the end of the chain. */
    bool head_known;
    unsigned char head[HASH_BYTES];
};

enum { STORE_APPLICATION_ID = 0x524C4846, STORE_VERSION = 4 }; /* "RLHF" */
extern const char STORE_SCHEMA[];                              /* version 1 */
extern const char *const STORE_MIGRATION[STORE_VERSION - 1];   /* [i]: from version i+1 to i+2 */

/* SQLite's WAL could corrupt a database with two writers until 3.51.3, 3.50.7 and 3.44.6. */
bool sql_wal_is_safe(int sqlite_version);
/* The connection set up as every connection must be, and read back. */
int sql_connect(Store *s, int flags, Error *err);

/* "PATH: doing: reason", with advice for a full disk, a lock and a damaged file; returns -1. */
int sql_error(Store *s, const char *doing, Error *err);
int sql_damaged(Store *s, const char *doing, Error *err);
/* The database file and what SQLite keeps beside it. */
void sql_remove_files(const char *path);
/* Refuses a database that this user may not write, by the effective user as files are opened; what is mounted
 * read-only is SQLite's to report. */
int sql_check_rights(const char *path, Error *err);
/* Whether it and its folder may be written, for whatever reason not. */
bool sql_may_write(const char *path);
/* The folder of a file; the caller frees. */
char *sql_parent_of(const char *path);
int sql_exec(Store *s, const char *sql, const char *doing, Error *err);
/* A prepared statement, ready to bind; it belongs to the store.  `sql` is a string that stays. */
int sql_get(Store *s, sqlite3_stmt **out, const char *sql, Error *err);
/* The same of one that inserts n rows at once, which costs a third of n statements where a table has checks and
 * indexes: `head` up to VALUES, then n times `row`.  What all rows share stands in it first, as (?1,?2,?,?): the
 * others are then numbered from there on, row by row. */
enum { SQL_ROWS = 40 };
int sql_get_rows(Store *s, sqlite3_stmt **out, const char *head, const char *row, int n,
                 Error *err);
/* How many of those that are left (> 0) such a statement takes: few numbers, so that few statements are kept. */
int sql_rows_of(int left);
/* 1: a row stands there; 0: no more, and the statement is reset; -1: error, and it is reset. */
int sql_step(Store *s, sqlite3_stmt *stmt, const char *doing, Error *err);
/* Run to the end a statement without rows. */
int sql_run(Store *s, sqlite3_stmt *stmt, const char *doing, Error *err);
/* Back to the cache: the locks it held are gone. */
void sql_release(sqlite3_stmt *stmt);
/* One integer: 0 when there is no row. */
int sql_one(Store *s, sqlite3_stmt *stmt, int64_t *out, const char *doing, Error *err);
/* Whether to wait while another program has the lock, as at opening. */
void sql_wait(Store *s, bool wait);
/* BEGIN IMMEDIATE: a transaction that reads before it writes must own the lock from the start. */
int sql_begin(Store *s, Error *err);
/* For many rows at once, outside a transaction: more cache, and no look at foreign keys and CHECKs, which take a
 * third of the time.  The ids of rows that refer to each other come from adding these, the words of enums from
 * our own tables; store_verify looks at both.  Nor are there triggers, for which SQLite would copy all rows of a
 * statement aside: rows that must stay cannot be changed or deleted at all meanwhile, a label's `supersedes` is of
 * its own assignment by how it is found, and a data set has no drafts.  false: as at opening. */
int sql_bulk(Store *s, bool on, Error *err);
/* COMMIT when rc is 0, else (or when that fails) ROLLBACK.  Returns 0 or -1. */
int sql_finish(Store *s, int rc, Error *err);

void sql_bind_text(sqlite3_stmt *stmt, int at, const char *text_or_null);
/* 0 is NULL. */
void sql_bind_id(sqlite3_stmt *stmt, int at, int64_t id);
/* A copy, or NULL. */
char *sql_copy_text(sqlite3_stmt *stmt, int column);
/* NULL in a query is any split. */
void sql_bind_split(sqlite3_stmt *stmt, int at, Split split);
/* Token ids of a blob column and their number; NULL and 0 when it is NULL.  The caller frees. */
int *sql_copy_tokens(sqlite3_stmt *stmt, int column, int *n);
Split sql_split(sqlite3_stmt *stmt, int column);
AnnotatorKind sql_kind(sqlite3_stmt *stmt, int column);
/* HASH_BYTES that last until the next step; NULL when the column holds no such thing. */
const unsigned char *sql_hash(sqlite3_stmt *stmt, int column);
/* NULL is a skip: nothing decided. */
Outcome sql_outcome(sqlite3_stmt *stmt, int column);
/* Make room for one more row: doubles the array when n is a power of two. */
void *sql_grow(void *rows, size_t n, size_t size);

/* What stands where a redacted text stood, and the prompts of such texts: they are given to nobody any more. */
#define SQL_TOMBSTONE "[redacted]"
#define SQL_REDACTED  "(SELECT q.id FROM redaction z JOIN prompt q ON q.content_id=z.content_id)"

/* What runs inside the caller's transaction: store_insert_prompt is what store_add_prompts does for each
 * row, and so on. */
void content_hash(unsigned char out[HASH_BYTES], const char *text);
/* A text that is there now, and whether it was not before. */
typedef struct {
    int64_t id;
    unsigned char hash[HASH_BYTES];
    bool added;
} Content;
int content_put(Store *s, const char *text, Content *out, Error *err);
int content_add(Store *s, const char *text, int64_t *id, Error *err);
int content_check(Store *s, const char *text, const char *what, Error *err);
/* NULL is allowed. */
int content_check_json(Store *s, const char *json, const char *what, Error *err);
/* A prompt whose text is there: its id (0 when there is none of this text) and split. */
int prompt_find(Store *s, int64_t content_id, StorePrompt *row, Error *err);
/* The split of a new one: `there`, where the table has its near-duplicates, the wish in row->split, or by family. */
int prompt_place(Store *s, StorePrompt *row, int64_t family, Split there, StoreAdded *added,
                 Error *err);
/* The template of a prompt that has one. */
int prompt_insert_conversation(Store *s, const StorePrompt *row, Error *err);
/* Of a prompt that is there, with a text that is there. */
int demonstration_put(Store *s, StoreDemonstration *row, int64_t content_id, StoreAdded *added,
                      Error *err);
int response_put(Store *s, StoreResponse *row, int64_t content_id, StoreAdded *added, Error *err);
/* Of two answers to the prompt that differ; *added is false when the pair is there already. */
int comparison_put(Store *s, StoreComparison *row, bool *added, Error *err);
/* A pair of training whose two answers to the prompt have these texts, none of them by model `but`: *id 0 when there is
 * none, else a and b are the answers with the first and the second text, whichever is older. */
int comparison_find_texts(Store *s, int64_t prompt_id, const int64_t content_id[2], int64_t but,
                          int64_t *id, int64_t *a, int64_t *b, Error *err);
int store_insert_prompt(Store *s, StorePrompt *row, StoreAdded *added, Error *err);
int store_insert_class_text(Store *s, StoreClassText *row, StoreAdded *added, Error *err);
/* The class of a text that is there; the caller frees. */
int class_text_class(Store *s, int64_t id, char **out, Error *err);
int store_insert_model(Store *s, StoreModel *model, Error *err);
int store_insert_response(Store *s, StoreResponse *row, StoreAdded *added, Error *err);
int store_insert_annotator(Store *s, const char *handle, AnnotatorKind kind, int64_t *id,
                           Error *err);
int store_insert_session(Store *s, const StoreSession *session, int64_t *id, Error *err);
int store_find_session_annotator(Store *s, int64_t session_id, int64_t *annotator_id, Error *err);
/* `state`: open (held) or done.  `role`: annotator or reviewer. */
int store_insert_assignment(Store *s, int64_t comparison_id, int64_t annotator_id,
                            int64_t session_id, const char *role, const char *state, int64_t *id,
                            Error *err);
bool store_is_swapped(const Store *s, int64_t comparison_id, int64_t annotator_id);
/* The open or done one of this comparison and annotator, as an annotator; *id stays 0 when there is none. */
int store_find_assignment(Store *s, int64_t comparison_id, int64_t annotator_id, int64_t *id,
                          bool *done, Error *err);
/* Leases that ran out are held no more. */
int store_expire_leases(Store *s, Error *err);
/* n comparisons (at most SQL_ROWS) that this annotator has done, with ids from *first on. */
int store_insert_done(Store *s, const int64_t *comparison_id, int n, int64_t annotator_id,
                      int64_t session_id, int64_t *first, Error *err);
int store_hold_assignment(Store *s, int64_t assignment_id, int64_t session_id, Error *err);
int store_read_claim(Store *s, int64_t assignment_id, StoreClaim *out, Error *err);
int store_insert_verdict(Store *s, int64_t session_id, const StoreVerdict *row, StoreAdded *added,
                         Error *err);

int store_insert_judgement(Store *s, const StoreJudgement *judgement, int64_t *id, Error *err);

/* A label before it has an id; `preferred` as stored (< 0: a is better). */
typedef struct {
    uint8_t uuid[16];
    int64_t assignment_id, session_id, supersedes;
    bool retract;
    Outcome outcome;
    int preferred;
    int64_t shown_us, first_input_us, submitted_us, active_ms;
    const char *layout, *comment, *reasons;
    int confidence;
    bool seen; /* whether the next two are known, in thousandths */
    int seen_a, seen_b;
} LabelRow;
int label_append(Store *s, const LabelRow *row, int64_t *id, Error *err);
/* n of store_make_uuid's, with fewer questions to the kernel. */
void label_make_uuids(uint8_t (*out)[16], int n);
/* Of an assignment, standing or not; 0 when there is none. */
int store_newest_label(Store *s, int64_t assignment_id, int64_t *label_id, Error *err);
/* What an assignment showed to whom, for who knows it. */
typedef struct {
    int64_t comparison_id, annotator_id;
    bool swapped;
    const char *role;
    const unsigned char *prompt, *a, *b; /* hashes of the texts */
} LabelShown;
/* n labels (at most SQL_ROWS) of one session one after the other, each the first of its assignment and without what
 * only people say: layout, reasons, confidence, what they saw. */
int label_append_rows(Store *s, const LabelRow *row, const LabelShown *shown, int n, Error *err);
/* Recompute the chain; *n is how many labels it has. */
int label_verify(Store *s, int64_t *n, Error *err);
/* Of one label, the link from the one before it (0: it is the first), and the link to the next. */
int label_verify_near(Store *s, int64_t label_id, int64_t before, Error *err);

/* Recompute the chain of the judgements; *n is how many there are. */
int judgement_verify(Store *s, int64_t *n, Error *err);

#endif
