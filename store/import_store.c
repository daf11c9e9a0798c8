/* Rows of data sets into tables. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/import.h"
#include "store/layout.h"

enum { CONTRADICTS = 1, NOTHING = -9 };

/* Answers that came with data sets belong to no model of ours, labels to none of our people. */
static int begin_verdicts(ImportTarget *to, Error *err)
{
    StoreModel model = {.name = "import", .role = "external"};
    StoreSession session = {.ui = "import"};
    ImportRows *rows = &to->rows;
    if (rows->session_id != 0) return 0;
    char *handle = mem_format("import:%s", rows->source);
    int rc = store_insert_model(to->store, &model, err);
    if (rc == 0)
        rc =
            store_insert_annotator(to->store, handle, ANNOTATOR_IMPORT, &session.annotator_id, err);
    if (rc == 0) rc = store_insert_session(to->store, &session, &rows->session_id, err);
    rows->model_id = model.id;
    rows->annotator_id = session.annotator_id;
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

/* ---- answers and pairs ------------------------------------------------------------------------------ */

/* An answer is surely new when its text is, and is no other prompt's of this batch; or when it was given to this
 * prompt in this batch, it surely is there. */
static int add_answer(ImportTarget *to, const ImportText *prompt, ImportText *text, bool *is_new,
                      Error *err)
{
    *is_new = text->added && text->response_id == 0;
    if (text->response_id != 0 && text->answers == prompt->prompt_id) return 0;
    if (*is_new) {
        AnswerRow row = {.prompt_id = prompt->prompt_id, .content_id = text->id};
        if (import_rows_answer(&to->rows, &row, err) != 0) return -1;
        text->response_id = row.id;
    } else {
        StoreAdded added = {0};
        StoreResponse r = {.prompt_id = prompt->prompt_id,
                           .model_id = to->rows.model_id,
                           .text = text->body,
                           .sum_logprob = NAN};
        if (import_rows_flush(&to->rows, err) != 0) return -1;
        if (response_put(to->store, &r, text->id, &added, err) != 0) return -1;
        text->response_id = r.id;
        *is_new = added.added > 0;
    }
    text->answers = prompt->prompt_id;
    return 0;
}

/* The pair of both, of which [0] is the chosen one, and whether it is new.  The answer with the smaller hash goes in
 * first, so that "a" says nothing about being chosen. */
static int add_pair(ImportTarget *to, const ImportText *prompt, ImportText *const answer[2],
                    PairRow *pair, bool *is_new, Error *err)
{
    const int first = memcmp(answer[0]->hash, answer[1]->hash, HASH_BYTES) < 0 ? 0 : 1;
    bool new_answer[2] = {false};
    for (int i = 0; i < 2; i++)
        if (add_answer(to, prompt, answer[i == 0 ? first : 1 - first], &new_answer[i], err) != 0)
            return -1;
    const int64_t x = answer[0]->response_id, y = answer[1]->response_id;
    *pair = (PairRow){.prompt_id = prompt->prompt_id, .a_id = x < y ? x : y, .b_id = x < y ? y : x};
    *is_new = new_answer[0] || new_answer[1];
    if (*is_new) return import_rows_pair(&to->rows, pair, err);
    StoreComparison c = {
        .prompt_id = pair->prompt_id, .a_id = pair->a_id, .b_id = pair->b_id, .origin = "import"};
    if (import_rows_flush(&to->rows, err) != 0) return -1;
    if (comparison_put(to->store, &c, is_new, err) != 0) return -1;
    pair->id = c.id;
    return 0;
}

/* What a project exported comes back to its own pair, whose answers are of its models; pair->id is 0 when there is none.
 * Only texts that were there before this batch can be such answers, so that new rows are not looked for. */
static int find_pair(ImportTarget *to, const ImportText *prompt, ImportText *const answer[2],
                     PairRow *pair, int64_t *chosen, Error *err)
{
    const int64_t content[] = {answer[0]->id, answer[1]->id};
    *pair = (PairRow){.prompt_id = prompt->prompt_id};
    if (prompt->added || answer[0]->added || answer[1]->added) return 0;
    if (comparison_find_texts(to->store, prompt->prompt_id, content, to->rows.model_id, &pair->id,
                              &pair->a_id, &pair->b_id, err) != 0)
        return -1;
    *chosen = pair->a_id;
    if (pair->a_id > pair->b_id) {
        pair->a_id = pair->b_id;
        pair->b_id = *chosen;
    }
    return pair->id ? import_rows_flush(&to->rows, err)
                    : 0; /* others add to the tables of labels */
}

/* The data set's word for why, where it has one. */
static void put_margin(char out[32], double margin)
{
    if (isnan(margin)) *out = 0;
    else snprintf(out, 32, "margin %g", margin);
}

static int add_label(ImportTarget *to, const PairRow *pair, const ImportItem *item, int sign,
                     const ImportText *prompt, ImportText *const answer[2], Error *err)
{
    const int a = pair->a_id == answer[0]->response_id ? 0 : 1;
    const unsigned char *const hash[] = {prompt->hash, answer[a]->hash, answer[1 - a]->hash};
    char margin[32];
    put_margin(margin, item->margin);
    return import_rows_label(&to->rows, pair->id, item->outcome, sign, hash, margin, err);
}

static int add_preference(ImportTarget *to, const ImportText *prompt, const ImportItem *item,
                          bool *added, Error *err)
{
    ImportText *const answer[] = {import_texts_at(to->texts, item->chosen_text),
                                  import_texts_at(to->texts, item->rejected_text)};
    PairRow pair;
    int64_t there = NOTHING, chosen = 0;
    bool is_new = false;
    if (begin_verdicts(to, err) != 0) return -1;
    if (find_pair(to, prompt, answer, &pair, &chosen, err) != 0) return -1;
    const bool own = pair.id != 0;
    if (!own) {
        if (add_pair(to, prompt, answer, &pair, &is_new, err) != 0) return -1;
        chosen = answer[0]->response_id;
    }
    const int sign = item->outcome != OUTCOME_PREF ? 0 : pair.a_id == chosen ? -1 : 1;
    if (!is_new && imported_preference(to->store, pair.id, &there, err) != 0) return -1;
    if (there != NOTHING && (there > 0) - (there < 0) != sign) {
        error_set(err, sign ? "the same pair is there with the other answer preferred, or as a tie"
                            : "the same pair is there with one answer preferred");
        return CONTRADICTS;
    }
    to->result->comparisons += is_new;
    *added = there == NOTHING;
    to->result->own_pairs += own && *added;
    if (!*added) return 0;
    if (is_new) return add_label(to, &pair, item, sign, prompt, answer, err);
    StoreAdded counted = {0};
    char margin[32];
    put_margin(margin, item->margin);
    const StoreVerdict verdict = {.comparison_id = pair.id,
                                  .outcome = item->outcome,
                                  .preferred = sign,
                                  .comment = *margin ? margin : NULL};
    return store_insert_verdict(to->store, to->rows.session_id, &verdict, &counted, err);
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

static int add_judgement(ImportTarget *to, const ImportText *prompt, const ImportItem *item,
                         bool *added, Error *err)
{
    ImportText *answer = import_texts_at(to->texts, item->chosen_text);
    int64_t there = NOTHING, id = 0;
    bool is_new = false;
    if (begin_verdicts(to, err) != 0) return -1;
    if (add_answer(to, prompt, answer, &is_new, err) != 0) return -1;
    if (!is_new && imported_judgement(to->store, answer->response_id, &there, err) != 0) return -1;
    if (there != NOTHING && there != item->good) {
        error_set(err, "the same answer is there with the other label");
        return CONTRADICTS;
    }
    *added = there == NOTHING;
    if (!*added) return 0;
    StoreJudgement judgement = {
        .session_id = to->rows.session_id, .response_id = answer->response_id, .good = item->good};
    store_make_uuid(judgement.uuid);
    to->result->judgements++;
    if (import_rows_flush(&to->rows, err) != 0) return -1; /* it is of what is there */
    return store_insert_judgement(to->store, &judgement, &id, err);
}

static int add_demonstration(ImportTarget *to, const ImportText *prompt, const ImportItem *item,
                             bool *added, Error *err)
{
    StoreDemonstration d = {.prompt_id = prompt->prompt_id, .source = to->rows.source};
    StoreAdded counted = {0};
    const int64_t content_id = import_texts_at(to->texts, item->chosen_text)->id;
    if (demonstration_put(to->store, &d, content_id, &counted, err) != 0) return -1;
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

/* ---- texts with classes ------------------------------------------------------------------------------- */

static int add_class_text(ImportTarget *to, const ImportItem *item, Split *split, bool *added,
                          Error *err)
{
    StoreAdded counted = {0};
    char *there = NULL;
    StoreClassText text = {.text = item->prompt,
                           .class_name = item->chosen,
                           .source = to->rows.source,
                           .split = *split};
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

/* ---- prompts, and what is said of them ---------------------------------------------------------------- */

static int new_prompt(ImportTarget *to, StorePrompt *prompt, const ImportText *text, int64_t family,
                      StoreAdded *added, Error *err)
{
    const Split waits = import_rows_split(&to->rows, family);
    if (prompt_place(to->store, prompt, family, waits, added, err) != 0) return -1;
    PromptRow row = {.content_id = text->id, .family = family, .split = prompt->split};
    if (import_rows_prompt(&to->rows, &row, err) != 0) return -1;
    prompt->id = row.id;
    added->added++;
    return prompt_insert_conversation(to->store, prompt, err);
}

/* text->prompt_id and its split, which is a wish when the prompt is new. */
static int add_prompt(ImportTarget *to, ImportText *text, const char *template, int64_t family,
                      Split wish, StoreAdded *added, Error *err)
{
    StorePrompt prompt = {.split = wish, .template = template};
    if (text->prompt_id != 0) return 0;
    if (!text->added && prompt_find(to->store, text->id, &prompt, err) != 0) return -1;
    if (prompt.id == 0 && new_prompt(to, &prompt, text, family, added, err) != 0) return -1;
    text->prompt_id = prompt.id;
    text->split = prompt.split;
    return 0;
}

/* One transaction or part of one.  *split is that of the row's first prompt, and the wish for the others: the turns
 * of a conversation stay together unless near-duplicates of them are elsewhere. */
static int add_item(ImportTarget *to, const ImportRow *row, const ImportItem *item, Split *split,
                    bool *added, Error *err)
{
    StoreAdded counted = {0};
    if (item->kind == DATA_CLASSES) return add_class_text(to, item, split, added, err);
    ImportText *prompt = import_texts_at(to->texts, item->prompt_text);
    const char *template = item->turns ? row->template : NULL;
    if (add_prompt(to, prompt, template, item->family, *split, &counted, err) != 0) return -1;
    to->result->prompts += counted.added;
    if (item == row->item) to->result->moved += counted.moved;
    *split = prompt->split;
    switch (item->kind) {
    case DATA_PREFERENCES: return add_preference(to, prompt, item, added, err);
    case DATA_DEMONSTRATIONS: return add_demonstration(to, prompt, item, added, err);
    case DATA_JUDGEMENTS: return add_judgement(to, prompt, item, added, err);
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
