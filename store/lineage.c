/* Everything on record of one thing: for people who ask where a number comes from. */
#include "store/lineage.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/sql.h"

static void copy_hex(char out[STORE_HASH], sqlite3_stmt *stmt, int column)
{
    static const char DIGITS[] = "0123456789abcdef";
    const unsigned char *bytes = sqlite3_column_blob(stmt, column);
    out[0] = 0;
    if (!bytes || sqlite3_column_bytes(stmt, column) != HASH_BYTES) return;
    for (int i = 0; i < HASH_BYTES; i++) {
        out[2 * i] = DIGITS[bytes[i] >> 4];
        out[2 * i + 1] = DIGITS[bytes[i] & 15];
    }
    out[2 * HASH_BYTES] = 0;
}

static int number_or(sqlite3_stmt *stmt, int column, int none)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? none
                                                            : sqlite3_column_int(stmt, column);
}

/* ---- labels ---------------------------------------------------------------------------------------- */

static void read_label(StoreLabelRecord *r, sqlite3_stmt *stmt)
{
    *r = (StoreLabelRecord){.id = sqlite3_column_int64(stmt, 0),
                            .comparison_id = sqlite3_column_int64(stmt, 1),
                            .supersedes = sqlite3_column_int64(stmt, 2),
                            .superseded_by = sqlite3_column_int64(stmt, 3),
                            .retract = sqlite3_column_int(stmt, 4) != 0,
                            .outcome = sql_outcome(stmt, 5),
                            .preferred = sqlite3_column_int(stmt, 6),
                            .swapped = sqlite3_column_int(stmt, 7) != 0,
                            .shown_us = sqlite3_column_int64(stmt, 8),
                            .first_input_us = sqlite3_column_int64(stmt, 9),
                            .submitted_us = sqlite3_column_int64(stmt, 10),
                            .active_ms = sqlite3_column_int64(stmt, 11),
                            .layout = sql_copy_text(stmt, 12),
                            .comment = sql_copy_text(stmt, 13),
                            .reasons = sql_copy_text(stmt, 14),
                            .confidence = sqlite3_column_int(stmt, 15),
                            .seen_a = number_or(stmt, 16, -1),
                            .seen_b = number_or(stmt, 17, -1),
                            .annotator = sql_copy_text(stmt, 18),
                            .kind = sql_kind(stmt, 19),
                            .reviewer = sqlite3_column_int(stmt, 20) != 0,
                            .guidelines_version = sqlite3_column_int(stmt, 21),
                            .session_id = sqlite3_column_int64(stmt, 22),
                            .ui = sql_copy_text(stmt, 23),
                            .version = sql_copy_text(stmt, 24),
                            .terminal = sql_copy_text(stmt, 25),
                            .columns = sqlite3_column_int(stmt, 26),
                            .rows = sqlite3_column_int(stmt, 27)};
    r->stands = !r->retract && r->superseded_by == 0;
    copy_hex(r->hash, stmt, 28);
    copy_hex(r->previous, stmt, 29);
}

int store_list_label_records(Store *s, int64_t label_id, int64_t comparison_id,
                             StoreLabelRecordList *out, Error *err)
{
    /* The + keeps to the index of assignments by comparison, or to the one label. */
    static const char SQL[] =
        "SELECT l.id, x.comparison_id, l.supersedes, n.id, l.op='retract', l.outcome, l.pref,"
        " x.swapped, l.shown_us, l.first_input_us, l.submitted_us, l.active_ms, l.layout,"
        " l.comment, l.reasons, l.confidence, l.seen_a, l.seen_b, p.handle, p.kind,"
        " x.role='reviewer', g.version, e.id, e.ui, e.version, e.terminal, e.columns, e.lines,"
        " l.row_hash, l.prev_hash FROM label l JOIN assignment x ON x.id=l.assignment_id"
        " JOIN annotator p ON p.id=x.annotator_id JOIN session e ON e.id=l.session_id"
        " LEFT JOIN guideline g ON g.id=x.guideline_id LEFT JOIN label n ON n.supersedes=l.id"
        " WHERE (?1 IS NULL OR l.id=?1) AND l.assignment_id IN(SELECT y.id FROM assignment y"
        "  WHERE y.comparison_id=ifnull(?2,(SELECT z.comparison_id FROM label k JOIN assignment z"
        "   ON z.id=k.assignment_id WHERE k.id=?1))) ORDER BY l.id";
    StoreLabelRecordList list = {0};
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sql_bind_id(stmt, 1, label_id);
    sql_bind_id(stmt, 2, comparison_id);
    int step;
    while ((step = sql_step(s, stmt, "read labels", err)) == 1) {
        list.row = sql_grow(list.row, list.n, sizeof *list.row);
        read_label(&list.row[list.n++], stmt);
    }
    if (step != 0) {
        store_label_records_free(&list);
        return -1;
    }
    *out = list;
    return 0;
}

