#include "cli/class_texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/lines.h"

#define UP   "up"
#define DOWN "down"

/* ---- rows ------------------------------------------------------------------------------------------- */

int class_row_read(Sequences *s, char **label, bool needed, const cJSON *row, const Tokenizer *t,
                   Error *err)
{
    const char *text = json_text(row, "text", NULL), *prompt = json_text(row, "prompt", NULL),
               *completion = json_text(row, "completion", json_text(row, "response", NULL));
    const cJSON *class = cJSON_GetObjectItemCaseSensitive(row, "label");
    *label = class_name_of(class);
    if (!*label && (needed || class))
        return error_set(err, "a row needs a label: a text, a whole number, true or false");
    int rc = -1;
    if (text && *text) rc = add_document_tokens(s, t, text, err);
    else if (prompt && completion)
        rc = add_prompt_tokens(s, t, prompt, err) == 0
                 ? add_response_tokens(s, t, completion, NULL, NULL, 0, err)
                 : -1;
    else error_set(err, "a row needs a text, or prompt and completion, as texts");
    if (rc != 0) free(*label), *label = NULL;
    return rc;
}

/* Takes the label over.  The sequence being made is the text. */
static void add(ClassTexts *c, char *label, bool held_out, int max_T)
{
    Sequences *s = &c->sequences;
    if (sequences_pending(s) > max_T) {
        s->tokens -= sequences_pending(s);
        c->too_long++;
        free(label);
        return;
    }
    sequences_end(s);
    c->class_name = mem_realloc(c->class_name, (size_t)c->n + 1, sizeof *c->class_name);
    c->held_out = mem_realloc(c->held_out, (size_t)c->n + 1, sizeof *c->held_out);
    c->class_name[c->n] = label;
    c->held_out[c->n++] = held_out;
}

/* The same for equal texts, whatever else is in the file. */
static bool is_held_out(const Sequences *s)
{
    enum { ONE_IN = 5 };
    const int n = sequences_pending(s);
    return keyed_hash(s->token + s->tokens - n, (size_t)n * sizeof *s->token, "classify valid") %
               ONE_IN ==
           0;
}

typedef struct {
    ClassTexts texts;
    bool whole;
    const Loaded *l;
} Reading;

static int read_line(void *context, const char *line, size_t n, Error *err)
{
    Reading *r = context;
    cJSON *row = NULL;
    char *label = NULL;
    Sequences *sequences = &r->texts.sequences;
    if (json_parse_row(&row, line, n, err) != 0) return -1;
    const int rc = class_row_read(sequences, &label, true, row, r->l->tokenizer, err);
    cJSON_Delete(row);
    if (rc == 0)
        add(&r->texts, label, !r->whole && is_held_out(sequences), r->l->model->config.max_T);
    return rc;
}

int class_texts_read_file(ClassTexts *out, const char *path, bool whole, const Loaded *l,
                          Error *err)
{
    Reading r = {.whole = whole, .l = l};
    const int rc = lines_read(path, read_line, &r, err);
    if (rc == 0) *out = r.texts;
    else class_texts_free(&r.texts);
    return rc;
}

int class_texts_read_store(ClassTexts *out, Store *store, bool training, const Loaded *l,
                           Error *err)
{
    ClassTexts c = {0};
    StoreClassTextList list = {0};
    int rc = 0;
    if (store_list_class_texts(store, training ? SPLIT_ANY : SPLIT_TEST, &list, err) != 0)
        return -1;
    for (size_t i = 0; i < list.n && rc == 0; i++) {
        const StoreClassText *t = &list.row[i];
        if (training && t->split == SPLIT_TEST) continue;
        rc = add_document_tokens(&c.sequences, l->tokenizer, t->text, err);
        if (rc != 0) error_wrap(err, "text %lld", (long long)t->id);
        else
            add(&c, mem_strdup(t->class_name), training && t->split == SPLIT_VALID,
                l->model->config.max_T);
    }
    store_class_texts_free(&list);
    if (rc == 0) *out = c;
    else class_texts_free(&c);
    return rc;
}

int class_texts_read_thumbs(ClassTexts *out, Store *store, const Loaded *l, Error *err)
{
    ClassTexts c = {0};
    StoreJudgedList list = {0};
    int rc = 0;
    if (store_list_judgements(store, &list, err) != 0) return -1;
    for (size_t i = 0; i < list.n && rc == 0; i++) {
        const StoreJudged *j = &list.row[i];
        if (j->split == SPLIT_TEST) continue;
        rc = add_conversation_tokens(&c.sequences, l->tokenizer, j->prompt, j->template, err);
        if (rc == 0)
            rc = add_response_tokens(&c.sequences, l->tokenizer, j->response, j->template,
                                     j->tokens, j->n_tokens, err);
        if (rc != 0) error_wrap(err, "judgement %lld", (long long)j->id);
        else
            add(&c, mem_strdup(j->good ? UP : DOWN), j->split == SPLIT_VALID,
                l->model->config.max_T);
    }
    store_judgements_free(&list);
    if (rc == 0) *out = c;
    else class_texts_free(&c);
    return rc;
}

void class_texts_free(ClassTexts *c)
{
    for (int i = 0; i < c->n; i++) free(c->class_name[i]);
    free(c->class_name);
    free(c->held_out);
    sequences_free(&c->sequences);
    *c = (ClassTexts){0};
}

/* ---- with numbers for classes ----------------------------------------------------------------------- */

int labeled_set_take(LabeledSet *out, const ClassTexts *c, bool held_out, const ClassNames *names,
                     Error *err)
{
    LabeledSet set = {.label = mem_calloc((size_t)c->n + 1, sizeof *set.label)};
    const int *start = c->sequences.start;
    for (int i = 0; i < c->n; i++) {
        if (c->held_out[i] != held_out) continue;
        const int class = class_names_find(names, c->class_name[i]);
        if (class < 0) {
            error_set(err, "text %d is of the class '%.60s', which the model has not got", i + 1,
                      c->class_name[i]);
            labeled_set_free(&set);
            return -1;
        }
        sequences_add(&set.sequences, c->sequences.token + start[i], start[i + 1] - start[i]);
        sequences_end(&set.sequences);
        set.label[set.n++] = class;
    }
    const size_t n = (size_t)set.n;
    sha256_parts(set.sha256,
                 (const HashPart[]){{set.sequences.token,
                                     (size_t)set.sequences.tokens * sizeof *set.sequences.token},
                                    {set.sequences.start, n * sizeof *set.sequences.start},
                                    {set.label, n * sizeof *set.label}},
                 3);
    *out = set;
    return 0;
}

LabeledTexts labeled_texts(const LabeledSet *s)
{
    return (LabeledTexts){s->n, s->sequences.token, s->sequences.start, s->label};
}

void labeled_set_free(LabeledSet *s)
{
    sequences_free(&s->sequences);
    free(s->label);
    *s = (LabeledSet){0};
}
