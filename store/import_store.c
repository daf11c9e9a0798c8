/* Rows of data sets into tables. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/import.h"
#include "store/layout.h"
#include "store/sql.h"

enum { CONTRADICTS = 1, NOTHING = -9 };

/* Answers that came with data sets belong to no model of ours, labels to none of our people. */
static int begin_verdicts(ImportTarget *to, Error *err)
{
    StoreModel model = {.name = "import", .role = "external"};
    StoreSession session = {.ui = "import"};
    if (to->session_id != 0) return 0;
    char *handle = mem_format("import:%s", to->source);
    int rc = store_insert_model(to->store, &model, err);
    if (rc == 0)
        rc =
            store_insert_annotator(to->store, handle, ANNOTATOR_IMPORT, &session.annotator_id, err);
    if (rc == 0) rc = store_insert_session(to->store, &session, &to->session_id, err);
    to->model_id = model.id;
    to->annotator_id = session.annotator_id;
    free(handle);
    return rc;
}

/* The preference that a data set gave for this pair, 0 for a tie; NOTHING when none has. */
static int imported_preference(Store *s, int64_t comparison_id, int64_t *out, Error *err)
{
    static const char SQL[] =
        "SELECT ifnull(max(l.pref),-9) FROM label_current l JOIN annotator n ON n.id=l.annotator_id"
        " JOIN assignment x ON x.id=l.assignment_id"
        " WHERE x.comparison_id=?1 AND n.kind='import'";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, comparison_id);
    return sql_one(s, stmt, out, "find an imported label", err);
}

/* Both answers with their texts: [0] is the chosen one. */
typedef struct {
    int64_t id[2];
    Content content[2];
} Answers;

/* The answer with the smaller hash goes in first, so that "a" says nothing about being chosen. */
static int add_answers(ImportTarget *to, int64_t prompt_id, const ImportItem *item, Answers *out,
                       Error *err)
{
    content_hash(out->content[0].hash, item->chosen);
    content_hash(out->content[1].hash, item->rejected);
    const bool chosen_first = memcmp(out->content[0].hash, out->content[1].hash, HASH_BYTES) < 0;
    StoreAdded added = {0};
    for (int i = 0; i < 2; i++) {
        const int at = chosen_first ? i : 1 - i;
        StoreResponse r = {.prompt_id = prompt_id,
                           .model_id = to->model_id,
                           .text = at == 0 ? item->chosen : item->rejected,
                           .sum_logprob = NAN};
        if (response_put(to->store, &r, &out->content[at], &added, err) != 0) return -1;
        out->id[at] = r.id;
    }
    return 0;
}

/* The data set's word for why, where it has one. */
static void put_margin(char out[32], double margin)
{
    if (isnan(margin)) *out = 0;
    else snprintf(out, 32, "margin %g", margin);
}

/* ---- labels that wait -------------------------------------------------------------------------------- */

/* Pairs that nobody has labeled get their labels many at a time. */
struct ImportLabels {
    int64_t comparison_id[SQL_ROWS];
    LabelRow row[SQL_ROWS];
    LabelShown shown[SQL_ROWS];
    unsigned char hash[SQL_ROWS][3][HASH_BYTES]; /* of prompt, a, b */
    char margin[SQL_ROWS][32];
    int n;
};

int import_flush(ImportTarget *to, Error *err)
{
    ImportLabels *l = to->labels;
    int64_t first = 0;
    if (!l || l->n == 0) return 0;
    if (store_insert_done(to->store, l->comparison_id, l->n, to->annotator_id, to->session_id,
                          &first, err) != 0)
        return -1;
    for (int i = 0; i < l->n; i++) l->row[i].assignment_id = first + i;
    if (label_append_rows(to->store, l->row, l->shown, l->n, err) != 0) return -1;
    l->n = 0;
    return 0;
}

