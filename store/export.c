/* JSON lines in TRL's explicit form, preferences in HH-RLHF's as well; labels as they were given. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "store/sql.h"

enum { PAGE_ROWS = 1000 };

static void put_member(Text *t, const char *name, const char *text)
{
    text_format(t, "%s\"%s\": ", t->n > 1 ? ", " : "", name);
    if (text) json_put_text(t, text, strlen(text));
    else text_add(t, "null");
}

static void put_number(Text *t, const char *name, int64_t x)
{
    text_format(t, "%s\"%s\": %lld", t->n > 1 ? ", " : "", name, (long long)x);
}

static int put_line(Text *t, FILE *to, Error *err)
{
    text_add(t, "}\n");
    const bool written = fwrite(t->bytes, 1, t->n, to) == t->n;
    text_clear(t);
    text_add(t, "{");
    return written ? 0 : error_set(err, "export: cannot write: %s", strerror(errno));
}

static int export_prompts(Store *s, Split split, FILE *to, int64_t *rows, Text *t, Error *err)
{
    StorePromptList list = {0};
    if (store_list_prompts(s, &(StorePromptFilter){.split = split}, &list, err) != 0) return -1;
    int rc = 0;
    for (size_t i = 0; i < list.n && rc == 0; i++) {
        put_member(t, "prompt", list.row[i].text);
        rc = put_line(t, to, err);
    }
    *rows = (int64_t)list.n;
    store_prompts_free(&list);
    return rc;
}

static int export_demonstrations(Store *s, Split split, FILE *to, int64_t *rows, Text *t,
                                 Error *err)
{
    StoreDemonstrationList list = {0};
    if (store_list_demonstrations(s, split, &list, err) != 0) return -1;
    int rc = 0;
    for (size_t i = 0; i < list.n && rc == 0; i++) {
        put_member(t, "prompt", list.row[i].prompt);
        put_member(t, "completion", list.row[i].response);
        rc = put_line(t, to, err);
    }
    *rows = (int64_t)list.n;
    store_demonstrations_free(&list);
    return rc;
}

/* HH-RLHF's raw form knows no prompt: it is what both dialogues begin with. */
static void put_dialogue(Text *t, const char *name, const char *prompt, const char *answer)
{
    char *whole = mem_format("%s%s", prompt, answer);
    put_member(t, name, whole);
    free(whole);
}

/* Neither form has ties, so they stay behind. */
static int export_preferences(Store *s, ExportForm form, Split split, FILE *to, int64_t *rows,
                              Text *t, Error *err)
{
    StorePreferenceList list = {0};
    if (store_list_preferences(s, &(StorePreferenceFilter){.split = split}, &list, err) != 0)
        return -1;
    int rc = 0;
    for (size_t i = 0; i < list.n && rc == 0; i++) {
        const StorePreference *p = &list.row[i];
        if (p->tie) continue;
        if (form == EXPORT_EXPLICIT) {
            put_member(t, "prompt", p->prompt);
            put_member(t, "chosen", p->chosen);
            put_member(t, "rejected", p->rejected);
        } else {
            put_dialogue(t, "chosen", p->prompt, p->chosen);
            put_dialogue(t, "rejected", p->prompt, p->rejected);
        }
        rc = put_line(t, to, err);
        *rows += 1;
    }
    store_preferences_free(&list);
    return rc;
}

static void put_label(Text *t, sqlite3_stmt *stmt)
{
    static const struct {
        const char *name;
        bool number;
    } COLUMN[] = {{"id", true},
                  {"comparison", true},
                  {"annotator", false},
                  {"kind", false},
                  {"op", false},
                  {"outcome", false},
                  {"pref", true},
                  {"supersedes", true},
                  {"swapped", true},
                  {"shown_us", true},
                  {"submitted_us", true},
                  {"active_ms", true},
                  {"layout", false},
                  {"comment", false},
                  {"reasons", false},
                  {"confidence", true},
                  {"first_input_us", true},
                  {"role", false},
                  {"campaign", false},
                  {"split", false},
                  {"prompt", false},
                  {"a", false},
                  {"b", false}};
    for (int i = 0; i < (int)(sizeof COLUMN / sizeof *COLUMN); i++) {
        if (COLUMN[i].number && sqlite3_column_type(stmt, i) != SQLITE_NULL)
            put_number(t, COLUMN[i].name, sqlite3_column_int64(stmt, i));
        else put_member(t, COLUMN[i].name, (const char *)sqlite3_column_text(stmt, i));
    }
}

