/* One row of the label table and its place in the hash chain.
 *
 *   row_hash = SHA-256(prev_hash | the row's own fields | comparison, annotator, swapped |
 *                      SHA-256 of the prompt, of answer a and of answer b | what version 2 adds)
 *
 * Version 1 of the hash is that of labels given before there were reasons, confidence, first key, parts seen and
 * roles: such rows say so in hash_version and verify as ever.  Either way neither a label, nor who gave it, nor
 * what it was given to can be changed without a trace.  The chain runs through both: prev_hash is the row
 * before, whatever its version. */
#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/text.h"
#include "store/sql.h"

enum { PAGE_ROWS = 10000, HASH_VERSION = 2, ADDED = 4, NONE_GIVEN = -1 };

/* The row as hashed: words, not enums, so that a new enum value never changes an old hash. */
typedef struct {
    const unsigned char *uuid;
    /* assignment, session, supersedes, pref, shown, submitted, active, comparison, annotator */
    int64_t number[9];
    int64_t swapped;
    const char *op, *outcome, *layout, *comment; /* NULL as in the row */
    const unsigned char *text[3];                /* hashes of prompt, a, b */
    int version;                                 /* of the hash; the rest is of version 2 alone */
    int64_t added[ADDED]; /* confidence, first input, seen of a, of b; NONE_GIVEN is NULL */
    const char *reasons, *role;
} Facts;

/* What is hashed comes in small pieces, and each call of libsodium costs as much as 8 bytes of hashing do. */
typedef struct {
    crypto_hash_sha256_state state;
    unsigned char waiting[256];
    size_t n;
} Hashing;

static void put_bytes(Hashing *h, const void *bytes, size_t n)
{
    if (h->n + n > sizeof h->waiting) {
        crypto_hash_sha256_update(&h->state, h->waiting, h->n);
        h->n = 0;
    }
    if (n > sizeof h->waiting) {
        crypto_hash_sha256_update(&h->state, bytes, n);
        return;
    }
    memcpy(h->waiting + h->n, bytes, n);
    h->n += n;
}

static void put_number(Hashing *h, int64_t x)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)((uint64_t)x >> (8 * i));
    put_bytes(h, bytes, 8);
}

/* Length first, so that no two rows give the same bytes; -1 is NULL. */
static void put_text(Hashing *h, const char *text)
{
    put_number(h, text ? (int64_t)strlen(text) : -1);
    if (text) put_bytes(h, text, strlen(text));
}

static void hash_row(unsigned char out[HASH_BYTES], const unsigned char *prev, const Facts *f)
{
    static const unsigned char NONE[HASH_BYTES] = {0};
    Hashing h = {.n = 0};
    crypto_hash_sha256_init(&h.state);
    put_bytes(&h, prev ? prev : NONE, HASH_BYTES);
    put_bytes(&h, f->uuid, 16);
    for (size_t i = 0; i < sizeof f->number / sizeof *f->number; i++) put_number(&h, f->number[i]);
    put_number(&h, f->swapped);
    put_text(&h, f->op);
    put_text(&h, f->outcome);
    put_text(&h, f->layout);
    put_text(&h, f->comment);
    for (int i = 0; i < 3; i++) put_bytes(&h, f->text[i], HASH_BYTES);
    if (f->version >= 2) {
        put_number(&h, f->version);
        for (int i = 0; i < ADDED; i++) put_number(&h, f->added[i]);
        put_text(&h, f->reasons);
        put_text(&h, f->role);
    }
    crypto_hash_sha256_update(&h.state, h.waiting, h.n);
    crypto_hash_sha256_final(&h.state, out);
}

#define SHOWN                                                                      \
    " JOIN comparison c ON c.id=x.comparison_id JOIN prompt p ON p.id=c.prompt_id" \
    " JOIN content pc ON pc.id=p.content_id"                                       \
    " JOIN response a ON a.id=c.a_id JOIN content ac ON ac.id=a.content_id"        \
    " JOIN response b ON b.id=c.b_id JOIN content bc ON bc.id=b.content_id"

/* ---- append ---------------------------------------------------------------------------------------- */

