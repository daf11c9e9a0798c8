#include "store/import_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "store/family.h"

/* A batch touches pages all over the indexes of hashes, and each is written once a batch: large ones are what
 * makes an import fast.  While one is written nobody else can write, for some seconds, so that beside people who
 * label they stay small.  The first are smaller: the second is read while the first is written.  Two batches are in
 * memory at a time. */
enum { BATCH_FIRST = 4096, BATCH_SHARED = 1 << 14, BATCH_ROWS = 1 << 17, BATCH_BYTES = 128 << 20 };

/* ---- batches --------------------------------------------------------------------------------------- */

void import_batch_clear(ImportBatch *batch)
{
    for (size_t i = 0; i < batch->n_rows; i++) import_row_free(&batch->row[i]);
    batch->n_rows = batch->n_taken = batch->n_bytes = 0;
    import_texts_free(&batch->texts);
}

void import_batch_free(ImportBatch *batch)
{
    import_batch_clear(batch);
    free(batch->row);
    *batch = (ImportBatch){0};
}

static void add_row(ImportBatch *batch, const ImportRow *row)
{
    batch->row = sql_grow(batch->row, batch->n_rows, sizeof *batch->row);
    batch->row[batch->n_rows++] = *row;
    batch->n_taken += !row->refused;
    batch->n_bytes += sizeof *row + (row->raw ? strlen(row->raw) : 0);
}

static int add_text(ImportBatch *batch, const char *text)
{
    if (!text) return -1;
    batch->n_bytes += strlen(text);
    return import_texts_add(&batch->texts, text);
}

static void keep_row(ImportBatch *batch, ImportRow *row)
{
    for (int i = 0; i < row->n; i++) {
        ImportItem *item = &row->item[i];
        item->family = family_key(item->words ? item->words : item->prompt);
        item->prompt_text = add_text(batch, item->prompt);
        if (item->kind == DATA_CLASSES)
            continue; /* the name of a class is no text of the store's */
        item->chosen_text = add_text(batch, item->chosen);
        item->rejected_text = add_text(batch, item->rejected);
    }
    add_row(batch, row);
}

/* ---- rows ------------------------------------------------------------------------------------------ */

static int refuse(ImportFile *r, ImportBatch *batch, int64_t line, const char *bytes, size_t n,
                  const char *reason, Error *err)
{
    if (r->options->strict)
        return error_set(err, "%s: %s %lld: %s; nothing was imported", r->lines.path, r->unit,
                         (long long)line, reason);
    add_row(batch, &(ImportRow){.line = line,
                                .refused = mem_strdup(reason),
                                .raw = r->options->rejects ? mem_strndup(bytes, n) : NULL});
    return 0;
}

/* Texts that were put together from token ids, or by a template, are checked as others were when parsed. */
static int check_texts(const ImportRow *row, Error *err)
{
    for (int i = 0; i < row->n; i++) {
        const char *text[] = {row->item[i].prompt, row->item[i].chosen, row->item[i].rejected};
        size_t at;
        for (int k = 0; k < 3; k++)
            if (text[k] && !text_is_utf8(text[k], strlen(text[k]), &at))
                return error_set(err, "its text is not valid UTF-8 at byte %zu", at);
    }
    return 0;
}

/* A row as it was understood, or why it was not; the n bytes are what stands in the file. */
static int keep_or_refuse(ImportFile *r, ImportBatch *batch, ImportRow *row, int rc, int64_t line,
                          const char *bytes, size_t n, Error *reason, Error *err)
{
    if (rc == 0) rc = import_render(row, r->options, reason);
    if (rc == 0) rc = check_texts(row, reason);
    if (rc != 0) {
        import_row_free(row);
        if (rc != IMPORT_CANNOT) return refuse(r, batch, line, bytes, n, reason->message, err);
        *err = *reason;
        return -1;
    }
    row->line = line;
    if (r->options->rejects) row->raw = mem_strndup(bytes, n);
    keep_row(batch, row);
    return 0;
}

