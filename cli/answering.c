#include "cli/answering.h"

#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/text.h"
#include "cli/memory_plan.h"
#include "cli/prompts.h"

static int answers_of(const Answering *a, int model)
{
    return (a->answers - model + a->n_models - 1) / a->n_models;
}

/* ---- the prompts, as each model reads them --------------------------------------------------------- */

struct Asked {
    int n;      /* prompts to answer */
    int fit;    /* prompts that every model has room for: a limit may leave some to a later call */
    int *place; /* (n, n_models) of prompt i among those of model m */
    PromptTokens of[ANSWERING_MODELS];
    char *sampling[ANSWERING_MODELS]; /* JSON of its settings */
};

/* Prompts in the order of their ids that every model has room for, the first `limit` of them (0: all). */
static void match(Asked *asked, int models, int64_t limit)
{
    int at[ANSWERING_MODELS] = {0};
    asked->place = mem_calloc((size_t)asked->of[0].n * (size_t)models + 1, sizeof *asked->place);
    for (at[0] = 0; at[0] < asked->of[0].n; at[0]++) {
        const int64_t id = asked->of[0].row[at[0]]->id;
        bool all = true;
        for (int m = 1; m < models && all; m++) {
            const PromptTokens *p = &asked->of[m];
            while (at[m] < p->n && p->row[at[m]]->id < id) at[m]++;
            all = at[m] < p->n && p->row[at[m]]->id == id;
        }
        asked->fit += all;
        if (!all || (limit > 0 && asked->n == limit)) continue;
        memcpy(asked->place + asked->n++ * models, at, (size_t)models * sizeof *at);
    }
}

/* How answers were drawn, with the models that they were drawn beside. */
static char *sampling_json(const Answering *a, const PromptTokens *p)
{
    char *json = prompts_sampling_json(p, a->temperature, a->max_new_tokens, NULL);
    if (!a->together) return json;
    char *both = mem_format("%.*s,%s}", (int)strlen(json) - 1, json, a->together);
    free(json);
    return both;
}

void asked_free(Asked *asked)
{
    if (!asked) return;
    for (int m = 0; m < ANSWERING_MODELS; m++) {
        prompts_free(&asked->of[m]);
        free(asked->sampling[m]);
    }
    free(asked->place);
    free(asked);
}

/* A prompt that one model has no room for is found among all that another has room for: no limit before. */
int answering_ask(Asked **out, Answering *a, Split split, const char *source, int64_t limit,
                  Error *err)
{
    Asked *asked = mem_calloc(1, sizeof *asked);
    StorePromptFilter filter = answering_filter(a, split, source);
    filter.limit = a->n_models == 1 ? limit : 0;
    for (int m = 0; m < a->n_models; m++) {
        PromptTokens *p = &asked->of[m];
        if (prompts_read(p, a->store, &filter, &a->model[m], a->max_new_tokens, err) != 0) {
            asked_free(asked);
            return -1;
        }
        asked->sampling[m] = sampling_json(a, p);
    }
    match(asked, a->n_models, limit);
    a->left_out +=
        a->n_models == 1 ? asked->of[0].left_out : (int64_t)asked->of[0].list.n - asked->fit;
    *out = asked;
    return 0;
}

/* ---- a page: prompts whose answers are drawn together ------------------------------------------------ */

enum {
    PAGE = 256,  /* prompts of a page, and of a transaction */
    EVERY_S = 1, /* seconds between transactions */
};

typedef struct {
    int *token, n;
    double sum_logprob;
    Finish finish;
} Answer;

typedef struct {
    Answering *a;
    const Asked *asked;
    int at, n;      /* prompts [at, at + n) of those asked */
    int model;      /* who is answering */
    int each;       /* answers of this model to a prompt */
    Answer *answer; /* (n, answers) */
    int *missing;   /* (n) answers that are not done */
    int taken;      /* answers that are */
    int ready, stored;
    double last; /* when the last transaction was; 0: never */
    int rc;
    Error *err;
} Page;

