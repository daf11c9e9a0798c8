#include "policy/generate.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "policy/memory.h"
#include "policy/policy_private.h"

/* A place in the batch: the sequence in it, or none. */
typedef struct {
    int prompt; /* -1: free */
    int length; /* tokens whose keys are in the cache */
    int next;   /* token to feed next; prompts feed all of theirs at once */
    int produced, room;
    int held; /* the prompt whose keys the cache has, also when its response is done; -1: none yet */
} Slot;

typedef struct {
    Policy *policy;
    const Prompts *in;
    const SamplingConfig *s;
    Responses *out;
    Slot *slot;
    int n_slots, slot_tokens, pending, finished;
    KvCache **cache; /* (n_layer) */
    Activations *acts;
    int max_rows;
    int *token, *position; /* (max_rows) */
    Span *span;            /* (n_slots) */
    int *last_row,
        *owner; /* (n_slots) the row whose hidden state predicts, and the slot it is for */
    real *h, *logits, *lse, *logp, *host;
    int *sampled;
    double *floor, *uniform;
    int n_predict, n_parts; /* rows of this step that predict, and tasks they are cut into */
    int **response;         /* (n) tokens so far, capacity known from room */
    double **response_logp;
    int *produced;
} Decoder;

/* ---- truncation ----------------------------------------------------------------------------------- */

static int descending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

double truncation_floor(const double *logit, int V, double temperature, int top_k, double top_p)
{
    double *sorted = mem_calloc((size_t)V, sizeof *sorted), total = 0, mass = 0, floor = -INFINITY;
    memcpy(sorted, logit, (size_t)V * sizeof *sorted);
    qsort(sorted, (size_t)V, sizeof *sorted, descending);
    if (top_k > 0 && top_k < V) floor = sorted[top_k - 1];
    for (int i = 0; i < V && sorted[i] >= floor; i++)
        total += exp((sorted[i] - sorted[0]) / temperature);
    for (int i = 0; i < V && top_p < 1; i++) {
        mass += exp((sorted[i] - sorted[0]) / temperature);
        if (mass >= top_p * total) {
            if (sorted[i] > floor) floor = sorted[i];
            break;
        }
    }
    free(sorted);
    return floor;
}

/* Which logits may be drawn: all of them, unless the settings say otherwise. */
static double floor_of(const Decoder *d, const real *logits)
{
    const int V = d->policy->model->config.V;
    const bool truncated = d->s->top_k > 0 || d->s->top_p < 1;
    if (!truncated && !d->s->greedy) return -INFINITY;
    real *host = mem_calloc((size_t)V, sizeof *host);
    double *logit = mem_calloc((size_t)V, sizeof *logit), floor = -INFINITY;
    buffer_read(host, logits, (size_t)V);
    for (int v = 0; v < V; v++) {
        logit[v] = (double)host[v];
        if (logit[v] > floor) floor = logit[v];
    }
    if (!d->s->greedy)
        floor = truncation_floor(logit, V, d->s->temperature, d->s->top_k, d->s->top_p);
    free(host);
    free(logit);
    return floor;
}

/* ---- one step ------------------------------------------------------------------------------------- */

static int prompt_length(const Decoder *d, int i)
{
    return d->in->start[i + 1] - d->in->start[i];
}

static const int *prompt_tokens(const Decoder *d, int i)
{
    return d->in->token + d->in->start[i];
}

/* A slot whose cache has the keys of the same prompt, or NULL. */
static const Slot *same_prompt(const Decoder *d, int i)
{
    const int n = prompt_length(d, i);
    for (const Slot *s = d->slot; s < d->slot + d->n_slots; s++)
        if (s->held >= 0 && prompt_length(d, s->held) == n &&
            memcmp(prompt_tokens(d, s->held), prompt_tokens(d, i), (size_t)n * sizeof(int)) == 0)
            return s;
    return NULL;
}

/* A prompt that was computed for another sequence is computed once: all but its last token, whose hidden
 * state predicts, is copied. */
