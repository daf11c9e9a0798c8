#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/import.h"

/* ---- lines ----------------------------------------------------------------------------------------- */

int line_reader_open(LineReader *r, const char *path, Error *err)
{
    *r = (LineReader){.path = strcmp(path, "-") == 0 ? "standard input" : path};
    /* A copy of descriptor 0, since gzclose closes what it read from. */
    const int in = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : -1;
    r->file = in >= 0 ? gzdopen(in, "rb") : gzopen(path, "rb");
    if (!r->file) return error_set(err, "cannot read %s: %s", r->path, strerror(errno));
    const int64_t size = in >= 0 ? 0 : file_size(path);
    r->size = size > 0 ? size : 0;
    gzbuffer(r->file, 1 << 17);
    return 0;
}

void line_reader_close(LineReader *r)
{
    if (r->file) gzclose(r->file);
    r->file = NULL;
    text_free(&r->line);
}

static int fill(LineReader *r, Error *err)
{
    const int got = gzread(r->file, r->block, sizeof r->block);
    int code = Z_OK;
    r->at = 0;
    r->n = got > 0 ? (size_t)got : 0;
    if (got > 0) return 1;
    const char *why = gzerror(r->file, &code);
    if (got == 0 && (code == Z_OK || code == Z_STREAM_END)) return 0;
    if (code == Z_BUF_ERROR) return error_set(err, "%s: the compressed file is cut short", r->path);
    return error_set(err, "%s: %s", r->path, code == Z_ERRNO ? strerror(errno) : why);
}

static void keep(LineReader *r, const char *bytes, size_t n)
{
    if (r->line.n + n > IMPORT_LINE_MAX) r->too_long = true;
    else text_append(&r->line, bytes, n);
}

int line_reader_next(LineReader *r, Error *err)
{
    bool any = false;
    text_clear(&r->line);
    r->too_long = false;
    for (;;) {
        if (r->at == r->n) {
            const int got = fill(r, err);
            if (got < 0) return -1;
            if (got == 0) break;
        }
        any = true;
        const char *from = r->block + r->at;
        const char *end = memchr(from, '\n', r->n - r->at);
        const size_t n = end ? (size_t)(end - from) : r->n - r->at;
        keep(r, from, n);
        r->at += n + (end != NULL);
        if (end) break;
    }
    r->number += any;
    return any;
}

static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF"; /* some editors begin a file with it */

static size_t skip_mark(const LineReader *r)
{
    const size_t n = sizeof BYTE_ORDER_MARK - 1;
    return r->n >= n && memcmp(r->block, BYTE_ORDER_MARK, n) == 0 ? n : 0;
}

/* A first line that is JSON for itself, with more after it, is a row of its own: a bad one. */
static bool is_row(const char *bytes, size_t n)
{
    const char *end = memchr(bytes, '\n', n);
    cJSON *row = NULL;
    Error ignored;
    if (!end) return false;
    const size_t length = (size_t)(end - bytes);
    const bool whole = json_parse_row(&row, bytes, length, &ignored) == 0;
    cJSON_Delete(row);
    while (++end < bytes + n)
        if (!strchr(" \t\r\n", *end)) return whole;
    return false;
}

int line_reader_begins_array(LineReader *r, bool *array, Error *err)
{
    *array = false;
    if (fill(r, err) < 0) return -1;
    size_t i = skip_mark(r);
    while (i < r->n && strchr(" \t\r\n", r->block[i])) i++;
    *array = i < r->n && r->block[i] == '[' && !is_row(r->block + i, r->n - i);
    return 0;
}

int line_reader_rest(LineReader *r, Text *out, Error *err)
{
    int got = 1;
    r->at = skip_mark(r);
    while (got > 0) {
        text_append(out, r->block + r->at, r->n - r->at);
        if (out->n > IMPORT_ARRAY_MAX)
            return error_set(err, "%s: a JSON array of more than %d MiB; write a row a line: %s",
                             r->path, IMPORT_ARRAY_MAX >> 20, "jq -c '.[]'");
        got = fill(r, err);
    }
    return got;
}

/* ---- rows ------------------------------------------------------------------------------------------ */

void import_row_free(ImportRow *row)
{
    free(row->prompt);
    free(row->chosen);
    free(row->rejected);
    free(row->raw);
    *row = (ImportRow){0};
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == 0;
}

/* HH-RLHF's raw form, two whole dialogues: the prompt is what both share, up to and including the last
 * "\n\nAssistant:" in it.  Returns its length, 0 when there is none. */
