#include "store/tally.h"

#include <stdlib.h>
#include <string.h>

static const char *const WHAT[TALLY_N] = {
    "upto",        "prompts", "answered", "responses", "comparisons", "pairs",    "decided",
    "preferences", "used",    "labeled",  "skipped",   "labels",      "standing", "judgements"};

typedef enum {
    OF_PROMPT,
    OF_RESPONSE,
    OF_COMPARISON,
    OF_LABEL,
    OF_JUDGEMENT,
    OF_REDACTION,
    N_TABLES
} Table;

int64_t tally_of(const Tally *t, TallyWhat what, int64_t of)
{
    for (size_t i = 0; i < t->n_counts; i++)
        if (t->count[i].what == what && t->count[i].of == of) return t->count[i].n;
    return 0;
}

static void add(Tally *t, TallyWhat what, int64_t of, int64_t n)
{
    for (size_t i = 0; i < t->n_counts; i++)
        if (t->count[i].what == what && t->count[i].of == of) {
            t->count[i].n += n;
            return;
        }
    t->count = sql_grow(t->count, t->n_counts, sizeof *t->count);
    t->count[t->n_counts++] = (TallyCount){what, of, n};
}

void tally_free(Tally *t)
{
    free(t->count);
    *t = (Tally){0};
}

/* In each statement the rows that are new come first: CROSS JOIN and + keep SQLite from an index that would have it
 * go over all the others. */

/* ---- rows that are counted one by one -------------------------------------------------------------- */

static int64_t upto(const Tally *t, Table table)
{
    return tally_of(t, TALLY_UPTO, table);
}

static bool is_by_split(TallyWhat what)
{
    return what == TALLY_PROMPTS || what == TALLY_ANSWERED || what == TALLY_PAIRS;
}

/* What a statement counts of the rows after ?1 up to ?2, in one row of numbers; ?3 unless it is -1. */
static int count_after(Tally *t, Store *s, const char *sql, TallyWhat what, const int64_t bound[3],
                       Error *err)
{
    sqlite3_stmt *stmt = NULL;
    const int n = bound[2] < 0 ? 2 : 3;
    if (sql_get(s, &stmt, sql, err) != 0) return -1;
    for (int i = 0; i < n; i++) sqlite3_bind_int64(stmt, i + 1, bound[i]);
    if (sql_step(s, stmt, "count", err) != 1) return -1;
    for (int i = 0; i < (is_by_split(what) ? SPLIT_N - SPLIT_TRAIN : 1); i++)
        add(t, what, is_by_split(what) ? SPLIT_TRAIN + i : 0, sqlite3_column_int64(stmt, i));
    sql_release(stmt);
    return 0;
}

#define BY_SPLIT "SELECT sum(p.split='train'), sum(p.split='valid'), sum(p.split='test') FROM "

