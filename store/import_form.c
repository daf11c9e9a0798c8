#include "store/import_form.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/mem.h"
#include "store/line_reader.h"

static bool is_json(const char *bytes, size_t n)
{
    cJSON *value = NULL;
    Error ignored;
    const bool whole = json_parse(&value, bytes, n, &ignored) == 0;
    cJSON_Delete(value);
    return whole;
}

static bool is_blank(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strchr(" \t\r\n", bytes[i])) return false;
    return true;
}

/* ---- JSON ------------------------------------------------------------------------------------------ */

/* The first byte from `at` on that is no white space, 0 when there is none. */
static char next_byte(const char *bytes, size_t n, size_t at)
{
    while (at < n && is_blank(bytes + at, 1)) at++;
    return at < n ? bytes[at] : 0;
}

bool import_form_is_rows(const char *bytes, size_t n)
{
    while (n > 0 && is_blank(bytes, 1)) bytes++, n--;
    if (n == 0) return false;
    return (*bytes == '{' && next_byte(bytes, n, 1) == '"') ||
           (*bytes == '[' && next_byte(bytes, n, 1) == '{');
}

/* What no JSON value begins with is text: "[INST] Why?".  A first line that is JSON for itself, with more after it,
 * is a row of its own: a bad one. */
static bool is_array(const char *bytes, size_t n)
{
    if (!strchr("{[]\"-0123456789tfn", next_byte(bytes, n, 1))) return false;
    const char *end = memchr(bytes, '\n', n);
    const size_t line = end ? (size_t)(end - bytes) : n;
    return !end || is_blank(end, n - line) || !is_json(bytes, line);
}

/* The first object is whole, and goes over a line.  One that is larger than what is seen here is taken for one
 * when its first line has nothing but the bracket. */
static bool spans_lines(const char *bytes, size_t n)
{
    JsonDepth depth = {0};
    bool line_end = false;
    for (size_t i = 0; i < n; i++) {
        json_depth_take(&depth, bytes + i, 1);
        if (depth.depth == 0) return line_end && is_json(bytes, i + 1);
        line_end = line_end || bytes[i] == '\n';
    }
    const char *end = memchr(bytes, '\n', n);
    return end && is_blank(bytes + 1, (size_t)(end - bytes - 1));
}

/* ---- tables ---------------------------------------------------------------------------------------- */

static const char SEPARATORS[] = ",;\t";

/* The one that the line has most of. */
static char separator_of(const char *line, size_t n)
{
    size_t count[sizeof SEPARATORS] = {0};
    int best = 0;
    for (size_t i = 0; i < n; i++)
        for (int k = 0; SEPARATORS[k]; k++) count[k] += line[i] == SEPARATORS[k];
    for (int k = 1; SEPARATORS[k]; k++)
        if (count[k] > count[best]) best = k;
    return SEPARATORS[best];
}

/* A first line with the name of a column that a row would have: "id,prompt,chosen". */
static bool names_columns(const char *line, size_t n, char separator)
{
    static const char *const COLUMN[] = {"prompt", "instruction", "question", "chosen", "text"};
    bool named = false;
    if (!memchr(line, separator, n)) return false;
    for (size_t from = 0, length; from < n; from += length + 1) {
        const char *cell = line + from, *end = memchr(cell, separator, n - from);
        length = end ? (size_t)(end - cell) : n - from;
        size_t begin = 0, stop = length;
        while (begin < stop && strchr(" \"\r", cell[begin])) begin++;
        while (stop > begin && strchr(" \"\r", cell[stop - 1])) stop--;
        for (size_t i = 0; i < sizeof COLUMN / sizeof *COLUMN; i++)
            named = named || (strlen(COLUMN[i]) == stop - begin &&
                              strncasecmp(cell + begin, COLUMN[i], stop - begin) == 0);
    }
    return named;
}

static bool has_ending(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (strcasecmp(dot, ".csv") == 0 || strcasecmp(dot, ".tsv") == 0);
}

/* ---- all of them ----------------------------------------------------------------------------------- */

ImportForm import_form_look(const char *path, const char *bytes, size_t n)
{
    while (n > 0 && is_blank(bytes, 1)) bytes++, n--;
    if (n == 0) return (ImportForm){FORM_LINES, 0};
    if (*bytes == '[' && is_array(bytes, n)) return (ImportForm){FORM_ARRAY, 0};
    if (*bytes == '{') return (ImportForm){spans_lines(bytes, n) ? FORM_OBJECTS : FORM_LINES, 0};
    const char *end = memchr(bytes, '\n', n);
    const size_t line = end ? (size_t)(end - bytes) : n;
    const char separator = separator_of(bytes, line);
    if (has_ending(path) || names_columns(bytes, line, separator))
        return (ImportForm){FORM_TABLE, separator};
    if (is_json(bytes, line)) return (ImportForm){FORM_LINES, 0};
    return (ImportForm){memchr(bytes, 0, n) ? FORM_BINARY : FORM_TEXT, 0};
}

void import_form_advise(ImportForm form, const char *path, Error *err)
{
    Text word = {0};
    const bool in = strcmp(path, "standard input") == 0;
    text_add_word(&word, in ? form.kind == FORM_TABLE ? "FILE.csv" : "-" : path);
    switch (form.kind) {
    case FORM_TABLE:
        error_hint(err,
                   "a table?  its rows as JSON lines, by the names in its first line: python3 -c "
                   "'import csv,json,sys; [print(json.dumps(r)) for r in csv.DictReader(open("
                   "sys.argv[1],newline=\"\",encoding=\"utf-8-sig\"),delimiter=\"%s\")]' %s | rlhf "
                   "import - --source NAME",
                   form.separator == '\t'  ? "\\t"
                   : form.separator == ';' ? ";"
                                           : ",",
                   word.bytes);
        break;
    case FORM_TEXT:
        error_hint(err,
                   "text?  to take each line as a prompt: rlhf import --lines %s; to train a base "
                   "on it: rlhf pretrain %s",
                   word.bytes, in ? "FILE" : word.bytes);
        break;
    case FORM_BINARY:
        error_hint(err, "it is neither text nor gzip: wanted are JSON lines such as {\"prompt\": "
                        "..., \"chosen\": ..., \"rejected\": ...}");
        break;
    default:
        error_hint(
            err,
            "wanted: JSON lines such as {\"prompt\": ..., \"chosen\": ..., \"rejected\": ...}; "
            "text to train a base on: rlhf pretrain FILE");
    }
    text_free(&word);
}