static int add_label(ImportTarget *to, const StoreComparison *c, const ImportItem *item, int sign,
                     const Content *prompt, const Answers *answers, Error *err)
{
    const int a = c->a_id == answers->id[0] ? 0 : 1;
    if (!to->labels) to->labels = mem_calloc(1, sizeof *to->labels);
    ImportLabels *l = to->labels;
    const int n = l->n++;
    unsigned char(*hash)[HASH_BYTES] = l->hash[n];
    put_margin(l->margin[n], item->margin);
    memcpy(hash[0], prompt->hash, HASH_BYTES);
    memcpy(hash[1], answers->content[a].hash, HASH_BYTES);
    memcpy(hash[2], answers->content[1 - a].hash, HASH_BYTES);
    l->comparison_id[n] = c->id;
    l->shown[n] = (LabelShown){.comparison_id = c->id,
                               .annotator_id = to->annotator_id,
                               .swapped = store_is_swapped(to->store, c->id, to->annotator_id),
                               .role = "annotator",
                               .prompt = hash[0],
                               .a = hash[1],
                               .b = hash[2]};
    l->row[n] = (LabelRow){.session_id = to->session_id,
                           .outcome = item->outcome,
                           .preferred = sign,
                           .comment = *l->margin[n] ? l->margin[n] : NULL};
    l->row[n].shown_us = l->row[n].submitted_us = store_time_us();
    store_make_uuid(l->row[n].uuid);
    return l->n == SQL_ROWS ? import_flush(to, err) : 0;
}

static int add_preference(ImportTarget *to, int64_t prompt_id, const Content *prompt,
                          const ImportItem *item, bool *added, Error *err)
{
    Answers answers = {0};
    int64_t there = NOTHING;
    bool is_new = false;
    if (begin_verdicts(to, err) != 0) return -1;
    if (add_answers(to, prompt_id, item, &answers, err) != 0) return -1;
    StoreComparison c = {
        .prompt_id = prompt_id, .a_id = answers.id[0], .b_id = answers.id[1], .origin = "import"};
    if (comparison_put(to->store, &c, &is_new, err) != 0) return -1;
    const int sign = item->outcome != OUTCOME_PREF ? 0 : c.a_id == answers.id[0] ? -1 : 1;
    if (!is_new && import_flush(to, err) != 0) return -1; /* its label may still wait */
    if (!is_new && imported_preference(to->store, c.id, &there, err) != 0) return -1;
    if (there != NOTHING && (there > 0) - (there < 0) != sign) {
        error_set(err, sign ? "the same pair is there with the other answer preferred, or as a tie"
                            : "the same pair is there with one answer preferred");
        return CONTRADICTS;
    }
    to->result->comparisons += is_new;
    *added = there == NOTHING;
    if (!*added) return 0;
    if (is_new) return add_label(to, &c, item, sign, prompt, &answers, err);
    StoreAdded counted = {0};
    const StoreVerdict verdict = {
        .comparison_id = c.id, .outcome = item->outcome, .preferred = sign};
    return store_insert_verdict(to->store, to->session_id, &verdict, &counted, err);
}

/* The judgement that a data set gave for this answer: 0 or 1, or NOTHING when none has. */
static int imported_judgement(Store *s, int64_t response_id, int64_t *out, Error *err)
{
    static const char SQL[] =
        "SELECT ifnull(max(j.good),-9) FROM judgement_current j"
        " JOIN annotator n ON n.id=j.annotator_id WHERE j.response_id=?1 AND n.kind='import'";
    sqlite3_stmt *stmt = NULL;
    if (sql_get(s, &stmt, SQL, err) != 0) return -1;
    sqlite3_bind_int64(stmt, 1, response_id);
    return sql_one(s, stmt, out, "find an imported judgement", err);
}

static int add_judgement(ImportTarget *to, int64_t prompt_id, const ImportItem *item, bool *added,
                         Error *err)
{
    StoreAdded of_answer = {0};
    int64_t there = NOTHING, id = 0;
    if (begin_verdicts(to, err) != 0) return -1;
    StoreResponse r = {
        .prompt_id = prompt_id, .model_id = to->model_id, .text = item->chosen, .sum_logprob = NAN};
    if (store_insert_response(to->store, &r, &of_answer, err) != 0) return -1;
    if (of_answer.duplicate && imported_judgement(to->store, r.id, &there, err) != 0) return -1;
    if (there != NOTHING && there != item->good) {
        error_set(err, "the same answer is there with the other label");
        return CONTRADICTS;
    }
    *added = there == NOTHING;
    if (!*added) return 0;
    StoreJudgement judgement = {
        .session_id = to->session_id, .response_id = r.id, .good = item->good};
    store_make_uuid(judgement.uuid);
    to->result->judgements++;
    return store_insert_judgement(to->store, &judgement, &id, err);
}

