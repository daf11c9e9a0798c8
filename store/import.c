/* Data sets into the store, in batches: one transaction each, so that an import neither commits row by row
 * nor keeps others waiting.  While one is written, the next is read. */
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "store/import_file.h"
#include "store/tally.h"

typedef struct {
    ImportTarget to;
    const ImportOptions *options;
    ImportResult *result;
    ImportFile file;
    ImportBatch batch[2]; /* one is read while the other is written */
    Store *counting; /* a connection of its own, to count what is there while more is written */
    Tally tally;
} Import;

/* ---- refused rows ---------------------------------------------------------------------------------- */

/* A contradiction is seen only when its batch is stored, after later lines have been read. */
static void keep_refusal(ImportResult *r, int64_t line, const char *reason)
{
    int at = r->refused < IMPORT_REFUSALS ? (int)r->refused : IMPORT_REFUSALS;
    while (at > 0 && r->refusal[at - 1].line > line) at--;
    r->refused++;
    if (at == IMPORT_REFUSALS) return;
    memmove(&r->refusal[at + 1], &r->refusal[at],
            (size_t)(IMPORT_REFUSALS - 1 - at) * sizeof *r->refusal);
    r->refusal[at].line = line;
    snprintf(r->refusal[at].reason, sizeof r->refusal[at].reason, "%.255s", reason);
}

static int put_reason(Import *im, int64_t line, const char *reason, Error *err)
{
    Text t = {0};
    text_format(&t, "%s: %s %lld: %s\n", im->file.lines.path, im->result->unit, (long long)line,
                reason);
    const int rc = file_put(im->options->reasons, t.bytes, t.n, err);
    text_free(&t);
    return rc;
}

/* In strict mode the import ends here, with the reason as its error. */
static int refuse(Import *im, const ImportRow *row, const char *reason, Error *err)
{
    FileWriter *rejects = im->options->rejects;
    keep_refusal(im->result, row->line, reason);
    if (rejects && (file_put(rejects, row->raw, strlen(row->raw), err) != 0 ||
                    file_put(rejects, "\n", 1, err) != 0))
        return -1;
    if (im->options->reasons && put_reason(im, row->line, reason, err) != 0) return -1;
    if (!im->options->strict) return 0;
    return error_set(err, "%s: %s %lld: %s; nothing was imported", im->file.lines.path,
                     im->result->unit, (long long)row->line, reason);
}

/* ---- batches into the store ------------------------------------------------------------------------ */

static int store_row(Import *im, const ImportRow *row, Error *err)
{
    Error reason = {0};
    if (row->refused) return 0;
    const int rc = import_store(&im->to, row, &reason);
    if (rc == 0) return 0;
    if (rc > 0) return refuse(im, row, reason.message, err);
    *err = reason;
    return -1;
}

static int store_rows(Import *im, ImportBatch *batch, Error *err)
{
    im->to.texts = &batch->texts;
    if (import_texts_put(&batch->texts, im->to.store, err) != 0) return -1;
    for (size_t i = 0; i < batch->n_rows; i++)
        if (store_row(im, &batch->row[i], err) != 0) return -1;
    return import_rows_flush(&im->to.rows, err);
}

/* Those that could not be understood are refused before anything is written: the rejects may find no room. */
static int refuse_rows(Import *im, const ImportBatch *batch, Error *err)
{
    for (size_t i = 0; i < batch->n_rows; i++)
        if (batch->row[i].refused && refuse(im, &batch->row[i], batch->row[i].refused, err) != 0)
            return -1;
    return 0;
}

static int store_batch(Import *im, ImportBatch *batch, Error *err)
{
    int rc = refuse_rows(im, batch, err);
    if (rc == 0 && batch->n_rows > 0) {
        rc = sql_begin(im->to.store, err);
        if (rc == 0) rc = sql_finish(im->to.store, store_rows(im, batch, err), err);
    }
    if (rc == 0 && batch->n_rows > 0 && im->options->on_progress)
        im->options->on_progress(im->options->context, batch->offset, im->file.lines.size);
    return rc;
}

/* ---- writing while the next is read ---------------------------------------------------------------- */

/* So long others may wait for their turn to write. */
enum { LONG_US = 5000000 };

/* A batch that is written on a thread of its own. */
typedef struct {
    Import *im;
    ImportBatch *batch;
    pthread_t thread;
    int64_t began_us;
    bool runs;
    int rc;
    Error err;
} Writing;

