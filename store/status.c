/* Counts. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql.h"

static int count(Store *s, const char *sql, int64_t *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, sql, err) != 0) return -1;
    return sql_one(s, stmt, out, "count", err);
}

static int count_responses(Store *s, int64_t *out, Error *err)
{
    static const char SQL[] = "SELECT count(*) FROM response";
    return count(s, SQL, out, err);
}

int store_count_comparisons(Store *s, int64_t *out, Error *err)
{
    static const char SQL[] = "SELECT count(*) FROM comparison";
    return count(s, SQL, out, err);
}

/* Rows of (split, number). */
static int count_by_split(Store *s, const char *sql, int64_t out[SPLIT_N], Error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, sql, err) != 0) return -1;
    int found;
    while ((found = sql_step(s, stmt, "count", err)) == 1) {
        const Split split = sql_split(stmt, 0);
        const int64_t n = sqlite3_column_int64(stmt, 1);
        out[SPLIT_ANY] += n;
        if (split != SPLIT_ANY) out[split] += n;
    }
    return found;
}

static int list_annotators(Store *s, StoreStatus *out, int64_t **ids, Error *err)
{
    static const char SQL[] = "SELECT id, handle, kind FROM annotator ORDER BY id";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    int found;
    while ((found = sql_step(s, stmt, "list annotators", err)) == 1) {
        out->annotator = sql_grow(out->annotator, out->n_annotators, sizeof *out->annotator);
        *ids = sql_grow(*ids, out->n_annotators, sizeof **ids);
        (*ids)[out->n_annotators] = sqlite3_column_int64(stmt, 0);
        out->annotator[out->n_annotators++] =
            (StoreAnnotator){.handle = sql_copy_text(stmt, 1), .kind = sql_kind(stmt, 2)};
    }
    return found;
}

static void count_label(StoreStatus *out, const int64_t *ids, int64_t annotator, bool skipped,
                        bool trains)
{
    size_t i = 0;
    while (i < out->n_annotators && ids[i] != annotator) i++;
    if (i == out->n_annotators) return;
    StoreAnnotator *a = &out->annotator[i];
    a->labels += !skipped;
    a->preferences += trains;
    out->labels_by_kind[ANNOTATOR_ANY]++;
    if (a->kind != ANNOTATOR_ANY) out->labels_by_kind[a->kind]++;
}

static void add_to_split(int64_t counts[SPLIT_N], Split split)
{
    counts[SPLIT_ANY]++;
    if (split != SPLIT_ANY) counts[split]++;
}

/* The comparison that the walk is at, 0 before the first. */
typedef struct {
    int64_t id;
    Split split;
    bool trains, redacted, decided, labeled;
} Walk;

static void leave(StoreStatus *out, const Walk *now)
{
    out->labeled += now->labeled;
    out->skipped += now->decided && !now->labeled;
    if (now->id && now->trains && !now->redacted && !now->decided)
        add_to_split(out->undecided, now->split);
}

/* All that is counted of labels, in one walk over the comparisons: each of its numbers alone would be another. */
static int count_labels(Store *s, StoreStatus *out, const int64_t *ids, Error *err)
{
    static const char SQL[] =
        "SELECT c.id, p.split, g.purpose='train', x.annotator_id, l.outcome='skip',"
        " l.pref IS NOT NULL, c.prompt_id IN " SQL_REDACTED
        " FROM comparison c JOIN prompt p ON p.id=c.prompt_id JOIN campaign g ON g.id=c.campaign_id"
        " LEFT JOIN assignment x ON x.comparison_id=c.id"
        " LEFT JOIN label l ON l.assignment_id=x.id AND l.op='set'"
        "  AND NOT EXISTS(SELECT 1 FROM label n WHERE n.supersedes=l.id)"
        " ORDER BY c.id";
    Walk now = {0};
    int found;
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    while ((found = sql_step(s, stmt, "count labels", err)) == 1) {
        const int64_t id = sqlite3_column_int64(stmt, 0);
        if (id != now.id) {
            leave(out, &now);
            now = (Walk){.id = id,
                         .split = sql_split(stmt, 1),
                         .trains = sqlite3_column_int(stmt, 2) != 0,
                         .redacted = sqlite3_column_int(stmt, 6) != 0};
        }
        if (sqlite3_column_type(stmt, 4) == SQLITE_NULL) continue;
        const bool skipped = sqlite3_column_int(stmt, 4) != 0;
        now.decided = true;
        now.labeled = now.labeled || !skipped;
        const bool trains = now.trains && sqlite3_column_int(stmt, 5);
        if (trains) add_to_split(out->preferences, now.split);
        count_label(out, ids, sqlite3_column_int64(stmt, 3), skipped, trains);
    }
    leave(out, &now);
    return found;
}