static const StorePrompt *prompt_of(const Page *p, int i)
{
    const Asked *asked = p->asked;
    return asked->of[0].row[asked->place[(p->at + i) * p->a->n_models]];
}

static void take_answer(void *context, int which, const int *token, const double *logp, int n,
                        Finish finish)
{
    Page *p = context;
    const int i = which / p->each, k = which % p->each * p->a->n_models + p->model;
    Answer *answer = &p->answer[i * p->a->answers + k];
    answer->token = mem_calloc((size_t)n, sizeof *token);
    memcpy(answer->token, token, (size_t)n * sizeof *token);
    answer->n = n;
    answer->finish = finish;
    for (int t = 0; t < n; t++) answer->sum_logprob += logp[t];
    p->missing[i]--;
    p->taken++;
}

/* The rows of n prompts from `first` on, with their texts. */
static void fill_rows(StoreResponse *row, char **text, const Page *p, int first, int n)
{
    const Answering *a = p->a;
    for (int r = 0; r < n * a->answers; r++) {
        const int k = r % a->answers, m = k % a->n_models, i = first + r / a->answers;
        const Answer *answer = &p->answer[i * a->answers + k];
        text[r] = response_text(a->model[m].tokenizer, answer->token, answer->n);
        row[r] = (StoreResponse){.prompt_id = prompt_of(p, i)->id,
                                 .model_id = a->model_id[m],
                                 .text = text[r],
                                 .tokens = answer->token,
                                 .n_tokens = answer->n,
                                 .sum_logprob = answer->sum_logprob,
                                 .finish = answer->finish == FINISH_STOP ? "stop" : "length",
                                 .seed = a->seed,
                                 .sample_no = k,
                                 .sampling_json = p->asked->sampling[m]};
    }
}

/* Returns how many pairs. */
static int fill_pairs(StorePairing *pair, int *equal, char **text, const Page *p, int first, int n)
{
    const Answering *a = p->a;
    int pairs = 0;
    *equal = 0;
    for (int i = 0; i < n; i++) {
        int left_out;
        const int base = i * a->answers;
        const int more =
            pairing_choose(pair + pairs, &left_out, (const char *const *)text + base, a->answers,
                           a->n_models, a->pairs, a->seed, prompt_of(p, first + i)->id);
        for (int k = pairs; k < pairs + more; k++) pair[k].a += base, pair[k].b += base;
        pairs += more;
        *equal += left_out;
    }
    return pairs;
}

static void count_stored(const Page *p, const StoreResponse *row, int n, const StoreAdded *added,
                         int equal)
{
    Answering *a = p->a;
    a->prompts += n;
    a->stored_pairs += added->added;
    a->equal += equal;
    for (int r = 0; r < n * a->answers; r++) {
        a->unfinished += strcmp(row[r].finish, "stop") != 0;
        a->tokens += row[r].n_tokens;
    }
}

/* Prompts [stored, ready), in one transaction. */
static int store_ready(Page *p, Error *err)
{
    const int n = p->ready - p->stored, answers = p->a->answers;
    const size_t rows = (size_t)n * (size_t)answers;
    if (n == 0) return 0;
    StoreResponse *row = mem_calloc(rows, sizeof *row);
    char **text = mem_calloc(rows, sizeof *text);
    StorePairing *pair =
        mem_calloc((size_t)n * (size_t)(answers * (answers - 1) / 2), sizeof *pair);
    StoreAdded added = {0};
    int equal;
    fill_rows(row, text, p, p->stored, n);
    const int pairs = fill_pairs(pair, &equal, text, p, p->stored, n);
    const int rc = store_add_answers(p->a->store, row, rows, pair, (size_t)pairs, &added, err);
    if (rc == 0) count_stored(p, row, n, &added, equal);
    p->stored = p->ready;
    p->last = log_clock();
    for (size_t r = 0; r < rows; r++) free(text[r]);
    free(text);
    free(row);
    free(pair);
    return rc;
}