static void *write_batch(void *writing)
{
    Writing *w = writing;
    w->rc = store_batch(w->im, w->batch, &w->err);
    return NULL;
}

/* Signals are for the thread that reads: a pipe may be what it waits for. */
static void begin_writing(Writing *w, Import *im, ImportBatch *batch)
{
    sigset_t all, before;
    *w = (Writing){.im = im, .batch = batch, .began_us = store_time_us()};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    w->runs = pthread_create(&w->thread, NULL, write_batch, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!w->runs) write_batch(w);
}

static int end_writing(Writing *w, Error *err)
{
    if (w->runs) pthread_join(w->thread, NULL);
    if (w->runs && store_time_us() - w->began_us > LONG_US) import_file_ask_less(&w->im->file);
    w->runs = false;
    if (w->rc != 0) *err = w->err;
    return w->rc;
}

/* ---- while the other connection writes ------------------------------------------------------------- */

/* People who sit at the same file want to save in between: a sitting that goes on, not one that was killed. */
static int look_for_people(Import *im, Error *err)
{
    static const char SQL[] = "SELECT process FROM session WHERE ended_us IS NULL"
                              " AND ui IN('tui','line') AND process IS NOT NULL";
    sqlite3_stmt *stmt = NULL;
    int found;
    bool any = false;
    if (sql_get(im->counting, &stmt, SQL, err) != 0) return -1;
    while ((found = sql_step(im->counting, stmt, "look for people at work", err)) == 1)
        any = any || !process_is_gone((const char *)sqlite3_column_text(stmt, 0));
    im->file.shared = any;
    return found;
}

static int open_counting(Import *im, Error *err)
{
    if (im->counting) return 0;
    if (store_open_to_read(&im->counting, im->to.store->path, err) != 0) return -1;
    if (tally_load(&im->tally, im->counting, err) == 0) return 0;
    store_close(im->counting);
    im->counting = NULL;
    tally_free(&im->tally);
    return -1;
}

/* The tally is kept up, which would take a fifth of the time afterwards.  It does not wait for the other connection,
 * and what it cannot do now is done at the end. */
static void count_written(Import *im)
{
    Error ignored = {0};
    if (open_counting(im, &ignored) != 0) return;
    sql_wait(im->counting, false);
    if (look_for_people(im, &ignored) == 0)
        tally_approach(&im->tally, im->counting, TALLY_PIECE, &ignored);
    sql_wait(im->counting, true);
}

/* All rows are there: what cannot be counted now is no failure of theirs, and the next command counts it. */
static void keep_tally(Import *im)
{
    Error ignored = {0};
    if (open_counting(im, &ignored) != 0) return;
    if (tally_approach(&im->tally, im->counting, TALLY_PIECE, &ignored) != 0) return;
    tally_keep(&im->tally, im->to.store, &ignored);
}

/* ---- the file -------------------------------------------------------------------------------------- */

/* Before a first batch there was nothing to count. */
static int write_last(Import *im, ImportBatch *last, Error *err)
{
    Writing writing;
    if (!im->counting || im->file.stopped) return store_batch(im, last, err);
    begin_writing(&writing, im, last);
    count_written(im);
    return end_writing(&writing, err);
}

/* What could be read of a broken file is kept unless that was not wanted; a stopped strict import keeps nothing. */
static int end_reading(Import *im, ImportBatch *last, int more, Error *err)
{
    Error ignored = {0};
    const bool strict = im->options->strict;
    im->result->lines = im->file.lines.number;
    im->result->stopped = im->file.stopped;
    if (more < 0) {
        if (!strict) store_batch(im, last, &ignored);
        return -1;
    }
    if (im->file.stopped && strict)
        return error_stopped(err, "%s: stopped; nothing was imported", im->file.lines.path);
    return write_last(im, last, err);
}

static int take_all(Import *im, Error *err)
{
    Writing writing = {.im = im};
    Error unread = {0};
    int more = 1, i = 0;
    if (import_file_begin(&im->file, err) != 0) return -1;
    im->result->unit = im->file.unit;
    for (;; i = 1 - i) {
        more = import_file_next(&im->file, &im->batch[i], &unread);
        if (writing.runs && !im->file.stopped) count_written(im);
        if (end_writing(&writing, err) != 0) return -1;
        if (more != 1) break;
        begin_writing(&writing, im, &im->batch[i]);
    }
    if (more < 0) *err = unread;
    return end_reading(im, &im->batch[i], more, err);
}