static int read_line(ImportFile *r, ImportBatch *batch, Error *err)
{
    static const char MARK[] = "\xEF\xBB\xBF"; /* some editors begin a file with it */
    const char *bytes = r->lines.line.bytes ? r->lines.line.bytes : "";
    size_t n = r->lines.line.n;
    const int64_t line = r->lines.first;
    if (line == 1 && n >= 3 && memcmp(bytes, MARK, 3) == 0) {
        bytes += 3;
        n -= 3;
    }
    if (n > 0 && bytes[n - 1] == '\r') n--;
    if (r->lines.too_long)
        return refuse(r, batch, line, bytes, n, "the line is longer than 16 MiB", err);
    if (strspn(bytes, " \t\r\n") >= n) return 0;

    ImportRow row = {0};
    Error reason = {0};
    const int rc = r->options->lines ? import_take_text(&row, bytes, n, r->options, &reason)
                                     : import_parse(&row, bytes, n, r->options, &reason);
    return keep_or_refuse(r, batch, &row, rc, line, bytes, n, &reason, err);
}

static int read_element(ImportFile *r, ImportBatch *batch, Error *err)
{
    const cJSON *element = r->element;
    r->element = element->next;
    ImportRow row = {0};
    Error reason = {0};
    const int64_t number = ++r->lines.number;
    char *raw = r->options->rejects ? cJSON_PrintUnformatted(element) : NULL;
    const char *bytes = raw ? raw : "";
    int rc = import_take(&row, element, r->options, &reason);
    rc = keep_or_refuse(r, batch, &row, rc, number, bytes, strlen(bytes), &reason, err);
    cJSON_free(raw);
    return rc;
}

/* ---- the file -------------------------------------------------------------------------------------- */

int import_file_open(ImportFile *r, const char *path, const ImportOptions *options, Error *err)
{
    *r = (ImportFile){.options = options, .unit = "line", .full = BATCH_FIRST, .most = BATCH_ROWS};
    return line_reader_open(&r->lines, path, err);
}

void import_file_close(ImportFile *r)
{
    cJSON_Delete(r->array);
    text_free(&r->all);
    line_reader_close(&r->lines);
}

/* One JSON array of rows has to be there whole before the first can be understood. */
static int read_array(ImportFile *r, Error *err)
{
    r->unit = "element";
    if (line_reader_rest(&r->lines, &r->all, err) != 0) return -1;
    if (r->lines.file.stopped) return 0;
    if (json_parse(&r->array, r->all.bytes, r->all.n, err) != 0)
        return error_wrap(err, "%s: it begins with [, but is no JSON array", r->lines.path);
    r->lines.number = 0;
    r->element = r->array->child;
    return 0;
}

int import_file_begin(ImportFile *r, Error *err)
{
    const char *bytes;
    size_t n;
    if (line_reader_look(&r->lines, &bytes, &n, err) != 0) return -1;
    r->form = import_form_look(r->lines.path, bytes, n);
    if (!r->options->lines) return r->form.kind == FORM_ARRAY ? read_array(r, err) : 0;
    if (import_form_is_rows(bytes, n)) {
        error_set(err, "%s: it begins with JSON, and --lines takes text", r->lines.path);
        return error_hint(err, "without --lines its rows are understood");
    }
    return 0;
}

static bool at_end(const ImportFile *r)
{
    return r->array && !r->element;
}

/* 1: there was one; 0: the file is at its end; -1: it is broken; IMPORT_CANNOT: no more is to be read of it. */
static int read_row(ImportFile *r, ImportBatch *batch, Error *err)
{
    int more = at_end(r) ? 0 : 1;
    if (!r->array)
        more = r->form.kind == FORM_OBJECTS ? line_reader_next_object(&r->lines, err)
                                            : line_reader_next(&r->lines, err);
    if (more != 1) return more;
    const int rc = r->array ? read_element(r, batch, err) : read_line(r, batch, err);
    return rc == 0 ? 1 : IMPORT_CANNOT;
}

void import_file_ask_less(ImportFile *r)
{
    if (r->most > BATCH_SHARED) r->most /= 2;
}

int import_file_next(ImportFile *r, ImportBatch *out, Error *err)
{
    bool full = false;
    int more = 1;
    import_batch_clear(out);
    while (more == 1 && !full) {
        r->stopped = !at_end(r) && interrupt_pending() != 0;
        if (r->stopped) break;
        more = read_row(r, out, err);
        full = !r->options->strict && (out->n_taken >= r->full || out->n_bytes >= BATCH_BYTES);
    }
    if (more == IMPORT_CANNOT) import_batch_clear(out);
    const size_t most = r->shared ? BATCH_SHARED : r->most;
    r->full = 2 * r->full < most ? 2 * r->full : most;
    out->offset = r->lines.file.offset;
    import_texts_sort(&out->texts);
    r->stopped = r->stopped || r->lines.file.stopped;
    return more < 0 ? -1 : more == 1 && !r->stopped;
}
