#include "cli/preferences.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "labeling/judge.h"

/* One answer after its prompt; 1 when it exceeds the context and was taken back. */
static int add_sequence(Sequences *s, const Tokenizer *t, const StorePreference *row,
                        const char *response, const int *tokens, int n, Error *err)
{
    if (add_conversation_tokens(s, t, row->prompt, row->template, err) != 0) return -1;
    if (add_response_tokens(s, t, response, row->template, tokens, n, err) != 0) return -1;
    sequences_end(s);
    return 0;
}

static void drop_last_pair(Sequences *s)
{
    s->n -= 2;
    s->tokens = s->start[s->n];
}

/* What the rule would say of its own label. */
static double rule_right(const StorePreference *row)
{
    const char *reason = row->comment ? row->comment : "";
    if (row->tie || strcmp(reason, JUDGE_COIN) == 0) return 0.5;
    return !text_ends(reason, JUDGE_TURNED_ROUND);
}

static void count(PreferenceSet *p, const StorePreference *row)
{
    p->ties += row->tie;
    if (row->kind == ANNOTATOR_HUMAN) {
        p->people++;
        p->decided += !row->tie;
        p->left += row->first;
    }
    if (row->kind == ANNOTATOR_RULE) {
        p->by_rules++;
        p->rules_right += rule_right(row);
    }
}

static void keep_row(PreferenceSet *p, const StorePreference *row)
{
    p->row = mem_realloc(p->row, (size_t)p->n + 1, sizeof *p->row);
    p->row[p->n] =
        (StorePreference){.comparison_id = row->comparison_id,
                          .prompt = mem_strdup(row->prompt),
                          .chosen = mem_strdup(row->chosen),
                          .rejected = mem_strdup(row->rejected),
                          .tie = row->tie,
                          .kind = row->kind,
                          .annotator = row->annotator ? mem_strdup(row->annotator) : NULL};
}

static int add_pair(PreferenceSet *p, const StorePreference *row, const PreferenceReading *reading,
                    const Tokenizer *t, int max_T, Error *err)
{
    Sequences *s = &p->sequences;
    const size_t n = (size_t)p->n + 1;
    if (add_sequence(s, t, row, row->chosen, row->chosen_tokens, row->n_chosen, err) != 0 ||
        add_sequence(s, t, row, row->rejected, row->rejected_tokens, row->n_rejected, err) != 0)
        return -1;
    if (s->start[s->n] - s->start[s->n - 1] > max_T ||
        s->start[s->n - 1] - s->start[s->n - 2] > max_T) {
        drop_last_pair(s);
        p->too_long++;
        return 0;
    }
    p->target = mem_realloc(p->target, n, sizeof *p->target);
    p->weight = mem_realloc(p->weight, n, sizeof *p->weight);
    p->target[p->n] = row->tie ? 0.5 : 1;
    p->weight[p->n] = row->weight;
    if (row->strength > 1) p->weight[p->n] *= 1 + reading->strength_weight * (row->strength - 1);
    if (reading->margin > 0) {
        p->margin = mem_realloc(p->margin, n, sizeof *p->margin);
        p->margin[p->n] = reading->margin * row->strength;
    }
    if (reading->keep) keep_row(p, row);
    p->n++;
    count(p, row);
    return 0;
}

/* What no margin asks for has the hash that it had before there were margins. */
static void hash_all(PreferenceSet *p)
{
    const Sequences *s = &p->sequences;
    const size_t n = (size_t)p->n;
    sha256_parts(p->sha256,
                 (const HashPart[]){{s->token, (size_t)s->tokens * sizeof *s->token},
                                    {s->start, 2 * n * sizeof *s->start},
                                    {p->target, n * sizeof *p->target},
                                    {p->weight, n * sizeof *p->weight},
                                    {p->margin, n * sizeof *p->margin}},
                 p->margin ? 5 : 4);
}

/* Rows are in order of comparison: those of one stand side by side. */
static Overlap count_overlap(const StorePreferenceList *list)
{
    Overlap o = {0};
    for (size_t i = 0; i < list->n; i++) {
        const StorePreference *a = &list->row[i];
        for (size_t k = i + 1; k < list->n; k++) {
            const StorePreference *b = &list->row[k];
            if (b->comparison_id != a->comparison_id) break;
            if (a->tie || b->tie || a->kind != ANNOTATOR_HUMAN || b->kind != ANNOTATOR_HUMAN)
                continue;
            o.pairs++;
            o.agreed += a->chosen_id == b->chosen_id;
        }
    }
    return o;
}

