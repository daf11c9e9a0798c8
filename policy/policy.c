#include "policy/policy_private.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/rng.h"
#include "policy/sequences.h"

/* ---- opening -------------------------------------------------------------------------------------- */

static void asked_grow(Asked *a, int n)
{
    a->at = mem_realloc(a->at, (size_t)n, sizeof *a->at);
    a->row = mem_realloc(a->row, (size_t)n, sizeof *a->row);
    a->target = mem_realloc(a->target, (size_t)n, sizeof *a->target);
}

static void asked_free(Asked *a)
{
    free(a->at);
    free(a->row);
    free(a->target);
}

static void open_head(Policy *p)
{
    const int K = p->options.heads, C = p->model->config.C;
    const size_t n = (size_t)K * (size_t)C;
    if (K == 0) return;
    p->head_bias = (n + 15) / 16 * 16;
    parameters_new(&p->head, p->head_bias + (size_t)K, p->head_bias);

    const ScoreHead score = adapter_score(p->options.adapter, p->model);
    const bool stored = score.n == K;
    real *w = mem_calloc(p->head.n, sizeof *w);
    for (size_t i = 0; i < n && !p->options.zero_head; i++)
        w[i] = stored ? (real)score.weight[i]
                      : (real)(rng_normal(p->options.seed, RNG_INIT, 1u << 20, i) / sqrt(C + 1.0));
    for (int k = 0; k < K && stored && !p->options.zero_head; k++)
        w[p->head_bias + (size_t)k] = (real)score.bias[k];
    buffer_write(p->head.w, w, p->head.n);
    free(w);
    p->head_weight = weight_new(p->head.w, K, C, COMPUTE_F32);
}

/* What is on the host, for a pass of N tokens. */
static void grow_rows(Policy *p, int N)
{
    const size_t n = (size_t)N, K = (size_t)(p->options.heads > 0 ? p->options.heads : 1);
    if (N <= p->rows_max) return;
    p->rows_max = N;
    p->position = mem_realloc(p->position, n, sizeof *p->position);
    p->span = mem_realloc(p->span, n, sizeof *p->span);
    p->host = mem_realloc(p->host, n * K, sizeof *p->host);
    asked_grow(&p->logp_asked, N);
    asked_grow(&p->value_asked, N);
}

/* Memory for a pass of N tokens in the room, with what a gradient needs where one is to follow. */
static void make_room(Policy *p, int N, bool gradient)
{
    const ModelConfig *c = &p->model->config;
    const PassSizes s = pass_sizes(c, &p->options, N, gradient);
    real *at = room_take(p->room, s.all, p);
    grow_rows(p, N);
    activations_lay(p->acts, at, N, policy_keeps(&p->options, gradient)), at += s.activations;
    p->h = at, at += s.hidden;
    p->dh = gradient ? at : NULL, at += gradient ? s.hidden : 0;
    p->logp = at, at += s.row;
    p->entropy = at, at += s.row;
    p->lse = at, at += s.row;
    p->value = at;
}

void policy_reserve(Policy *p, int tokens)
{
    if (tokens > p->limit) p->limit = tokens;
}

Policy *policy_open(Model *model, const PolicyOptions *options)
{
    assert(options->max_tokens > 0 && options->heads >= 0);
    Policy *p = mem_calloc(1, sizeof *p);
    p->model = model;
    p->options = *options;
    p->limit = options->max_tokens;
    p->room = options->room ? options->room : room_new();
    p->acts = activations_open(&model->config, policy_low(p));
    open_head(p);
    if (options->train) {
        parameters_train(policy_parameters(p));
        if (options->heads) parameters_train(&p->head);
    }
    p->layer_cache = mem_calloc((size_t)model->config.n_layer, sizeof *p->layer_cache);
    return p;
}

void policy_close(Policy *p)
{
    if (!p) return;
    weight_free(p->head_weight);
    parameters_free(&p->head);
    activations_free(p->acts);
    if (!p->options.room) room_free(p->room);
    asked_free(&p->logp_asked);
    asked_free(&p->value_asked);
    free(p->position), free(p->span), free(p->host);
    free(p->layer_cache);
    free(p);
}

const ModelConfig *policy_config(const Policy *p)
{
    return &p->model->config;
}
Model *policy_model(Policy *p)
{
    return p->model;
}
void policy_release_packed(Policy *p)
{
    model_release(p->model);
}
void policy_release_room(Policy *p)
{
    room_clear(p->room);
    p->rows.N = 0;
}
int policy_heads(const Policy *p)
{
    return p->options.heads;
}
int policy_score_class(const Policy *p)
{
    return p->options.score_class;
}
int64_t policy_steps(const Policy *p)
{
    return p->step;
}