static int count_rows(Tally *t, Store *s, const int64_t to[N_TABLES], Error *err)
{
    static const char PROMPTS[] =
        BY_SPLIT "prompt p WHERE p.id>?1 AND p.id<=?2 AND p.id NOT IN " SQL_REDACTED;
    /* A new prompt by any response; one from before, by the first of its responses. */
    static const char ANSWERED[] =
        BY_SPLIT "prompt p WHERE p.id>?1 AND p.id<=?2 AND p.id NOT IN " SQL_REDACTED
                 " AND EXISTS(SELECT 1 FROM response r WHERE r.prompt_id=p.id AND r.id<=?3)";
    static const char ANSWERED_NOW[] =
        BY_SPLIT "response r CROSS JOIN prompt p ON p.id=r.prompt_id WHERE r.id>?1 AND r.id<=?2"
                 " AND +r.prompt_id<=?3 AND p.id NOT IN " SQL_REDACTED
                 " AND NOT EXISTS(SELECT 1 FROM response q WHERE q.prompt_id=r.prompt_id"
                 " AND q.id<r.id)";
    static const char RESPONSES[] = "SELECT count(*) FROM response WHERE id>?1 AND id<=?2";
    static const char COMPARISONS[] = "SELECT count(*) FROM comparison WHERE id>?1 AND id<=?2";
    static const char PAIRS[] =
        BY_SPLIT "comparison c CROSS JOIN prompt p ON p.id=c.prompt_id"
                 " CROSS JOIN campaign g ON g.id=c.campaign_id WHERE c.id>?1 AND c.id<=?2"
                 " AND g.purpose='train' AND p.id NOT IN " SQL_REDACTED;
    /* Another one of the same person and answer takes the place of the first. */
    static const char JUDGEMENTS[] =
        "SELECT count(*) FROM judgement WHERE id>?1 AND id<=?2 AND supersedes IS NULL";
    const struct {
        const char *sql;
        TallyWhat what;
        Table table;
        int64_t third;
    } COUNT[] = {
        {PROMPTS, TALLY_PROMPTS, OF_PROMPT, -1},
        {ANSWERED, TALLY_ANSWERED, OF_PROMPT, to[OF_RESPONSE]},
        {ANSWERED_NOW, TALLY_ANSWERED, OF_RESPONSE, upto(t, OF_PROMPT)},
        {RESPONSES, TALLY_RESPONSES, OF_RESPONSE, -1},
        {COMPARISONS, TALLY_COMPARISONS, OF_COMPARISON, -1},
        {PAIRS, TALLY_PAIRS, OF_COMPARISON, -1},
        {JUDGEMENTS, TALLY_JUDGEMENTS, OF_JUDGEMENT, -1},
    };
    for (size_t i = 0; i < sizeof COUNT / sizeof *COUNT; i++) {
        const Table table = COUNT[i].table;
        const int64_t bound[] = {upto(t, table), to[table], COUNT[i].third};
        if (bound[0] < bound[1] && count_after(t, s, COUNT[i].sql, COUNT[i].what, bound, err) != 0)
            return -1;
    }
    return 0;
}

/* ---- labels ---------------------------------------------------------------------------------------- */

/* The comparison that the walk is at, 0 before the first. */
typedef struct {
    int64_t id;
    Split split;
    bool trains, redacted, labeled;
} Walk;

static void leave(Tally *t, const Walk *now, int sign)
{
    if (now->id == 0) return;
    add(t, now->labeled ? TALLY_LABELED : TALLY_SKIPPED, 0, sign);
    if (now->trains && !now->redacted) add(t, TALLY_DECIDED, now->split, sign);
}

/* The labels that stood when ?2 was the newest, of the comparisons of `from`. */
#define STOOD(from)                                                                               \
    "SELECT c.id, p.split, g.purpose='train', x.annotator_id, l.outcome='skip', l.pref IS NOT "   \
    "NULL,"                                                                                       \
    " c.prompt_id IN " SQL_REDACTED " FROM " from                                                 \
    " CROSS JOIN assignment x ON x.comparison_id=c.id CROSS JOIN label l ON l.assignment_id=x.id" \
    " CROSS JOIN prompt p ON p.id=c.prompt_id CROSS JOIN campaign g ON g.id=c.campaign_id"        \
    " WHERE l.op='set' AND l.id<=?2"                                                              \
    "  AND NOT EXISTS(SELECT 1 FROM label n WHERE n.supersedes=l.id AND n.id<=?2)"                \
    " ORDER BY c.id"

/* sign: 1 counts them, -1 takes them back. */
static int walk(Tally *t, Store *s, const char *sql, const int64_t *bound, int n, int sign,
                Error *err)
{
    Walk now = {0};
    sqlite3_stmt *stmt = NULL;
    int found;
    if (sql_get(s, &stmt, sql, err) != 0) return -1;
    for (int i = 0; i < n; i++) sqlite3_bind_int64(stmt, i + 1, bound[i]);
    while ((found = sql_step(s, stmt, "count labels", err)) == 1) {
        const int64_t id = sqlite3_column_int64(stmt, 0), annotator = sqlite3_column_int64(stmt, 3);
        const bool skipped = sqlite3_column_int(stmt, 4) != 0;
        if (id != now.id) {
            leave(t, &now, sign);
            now = (Walk){.id = id,
                         .split = sql_split(stmt, 1),
                         .trains = sqlite3_column_int(stmt, 2) != 0,
                         .redacted = sqlite3_column_int(stmt, 6) != 0};
        }
        now.labeled = now.labeled || !skipped;
        if (now.trains && sqlite3_column_int(stmt, 5)) {
            add(t, TALLY_PREFERENCES, now.split, sign);
            add(t, TALLY_USED, annotator, sign);
        }
        if (!skipped) add(t, TALLY_LABELS, annotator, sign);
        add(t, TALLY_STANDING, annotator, sign);
    }
    if (found == 0) leave(t, &now, sign);
    return found;
}

