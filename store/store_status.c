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

static int count_annotators(Store *s, StoreStatus *out, Error *err)
{
    static const char SQL[] =
        "SELECT n.handle, n.kind, count(l.id) FILTER (WHERE l.outcome<>'skip'), count(l.id)"
        " FROM annotator n LEFT JOIN label_current l ON l.annotator_id=n.id"
        " GROUP BY n.id ORDER BY n.id";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    int found;
    while ((found = sql_step(s, stmt, "count labels", err)) == 1) {
        out->annotator = sql_grow(out->annotator, out->n_annotators, sizeof *out->annotator);
        StoreAnnotator *a = &out->annotator[out->n_annotators++];
        *a = (StoreAnnotator){.handle = sql_copy_text(stmt, 0),
                              .kind = sql_kind(stmt, 1),
                              .labels = sqlite3_column_int64(stmt, 2)};
        const int64_t decisions = sqlite3_column_int64(stmt, 3);
        out->labels_by_kind[ANNOTATOR_ANY] += decisions;
        if (a->kind != ANNOTATOR_ANY) out->labels_by_kind[a->kind] += decisions;
    }
    return found;
}

static int count_all(Store *s, StoreStatus *out, Error *err)
{
    static const char PROMPTS[] =
        "SELECT split, count(*) FROM prompt WHERE id NOT IN " SQL_REDACTED " GROUP BY split";
    static const char PREFERENCES[] =
        "SELECT p.split, count(*) FROM label_current l JOIN comparison c ON c.id=l.comparison_id"
        " JOIN prompt p ON p.id=c.prompt_id JOIN campaign g ON g.id=c.campaign_id"
        " WHERE l.pref IS NOT NULL AND g.purpose='train' GROUP BY p.split";
    static const char UNDECIDED[] =
        "SELECT p.split, count(*) FROM comparison c JOIN prompt p ON p.id=c.prompt_id"
        " JOIN campaign g ON g.id=c.campaign_id WHERE g.purpose='train'"
        " AND c.prompt_id NOT IN " SQL_REDACTED " AND NOT"
        " EXISTS(SELECT 1 FROM label_current l WHERE l.comparison_id=c.id) GROUP BY p.split";
    static const char UNANSWERED[] =
        "SELECT p.split, count(*) FROM prompt p WHERE p.id NOT IN " SQL_REDACTED " AND NOT"
        " EXISTS(SELECT 1 FROM response r WHERE r.prompt_id=p.id) GROUP BY p.split";
    static const char DEMONSTRATIONS[] = "SELECT count(*) FROM demonstration";
    static const char MODELS[] = "SELECT count(*) FROM model WHERE role<>'external'";
    static const char LABELED[] =
        "SELECT count(DISTINCT comparison_id) FROM label_current WHERE outcome<>'skip'";
    static const char DECIDED[] = "SELECT count(DISTINCT comparison_id) FROM label_current";
    static const char JUDGEMENTS[] = "SELECT count(*) FROM judgement_current";
    static const char RUNS[] = "SELECT count(*) FROM run";
    static const char FINISHED[] = "SELECT count(*) FROM run WHERE state='finished'";
    static const char EVALUATIONS[] = "SELECT count(*) FROM evaluation";
    if (count_by_split(s, PROMPTS, out->prompts, err) != 0) return -1;
    if (count_by_split(s, PREFERENCES, out->preferences, err) != 0) return -1;
    if (count_by_split(s, UNDECIDED, out->undecided, err) != 0) return -1;
    if (count_by_split(s, UNANSWERED, out->unanswered, err) != 0) return -1;
    if (count(s, DEMONSTRATIONS, &out->demonstrations, err) != 0) return -1;
    if (count(s, MODELS, &out->models, err) != 0) return -1;
    if (count_responses(s, &out->responses, err) != 0) return -1;
    if (store_count_comparisons(s, &out->comparisons, err) != 0) return -1;
    if (count(s, LABELED, &out->labeled, err) != 0) return -1;
    if (count(s, DECIDED, &out->skipped, err) != 0) return -1;
    out->skipped -= out->labeled;
    if (count(s, JUDGEMENTS, &out->judgements, err) != 0) return -1;
    if (count(s, RUNS, &out->runs, err) != 0) return -1;
    if (count(s, FINISHED, &out->runs_finished, err) != 0) return -1;
    if (count(s, EVALUATIONS, &out->evaluations, err) != 0) return -1;
    return count_annotators(s, out, err);
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