static void show_progress(Page *p)
{
    Answering *a = p->a;
    progress_update(&a->bar, a->prompts - p->stored + p->taken / a->answers, "%s",
                    text_count(a->tokens, "token"));
}

static int look(void *context, int finished)
{
    Page *p = context;
    (void)finished;
    while (p->ready < p->n && p->missing[p->ready] == 0) p->ready++;
    if (p->ready > p->stored && (p->a->prompts == 0 || log_clock() - p->last >= EVERY_S))
        p->rc = store_ready(p, p->err);
    show_progress(p);
    return p->rc != 0 || interrupt_pending();
}

/* The random numbers of an answer follow from the prompt's id and its number: the first two take the lowest bits,
 * later ones those that no prompt's id reaches. */
static uint64_t answer_key(int64_t prompt_id, int k)
{
    const uint64_t first_two = (uint64_t)prompt_id * 2 + (uint64_t)(k % 2);
    return rng_item(RNG_FOR_LABELING, (uint64_t)(k / 2) << 48 | first_two);
}

/* The answers of model p->model to the page's prompts. */
static int draw(Page *p, Error *err)
{
    Answering *a = p->a;
    const PromptTokens *from = &p->asked->of[p->model];
    const int n = p->n * p->each, *start = from->tokens.start;
    Sequences prompts = {0};
    Responses none = {0};
    uint64_t *key = mem_calloc((size_t)n, sizeof *key);
    SamplingConfig config = {.temperature = a->temperature,
                             .top_p = 1,
                             .max_new_tokens = a->max_new_tokens,
                             .n_stop = from->n_stop,
                             .seed = a->seed,
                             .batch = a->batch,
                             .on_response = take_answer,
                             .on_progress = look,
                             .context = p};
    memcpy(config.stop, from->stop, sizeof config.stop);
    for (int i = 0; i < n; i++) {
        const int at = p->at + i / p->each, place = p->asked->place[at * a->n_models + p->model];
        sequences_add(&prompts, from->tokens.token + start[place], start[place + 1] - start[place]);
        sequences_end(&prompts);
        key[i] = answer_key(from->row[place]->id, i % p->each * a->n_models + p->model);
    }
    int rc = policy_generate(a->model[p->model].policy,
                             &(Prompts){n, prompts.token, prompts.start, key}, &config, &none, err);
    if (rc != 0 && p->rc == 0 && interrupt_pending()) rc = 0;
    responses_free(&none);
    sequences_free(&prompts);
    free(key);
    return rc;
}

static int answer_page(Answering *a, const Asked *asked, int at, int n, double *last, Error *err)
{
    Error failed = {0};
    Page p = {.a = a, .asked = asked, .at = at, .n = n, .last = *last, .err = &failed};
    int rc = 0;
    p.answer = mem_calloc((size_t)n * (size_t)a->answers, sizeof *p.answer);
    p.missing = mem_calloc((size_t)n, sizeof *p.missing);
    for (int i = 0; i < n; i++) p.missing[i] = a->answers;
    for (p.model = 0; p.model < a->n_models && rc == 0 && !interrupt_pending(); p.model++) {
        p.each = answers_of(a, p.model);
        rc = draw(&p, err);
    }
    if (p.rc != 0) {
        *err = failed;
        rc = -1;
    }
    while (p.ready < n && p.missing[p.ready] == 0) p.ready++;
    if (rc == 0) rc = store_ready(&p, err);
    show_progress(&p);
    *last = p.last;
    for (int i = 0; i < n * a->answers; i++) free(p.answer[i].token);
    free(p.answer);
    free(p.missing);
    return rc;
}

/* ---- a split ------------------------------------------------------------------------------------------ */