/* ---- evaluate ------------------------------------------------------------------------------------- */

/* Rows and spans of sequences [first, last), and which rows answer what. */
static void prepare(Policy *p, const TokenBatch *b, int first, int last)
{
    const int base = b->start[first];
    int cache = 0;
    p->rows = (Rows){.N = b->start[last] - base,
                     .token = b->token + base,
                     .position = p->position,
                     .span = p->span,
                     .n_spans = last - first};
    p->logp_asked.n = p->value_asked.n = 0;
    p->entropy_asked = false;
    for (int s = first; s < last; s++) {
        const int row = b->start[s] - base, n = b->start[s + 1] - b->start[s];
        assert(n > 0 && n <= p->model->config.max_T);
        p->span[s - first] = (Span){.row = row, .n = n, .position = 0, .cache = cache};
        cache += (n + KV_ALIGN - 1) / KV_ALIGN * KV_ALIGN;
        for (int t = 0; t < n; t++) {
            const int i = row + t;
            const unsigned want = b->want[base + i];
            p->position[i] = t;
            if (want & (WANT_LOGP | WANT_ENTROPY)) {
                Asked *a = &p->logp_asked;
                assert(t > 0); /* nothing comes before a first token */
                a->at[a->n] = i, a->row[a->n] = i - 1, a->target[a->n++] = b->token[base + i];
                p->entropy_asked |= (want & WANT_ENTROPY) != 0;
            }
            if (want & WANT_VALUE) {
                Asked *a = &p->value_asked;
                a->at[a->n] = i, a->row[a->n++] = i;
            }
        }
    }
    const ModelConfig *c = &p->model->config;
    KvCache *keys = room_cache(p->room, cache, c->NKV, c->HD);
    for (int l = 0; l < c->n_layer; l++) p->layer_cache[l] = keys;
}

/* out[at[i] * width ...] = buffer rows */
static void spread(Policy *p, double *out, const real *buffer, const Asked *a, int width)
{
    buffer_read(p->host, buffer, (size_t)a->n * (size_t)width);
    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < width; k++)
            out[(size_t)a->at[i] * (size_t)width + (size_t)k] = (double)p->host[i * width + k];
}

static void evaluate_heads(Policy *p, TokenTerms *out)
{
    const int C = p->model->config.C, K = p->options.heads;
    const Asked *l = &p->logp_asked, *v = &p->value_asked;
    if (l->n > 0) {
        gather_forward(p->h, activations_hidden(p->acts), l->row, l->n, C);
        logprob_forward(p->logp, p->entropy_asked ? p->entropy : NULL, p->lse, p->h,
                        p->model->head.weight, l->target, l->n, p->temperature);
        if (out->logp) spread(p, out->logp, p->logp, l, 1);
        if (out->entropy && p->entropy_asked) spread(p, out->entropy, p->entropy, l, 1);
    }
    if (v->n > 0) {
        assert(K > 0);
        gather_forward(p->h, activations_hidden(p->acts), v->row, v->n, C);
        linear_forward(p->value, p->h, p->head_weight, p->head.w + p->head_bias, v->n);
        if (out->value) spread(p, out->value, p->value, v, K);
    }
}

static void evaluate(Policy *p, const TokenBatch *b, TokenTerms *out, bool gradient)
{
    const size_t K = (size_t)(p->options.heads > 0 ? p->options.heads : 1);
    const SequenceItems all = {.token = b->token, .start = b->start, .width = 1, .n = b->B};
    assert(b->temperature > 0 && b->start[b->B] == b->N);
    p->temperature = b->temperature;
    for (int i = 0; i < b->N; i++) {
        if (out->logp) out->logp[i] = 0;
        if (out->entropy) out->entropy[i] = 0;
    }
    for (size_t i = 0; out->value && i < (size_t)b->N * K; i++) out->value[i] = 0;

    for (int first = 0; first < b->B;) {
        const int last = sequences_cut(&all, first, p->limit);
        const int at = b->start[first];
        TokenTerms part = {.logp = out->logp ? out->logp + at : NULL,
                           .entropy = out->entropy ? out->entropy + at : NULL,
                           .value = out->value ? out->value + (size_t)at * K : NULL};
        make_room(p, b->start[last] - at, gradient && last - first == b->B);
        prepare(p, b, first, last);
        trunk_forward(p->model, p->options.adapter, p->acts, p->layer_cache, &p->rows);
        evaluate_heads(p, &part);
        progress_pulse(NULL);
        first = last;
    }
}

void policy_evaluate(Policy *p, const TokenBatch *b, TokenTerms *out)
{
    evaluate(p, b, out, p->options.train);
}