/* New comparisons with all their labels; of earlier ones those that have new labels, as they were and as they are. */
static int count_labels(Tally *t, Store *s, const int64_t to[N_TABLES], Error *err)
{
    static const char NEW[] = STOOD("(SELECT * FROM comparison WHERE id>?1 AND id<=?3) c");
    static const char CHANGED[] =
        STOOD("(SELECT * FROM comparison WHERE id<=?1 AND id IN(SELECT y.comparison_id"
              " FROM label k JOIN assignment y ON y.id=k.assignment_id"
              " WHERE k.id>?3 AND k.id<=?4)) c");
    const int64_t first = upto(t, OF_COMPARISON), before = upto(t, OF_LABEL), newest = to[OF_LABEL];
    const int64_t added[] = {first, newest, to[OF_COMPARISON]},
                  were[] = {first, before, before, newest}, are[] = {first, newest, before, newest};
    if (first < to[OF_COMPARISON] && walk(t, s, NEW, added, 3, 1, err) != 0) return -1;
    if (first == 0 || newest == before) return 0;
    if (walk(t, s, CHANGED, were, 4, -1, err) != 0) return -1;
    return walk(t, s, CHANGED, are, 4, 1, err);
}

/* ---- all of it ------------------------------------------------------------------------------------- */

int tally_load(Tally *t, Store *s, Error *err)
{
    static const char SQL[] = "SELECT what, of, n FROM tally";
    sqlite3_stmt *stmt = NULL;
    int found;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    while ((found = sql_step(s, stmt, "read the tally", err)) == 1) {
        const char *name = (const char *)sqlite3_column_text(stmt, 0);
        for (int i = 0; i < TALLY_N; i++)
            if (strcmp(WHAT[i], name) == 0)
                add(t, (TallyWhat)i, sqlite3_column_int64(stmt, 1), sqlite3_column_int64(stmt, 2));
    }
    return found;
}

/* The newest rows there are. */
static int find_newest(Store *s, int64_t newest[N_TABLES], Error *err)
{
    static const char SQL[] =
        "SELECT (SELECT ifnull(max(id),0) FROM prompt), (SELECT ifnull(max(id),0) FROM response),"
        " (SELECT ifnull(max(id),0) FROM comparison), (SELECT ifnull(max(id),0) FROM label),"
        " (SELECT ifnull(max(id),0) FROM judgement), (SELECT count(*) FROM redaction)";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    if (sql_step(s, stmt, "find the newest rows", err) != 1) return -1;
    for (int i = 0; i < N_TABLES; i++) newest[i] = sqlite3_column_int64(stmt, i);
    sql_release(stmt);
    return 0;
}

/* At most `step` rows of each table; *all: none is left. */
static int count(Tally *t, Store *s, int64_t step, bool *all, Error *err)
{
    int64_t to[N_TABLES];
    if (find_newest(s, to, err) != 0) return -1;
    if (upto(t, OF_REDACTION) != to[OF_REDACTION]) tally_free(t);
    *all = true;
    for (int i = 0; i < OF_REDACTION; i++)
        if (to[i] - upto(t, (Table)i) > step) {
            to[i] = upto(t, (Table)i) + step;
            *all = false;
        }
    /* labels first: both go by the rows up to which the tally was */
    if (count_labels(t, s, to, err) != 0 || count_rows(t, s, to, err) != 0) return -1;
    for (int i = 0; i < N_TABLES; i++) {
        const int64_t n = to[i] - upto(t, (Table)i);
        t->behind += n;
        add(t, TALLY_UPTO, i, n);
    }
    return 0;
}

