/* Data sets into the store, in batches: one transaction each, so that an import neither commits row by row
 * nor keeps others waiting. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/import.h"
#include "store/sql.h"

enum { BATCH_ROWS = 2000, BATCH_BYTES = 16 << 20 };

typedef struct {
    Store *store;
    const ImportOptions *options;
    ImportResult *result;
    LineReader lines;
    ImportRow *row; /* the batch */
    size_t n_rows, n_bytes;
    char *source;
    int64_t model_id, session_id; /* of preferences, once the first came */
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

/* ---- rows into tables ------------------------------------------------------------------------------ */

/* Answers that came with data sets belong to no model of ours, labels to none of our people. */
static int begin_preferences(Import *im, Error *err)
{
    StoreModel model = {.name = "import", .role = "external"};
    StoreSession session = {.ui = "import"};
    if (im->session_id != 0) return 0;
    char *handle = mem_format("import:%s", im->source);
    int rc = store_insert_model(im->store, &model, err);
    if (rc == 0)
        rc =
            store_insert_annotator(im->store, handle, ANNOTATOR_IMPORT, &session.annotator_id, err);
    if (rc == 0) rc = store_insert_session(im->store, &session, &im->session_id, err);
    im->model_id = model.id;
    free(handle);
    return rc;
}

/* The preference that a data set gave for this pair: 0 when none has. */
static int imported_preference(Store *s, int64_t comparison_id, int64_t *out, Error *err)
{
    static const char SQL[] =
        "SELECT l.pref FROM label_current l JOIN annotator n ON n.id=l.annotator_id"
        " JOIN assignment x ON x.id=l.assignment_id"
        " WHERE x.comparison_id=?1 AND n.kind='import' LIMIT 1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, comparison_id);
    return sql_one(s, stmt, out, "find an imported label", err);
}

/* The answer with the smaller hash goes in first, so that "a" says nothing about being chosen. */
static int add_answers(Import *im, int64_t prompt_id, const ImportRow *row, int64_t *chosen_id,
                       int64_t *rejected_id, Error *err)
{
    unsigned char chosen[HASH_BYTES], rejected[HASH_BYTES];
    content_hash(chosen, row->chosen);
    content_hash(rejected, row->rejected);
    const bool chosen_first = memcmp(chosen, rejected, HASH_BYTES) < 0;
    StoreAdded added = {0};
    for (int i = 0; i < 2; i++) {
        const bool is_chosen = chosen_first == (i == 0);
        StoreResponse r = {.prompt_id = prompt_id,
                           .model_id = im->model_id,
                           .text = is_chosen ? row->chosen : row->rejected,
                           .sum_logprob = NAN};
        if (store_insert_response(im->store, &r, &added, err) != 0) return -1;
        *(is_chosen ? chosen_id : rejected_id) = r.id;
    }
    return 0;
}

static int add_preference(Import *im, int64_t prompt_id, const ImportRow *row, Error *err)
{
    StoreAdded pair = {0}, label = {0};
    int64_t chosen_id = 0, rejected_id = 0, there = 0;
    if (begin_preferences(im, err) != 0) return -1;
    if (add_answers(im, prompt_id, row, &chosen_id, &rejected_id, err) != 0) return -1;
    StoreComparison c = {
        .prompt_id = prompt_id, .a_id = chosen_id, .b_id = rejected_id, .origin = "import"};
    if (store_insert_comparison(im->store, &c, &pair, err) != 0) return -1;
    const int preferred = c.a_id == chosen_id ? -1 : 1;
    if (pair.duplicate && imported_preference(im->store, c.id, &there, err) != 0) return -1;
    if (there != 0 && (there < 0) != (preferred < 0))
        return refuse(im, row->line, row->raw ? row->raw : "", row->raw ? strlen(row->raw) : 0,
                      "the same pair is there with the other answer preferred", err);
    im->result->comparisons += pair.added;
    if (there != 0) {
        im->result->duplicate++;
        return 0;
    }
    im->result->taken++;
    const StoreVerdict verdict = {
        .comparison_id = c.id, .outcome = OUTCOME_PREF, .preferred = preferred};
    return store_insert_verdict(im->store, im->session_id, &verdict, &label, err);
}