void store_label_records_free(StoreLabelRecordList *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->n; i++) {
        StoreLabelRecord *r = &list->row[i];
        free((char *)r->layout);
        free((char *)r->comment);
        free((char *)r->reasons);
        free((char *)r->annotator);
        free((char *)r->ui);
        free((char *)r->version);
        free((char *)r->terminal);
    }
    free(list->row);
    *list = (StoreLabelRecordList){0};
}

static int find_place(Store *s, int64_t label_id, StoreLabelPlace *out, Error *err)
{
    static const char SQL[] = "SELECT count(*), (SELECT count(*) FROM label),"
                              " (SELECT max(id) FROM label WHERE id<?1) FROM label WHERE id<=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, label_id);
    if (sql_step(s, stmt, "find a label's place", err) != 1) return -1;
    *out = (StoreLabelPlace){.place = sqlite3_column_int64(stmt, 0),
                             .of = sqlite3_column_int64(stmt, 1),
                             .before = sqlite3_column_int64(stmt, 2)};
    sql_release(stmt);
    return 0;
}

/* Prompt and answers are what their hashes say, which the label's covers; a redacted one has its hash left. */
static int check_texts(Store *s, int64_t label_id, Error *err)
{
    static const char SQL[] =
        "SELECT t.body, t.sha256 FROM label l JOIN assignment x ON x.id=l.assignment_id"
        " JOIN comparison c ON c.id=x.comparison_id JOIN prompt p ON p.id=c.prompt_id"
        " JOIN response a ON a.id=c.a_id JOIN response b ON b.id=c.b_id"
        " JOIN content t ON t.id IN(p.content_id,a.content_id,b.content_id) WHERE l.id=?1"
        " AND NOT EXISTS(SELECT 1 FROM redaction z WHERE z.content_id=t.id)";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, label_id);
    int step;
    bool right = true;
    while ((step = sql_step(s, stmt, "read what was shown", err)) == 1) {
        unsigned char hash[HASH_BYTES];
        content_hash(hash, (const char *)sqlite3_column_text(stmt, 0));
        right &= sqlite3_column_bytes(stmt, 1) == HASH_BYTES &&
                 memcmp(hash, sqlite3_column_blob(stmt, 1), HASH_BYTES) == 0;
    }
    if (step < 0 || right) return step;
    error_set(err, "%s: a text that label %lld was given to has been changed since", s->path,
              (long long)label_id);
    return error_hint(err, "put a backup in its place, and keep this file");
}

int store_check_label(Store *s, int64_t label_id, StoreLabelPlace *out, Error *err)
{
    if (find_place(s, label_id, out, err) != 0) return -1;
    if (label_verify_near(s, label_id, out->before, err) != 0) return -1;
    return check_texts(s, label_id, err);
}

/* ---- pairs ----------------------------------------------------------------------------------------- */

static void read_answer(StoreAnswerRecord *r, sqlite3_stmt *stmt)
{
    char weights[STORE_HASH];
    copy_hex(weights, stmt, 15);
    *r = (StoreAnswerRecord){.response = {.id = sqlite3_column_int64(stmt, 0),
                                          .prompt_id = sqlite3_column_int64(stmt, 1),
                                          .model_id = sqlite3_column_int64(stmt, 2),
                                          .text = sql_copy_text(stmt, 3),
                                          .n_tokens = sqlite3_column_int(stmt, 4),
                                          .sum_logprob = sqlite3_column_type(stmt, 5) == SQLITE_NULL
                                                             ? NAN
                                                             : sqlite3_column_double(stmt, 5),
                                          .finish = sql_copy_text(stmt, 6),
                                          .seed = (uint64_t)sqlite3_column_int64(stmt, 7),
                                          .sample_no = sqlite3_column_int(stmt, 8),
                                          .sampling_json = sql_copy_text(stmt, 9)},
                             .redacted = sqlite3_column_int(stmt, 10) != 0,
                             .created_us = sqlite3_column_int64(stmt, 11),
                             .model = {.id = sqlite3_column_int64(stmt, 2),
                                       .name = sql_copy_text(stmt, 12),
                                       .role = sql_copy_text(stmt, 13),
                                       .path = sql_copy_text(stmt, 14),
                                       .weights_sha256 = *weights ? mem_strdup(weights) : NULL,
                                       .run = sql_copy_text(stmt, 16),
                                       .step = sqlite3_column_int64(stmt, 17)},
                             .up = sqlite3_column_int64(stmt, 18),
                             .down = sqlite3_column_int64(stmt, 19)};
}