/* A page of rows with their id first, as lines; the query takes the last id, the split and how many. */
static int read_page(Store *s, const char *sql, void (*put)(Text *t, sqlite3_stmt *stmt),
                     Split split, int64_t *last, int64_t *n, Text *lines, Error *err)
{
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, sql, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, *last);
    sql_bind_split(stmt, 2, split);
    sqlite3_bind_int(stmt, 3, PAGE_ROWS);
    Text t = {0};
    int found;
    *n = 0;
    while ((found = sql_step(s, stmt, "export", err)) == 1) {
        text_clear(&t);
        text_add(&t, "{");
        put(&t, stmt);
        text_add(&t, "}\n");
        text_append(lines, t.bytes, t.n);
        *last = sqlite3_column_int64(stmt, 0);
        *n += 1;
    }
    text_free(&t);
    return found;
}

static int label_page(Store *s, Split split, int64_t *last, int64_t *n, Text *lines, Error *err)
{
    static const char SQL[] =
        "SELECT l.id, x.comparison_id, n.handle, n.kind, l.op, l.outcome, l.pref, l.supersedes, "
        "x.swapped,"
        " l.shown_us, l.submitted_us, l.active_ms, l.layout, l.comment, l.reasons, l.confidence, "
        "l.first_input_us, x.role, g.name, p.split, pc.body, ac.body, bc.body"
        " FROM label l JOIN assignment x ON x.id=l.assignment_id JOIN annotator n ON "
        "n.id=x.annotator_id"
        " JOIN comparison c ON c.id=x.comparison_id JOIN campaign g ON g.id=c.campaign_id"
        " JOIN prompt p ON p.id=c.prompt_id JOIN content pc ON pc.id=p.content_id"
        " JOIN response a ON a.id=c.a_id JOIN content ac ON ac.id=a.content_id"
        " JOIN response b ON b.id=c.b_id JOIN content bc ON bc.id=b.content_id"
        " WHERE l.id>?1 AND (?2 IS NULL OR p.split=?2) ORDER BY l.id LIMIT ?3";
    return read_page(s, SQL, put_label, split, last, n, lines, err);
}

/* An answer is written with the settings that it was drawn with, so the line holds their JSON as it is. */
static void put_response(Text *t, sqlite3_stmt *stmt)
{
    put_number(t, "id", sqlite3_column_int64(stmt, 0));
    put_member(t, "prompt", (const char *)sqlite3_column_text(stmt, 1));
    put_member(t, "response", (const char *)sqlite3_column_text(stmt, 2));
    put_member(t, "split", (const char *)sqlite3_column_text(stmt, 3));
    put_member(t, "source", (const char *)sqlite3_column_text(stmt, 4));
    put_member(t, "model", (const char *)sqlite3_column_text(stmt, 5));
    put_member(t, "weights", (const char *)sqlite3_column_text(stmt, 6));
    put_member(t, "finish", (const char *)sqlite3_column_text(stmt, 7));
    text_add(t, ", \"logprob\": ");
    json_put_number(
        t, sqlite3_column_type(stmt, 8) == SQLITE_NULL ? NAN : sqlite3_column_double(stmt, 8));
    text_format(t, ", \"seed\": %llu", (unsigned long long)sqlite3_column_int64(stmt, 9));
    put_number(t, "sample_no", sqlite3_column_int64(stmt, 10));
    const char *sampling = (const char *)sqlite3_column_text(stmt, 11);
    text_format(t, ", \"sampling\": %s", sampling ? sampling : "null");
}

static int response_page(Store *s, Split split, int64_t *last, int64_t *n, Text *lines, Error *err)
{
    static const char SQL[] =
        "SELECT r.id, pc.body, rc.body, p.split, p.source, m.name, lower(hex(m.weights_sha256)),"
        " r.finish, r.sum_logprob, r.seed, r.sample_no, g.params_json"
        " FROM response r JOIN prompt p ON p.id=r.prompt_id JOIN content pc ON pc.id=p.content_id"
        " JOIN content rc ON rc.id=r.content_id JOIN model m ON m.id=r.model_id"
        " LEFT JOIN sampling g ON g.id=r.sampling_id"
        " WHERE r.id>?1 AND (?2 IS NULL OR p.split=?2) ORDER BY r.id LIMIT ?3";
    return read_page(s, SQL, put_response, split, last, n, lines, err);
}

