#include "cli/preferences.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

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

static int add_pair(PreferenceSet *p, const StorePreference *row, const Tokenizer *t, int max_T,
                    Error *err)
{
    Sequences *s = &p->sequences;
    if (add_sequence(s, t, row, row->chosen, row->chosen_tokens, row->n_chosen, err) != 0 ||
        add_sequence(s, t, row, row->rejected, row->rejected_tokens, row->n_rejected, err) != 0)
        return -1;
    if (s->start[s->n] - s->start[s->n - 1] > max_T ||
        s->start[s->n - 1] - s->start[s->n - 2] > max_T) {
        drop_last_pair(s);
        p->too_long++;
        return 0;
    }
    p->target = mem_realloc(p->target, (size_t)p->n + 1, sizeof *p->target);
    p->weight = mem_realloc(p->weight, (size_t)p->n + 1, sizeof *p->weight);
    p->target[p->n] = row->tie ? 0.5 : 1;
    p->weight[p->n++] = row->weight;
    p->ties += row->tie;
    p->people += row->kind == ANNOTATOR_HUMAN;
    p->first_better += !row->tie && row->chosen_id < row->rejected_id;
    return 0;
}

static void hash_all(PreferenceSet *p)
{
    const Sequences *s = &p->sequences;
    const size_t n = (size_t)p->n;
    sha256_parts(p->sha256,
                 (const HashPart[]){{s->token, (size_t)s->tokens * sizeof *s->token},
                                    {s->start, 2 * n * sizeof *s->start},
                                    {p->target, n * sizeof *p->target},
                                    {p->weight, n * sizeof *p->weight}},
                 4);
}

int preferences_read(PreferenceSet *out, Store *store, const StorePreferenceFilter *filter,
                     const Tokenizer *t, int max_T, Error *err)
{
    PreferenceSet p = {0};
    StorePreferenceList list = {0};
    if (store_list_preferences(store, filter, &list, err) != 0) return -1;
    int rc = 0;
    for (size_t i = 0; i < list.n && rc == 0; i++) {
        rc = add_pair(&p, &list.row[i], t, max_T, err);
        if (rc != 0) error_wrap(err, "pair %lld", (long long)list.row[i].comparison_id);
    }
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

int preferences_read_file(PreferenceSet *out, const char *path, const Tokenizer *t, int max_T,
                          Error *err)
{
    PreferenceSet p = {0};
    Rows rows = {0};
    int rc = read_rows(&rows, path, err);
    if (rc == 0) group(&rows);
    for (size_t i = 0; i < rows.n && rc == 0; i++) {
        const Row *row = &rows.row[i];
        const StorePreference pair = {
            .prompt = row->prompt, .chosen = row->chosen, .rejected = row->rejected, .weight = 1};
        rc = add_pair(&p, &pair, t, max_T, err);
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
    return (Pairs){p->n, p->sequences.token, p->sequences.start, p->target, p->weight};
}

void preferences_free(PreferenceSet *p)
{
    sequences_free(&p->sequences);
    free(p->target);
    free(p->weight);
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
    static const char *const REMEDY[] = {
        [LABELS_BY_LABELING] = "label more: rlhf label",
        [LABELS_BY_SAMPLING] = "make pairs: rlhf sample --split valid, then: rlhf label",
        [LABELS_BY_IMPORTING] = "the valid split has too few prompts, which labeling cannot mend: "
                                "rlhf import MORE --split valid, then sample and label",
    };
    StoreStatus there = {0};
    if (valid->n >= PREFERENCES_HELD_OUT_MIN) return 0;
    if (store_status(store, &there, err) != 0) return -1;
    const LabelSource source =
        preferences_source(&there, SPLIT_VALID, PREFERENCES_HELD_OUT_MIN - valid->n);
    store_status_free(&there);
    return error_set(err,
                     "%s held out, at least %d are needed (%d to learn from); %s; or: "
                     "rlhf reward --no-eval",
                     text_count(valid->n, "label"), PREFERENCES_HELD_OUT_MIN, train->n,
                     REMEDY[source]);
}