static int get_answer(Store *s, int64_t response_id, StoreAnswerRecord *out, Error *err)
{
#define THUMBS(good) \
    "(SELECT count(*) FROM judgement_current j WHERE j.response_id=r.id AND j.good=" good ")"
    static const char SQL[] =
        "SELECT r.id, r.prompt_id, r.model_id, c.body, r.n_tokens, r.sum_logprob, r.finish,"
        " r.seed, r.sample_no, g.params_json,"
        " EXISTS(SELECT 1 FROM redaction z WHERE z.content_id=c.id), r.created_us,"
        " m.name, m.role, m.path, m.weights_sha256, m.run, m.step," THUMBS("1") "," THUMBS(
            "0") " FROM response r JOIN content c ON c.id=r.content_id JOIN model m ON "
                 "m.id=r.model_id"
                 " LEFT JOIN sampling g ON g.id=r.sampling_id WHERE r.id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, response_id);
    const int found = sql_step(s, stmt, "read an answer", err);
    if (found < 0) return -1;
    if (found == 0)
        return error_set(err, "%s: there is no answer %lld", s->path, (long long)response_id);
    read_answer(out, stmt);
    sql_release(stmt);
    return 0;
}

static int get_pair(Store *s, int64_t comparison_id, int64_t answer[2], StorePairRecord *out,
                    Error *err)
{
    static const char SQL[] =
        "SELECT c.id, c.prompt_id, c.created_us, g.name, c.origin, g.purpose, g.scale, c.a_id,"
        " c.b_id, (SELECT group_concat(n.handle,', ') FROM assignment x JOIN annotator n"
        "  ON n.id=x.annotator_id WHERE x.comparison_id=c.id AND x.state='open'"
        "  AND x.expires_us>=?2)"
        " FROM comparison c JOIN campaign g ON g.id=c.campaign_id WHERE c.id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, comparison_id);
    sqlite3_bind_int64(stmt, 2, store_time_us());
    const int found = sql_step(s, stmt, "read a pair", err);
    if (found < 0) return -1;
    if (found == 0) return error_set(err, "there is no pair %lld here", (long long)comparison_id);
    *out = (StorePairRecord){.id = sqlite3_column_int64(stmt, 0),
                             .prompt_id = sqlite3_column_int64(stmt, 1),
                             .created_us = sqlite3_column_int64(stmt, 2),
                             .campaign = sql_copy_text(stmt, 3),
                             .origin = sql_copy_text(stmt, 4),
                             .scale = sqlite3_column_int(stmt, 6),
                             .held_by = sql_copy_text(stmt, 9)};
    answer[0] = sqlite3_column_int64(stmt, 7);
    answer[1] = sqlite3_column_int64(stmt, 8);
    const int rc = purpose_parse(&out->purpose, (const char *)sqlite3_column_text(stmt, 5), err);
    sql_release(stmt);
    return rc;
}

int store_get_pair_record(Store *s, int64_t comparison_id, StorePairRecord *out, Error *err)
{
    StorePairRecord r = {0};
    int64_t answer[2];
    int rc = get_pair(s, comparison_id, answer, &r, err);
    for (int i = 0; i < 2 && rc == 0; i++) rc = get_answer(s, answer[i], &r.answer[i], err);
    if (rc == 0) *out = r;
    else store_pair_record_free(&r);
    return rc;
}