static void seat(Decoder *d, Slot *slot)
{
    const int i = d->pending++, n = prompt_length(d, i);
    const int context = d->policy->model->config.max_T - n;
    const int room = d->s->max_new_tokens < context ? d->s->max_new_tokens : context;
    const Slot *same = same_prompt(d, i);
    const int to = (int)(slot - d->slot), from = same ? (int)(same - d->slot) : to;
    *slot = (Slot){.prompt = i, .room = room, .held = -1};
    if (same) {
        slot->held = i, slot->length = n - 1, slot->next = prompt_tokens(d, i)[n - 1];
        for (int l = 0; l < d->policy->model->config.n_layer && from != to; l++)
            kv_cache_copy(d->cache[l], to * d->slot_tokens, from * d->slot_tokens, n - 1);
    }
    d->response[i] = mem_calloc((size_t)room, sizeof **d->response);
    d->response_logp[i] = mem_calloc((size_t)room, sizeof **d->response_logp);
}

/* Fill the rows: a whole prompt for a new sequence, one token for the others. */
static Rows gather_rows(Decoder *d)
{
    Rows rows = {.token = d->token, .position = d->position, .span = d->span};
    for (int k = 0; k < d->n_slots; k++) {
        Slot *slot = &d->slot[k];
        if (slot->prompt < 0) {
            if (d->pending == d->in->n) continue;
            /* leave a row for every slot that comes after */
            if (rows.N + prompt_length(d, d->pending) + d->n_slots > d->max_rows) continue;
            seat(d, slot);
        }
        const bool fresh = slot->length == 0;
        const int n = fresh ? prompt_length(d, slot->prompt) : 1;
        const int *tokens = fresh ? prompt_tokens(d, slot->prompt) : &slot->next;
        d->span[rows.n_spans] = (Span){rows.N, n, slot->length, k * d->slot_tokens};
        for (int t = 0; t < n; t++) {
            d->token[rows.N + t] = tokens[t];
            d->position[rows.N + t] = slot->length + t;
        }
        slot->length += n;
        rows.N += n;
        d->last_row[rows.n_spans] = rows.N - 1;
        d->owner[rows.n_spans++] = k;
    }
    return rows;
}

/* Some of the rows that predict, and what is drawn from them. */
static void sample_part(void *context, int part)
{
    Decoder *d = context;
    Model *m = d->policy->model;
    const int V = m->config.V, C = m->config.C;
    const int first = d->n_predict * part / d->n_parts;
    const int n = d->n_predict * (part + 1) / d->n_parts - first;
    real *h = d->h + (size_t)first * (size_t)C, *logits = d->logits + (size_t)first * (size_t)V;
    real *lse = d->lse + first, *logp = d->logp + first;
    double *floor = d->floor + first, *uniform = d->uniform + first;
    int *sampled = d->sampled + first;

    gather_forward(h, activations_hidden(d->acts), d->last_row + first, n, C);
    linear_forward(logits, h, m->head.weight, NULL, n);
    logsumexp_forward(lse, logits, n, V, d->s->temperature);
    for (int i = 0; i < n; i++) {
        const Slot *slot = &d->slot[d->owner[first + i]];
        floor[i] = floor_of(d, logits + (size_t)i * (size_t)V);
        uniform[i] = d->s->greedy ? 0x1p-53
                                  : rng_uniform(d->s->seed, RNG_SAMPLE, d->in->key[slot->prompt],
                                                (uint64_t)slot->produced);
    }
    sample_forward(sampled, logits, lse, floor, uniform, n, V, d->s->temperature);
    logits_logprob(logp, logits, lse, sampled, n, V, d->s->temperature);
}

static void sample_rows(Decoder *d, int n)
{
    const ModelConfig *c = &d->policy->model->config;
    const size_t work = (size_t)n * (size_t)c->C * (size_t)c->V;
    enum { LEAST = 8 }; /* rows for which it is worth reading the vocabulary's weights */
    const int tasks = kernels_tasks(work), most = n / LEAST > 1 ? n / LEAST : 1;
    d->n_predict = n, d->n_parts = tasks < most ? tasks : most;
    weight_pack(d->policy->model->head.weight, false);
    kernels_run(d->n_parts, work, sample_part, d);
    buffer_read(d->host, d->logp, (size_t)n);
}