int preferences_read(PreferenceSet *out, Store *store, const PreferenceReading *reading,
                     const Tokenizer *t, int max_T, Error *err)
{
    PreferenceSet p = {0};
    StorePreferenceList list = {0};
    if (store_list_preferences(store, &reading->filter, &list, err) != 0) return -1;
    int rc = 0;
    for (size_t i = 0; i < list.n && rc == 0; i++) {
        if (reading->drop_ties && list.row[i].tie) {
            p.dropped++;
            continue;
        }
        rc = add_pair(&p, &list.row[i], reading, t, max_T, err);
        if (rc != 0) error_wrap(err, "pair %lld", (long long)list.row[i].comparison_id);
    }
    p.overlap = count_overlap(&list);
    store_preferences_free(&list);
    hash_all(&p);
    if (rc == 0) *out = p;
    else preferences_free(&p);
    return rc;
}

/* ---- files ---------------------------------------------------------------------------------------- */

typedef struct {
    char *prompt, *chosen, *rejected;
    long line;
    long first; /* line of the same pair's first row */
} Row;
typedef struct {
    Row *row;
    size_t n, room;
} Rows;

static int read_row(Rows *rows, const char *line, size_t n, long number, Error *err)
{
    cJSON *o = NULL;
    if (json_parse_row(&o, line, n, err) != 0) return -1;
    const char *prompt = json_text(o, "prompt", NULL), *chosen = json_text(o, "chosen", NULL),
               *rejected = json_text(o, "rejected", NULL);
    int rc = 0;
    if (!prompt || !chosen || !rejected)
        rc = error_set(err, "a row needs prompt, chosen and rejected as texts");
    else if (strcmp(chosen, rejected) == 0) rc = error_set(err, "chosen is equal to rejected");
    if (rc == 0) {
        if (rows->n == rows->room)
            rows->row = mem_realloc(rows->row, rows->room = 2 * rows->room + 64, sizeof(Row));
        rows->row[rows->n++] = (Row){.prompt = mem_strdup(prompt),
                                     .chosen = mem_strdup(chosen),
                                     .rejected = mem_strdup(rejected),
                                     .line = number};
    }
    cJSON_Delete(o);
    return rc;
}

static int read_rows(Rows *rows, const char *path, Error *err)
{
    enum { FILE_LIMIT = 1 << 30 };
    char *bytes = NULL;
    size_t n, at = 0;
    long number = 0;
    int rc = 0;
    if (file_read(&bytes, &n, path, FILE_LIMIT, err) != 0) return -1;
    while (at < n && rc == 0) {
        const char *end = memchr(bytes + at, '\n', n - at);
        const size_t length = end ? (size_t)(end - bytes) - at : n - at;
        number++;
        if (length > 0) rc = read_row(rows, bytes + at, length, number, err);
        if (rc != 0) error_wrap(err, "%s: line %ld", path, number);
        at += length + 1;
    }
    free(bytes);
    return rc;
}

/* 0 for the same pair, whichever answer was chosen. */
static int compare_pairs(const Row *a, const Row *b)
{
    const bool turn_a = strcmp(a->chosen, a->rejected) > 0,
               turn_b = strcmp(b->chosen, b->rejected) > 0;
    int order = strcmp(a->prompt, b->prompt);
    if (order == 0)
        order = strcmp(turn_a ? a->rejected : a->chosen, turn_b ? b->rejected : b->chosen);
    if (order == 0)
        order = strcmp(turn_a ? a->chosen : a->rejected, turn_b ? b->chosen : b->rejected);
    return order;
}