static int count_all(Store *s, StoreStatus *out, Error *err)
{
    static const char PROMPTS[] =
        "SELECT split, count(*) FROM prompt WHERE id NOT IN " SQL_REDACTED " GROUP BY split";
    static const char UNANSWERED[] =
        "SELECT p.split, count(*) FROM prompt p WHERE p.id NOT IN " SQL_REDACTED " AND NOT"
        " EXISTS(SELECT 1 FROM response r WHERE r.prompt_id=p.id) GROUP BY p.split";
    static const char DEMONSTRATIONS[] = "SELECT count(*) FROM demonstration";
    static const char MODELS[] = "SELECT count(*) FROM model WHERE role<>'external'";
    static const char JUDGEMENTS[] = "SELECT count(*) FROM judgement_current";
    static const char TEXTS[] = "SELECT split, count(*) FROM text_class"
                                " WHERE content_id NOT IN (SELECT content_id FROM redaction)"
                                " GROUP BY split";
    static const char CLASSES[] = "SELECT count(DISTINCT class) FROM text_class"
                                  " WHERE content_id NOT IN (SELECT content_id FROM redaction)";
    static const char RUNS[] = "SELECT count(*) FROM run";
    static const char FINISHED[] = "SELECT count(*) FROM run WHERE state='finished'";
    static const char EVALUATIONS[] = "SELECT count(*) FROM evaluation";
    if (count_by_split(s, PROMPTS, out->prompts, err) != 0) return -1;
    if (count_by_split(s, UNANSWERED, out->unanswered, err) != 0) return -1;
    if (count(s, DEMONSTRATIONS, &out->demonstrations, err) != 0) return -1;
    if (count(s, MODELS, &out->models, err) != 0) return -1;
    if (count_responses(s, &out->responses, err) != 0) return -1;
    if (store_count_comparisons(s, &out->comparisons, err) != 0) return -1;
    if (count(s, JUDGEMENTS, &out->judgements, err) != 0) return -1;
    if (count_by_split(s, TEXTS, out->class_texts, err) != 0) return -1;
    if (count(s, CLASSES, &out->classes, err) != 0) return -1;
    if (count(s, RUNS, &out->runs, err) != 0) return -1;
    if (count(s, FINISHED, &out->runs_finished, err) != 0) return -1;
    if (count(s, EVALUATIONS, &out->evaluations, err) != 0) return -1;
    int64_t *ids = NULL;
    int rc = list_annotators(s, out, &ids, err);
    if (rc == 0) rc = count_labels(s, out, ids, err);
    free(ids);
    return rc;
}

/* One read transaction, so that the numbers fit each other. */
int store_status(Store *s, StoreStatus *out, Error *err)
{
    StoreStatus status = {0};
    if (sql_exec(s, "BEGIN", "count", err) != 0) return -1;
    if (sql_finish(s, count_all(s, &status, err), err) != 0) {
        store_status_free(&status);
        return -1;
    }
    *out = status;
    return 0;
}

void store_status_free(StoreStatus *status)
{
    if (!status) return;
    for (size_t i = 0; i < status->n_annotators; i++) free((char *)status->annotator[i].handle);
    free(status->annotator);
    *status = (StoreStatus){0};
}