/* TRL's unpaired preferences, and who judged what of whom. */
static void put_judgement(Text *t, sqlite3_stmt *stmt)
{
    put_member(t, "prompt", (const char *)sqlite3_column_text(stmt, 1));
    put_member(t, "completion", (const char *)sqlite3_column_text(stmt, 2));
    text_format(t, ", \"label\": %s", sqlite3_column_int(stmt, 3) ? "true" : "false");
    put_member(t, "annotator", (const char *)sqlite3_column_text(stmt, 4));
    put_member(t, "model", (const char *)sqlite3_column_text(stmt, 5));
    put_member(t, "split", (const char *)sqlite3_column_text(stmt, 6));
    put_number(t, "submitted_us", sqlite3_column_int64(stmt, 7));
}

static int judgement_page(Store *s, Split split, int64_t *last, int64_t *n, Text *lines, Error *err)
{
    static const char SQL[] =
        "SELECT j.id, pc.body, rc.body, j.good, n.handle, m.name, p.split, j.submitted_us"
        " FROM judgement_current j JOIN response r ON r.id=j.response_id"
        " JOIN prompt p ON p.id=r.prompt_id JOIN content pc ON pc.id=p.content_id"
        " JOIN content rc ON rc.id=r.content_id JOIN model m ON m.id=r.model_id"
        " JOIN annotator n ON n.id=j.annotator_id"
        " WHERE j.id>?1 AND (?2 IS NULL OR p.split=?2) ORDER BY j.id LIMIT ?3";
    return read_page(s, SQL, put_judgement, split, last, n, lines, err);
}

static void put_class(Text *t, sqlite3_stmt *stmt)
{
    put_member(t, "text", (const char *)sqlite3_column_text(stmt, 1));
    put_member(t, "label", (const char *)sqlite3_column_text(stmt, 2));
}

static int class_page(Store *s, Split split, int64_t *last, int64_t *n, Text *lines, Error *err)
{
    static const char SQL[] =
        "SELECT t.id, c.body, t.class FROM text_class t JOIN content c ON c.id=t.content_id"
        " WHERE t.id>?1 AND (?2 IS NULL OR t.split=?2)"
        " AND t.content_id NOT IN (SELECT content_id FROM redaction) ORDER BY t.id LIMIT ?3";
    return read_page(s, SQL, put_class, split, last, n, lines, err);
}

typedef int Page(Store *s, Split split, int64_t *last, int64_t *n, Text *lines, Error *err);

/* A page is copied out before it is written: a slow pipe must not hold the lock. */
static int export_pages(Store *s, Page *page, Split split, FILE *to, int64_t *rows, Error *err)
{
    int64_t last = 0, n = 1;
    int rc = 0;
    while (rc == 0 && n > 0) {
        Text lines = {0};
        rc = page(s, split, &last, &n, &lines, err);
        if (rc == 0 && lines.n > 0 && fwrite(lines.bytes, 1, lines.n, to) != lines.n)
            rc = error_set(err, "export: cannot write: %s", strerror(errno));
        *rows += n;
        text_free(&lines);
    }
    return rc;
}

int store_export(Store *s, DataKind kind, ExportForm form, Split split, FILE *to, int64_t *rows,
                 Error *err)
{
    Text t = {0};
    int64_t n = 0;
    int rc = -1;
    text_add(&t, "{");
    switch (kind) {
    case DATA_PROMPTS: rc = export_prompts(s, split, to, &n, &t, err); break;
    case DATA_DEMONSTRATIONS: rc = export_demonstrations(s, split, to, &n, &t, err); break;
    case DATA_PREFERENCES: rc = export_preferences(s, form, split, to, &n, &t, err); break;
    case DATA_LABELS: rc = export_pages(s, label_page, split, to, &n, err); break;
    case DATA_RESPONSES: rc = export_pages(s, response_page, split, to, &n, err); break;
    case DATA_JUDGEMENTS: rc = export_pages(s, judgement_page, split, to, &n, err); break;
    case DATA_CLASSES: rc = export_pages(s, class_page, split, to, &n, err); break;
    case DATA_AUTO:
        error_usage(err, "export what? prompts, demonstrations, preferences, judgements, classes, "
                         "labels or responses");
        break;
    }
    text_free(&t);
    if (rc == 0 && fflush(to) != 0)
        rc = error_set(err, "export: cannot write: %s", strerror(errno));
    if (rc == 0 && rows) *rows = n;
    return rc;
}