/* What the file may be instead, unless it was said what it is, or something else is to be done. */
static void advise(const Import *im, Error *err)
{
    if (!im->options->lines && !err->hint[0] && !err->stopped)
        import_form_advise(im->file.form, im->file.lines.path, err);
}

/* "data/prompts.jsonl.gz" -> "prompts" */
static char *source_of(const char *path)
{
    if (strcmp(path, "-") == 0) return mem_strdup("stdin");
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strchr(name + (*name == '.'), '.');
    return dot ? mem_strndup(name, (size_t)(dot - name)) : mem_strdup(name);
}

static void nothing_taken(const Import *im, Error *err)
{
    const ImportResult *r = im->result;
    if (r->refused > 0)
        error_set(err, "%s: no row could be taken of %s (first: %s %lld: %s)", im->file.lines.path,
                  text_thousands(r->refused), r->unit, (long long)r->refusal[0].line,
                  r->refusal[0].reason);
    else error_set(err, "%s: there are no rows in it", im->file.lines.path);
    advise(im, err);
}

int store_import(Store *s, const char *path, const ImportOptions *options, ImportResult *out,
                 Error *err)
{
    static const ImportOptions DEFAULT = {0};
    ImportResult result = {0};
    Error ignored;
    Import *im = mem_calloc(1, sizeof *im);
    char *source = options && options->source ? mem_strdup(options->source) : source_of(path);
    int rc = -1;
    im->options = options ? options : &DEFAULT;
    im->result = &result;
    im->to = (ImportTarget){.store = s, .options = im->options, .result = &result};
    im->to.rows.store = s;
    im->to.rows.source = source;
    assert(im->options->kind != DATA_LABELS && im->options->kind != DATA_RESPONSES);

    if (content_check(s, source, "the source's name", err) != 0) goto done;
    if (sql_bulk(s, true, err) != 0) goto done;
    if (import_file_open(&im->file, path, im->options, err) != 0) goto done;
    if (take_all(im, err) != 0) {
        if (result.taken + result.duplicate == 0 && im->file.form.kind >= FORM_TABLE)
            advise(im, err);
        goto done;
    }
    const int64_t session_id = im->to.rows.session_id;
    if (session_id != 0 && store_end_session(s, session_id, "done", err) != 0) goto done;
    keep_tally(im);
    if (result.taken + result.duplicate == 0 && !result.stopped) {
        nothing_taken(im, err);
        goto done;
    }
    rc = 0;

done:
    if (sql_bulk(s, false, rc == 0 ? err : &ignored) != 0) rc = -1;
    if (rc == 0) *out = result;
    else store_import_free(&result);
    for (int i = 0; i < 2; i++) import_batch_free(&im->batch[i]);
    import_file_close(&im->file);
    tally_free(&im->tally);
    store_close(im->counting);
    free(source);
    free(im);
    return rc;
}

void store_import_free(ImportResult *result)
{
    if (!result) return;
    for (int i = 0; i < result->n_samples; i++) {
        free((char *)result->sample[i].prompt);
        free((char *)result->sample[i].chosen);
        free((char *)result->sample[i].rejected);
    }
    *result = (ImportResult){0};
}

/* Of the rows that are there already, those whose split is another than was asked for. */
static void put_stays(Text *t, const ImportResult *r)
{
    int splits = 0;
    int64_t stays = 0;
    for (Split split = SPLIT_TRAIN; split <= SPLIT_TEST; split++)
        stays += r->stays[split], splits += r->stays[split] > 0;
    if (splits == 1 && stays == r->duplicate) {
        for (Split split = SPLIT_TRAIN; split <= SPLIT_TEST; split++)
            if (r->stays[split]) text_format(t, ", their split stays %s", split_name(split));
        return;
    }
    int said = 0;
    for (Split split = SPLIT_TRAIN; split <= SPLIT_TEST; split++)
        if (r->stays[split])
            text_format(t, "%s%s stay in %s", said++ ? ", " : " (", text_thousands(r->stays[split]),
                        split_name(split));
    if (said) text_add(t, ")");
}

void store_import_summary(const ImportResult *r, const char *path, char *out, size_t n)
{
    Text t = {0};
    text_format(&t, "%s: %s taken", strcmp(path, "-") == 0 ? "standard input" : path,
                text_count(r->taken, "row"));
    if (r->duplicate) text_format(&t, ", %s there already", text_thousands(r->duplicate));
    put_stays(&t, r);
    if (r->refused) text_format(&t, ", %s refused", text_thousands(r->refused));
    snprintf(out, n, "%s", t.bytes);
    text_free(&t);
}