void policy_measure(Policy *p, const TokenBatch *b, TokenTerms *out)
{
    evaluate(p, b, out, false);
    p->rows.N = 0;
}

/* ---- gradient and step ---------------------------------------------------------------------------- */

static void gather_gradient(Policy *p, real *buffer, const double *from, const Asked *a, int width)
{
    for (int i = 0; i < a->n; i++)
        for (int k = 0; k < width; k++)
            p->host[i * width + k] = (real)from[(size_t)a->at[i] * (size_t)width + (size_t)k];
    buffer_write(buffer, p->host, (size_t)a->n * (size_t)width);
}

void policy_accumulate(Policy *p, const TokenBatch *b, const TokenTerms *grad)
{
    const int C = p->model->config.C, K = p->options.heads;
    const Asked *l = &p->logp_asked, *v = &p->value_asked;
    Linear *head = &p->model->head;
    real *dhidden = activations_dhidden(p->acts);
    assert(p->options.train && p->rows.N == b->N && p->rows.token == b->token);
    assert(room_holds(p->room, p) && p->dh);

    if (l->n > 0 && (grad->logp || grad->entropy)) {
        /* logp and entropy are not needed any more, except the entropy its own gradient is made of;
         * their gradients take the place of logp and of the values */
        real *dlogp = p->logp, *dentropy = grad->entropy && p->entropy_asked ? p->value : NULL;
        if (grad->logp) gather_gradient(p, dlogp, grad->logp, l, 1);
        else buffer_zero(dlogp, (size_t)l->n);
        if (dentropy) gather_gradient(p, dentropy, grad->entropy, l, 1);
        gather_forward(p->h, activations_hidden(p->acts), l->row, l->n, C);
        buffer_zero(p->dh, (size_t)l->n * (size_t)C);
        real *g = p->model->parameters.g;
        logprob_backward(p->dh, g ? g + head->at : NULL, dlogp, dentropy,
                         dentropy ? p->entropy : NULL, p->lse, p->h, head->weight, l->target, l->n,
                         p->temperature);
        gather_backward(dhidden, p->dh, l->row, l->n, C);
    }
    if (v->n > 0 && grad->value) {
        gather_gradient(p, p->value, grad->value, v, K);
        gather_forward(p->h, activations_hidden(p->acts), v->row, v->n, C);
        linear_backward(p->dh, p->head.g, p->head.g + p->head_bias, p->value, p->h, p->head_weight,
                        v->n);
        gather_backward(dhidden, p->dh, v->row, v->n, C);
    }
    trunk_backward(p->model, p->options.adapter, p->acts, p->layer_cache, &p->rows);
    p->rows.N = 0;
    progress_pulse(NULL);
}

void policy_discard(Policy *p)
{
    buffer_zero(policy_parameters(p)->g, policy_parameters(p)->n);
    if (p->head.g) buffer_zero(p->head.g, p->head.n);
}

double policy_gradient_norm(const Policy *p)
{
    const Parameters *w = policy_parameters(p);
    double squares = buffer_sum_squares(w->g, w->n);
    if (p->head.g) squares += buffer_sum_squares(p->head.g, p->head.n);
    return sqrt(squares);
}

double policy_step(Policy *p, double learning_rate, double max_grad_norm)
{
    Parameters *w = policy_parameters(p);
    const double norm = policy_gradient_norm(p);
    if (isfinite(norm)) {
        const PolicyOptions *o = &p->options;
        const AdamStep s = {
            .learning_rate = learning_rate,
            .beta1 = o->beta1,
            .beta2 = o->beta2,
            .eps = o->eps,
            .weight_decay = o->weight_decay,
            .grad_scale = max_grad_norm > 0 && norm > max_grad_norm ? max_grad_norm / norm : 1,
            .step = ++p->step,
            .tensorflow = o->tensorflow_adam};
        parameters_step(w, &s);
        if (p->options.adapter) adapter_changed(p->options.adapter);
        else model_changed(p->model);
        if (p->head.g) {
            parameters_step(&p->head, &s);
            weight_changed(p->head_weight);
        }
    }
    policy_discard(p);
    return norm;
}

void policy_scale_head(Policy *p, double gain, double bias)
{
    real *w = mem_calloc(p->head.n, sizeof *w);
    buffer_read(w, p->head.w, p->head.n);
    for (size_t i = 0; i < p->head.n; i++) {
        w[i] = (real)(gain * (double)w[i]);
        if (i >= p->head_bias) w[i] = (real)((double)w[i] + bias);
    }
    buffer_write(p->head.w, w, p->head.n);
    weight_changed(p->head_weight);
    free(w);
}