static void keep_sample(ImportResult *r, const ImportRow *row)
{
    if (r->n_samples == IMPORT_SAMPLES) return;
    r->sample[r->n_samples++] =
        (ImportSample){.prompt = mem_strdup(row->prompt),
                       .chosen = row->chosen ? mem_strdup(row->chosen) : NULL,
                       .rejected = row->rejected ? mem_strdup(row->rejected) : NULL,
                       .line = row->line};
}

static int add_row(Import *im, const ImportRow *row, Error *err)
{
    ImportResult *r = im->result;
    const int64_t taken = r->taken, duplicate = r->duplicate;
    StoreAdded added = {0};
    StorePrompt prompt = {.text = row->prompt, .source = im->source, .split = im->options->split};
    if (store_insert_prompt(im->store, &prompt, &added, err) != 0) return -1;
    r->prompts += added.added;
    r->moved += added.moved;
    if (row->kind == DATA_PREFERENCES) {
        if (add_preference(im, prompt.id, row, err) != 0) return -1;
    } else if (row->kind == DATA_DEMONSTRATIONS) {
        StoreDemonstration d = {.prompt = row->prompt,
                                .response = row->chosen,
                                .source = im->source,
                                .split = prompt.split};
        added = (StoreAdded){0};
        if (store_insert_demonstration(im->store, &d, &added, err) != 0) return -1;
        r->demonstrations += added.added;
        r->taken += added.added;
        r->duplicate += added.duplicate;
    } else {
        r->taken += added.added;
        r->duplicate += added.duplicate;
    }
    if (r->taken > taken) {
        r->by_split[prompt.split]++;
        keep_sample(r, row);
    }
    if (r->duplicate > duplicate && im->options->split != SPLIT_ANY &&
        im->options->split != prompt.split)
        r->stays[prompt.split]++;
    return 0;
}

static int flush(Import *im, Error *err)
{
    if (im->n_rows == 0) return 0;
    if (sql_begin(im->store, err) != 0) return -1;
    int rc = 0;
    for (size_t i = 0; i < im->n_rows && rc == 0; i++) rc = add_row(im, &im->row[i], err);
    rc = sql_finish(im->store, rc, err);
    for (size_t i = 0; i < im->n_rows; i++) import_row_free(&im->row[i]);
    im->n_rows = im->n_bytes = 0;
    if (rc == 0 && im->options->on_progress)
        im->options->on_progress(im->options->context, gzoffset(im->lines.file), im->lines.size);
    return rc;
}

/* ---- the file -------------------------------------------------------------------------------------- */

static void keep_row(Import *im, const ImportRow *row, size_t bytes)
{
    im->row = sql_grow(im->row, im->n_rows, sizeof *im->row);
    im->row[im->n_rows++] = *row;
    im->n_bytes += bytes;
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
    if (import_parse(&row, bytes, n, im->options->kind, &reason) != 0)
        return refuse(im, line, bytes, n, reason.message, err);
    row.line = line;
    if (im->options->rejects) row.raw = mem_strndup(bytes, n);
    keep_row(im, &row, n);
    return 0;
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
    int rc = 0;
    if (import_take(&row, element, im->options->kind, &reason) != 0) {
        rc = refuse(im, number, raw ? raw : "", raw ? strlen(raw) : 0, reason.message, err);
    } else {
        row.line = number;
        if (raw) row.raw = mem_strdup(raw);
        keep_row(im, &row, strlen(row.prompt));
    }
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
    Import im = {.store = s, .options = options ? options : &DEFAULT, .result = &result};
    int rc = -1;
    assert(im.options->kind < DATA_LABELS);
    im.source = im.options->source ? mem_strdup(im.options->source) : source_of(path);

    if (content_check(s, im.source, "the source's name", err) != 0) goto done;
    if (line_reader_open(&im.lines, path, err) != 0 || read_all(&im, err) != 0) goto done;
    if (im.session_id != 0 && store_end_session(s, im.session_id, "done", err) != 0) goto done;
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
    *out = result;
    rc = 0;

done:
    if (rc != 0) store_import_free(&result);
    for (size_t i = 0; i < im.n_rows; i++) import_row_free(&im.row[i]);
    free(im.row);
    free(im.source);
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