/* What the assignment showed, and the hash of the newest label.  The row stands in *stmt until released. */
static int read_shown(Store *s, int64_t assignment_id, Facts *f, sqlite3_stmt **stmt, Error *err)
{
    static const char SQL[] =
        "SELECT x.comparison_id, x.annotator_id, x.swapped, pc.sha256, ac.sha256, bc.sha256,"
        " x.role FROM assignment x" SHOWN " WHERE x.id=?1";
    if (sql_get(s, stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(*stmt, 1, assignment_id);
    const int found = sql_step(s, *stmt, "read what was shown", err);
    if (found < 0) return -1;
    if (found == 0)
        return error_set(err, "%s: there is no assignment %lld", s->path, (long long)assignment_id);
    f->number[7] = sqlite3_column_int64(*stmt, 0);
    f->number[8] = sqlite3_column_int64(*stmt, 1);
    f->swapped = sqlite3_column_int64(*stmt, 2);
    for (int i = 0; i < 3; i++) f->text[i] = sqlite3_column_blob(*stmt, 3 + i);
    f->role = (const char *)sqlite3_column_text(*stmt, 6);
    return 0;
}

/* Nobody else writes while this transaction lasts, so the end of the chain is read once in it. */
static int read_head(Store *s, unsigned char prev[HASH_BYTES], bool *any, Error *err)
{
    static const char SQL[] = "SELECT row_hash FROM label ORDER BY id DESC LIMIT 1";
    sqlite3_stmt *stmt = NULL;
    if (s->head_known) {
        memcpy(prev, s->head, HASH_BYTES);
        *any = true;
        return 0;
    }
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    const int found = sql_step(s, stmt, "read the newest label", err);
    if (found < 0) return -1;
    *any = found == 1;
    if (*any) {
        memcpy(prev, sqlite3_column_blob(stmt, 0), HASH_BYTES);
        sql_release(stmt);
    }
    return 0;
}

/* What every label has; those that people give have more. */
#define GIVEN                                                                                    \
    "INSERT OR FAIL INTO label(op,active_ms,hash_version,session_id,uuid,assignment_id,outcome," \
    "pref,shown_us,submitted_us,comment,prev_hash,row_hash"
enum { SHARED = 4, OWN = 9 };

/* The parameters that all labels of a statement share, then those of one from `at` + 1 on. */
static void bind_shared(sqlite3_stmt *stmt, const Facts *f)
{
    sql_bind_text(stmt, 1, f->op);
    sqlite3_bind_int64(stmt, 2, f->number[6]);
    sqlite3_bind_int(stmt, 3, f->version);
    sqlite3_bind_int64(stmt, 4, f->number[1]);
}

static void bind_own(sqlite3_stmt *stmt, int at, const Facts *f, const unsigned char *prev,
                     const unsigned char *hash)
{
    sqlite3_bind_blob(stmt, at + 1, f->uuid, 16, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, at + 2, f->number[0]);
    sql_bind_text(stmt, at + 3, f->outcome);
    /* 0 stands for both "no preference" (a tie) and "none given" (a skip): the outcome tells them apart. */
    if (f->outcome && strcmp(f->outcome, "skip") != 0 && strcmp(f->outcome, "flag") != 0)
        sqlite3_bind_int64(stmt, at + 4, f->number[3]);
    sqlite3_bind_int64(stmt, at + 5, f->number[4]);
    sqlite3_bind_int64(stmt, at + 6, f->number[5]);
    sql_bind_text(stmt, at + 7, f->comment);
    if (prev) sqlite3_bind_blob(stmt, at + 8, prev, HASH_BYTES, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, at + 9, hash, HASH_BYTES, SQLITE_STATIC);
}

static void bind_person(sqlite3_stmt *stmt, int at, const Facts *f)
{
    sql_bind_id(stmt, at + 1, f->number[2]);
    sql_bind_text(stmt, at + 2, f->layout);
    sql_bind_text(stmt, at + 3, f->reasons);
    for (int i = 0; i < ADDED; i++)
        if (f->added[i] != NONE_GIVEN) sqlite3_bind_int64(stmt, at + 4 + i, f->added[i]);
}

static int insert_labels(Store *s, sqlite3_stmt *stmt, const unsigned char *head, Error *err)
{
    if (sql_run(s, stmt, "add a label", err) != 0) return -1;
    memcpy(s->head, head, HASH_BYTES);
    s->head_known = true;
    return 0;
}

static void take_shown(Facts *f, const LabelShown *shown)
{
    f->number[7] = shown->comparison_id;
    f->number[8] = shown->annotator_id;
    f->swapped = shown->swapped;
    f->role = shown->role;
    f->text[0] = shown->prompt;
    f->text[1] = shown->a;
    f->text[2] = shown->b;
}

static int take_row(Store *s, Facts *f, const LabelRow *row, Error *err)
{
    assert(row->outcome != OUTCOME_PREF || row->retract ||
           (row->preferred != 0 && row->preferred >= -4 && row->preferred <= 4));
    *f = (Facts){.uuid = row->uuid,
                 .number = {row->assignment_id, row->session_id, row->supersedes,
                            row->outcome == OUTCOME_PREF && !row->retract ? row->preferred : 0,
                            row->shown_us, row->submitted_us, row->active_ms},
                 .op = row->retract ? "retract" : "set",
                 .outcome = row->retract ? NULL : outcome_name(row->outcome),
                 .layout = row->layout,
                 .comment = row->comment,
                 .version = HASH_VERSION,
                 .added = {row->confidence ? row->confidence : NONE_GIVEN,
                           row->first_input_us ? row->first_input_us : NONE_GIVEN,
                           row->seen ? row->seen_a : NONE_GIVEN,
                           row->seen ? row->seen_b : NONE_GIVEN},
                 .reasons = row->retract ? NULL : row->reasons};
    return row->comment ? content_check(s, row->comment, "comment", err) : 0;
}

int label_append(Store *s, const LabelRow *row, int64_t *id, Error *err)
{
    static const char SQL[] =
        GIVEN ",supersedes,layout,reasons,confidence,first_input_us,seen_a,seen_b)"
              " VALUES(?1,?2,?3,?4,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
    unsigned char prev[HASH_BYTES], hash[HASH_BYTES];
    bool any = false;
    Facts f;
    sqlite3_stmt *shown = NULL, *stmt = NULL;
    if (take_row(s, &f, row, err) != 0 || read_head(s, prev, &any, err) != 0) return -1;
    if (read_shown(s, row->assignment_id, &f, &shown, err) != 0) return -1;
    hash_row(hash, any ? prev : NULL, &f);
    sql_release(shown);
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    bind_shared(stmt, &f);
    bind_own(stmt, SHARED, &f, any ? prev : NULL, hash);
    bind_person(stmt, SHARED + OWN, &f);
    if (insert_labels(s, stmt, hash, err) != 0) return -1;
    *id = sqlite3_last_insert_rowid(s->db);
    return 0;
}

int label_append_rows(Store *s, const LabelRow *row, const LabelShown *shown, int n, Error *err)
{
    static const char SQL[] = GIVEN ") VALUES", ROW[] = "(?1,?2,?3,?4,?,?,?,?,?,?,?,?,?)";
    unsigned char chain[SQL_ROWS + 1][HASH_BYTES]; /* [0]: of the label before */
    bool any = false;
    sqlite3_stmt *stmt = NULL;
    assert(n > 0 && n <= SQL_ROWS);
    if (read_head(s, chain[0], &any, err) != 0) return -1;
    if (sql_get_rows(s, &stmt, SQL, ROW, n, err) != 0) return -1;
    for (int i = 0; i < n; i++) {
        const unsigned char *prev = any || i > 0 ? chain[i] : NULL;
        Facts f;
        assert(row[i].session_id == row->session_id && !row[i].retract && !row[i].active_ms);
        assert(!row[i].supersedes && !row[i].layout && !row[i].reasons && !row[i].confidence &&
               !row[i].first_input_us && !row[i].seen);
        if (take_row(s, &f, &row[i], err) != 0) return -1;
        take_shown(&f, &shown[i]);
        hash_row(chain[i + 1], prev, &f);
        if (i == 0) bind_shared(stmt, &f);
        bind_own(stmt, SHARED + i * OWN, &f, prev, chain[i + 1]);
    }
    return insert_labels(s, stmt, chain[n], err);
}

/* ---- verify ---------------------------------------------------------------------------------------- */

static void read_facts(Facts *f, sqlite3_stmt *stmt)
{
    *f = (Facts){.uuid = sqlite3_column_blob(stmt, 1),
                 .swapped = sqlite3_column_int64(stmt, 11),
                 .op = (const char *)sqlite3_column_text(stmt, 12),
                 .outcome = (const char *)sqlite3_column_text(stmt, 13),
                 .layout = (const char *)sqlite3_column_text(stmt, 14),
                 .comment = (const char *)sqlite3_column_text(stmt, 15)};
    for (int i = 0; i < 9; i++) f->number[i] = sqlite3_column_int64(stmt, 2 + i);
    for (int i = 0; i < 3; i++) f->text[i] = sql_hash(stmt, 16 + i);
    f->version = sqlite3_column_int(stmt, 21);
    for (int i = 0; i < ADDED; i++)
        f->added[i] = sqlite3_column_type(stmt, 22 + i) == SQLITE_NULL
                          ? NONE_GIVEN
                          : sqlite3_column_int64(stmt, 22 + i);
    f->reasons = (const char *)sqlite3_column_text(stmt, 26);
    f->role = (const char *)sqlite3_column_text(stmt, 27);
}

/* At most `limit` labels from the one after *last on; prev is the chain so far, of *n labels. */
static int verify_page(Store *s, int64_t *last, unsigned char prev[HASH_BYTES], int64_t *n,
                       int limit, bool *more, Error *err)
{
    static const char SQL[] = "SELECT l.id, l.uuid, l.assignment_id, l.session_id, l.supersedes, "
                              "l.pref, l.shown_us, l.submitted_us,"
                              " l.active_ms, x.comparison_id, x.annotator_id, x.swapped, l.op, "
                              "l.outcome, l.layout, l.comment,"
                              " pc.sha256, ac.sha256, bc.sha256, l.prev_hash, l.row_hash,"
                              " l.hash_version, l.confidence, l.first_input_us, l.seen_a, l.seen_b,"
                              " l.reasons, x.role"
                              " FROM label l JOIN assignment x ON x.id=l.assignment_id" SHOWN
                              " WHERE l.id>?1 ORDER BY l.id LIMIT ?2";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, *last);
    sqlite3_bind_int(stmt, 2, limit);
    int found;
    *more = false;
    while ((found = sql_step(s, stmt, "verify labels", err)) == 1) {
        Facts f;
        unsigned char hash[HASH_BYTES];
        read_facts(&f, stmt);
        *last = sqlite3_column_int64(stmt, 0);
        const unsigned char *said = sql_hash(stmt, 19), *own = sql_hash(stmt, 20);
        bool right = f.uuid && own && f.text[0] && f.text[1] && f.text[2] &&
                     (*n == 0 ? said == NULL : said && memcmp(said, prev, HASH_BYTES) == 0);
        if (right) {
            hash_row(hash, *n == 0 ? NULL : prev, &f);
            right = memcmp(hash, own, HASH_BYTES) == 0;
        }
        if (!right) {
            sql_release(stmt);
            error_set(err,
                      "%s: label %lld was changed after it was given, or the one before it is gone",
                      s->path, (long long)*last);
            return error_hint(err, "put a backup in its place, and keep this file");
        }
        memcpy(prev, hash, HASH_BYTES);
        *n += 1;
        *more = true;
    }
    return found;
}

int label_verify(Store *s, int64_t *n, Error *err)
{
    static const char COUNT[] = "SELECT count(*) FROM label";
    unsigned char prev[HASH_BYTES] = {0};
    int64_t last = 0, rows = 0;
    bool more = true;
    *n = 0;
    while (more)
        if (verify_page(s, &last, prev, n, PAGE_ROWS, &more, err) != 0) return -1;
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, COUNT, err) != 0 || sql_one(s, stmt, &rows, "count labels", err) != 0)
        return -1;
    /* A label whose pair is gone drops out of the join; one given meanwhile makes rows larger as well. */
    if (rows == *n) return 0;
    return error_set(err, "%s: %s, but %lld in the chain (run it again if somebody is labeling)",
                     s->path, text_count(rows, "label"), (long long)*n);
}

static int read_hash(Store *s, int64_t label_id, unsigned char out[HASH_BYTES], Error *err)
{
    static const char SQL[] = "SELECT row_hash FROM label WHERE id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, label_id);
    const int found = sql_step(s, stmt, "read a hash", err);
    if (found < 0) return -1;
    if (found == 0)
        return error_set(err, "%s: there is no label %lld", s->path, (long long)label_id);
    memcpy(out, sqlite3_column_blob(stmt, 0), HASH_BYTES);
    sql_release(stmt);
    return 0;
}

int label_verify_near(Store *s, int64_t label_id, int64_t before, Error *err)
{
    enum { ITSELF_AND_NEXT = 2 };
    unsigned char prev[HASH_BYTES] = {0};
    int64_t last = before, n = before ? 1 : 0;
    bool more = false;
    if (before && read_hash(s, before, prev, err) != 0) return -1;
    if (verify_page(s, &last, prev, &n, ITSELF_AND_NEXT, &more, err) != 0) return -1;
    return more && last >= label_id ? 0
                                    : error_set(err, "%s: what label %lld was given to is gone",
                                                s->path, (long long)label_id);
}
