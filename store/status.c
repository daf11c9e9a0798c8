#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/tally.h"

static int count(Store *s, const char *sql, int64_t *out, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, sql, err) != 0) return -1;
    return sql_one(s, stmt, out, "count", err);
}

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

static int list_annotators(Store *s, StoreStatus *out, const Tally *t, Error *err)
{
    static const char SQL[] = "SELECT id, handle, kind FROM annotator ORDER BY id";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    int found;
    while ((found = sql_step(s, stmt, "list annotators", err)) == 1) {
        const int64_t id = sqlite3_column_int64(stmt, 0), n = tally_of(t, TALLY_STANDING, id);
        const StoreAnnotator a = {.handle = sql_copy_text(stmt, 1),
                                  .kind = sql_kind(stmt, 2),
                                  .labels = tally_of(t, TALLY_LABELS, id),
                                  .preferences = tally_of(t, TALLY_USED, id)};
        out->annotator = sql_grow(out->annotator, out->n_annotators, sizeof *out->annotator);
        out->annotator[out->n_annotators++] = a;
        out->labels_by_kind[ANNOTATOR_ANY] += n;
        if (a.kind != ANNOTATOR_ANY) out->labels_by_kind[a.kind] += n;
    }
    return found;
}

/* Those of `what` without those of `less`. */
static void take_splits(int64_t out[SPLIT_N], const Tally *t, TallyWhat what, TallyWhat less)
{
    out[SPLIT_ANY] = 0;
    for (Split split = SPLIT_TRAIN; split <= SPLIT_TEST; split++) {
        out[split] = tally_of(t, what, split) - (less < TALLY_N ? tally_of(t, less, split) : 0);
        out[SPLIT_ANY] += out[split];
    }
}

static void take_tally(StoreStatus *out, const Tally *t)
{
    take_splits(out->prompts, t, TALLY_PROMPTS, TALLY_N);
    take_splits(out->unanswered, t, TALLY_PROMPTS, TALLY_ANSWERED);
    take_splits(out->preferences, t, TALLY_PREFERENCES, TALLY_N);
    take_splits(out->undecided, t, TALLY_PAIRS, TALLY_DECIDED);
    out->responses = tally_of(t, TALLY_RESPONSES, 0);
    out->comparisons = tally_of(t, TALLY_COMPARISONS, 0);
    out->labeled = tally_of(t, TALLY_LABELED, 0);
    out->skipped = tally_of(t, TALLY_SKIPPED, 0);
    out->judgements = tally_of(t, TALLY_JUDGEMENTS, 0);
}

static int count_all(Store *s, StoreStatus *out, Tally *tally, Error *err)
{
    static const char DEMONSTRATIONS[] = "SELECT count(*) FROM demonstration";
    static const char MODELS[] = "SELECT count(*) FROM model WHERE role<>'external'";
    static const char TEXTS[] = "SELECT split, count(*) FROM text_class"
                                " WHERE content_id NOT IN (SELECT content_id FROM redaction)"
                                " GROUP BY split";
    static const char CLASSES[] = "SELECT count(DISTINCT class) FROM text_class"
                                  " WHERE content_id NOT IN (SELECT content_id FROM redaction)";
    static const char RUNS[] = "SELECT count(*) FROM run";
    static const char FINISHED[] = "SELECT count(*) FROM run WHERE state='finished'";
    static const char EVALUATIONS[] = "SELECT count(*) FROM evaluation";
    if (count(s, DEMONSTRATIONS, &out->demonstrations, err) != 0) return -1;
    if (count(s, MODELS, &out->models, err) != 0) return -1;
    if (count_by_split(s, TEXTS, out->class_texts, err) != 0) return -1;
    if (count(s, CLASSES, &out->classes, err) != 0) return -1;
    if (count(s, RUNS, &out->runs, err) != 0) return -1;
    if (count(s, FINISHED, &out->runs_finished, err) != 0) return -1;
    if (count(s, EVALUATIONS, &out->evaluations, err) != 0) return -1;
    if (tally_finish(tally, s, err) != 0) return -1;
    take_tally(out, tally);
    return list_annotators(s, out, tally, err);
}

/* One read transaction, so that the numbers fit each other.  The next one begins where this one ended, unless
 * somebody is writing just now. */
int store_status(Store *s, StoreStatus *out, Error *err)
{
    StoreStatus status = {0};
    Tally tally = {0};
    Error ignored = {0};
    int rc = tally_load(&tally, s, err);
    if (rc == 0) rc = tally_approach(&tally, s, TALLY_PIECE, err);
    if (rc == 0) rc = sql_exec(s, "BEGIN", "count", err);
    if (rc == 0) rc = sql_finish(s, count_all(s, &status, &tally, err), err);
    if (rc == 0) {
        sql_wait(s, false);
        tally_keep(&tally, s, &ignored);
        sql_wait(s, true);
        *out = status;
    } else {
        store_status_free(&status);
    }
    tally_free(&tally);
    return rc;
}

void store_status_free(StoreStatus *status)
{
    if (!status) return;
    for (size_t i = 0; i < status->n_annotators; i++) free((char *)status->annotator[i].handle);
    free(status->annotator);
    *status = (StoreStatus){0};
}