/* Several models answer a page in turn, and its pairs are made when the last one answers: a small one. */
static int page_size(const Answering *a)
{
    const int together = a->batch / answers_of(a, 0);
    if (a->n_models == 1) return PAGE;
    return together < 1 ? 1 : together < PAGE ? together : PAGE;
}

int answering_check_memory(const Answering *a, const Asked *asked, Error *err)
{
    MemoryPlan plan = {0};
    if (asked->n == 0) return 0;
    for (int m = 0; m < a->n_models; m++) {
        const int n = asked->n * answers_of(a, m), batch = n < a->batch ? n : a->batch;
        memory_plan_add_weights(&plan, &a->model[m], &(ModelUse){.predicts = true});
        memory_plan_add_sampling(&plan, &a->model[m], batch,
                                 sequences_longest(&asked->of[m].tokens) + a->max_new_tokens);
    }
    return memory_plan_check(&plan,
                             asked->n * a->answers > 1 && a->batch > 1
                                 ? "a smaller --batch takes less"
                                 : "a smaller --max-new-tokens takes less",
                             err);
}

/* Once; again for a model that reads other tokens. */
static void show_first(Answering *a, const Asked *asked)
{
    for (int m = 0; m < a->n_models && !a->shown; m++)
        if (m == 0 || !loaded_same_tokenizer(&a->model[m], &a->model[0]))
            prompts_show(&asked->of[m], asked->place[m], &a->model[m]);
    a->shown = true;
}

int answering_go(Answering *a, const Asked *asked, Error *err)
{
    const int page = page_size(a);
    double last = 0;
    int rc = 0;
    if (asked->n > 0) show_first(a, asked);
    for (int at = 0; at < asked->n && rc == 0 && !interrupt_pending(); at += page)
        rc = answer_page(a, asked, at, asked->n - at < page ? asked->n - at : page, &last, err);
    return rc;
}

StorePromptFilter answering_filter(const Answering *a, Split split, const char *source)
{
    return (StorePromptFilter){.split = split,
                               .source = source,
                               .answered = ANSWERED_NO,
                               .model_id = a->together ? 0 : a->model_id[0],
                               .answers = a->answers,
                               .words = a->together};
}

/* ---- the models --------------------------------------------------------------------------------------- */

static int by_words(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "models":["aligned 9f86d081884c","base 2c26b46b68ff"], whichever was named first. */
static char *name_together(const Loaded *model, int n)
{
    enum { SHOWN = 12 };
    char *name[ANSWERING_MODELS];
    Text t = {0};
    for (int m = 0; m < n; m++)
        name[m] = mem_format("%s %.*s", model[m].name, SHOWN, model[m].hash);
    qsort(name, (size_t)n, sizeof *name, by_words);
    text_add(&t, "\"models\":[");
    for (int m = 0; m < n; m++) {
        text_add(&t, m ? "," : "");
        json_put_text(&t, name[m], strlen(name[m]));
        free(name[m]);
    }
    text_add(&t, "]");
    return text_take(&t);
}

int answering_begin(Answering *a, Error *err)
{
    for (int m = 0; m < a->n_models; m++) {
        for (int k = 0; k < m; k++)
            if (strcmp(a->model[k].hash, a->model[m].hash) == 0)
                return error_set(err, "%s and %s are the same model; give each model once",
                                 a->model[k].name, a->model[m].name);
        if (loaded_record(&a->model[m], a->store, &a->model_id[m], err) != 0) return -1;
    }
    if (a->n_models > 1) a->together = name_together(a->model, a->n_models);
    return 0;
}

const Loaded *answering_narrowest(const Answering *a)
{
    const Loaded *least = a->model;
    for (int m = 1; m < a->n_models; m++)
        if (a->model[m].model->config.max_T < least->model->config.max_T) least = &a->model[m];
    return least;
}

void answering_free(Answering *a)
{
    free(a->together);
    a->together = NULL;
}