static int by_pair(const void *a, const void *b)
{
    const Row *x = a, *y = b;
    const int order = compare_pairs(x, y);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

static int by_first(const void *a, const void *b)
{
    const Row *x = a, *y = b;
    if (x->first != y->first) return x->first > y->first ? 1 : -1;
    return (x->line > y->line) - (x->line < y->line);
}

/* Rows of the same pair go beside the first of them; all else stays in order. */
static void group(Rows *rows)
{
    Row *row = rows->row;
    if (rows->n == 0) return;
    qsort(row, rows->n, sizeof *row, by_pair);
    for (size_t i = 0; i < rows->n; i++)
        row[i].first =
            i > 0 && compare_pairs(&row[i - 1], &row[i]) == 0 ? row[i - 1].first : row[i].line;
    qsort(row, rows->n, sizeof *row, by_first);
}

static void free_rows(Rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        free(rows->row[i].prompt), free(rows->row[i].chosen), free(rows->row[i].rejected);
    free(rows->row);
}

int preferences_read_file(PreferenceSet *out, const char *path, bool keep, const Tokenizer *t,
                          int max_T, Error *err)
{
    const PreferenceReading reading = {.keep = keep};
    PreferenceSet p = {0};
    Rows rows = {0};
    int rc = read_rows(&rows, path, err);
    if (rc == 0) group(&rows);
    for (size_t i = 0; i < rows.n && rc == 0; i++) {
        const Row *row = &rows.row[i];
        const StorePreference pair = {
            .prompt = row->prompt, .chosen = row->chosen, .rejected = row->rejected, .weight = 1};
        rc = add_pair(&p, &pair, &reading, t, max_T, err);
        if (rc != 0) error_wrap(err, "%s: line %ld", path, row->line);
    }
    free_rows(&rows);
    hash_all(&p);
    if (rc == 0) *out = p;
    else preferences_free(&p);
    return rc;
}

Pairs preferences_pairs(const PreferenceSet *p)
{
    return (Pairs){p->n, p->sequences.token, p->sequences.start, p->target, p->weight, p->margin};
}

void preferences_free(PreferenceSet *p)
{
    sequences_free(&p->sequences);
    free(p->target);
    free(p->weight);
    free(p->margin);
    if (p->row) store_preferences_free(&(StorePreferenceList){p->row, (size_t)p->n});
    *p = (PreferenceSet){0};
}

/* ---- too few of them ------------------------------------------------------------------------------ */

LabelSource preferences_source(const StoreStatus *there, Split split, int64_t lacking)
{
    if (there->undecided[split] >= lacking) return LABELS_BY_LABELING;
    if (there->undecided[split] + there->unanswered[split] >= lacking) return LABELS_BY_SAMPLING;
    return LABELS_BY_IMPORTING;
}

int preferences_check_held_out(const PreferenceSet *train, const PreferenceSet *valid, Store *store,
                               Error *err)
{
    const int lacking = PREFERENCES_HELD_OUT_MIN - valid->n;
    StoreStatus there = {0};
    if (lacking <= 0) return 0;
    if (store_status(store, &there, err) != 0) return -1;
    const LabelSource source = preferences_source(&there, SPLIT_VALID, lacking);
    store_status_free(&there);
    error_set(err,
              "%s held out, at least %d are needed (%d to learn from); %s, or: "
              "rlhf reward --no-eval",
              text_count(valid->n, "label"), PREFERENCES_HELD_OUT_MIN, train->n,
              source == LABELS_BY_LABELING   ? "label more"
              : source == LABELS_BY_SAMPLING ? "make more pairs and label them"
                                             : "import more prompts");
    if (source == LABELS_BY_LABELING)
        return error_hint(err, "one pair in five that rlhf label offers is of the valid split, "
                               "whose labels are held out");
    if (source == LABELS_BY_SAMPLING)
        return error_hint(err, "make pairs: rlhf sample --split valid, then: rlhf label");
    return error_hint(err, "the valid split has too few prompts, which labeling cannot mend: "
                           "rlhf import MORE --split valid, then sample and label");
}

int preferences_check_sides(const PreferenceSet *p, Error *err)
{
    if (p->n > PREFERENCES_TRAIN_MIN && p->ties == p->n)
        return error_set(err,
                         "all %d labels are ties: nothing says which answer is better; label more "
                         "(--force)",
                         p->n);
    if (p->decided <= PREFERENCES_TRAIN_MIN || (p->left > 0 && p->left < p->decided)) return 0;
    return error_set(
        err,
        "all %d labels%s prefer the %s answer; refusing to train on a position habit (--force)",
        p->decided, p->people == p->n ? "" : " by people", p->left ? "left" : "right");
}