static bool stops(const SamplingConfig *s, int token)
{
    for (int i = 0; i < s->n_stop; i++)
        if (s->stop[i] == token) return true;
    return false;
}

static void take_sample(Decoder *d, int i)
{
    Slot *slot = &d->slot[d->owner[i]];
    const int prompt = slot->prompt, token = d->sampled[i];
    const double logp = (double)d->host[i];
    d->response[prompt][slot->produced] = token;
    d->response_logp[prompt][slot->produced++] = logp;
    slot->next = token;
    slot->held = prompt;
    if (d->s->on_token) d->s->on_token(d->s->context, prompt, token, logp);
    const bool stop = stops(d->s, token);
    if (!stop && slot->produced < slot->room) return;
    d->out->finish[prompt] = stop ? FINISH_STOP : FINISH_LENGTH;
    d->produced[prompt] = slot->produced;
    slot->prompt = -1;
    d->finished++;
    if (d->s->on_response)
        d->s->on_response(d->s->context, prompt, d->response[prompt], d->response_logp[prompt],
                          d->produced[prompt], d->out->finish[prompt]);
}

static int decode(Decoder *d, Error *err)
{
    while (d->finished < d->in->n) {
        const Rows rows = gather_rows(d);
        trunk_forward(d->policy->model, d->policy->options.adapter, d->acts, d->cache, &rows);
        d->out->n_rows += rows.N;
        sample_rows(d, rows.n_spans);
        for (int i = 0; i < rows.n_spans; i++) take_sample(d, i);
        progress_pulse(NULL);
        if (d->s->on_progress && d->s->on_progress(d->s->context, d->finished))
            return error_stopped(err, "stopped after %d of %d responses", d->finished, d->in->n);
    }
    return 0;
}

/* ---- set-up --------------------------------------------------------------------------------------- */

int prompts_check(int *longest, const ModelConfig *c, const Prompts *in, Error *err)
{
    *longest = 1;
    for (int i = 0; i < in->n; i++) {
        const int n = in->start[i + 1] - in->start[i];
        if (n < 1) return error_set(err, "prompt %d is empty", i + 1);
        if (n >= c->max_T)
            return error_set(err,
                             "prompt %d has %d tokens; the context of %d leaves no room to answer",
                             i + 1, n, c->max_T);
        for (int t = in->start[i]; t < in->start[i + 1]; t++)
            if (in->token[t] < 0 || in->token[t] >= c->V)
                return error_set(err, "prompt %d: token %d is outside the vocabulary of %d", i + 1,
                                 in->token[t], c->V);
        if (n > *longest) *longest = n;
    }
    return 0;
}

static void decoder_new(Decoder *d, int longest)
{
    const ModelConfig *c = &d->policy->model->config;
    const size_t S = (size_t)d->n_slots, V = (size_t)c->V, n = (size_t)d->in->n;
    const int reach =
        longest + d->s->max_new_tokens < c->max_T ? longest + d->s->max_new_tokens : c->max_T;
    d->slot_tokens = (reach + KV_ALIGN - 1) / KV_ALIGN * KV_ALIGN;
    d->max_rows = d->n_slots + (longest > 512 ? longest : 512);
    d->slot = mem_calloc(S, sizeof *d->slot);
    for (int k = 0; k < d->n_slots; k++) d->slot[k].prompt = d->slot[k].held = -1;
    d->cache = mem_calloc((size_t)c->n_layer, sizeof *d->cache);
    for (int l = 0; l < c->n_layer; l++)
        d->cache[l] = kv_cache_new(d->n_slots * d->slot_tokens, c->NKV, c->HD);
    d->acts = activations_new(c, policy_low(d->policy), d->max_rows, KEEP_NOTHING);
    d->token = mem_calloc((size_t)d->max_rows, sizeof *d->token);
    d->position = mem_calloc((size_t)d->max_rows, sizeof *d->position);
    d->span = mem_calloc(S, sizeof *d->span);
    d->last_row = mem_calloc(S, sizeof *d->last_row);
    d->owner = mem_calloc(S, sizeof *d->owner);
    d->h = buffer_new(S * (size_t)c->C);
    d->logits = buffer_new(S * V);
    d->lse = buffer_new(S), d->logp = buffer_new(S);
    d->host = mem_calloc(S, sizeof *d->host);
    d->sampled = mem_calloc(S, sizeof *d->sampled);
    d->floor = mem_calloc(S, sizeof *d->floor);
    d->uniform = mem_calloc(S, sizeof *d->uniform);
    d->response = mem_calloc(n, sizeof *d->response);
    d->response_logp = mem_calloc(n, sizeof *d->response_logp);
    d->produced = mem_calloc(n, sizeof *d->produced);
}

