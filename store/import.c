/* Data sets into the store, in batches: one transaction each, so that an import neither commits row by row
 * nor keeps others waiting. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/import.h"
#include "store/line_reader.h"
#include "store/sql.h"

/* A batch touches pages all over the indexes of hashes, and each is written once a batch: large ones are what
 * makes an import fast.  While one is written nobody else can write, for a second or so. */
enum { BATCH_ROWS = 20000, BATCH_BYTES = 32 << 20 };

typedef struct {
    ImportTarget to;
    const ImportOptions *options;
    ImportResult *result;
    LineReader lines;
    ImportRow *row; /* the batch */
    size_t n_rows, n_bytes;
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

/* In strict mode the import ends here, with the reason as its error. */
static int refuse(Import *im, int64_t line, const char *raw, size_t n, const char *reason,
                  Error *err)
{
    keep_refusal(im->result, line, reason);
    FileWriter *rejects = im->options->rejects;
    if (rejects && (file_put(rejects, raw, n, err) != 0 || file_put(rejects, "\n", 1, err) != 0))
        return -1;
    if (!im->options->strict) return 0;
    return error_set(err, "%s: %s %lld: %s; nothing was imported", im->lines.path, im->result->unit,
                     (long long)line, reason);
}

/* ---- batches -------------------------------------------------------------------------------------- */

static int store_row(Import *im, const ImportRow *row, Error *err)
{
    Error reason = {0};
    const int rc = import_store(&im->to, row, &reason);
    if (rc == 0) return 0;
    if (rc < 0) {
        *err = reason;
        return -1;
    }
    return refuse(im, row->line, row->raw ? row->raw : "", row->raw ? strlen(row->raw) : 0,
                  reason.message, err);
}

static int flush(Import *im, Error *err)
{
    if (im->n_rows == 0) return 0;
    if (sql_begin(im->to.store, err) != 0) return -1;
    int rc = 0;
    for (size_t i = 0; i < im->n_rows && rc == 0; i++) rc = store_row(im, &im->row[i], err);
    if (rc == 0) rc = import_flush(&im->to, err);
    rc = sql_finish(im->to.store, rc, err);
    for (size_t i = 0; i < im->n_rows; i++) import_row_free(&im->row[i]);
    im->n_rows = im->n_bytes = 0;
    if (rc == 0 && im->options->on_progress)
        im->options->on_progress(im->options->context, gzoffset(im->lines.file), im->lines.size);
    return rc;
}

/* ---- the file -------------------------------------------------------------------------------------- */

static size_t bytes_of(const ImportRow *row)
{
    size_t n = 0;
    for (int i = 0; i < row->n; i++) {
        const ImportItem *item = &row->item[i];
        n += strlen(item->prompt) + (item->chosen ? strlen(item->chosen) : 0) +
             (item->rejected ? strlen(item->rejected) : 0);
    }
    return n;
}

static void keep_row(Import *im, const ImportRow *row)
{
    im->row = sql_grow(im->row, im->n_rows, sizeof *im->row);
    im->row[im->n_rows++] = *row;
    im->n_bytes += bytes_of(row);
}

/* A row as it was understood, or why it was not; the n bytes are what stands in the file. */
static int keep_or_refuse(Import *im, ImportRow *row, int rc, int64_t line, const char *bytes,
                          size_t n, const Error *reason, Error *err)
{
    if (rc != 0) {
        import_row_free(row);
        if (rc != IMPORT_CANNOT) return refuse(im, line, bytes, n, reason->message, err);
        *err = *reason;
        return -1;
    }
    row->line = line;
    if (im->options->rejects) row->raw = mem_strndup(bytes, n);
    keep_row(im, row);
    return 0;
}

/* Strict is all or nothing, so it is one transaction. */
static int flush_when_full(Import *im, Error *err)
{
    const bool full = im->n_rows >= BATCH_ROWS || im->n_bytes >= BATCH_BYTES;
    return full && !im->options->strict ? flush(im, err) : 0;
}

static int read_row(Import *im, Error *err)
{
    static const char MARK[] = "\xEF\xBB\xBF"; /* some editors begin a file with it */
    const char *bytes = im->lines.line.bytes ? im->lines.line.bytes : "";
    size_t n = im->lines.line.n;
    const int64_t line = im->lines.number;
    if (line == 1 && n >= 3 && memcmp(bytes, MARK, 3) == 0) {
        bytes += 3;
        n -= 3;
    }
    if (n > 0 && bytes[n - 1] == '\r') n--;
    if (im->lines.too_long)
        return refuse(im, line, bytes, n, "the line is longer than 16 MiB", err);
    if (strspn(bytes, " \t\r") >= n) return 0;

    ImportRow row = {0};
    Error reason = {0};
    int rc = import_parse(&row, bytes, n, im->options, &reason);
    if (rc == 0) rc = import_render(&row, im->options, &reason);
    return keep_or_refuse(im, &row, rc, line, bytes, n, &reason, err);
}

static int end_reading(Import *im, bool stopped, Error *err)
{
    im->result->lines = im->lines.number;
    im->result->stopped = stopped;
    if (stopped && im->options->strict)
        return error_stopped(err, "%s: stopped; nothing was imported", im->lines.path);
    return flush(im, err);
}

static int read_element(Import *im, const cJSON *element, Error *err)
{
    ImportRow row = {0};
    Error reason = {0};
    const int64_t number = ++im->lines.number;
    char *raw = im->options->rejects ? cJSON_PrintUnformatted(element) : NULL;
    const char *bytes = raw ? raw : "";
    int rc = import_take(&row, element, im->options, &reason);
    if (rc == 0) rc = import_render(&row, im->options, &reason);
    rc = keep_or_refuse(im, &row, rc, number, bytes, strlen(bytes), &reason, err);
    cJSON_free(raw);
    return rc;
}

/* One JSON array of rows, which has to be there whole before the first can be understood. */
static int read_array(Import *im, Error *err)
{
    Text all = {0};
    cJSON *array = NULL;
    int rc = -1;
    im->result->unit = "element";
    if (line_reader_rest(&im->lines, &all, err) != 0) goto done;
    if (json_parse(&array, all.bytes, all.n, err) != 0) {
        error_wrap(err, "%s: it begins with [, but is no JSON array", im->lines.path);
        goto done;
    }
    im->lines.number = 0;
    rc = 0;
    const cJSON *element = array->child;
    for (; element && rc == 0 && !interrupt_pending(); element = element->next) {
        rc = read_element(im, element, err);
        if (rc == 0) rc = flush_when_full(im, err);
    }
    if (rc == 0) rc = end_reading(im, element != NULL, err);

done:
    cJSON_Delete(array);
    text_free(&all);
    return rc;
}

static int read_all(Import *im, Error *err)
{
    bool array = false;
    int more = 1;
    im->result->unit = "line";
    if (line_reader_begins_array(&im->lines, &array, err) != 0) return -1;
    if (array) return read_array(im, err);
    while (!interrupt_pending() && (more = line_reader_next(&im->lines, err)) == 1) {
        if (read_row(im, err) != 0) return -1;
        if (flush_when_full(im, err) != 0) return -1;
    }
    if (more < 0) {
        /* What could be read of a broken file is kept unless that was not wanted. */
        Error ignored = {0};
        if (!im->options->strict) flush(im, &ignored);
        return -1;
    }
    return end_reading(im, more == 1, err);
}

/* "data/prompts.jsonl.gz" -> "prompts" */
static char *source_of(const char *path)
{
    if (strcmp(path, "-") == 0) return mem_strdup("stdin");
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strchr(name + (*name == '.'), '.');
    return dot ? mem_strndup(name, (size_t)(dot - name)) : mem_strdup(name);
}

int store_import(Store *s, const char *path, const ImportOptions *options, ImportResult *out,
                 Error *err)
{
    static const ImportOptions DEFAULT = {0};
    ImportResult result = {0};
    Error ignored;
    Import im = {.options = options ? options : &DEFAULT, .result = &result};
    int rc = -1;
    assert(im.options->kind != DATA_LABELS && im.options->kind != DATA_RESPONSES);
    im.to = (ImportTarget){.store = s, .options = im.options, .result = &result};
    im.to.source = im.options->source ? mem_strdup(im.options->source) : source_of(path);

    if (content_check(s, im.to.source, "the source's name", err) != 0) goto done;
    if (sql_bulk(s, true, err) != 0) goto done;
    if (line_reader_open(&im.lines, path, err) != 0 || read_all(&im, err) != 0) goto done;
    if (im.to.session_id != 0 && store_end_session(s, im.to.session_id, "done", err) != 0)
        goto done;
    if (result.taken + result.duplicate == 0 && !result.stopped) {
        if (result.refused > 0)
            error_set(err, "%s: no row could be taken of %s (first: %s %lld: %s)", im.lines.path,
                      text_thousands(result.refused), result.unit,
                      (long long)result.refusal[0].line, result.refusal[0].reason);
        else error_set(err, "%s: there are no rows in it", im.lines.path);
        error_hint(
            err,
            "wanted: JSON lines such as {\"prompt\": ..., \"chosen\": ..., \"rejected\": ...}; "
            "text to train a base on: rlhf pretrain FILE");
        goto done;
    }
    rc = 0;

done:
    if (sql_bulk(s, false, rc == 0 ? err : &ignored) != 0) rc = -1;
    if (rc == 0) *out = result;
    else store_import_free(&result);
    for (size_t i = 0; i < im.n_rows; i++) import_row_free(&im.row[i]);
    free(im.row);
    free(im.to.source);
    free(im.to.labels);
    line_reader_close(&im.lines);
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