int tally_finish(Tally *t, Store *s, Error *err)
{
    bool all = false;
    return count(t, s, INT64_MAX, &all, err);
}

static Tally copy_of(const Tally *t)
{
    Tally copy = {.behind = t->behind};
    for (; copy.n_counts < t->n_counts; copy.n_counts++) {
        copy.count = sql_grow(copy.count, copy.n_counts, sizeof *copy.count);
        copy.count[copy.n_counts] = t->count[copy.n_counts];
    }
    return copy;
}

/* What is counted of a piece that fails is thrown away. */
static int count_piece(Tally *t, Store *s, int64_t rows, bool *all, Error *err)
{
    Tally next = copy_of(t);
    int rc = sql_exec(s, "BEGIN", "count", err);
    if (rc == 0) rc = sql_finish(s, count(&next, s, rows, all, err), err);
    tally_free(rc == 0 ? t : &next);
    if (rc == 0) *t = next;
    return rc;
}

int tally_approach(Tally *t, Store *s, int64_t rows, Error *err)
{
    for (bool all = false; !all;)
        if (count_piece(t, s, rows, &all, err) != 0) return -1;
    return 0;
}

static int store(Store *s, const Tally *t, Error *err)
{
    static const char SQL[] = "INSERT INTO tally(what,of,n) VALUES(?1,?2,?3)";
    sqlite3_stmt *stmt = NULL;
    if (sql_exec(s, "DELETE FROM tally", "keep the tally", err) != 0) return -1;
    for (size_t i = 0; i < t->n_counts; i++) {
        if (sql_get(s, &stmt, SQL, err) != 0) return -1;
        sql_bind_text(stmt, 1, WHAT[t->count[i].what]);
        sqlite3_bind_int64(stmt, 2, t->count[i].of);
        sqlite3_bind_int64(stmt, 3, t->count[i].n);
        if (sql_run(s, stmt, "keep the tally", err) != 0) return -1;
    }
    return 0;
}

/* What another program has kept meanwhile is replaced, maybe by less: either is a place to begin. */
int tally_keep(const Tally *t, Store *s, Error *err)
{
    if (t->behind <= TALLY_PIECE) return 0;
    if (sql_begin(s, err) != 0) return -1;
    return sql_finish(s, store(s, t, err), err);
}

/* ---- verify ---------------------------------------------------------------------------------------- */

static int compare(const Tally *kept, const Tally *counted, Store *s, Error *err)
{
    for (size_t i = 0; i < counted->n_counts; i++) {
        const TallyCount *c = &counted->count[i];
        const int64_t n = tally_of(kept, c->what, c->of);
        if (n == c->n) continue;
        error_set(err, "%s: the tally has %lld for %s of %lld, and there are %lld", s->path,
                  (long long)n, WHAT[c->what], (long long)c->of, (long long)c->n);
        return error_hint(err, "put a backup in its place, and keep this file");
    }
    return 0;
}

/* Both as of one moment. */
static int finish_both(Tally *kept, Tally *counted, Store *s, Error *err)
{
    if (sql_exec(s, "BEGIN", "count", err) != 0) return -1;
    int rc = tally_finish(kept, s, err);
    if (rc == 0) rc = tally_finish(counted, s, err);
    return sql_finish(s, rc, err);
}

int tally_verify(Store *s, Error *err)
{
    Tally kept = {0}, counted = {0};
    int rc = -1;
    if (tally_load(&kept, s, err) != 0 || tally_approach(&kept, s, TALLY_PIECE, err) != 0)
        goto done;
    if (tally_approach(&counted, s, TALLY_PIECE, err) != 0) goto done;
    if (finish_both(&kept, &counted, s, err) != 0) goto done;
    if (compare(&kept, &counted, s, err) != 0) goto done;
    rc = compare(&counted, &kept, s, err);

done:
    tally_free(&kept);
    tally_free(&counted);
    return rc;
}