static size_t shared_prompt(const char *chosen, const char *rejected)
{
    static const char TURN[] = "\n\nAssistant:";
    const size_t turn = sizeof TURN - 1;
    size_t shared = 0, end = 0;
    while (chosen[shared] && chosen[shared] == rejected[shared]) shared++;
    for (size_t i = turn; i <= shared; i++)
        if (memcmp(chosen + i - turn, TURN, turn) == 0) end = i;
    return end;
}

static int take_preference(ImportRow *row, const char *prompt, const char *chosen,
                           const char *rejected, Error *err)
{
    if (strcmp(chosen, rejected) == 0) return error_set(err, "chosen is equal to rejected");
    if (!prompt) {
        const size_t n = shared_prompt(chosen, rejected);
        if (n == 0)
            return error_set(err, "no prompt: neither a member \"prompt\" nor dialogues that share "
                                  "\"\\n\\nAssistant:\"");
        row->prompt = mem_strndup(chosen, n);
        chosen += n;
        rejected += n;
    } else {
        row->prompt = mem_strdup(prompt);
    }
    row->kind = DATA_PREFERENCES;
    row->chosen = mem_strdup(chosen);
    row->rejected = mem_strdup(rejected);
    return 0;
}

/* A member that is text; *wrong when it is there and is something else. */
static const char *text_member(const cJSON *object, const char *name, const char **wrong)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!member || cJSON_IsNull(member)) return NULL;
    if (!cJSON_IsString(member)) *wrong = name;
    return cJSON_IsString(member) ? member->valuestring : NULL;
}

static int take_object(ImportRow *row, const cJSON *object, Error *err)
{
    const char *wrong = NULL;
    const char *prompt = text_member(object, "prompt", &wrong);
    const char *chosen = text_member(object, "chosen", &wrong);
    const char *rejected = text_member(object, "rejected", &wrong);
    const char *completion = text_member(object, "completion", &wrong);
    if (!completion) completion = text_member(object, "response", &wrong);
    if (wrong)
        return error_set(
            err, "\"%s\" is no text (conversations as lists of messages are not taken)", wrong);
    if (chosen && rejected) return take_preference(row, prompt, chosen, rejected, err);
    if (chosen || rejected)
        return error_set(err, "\"%s\" without \"%s\"", chosen ? "chosen" : "rejected",
                         chosen ? "rejected" : "chosen");
    if (!prompt)
        return error_set(
            err, "unknown form: wanted \"prompt\" (with \"chosen\" and \"rejected\", or with "
                 "\"completion\")");
    if (completion && cJSON_GetObjectItemCaseSensitive(object, "label"))
        return error_set(
            err, "a completion with a \"label\" is no demonstration (unpaired preferences are "
                 "not taken)");
    row->kind = completion ? DATA_DEMONSTRATIONS : DATA_PROMPTS;
    row->prompt = mem_strdup(prompt);
    if (completion) row->chosen = mem_strdup(completion);
    return 0;
}

/* Less can be made of a row than it holds: its prompt, or its better answer; never more. */
static int narrow(ImportRow *row, DataKind wanted, Error *err)
{
    if (wanted == DATA_AUTO) wanted = row->kind;
    if (wanted == DATA_PREFERENCES && !row->rejected)
        return error_set(err, "no \"chosen\" and \"rejected\"");
    if (wanted == DATA_DEMONSTRATIONS && !row->chosen) return error_set(err, "no \"completion\"");
    if (wanted != DATA_PREFERENCES) {
        free(row->rejected);
        row->rejected = NULL;
    }
    if (wanted == DATA_PROMPTS) {
        free(row->chosen);
        row->chosen = NULL;
    }
    row->kind = wanted;
    if (is_blank(row->prompt)) return error_set(err, "prompt is empty");
    if (wanted == DATA_DEMONSTRATIONS && is_blank(row->chosen))
        return error_set(err, "completion is empty");
    if (wanted == DATA_PREFERENCES && is_blank(row->chosen))
        return error_set(err, "chosen is empty");
    return 0;
}

int import_take(ImportRow *out, const cJSON *element, DataKind wanted, Error *err)
{
    ImportRow row = {0};
    if (!cJSON_IsObject(element)) return error_set(err, "not a JSON object");
    if (take_object(&row, element, err) != 0 || narrow(&row, wanted, err) != 0) {
        import_row_free(&row);
        return -1;
    }
    *out = row;
    return 0;
}

int import_parse(ImportRow *out, const char *bytes, size_t n, DataKind wanted, Error *err)
{
    cJSON *object = NULL;
    if (json_parse_row(&object, bytes, n, err) != 0) return -1;
    const int rc = import_take(out, object, wanted, err);
    cJSON_Delete(object);
    return rc;
}