static void decoder_free(Decoder *d)
{
    for (int l = 0; l < d->policy->model->config.n_layer; l++) kv_cache_free(d->cache[l]);
    for (int i = 0; i < d->in->n; i++) free(d->response[i]), free(d->response_logp[i]);
    activations_free(d->acts);
    buffer_free(d->h), buffer_free(d->logits), buffer_free(d->lse), buffer_free(d->logp);
    free(d->slot), free(d->cache), free(d->token), free(d->position), free(d->span),
        free(d->last_row);
    free(d->owner), free(d->host), free(d->sampled), free(d->floor), free(d->uniform);
    free(d->response), free(d->response_logp), free(d->produced);
}

static void lay_end_to_end(Responses *out, const Decoder *d)
{
    int total = 0;
    for (int i = 0; i < out->n; i++) total += d->produced[i];
    out->token = mem_calloc((size_t)total, sizeof *out->token);
    out->logp = mem_calloc((size_t)total, sizeof *out->logp);
    for (int i = 0; i < out->n; i++) {
        const size_t n = (size_t)d->produced[i];
        memcpy(out->token + out->start[i], d->response[i], n * sizeof *out->token);
        memcpy(out->logp + out->start[i], d->response_logp[i], n * sizeof *out->logp);
        out->start[i + 1] = out->start[i] + d->produced[i];
    }
}

int policy_generate(Policy *p, const Prompts *in, const SamplingConfig *s, Responses *out,
                    Error *err)
{
    int longest;
    assert(s->temperature > 0 && s->max_new_tokens > 0 && s->batch > 0);
    if (prompts_check(&longest, &p->model->config, in, err) != 0) return -1;
    const int slots = s->batch < in->n ? s->batch : in->n;
    const int context = p->model->config.max_T, room = context - longest;
    const int reach = s->max_new_tokens < room ? longest + s->max_new_tokens : context;
    const double need = (double)decoding_memory(&p->model->config, policy_low(p), slots, reach);
    if (need > (double)mem_free()) {
        error_set(err, "%d responses of %d tokens at a time take %.1f GB and %.1f GB are free",
                  slots, reach, need / 1e9, (double)mem_free() / 1e9);
        return error_hint(err, "a smaller %s--max-new-tokens takes less",
                          slots > 1 ? "--batch or " : "");
    }
    Responses r = {.n = in->n};
    r.start = mem_calloc((size_t)in->n + 1, sizeof *r.start);
    r.finish = mem_calloc((size_t)in->n, sizeof *r.finish);
    Decoder d = {
        .policy = p, .in = in, .s = s, .out = &r, .n_slots = s->batch < in->n ? s->batch : in->n};
    if (d.n_slots < 1) d.n_slots = 1;
    decoder_new(&d, longest);
    const int rc = decode(&d, err);
    if (rc == 0) lay_end_to_end(&r, &d);
    decoder_free(&d);
    if (rc == 0) *out = r;
    else responses_free(&r);
    return rc;
}

void responses_free(Responses *r)
{
    free(r->token), free(r->start), free(r->logp), free(r->finish);
    *r = (Responses){0};
}