static int add_demonstration(ImportTarget *to, const StorePrompt *prompt, const ImportItem *item,
                             bool *added, Error *err)
{
    StoreDemonstration d = {.prompt = prompt->text,
                            .response = item->chosen,
                            .source = to->source,
                            .split = prompt->split};
    StoreAdded counted = {0};
    if (store_insert_demonstration(to->store, &d, &counted, err) != 0) return -1;
    to->result->demonstrations += counted.added;
    *added = counted.added > 0;
    return 0;
}

static void keep_sample(ImportResult *r, const ImportRow *row)
{
    if (r->n_samples == IMPORT_SAMPLES) return;
    const ImportItem *item = &row->item[0];
    r->sample[r->n_samples++] =
        (ImportSample){.layout = row->layout->name,
                       .about = row->layout->about,
                       .kind = item->kind,
                       .prompt = mem_strdup(item->prompt),
                       .chosen = item->chosen ? mem_strdup(item->chosen) : NULL,
                       .rejected = item->rejected ? mem_strdup(item->rejected) : NULL,
                       .outcome = item->outcome,
                       .good = item->good,
                       .line = row->line};
}

static int add_class_text(ImportTarget *to, const ImportItem *item, Split *split, bool *added,
                          Error *err)
{
    StoreAdded counted = {0};
    char *there = NULL;
    StoreClassText text = {
        .text = item->prompt, .class_name = item->chosen, .source = to->source, .split = *split};
    if (store_insert_class_text(to->store, &text, &counted, err) != 0) return -1;
    to->result->class_texts += counted.added;
    to->result->moved += counted.moved;
    *split = text.split;
    *added = counted.added > 0;
    if (!counted.refused) return 0;
    if (class_text_class(to->store, text.id, &there, err) != 0) return -1;
    error_set(err, "the same text is there with the class \"%.60s\"", there);
    free(there);
    return CONTRADICTS;
}

/* One transaction or part of one.  *split is that of the row's first prompt, and the wish for the others: the turns
 * of a conversation stay together unless near-duplicates of them are elsewhere. */
static int add_item(ImportTarget *to, const ImportRow *row, const ImportItem *item, Split *split,
                    bool *added, Error *err)
{
    StoreAdded counted = {0};
    StorePrompt prompt = {.text = item->prompt,
                          .words = item->words,
                          .source = to->source,
                          .split = *split,
                          .template = item->turns ? row->template : NULL};
    Content content;
    if (item->kind == DATA_CLASSES) return add_class_text(to, item, split, added, err);
    if (prompt_put(to->store, &prompt, &content, &counted, err) != 0) return -1;
    to->result->prompts += counted.added;
    if (item == row->item) to->result->moved += counted.moved;
    *split = prompt.split;
    switch (item->kind) {
    case DATA_PREFERENCES: return add_preference(to, prompt.id, &content, item, added, err);
    case DATA_DEMONSTRATIONS: return add_demonstration(to, &prompt, item, added, err);
    case DATA_JUDGEMENTS: return add_judgement(to, prompt.id, item, added, err);
    default: *added = counted.added > 0; return 0;
    }
}

int import_store(ImportTarget *to, const ImportRow *row, Error *err)
{
    ImportResult *r = to->result;
    Split split = to->options->split, first = split;
    bool any = false;
    int rc = 0;
    for (int i = 0; i < row->n; i++) {
        bool added = false;
        const int one = add_item(to, row, &row->item[i], &split, &added, err);
        if (one < 0) return -1;
        if (one == CONTRADICTS) rc = one;
        if (i == 0) first = split;
        any = any || added;
    }
    if (rc == CONTRADICTS) return rc;
    if (any) {
        r->taken++;
        r->by_split[first]++;
        r->as_is += import_could_be_turn(row, row->item);
        keep_sample(r, row);
    } else {
        r->duplicate++;
        if (to->options->split != SPLIT_ANY && to->options->split != first) r->stays[first]++;
    }
    return 0;
}