void store_pair_record_free(StorePairRecord *r)
{
    if (!r) return;
    for (int i = 0; i < 2; i++) {
        StoreAnswerRecord *a = &r->answer[i];
        free((char *)a->response.text);
        free((char *)a->response.finish);
        free((char *)a->response.sampling_json);
        free((char *)a->model.name);
        free((char *)a->model.role);
        free((char *)a->model.path);
        free((char *)a->model.weights_sha256);
        free((char *)a->model.run);
    }
    free((char *)r->campaign);
    free((char *)r->origin);
    free((char *)r->held_by);
    *r = (StorePairRecord){0};
}

/* ---- prompts --------------------------------------------------------------------------------------- */

static int get_prompt(Store *s, int64_t prompt_id, StorePromptRecord *out, Error *err)
{
    static const char SQL[] =
        "SELECT p.id, c.body, p.source, p.split, k.template, c.sha256, p.created_us,"
        " (SELECT count(*) FROM prompt o WHERE o.family=p.family AND o.id<>p.id),"
        " (SELECT count(*) FROM response r WHERE r.prompt_id=p.id),"
        " (SELECT count(*) FROM demonstration d WHERE d.prompt_id=p.id),"
        " z.who, z.why, z.created_us FROM prompt p JOIN content c ON c.id=p.content_id"
        " LEFT JOIN conversation k ON k.prompt_id=p.id"
        " LEFT JOIN redaction z ON z.content_id=c.id WHERE p.id=?1";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, prompt_id);
    const int found = sql_step(s, stmt, "read a prompt", err);
    if (found < 0) return -1;
    if (found == 0) return error_set(err, "there is no prompt %lld here", (long long)prompt_id);
    *out = (StorePromptRecord){.prompt = {.id = sqlite3_column_int64(stmt, 0),
                                          .text = sql_copy_text(stmt, 1),
                                          .source = sql_copy_text(stmt, 2),
                                          .split = sql_split(stmt, 3),
                                          .template = sql_copy_text(stmt, 4)},
                               .created_us = sqlite3_column_int64(stmt, 6),
                               .family = sqlite3_column_int64(stmt, 7),
                               .responses = sqlite3_column_int64(stmt, 8),
                               .demonstrations = sqlite3_column_int64(stmt, 9),
                               .redacted_by = sql_copy_text(stmt, 10),
                               .redacted_why = sql_copy_text(stmt, 11),
                               .redacted_us = sqlite3_column_int64(stmt, 12)};
    copy_hex(out->hash, stmt, 5);
    sql_release(stmt);
    return 0;
}

static int list_pairs(Store *s, StorePromptRecord *r, Error *err)
{
    static const char SQL[] =
        "SELECT c.id, g.name, (SELECT count(*) FROM label l JOIN assignment x ON"
        "  x.id=l.assignment_id WHERE x.comparison_id=c.id),"
        " (SELECT count(*) FROM label_current l WHERE l.comparison_id=c.id)"
        " FROM comparison c JOIN campaign g ON g.id=c.campaign_id WHERE c.prompt_id=?1 ORDER BY "
        "c.id";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, r->prompt.id);
    int step;
    while ((step = sql_step(s, stmt, "list the pairs of a prompt", err)) == 1) {
        r->pair = sql_grow(r->pair, r->n_pairs, sizeof *r->pair);
        r->pair[r->n_pairs++] = (StorePromptPair){.id = sqlite3_column_int64(stmt, 0),
                                                  .campaign = sql_copy_text(stmt, 1),
                                                  .labels = sqlite3_column_int64(stmt, 2),
                                                  .standing = sqlite3_column_int64(stmt, 3)};
    }
    return step;
}

int store_get_prompt_record(Store *s, int64_t prompt_id, StorePromptRecord *out, Error *err)
{
    StorePromptRecord r = {0};
    if (get_prompt(s, prompt_id, &r, err) != 0 || list_pairs(s, &r, err) != 0) {
        store_prompt_record_free(&r);
        return -1;
    }
    *out = r;
    return 0;
}

void store_prompt_record_free(StorePromptRecord *r)
{
    if (!r) return;
    for (size_t i = 0; i < r->n_pairs; i++) free((char *)r->pair[i].campaign);
    free(r->pair);
    free((char *)r->prompt.text);
    free((char *)r->prompt.source);
    free((char *)r->prompt.template);
    free((char *)r->redacted_by);
    free((char *)r->redacted_why);
    *r = (StorePromptRecord){0};
}
