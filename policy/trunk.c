#include "policy/trunk.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

/* What one block leaves behind for its backward; widths in the margin, all times N. */
typedef struct {
    real *x; /* C        block input */
    real *n1, *mean1, *rstd1;
    real *qkv;         /* Q + 2 KV, turned */
    real *mixed, *lse; /* Q, NH    attention output before the projection */
    real *mid;         /* C        after attention */
    real *n2, *mean2, *rstd2;
    real *up, *act; /* F or 2F, F */
} BlockActivations;

struct Activations {
    ModelConfig config;
    int max_N;
    bool keep;
    BlockActivations *block;  /* (n_layer); the same memory when not kept */
    real *last, *mean, *rstd; /* input and statistics of the final norm */
    real *hidden, *dhidden;   /* C */
    real *projected;          /* C        output of a projection before it joins the residual */
    real *dx, *dn, *dqkv, *dmixed, *dup, *dact;
    real *memory;
};

typedef struct {
    size_t q, kv, qkv, up;
} Widths;

static Widths widths(const ModelConfig *c)
{
    const size_t q = (size_t)(c->NH * c->HD), kv = (size_t)(c->NKV * c->HD);
    return (Widths){q, kv, q + 2 * kv, (size_t)c->F * (c->gated_mlp ? 2 : 1)};
}

/* Hands out slices of one block of memory; with none it only counts. */
typedef struct {
    real *base;
    size_t at;
} Carver;

static real *carve(Carver *k, size_t n)
{
    real *p = k->base ? k->base + k->at : NULL;
    k->at += (n + 15) / 16 * 16;
    return p;
}

static void carve_block(Carver *k, BlockActivations *b, const ModelConfig *c, size_t N)
{
    const Widths w = widths(c);
    const size_t C = (size_t)c->C;
    b->x = carve(k, N * C), b->n1 = carve(k, N * C), b->mean1 = carve(k, N), b->rstd1 = carve(k, N);
    b->qkv = carve(k, N * w.qkv);
    b->mixed = carve(k, N * w.q), b->lse = carve(k, N * (size_t)c->NH);
    b->mid = carve(k, N * C), b->n2 = carve(k, N * C), b->mean2 = carve(k, N),
    b->rstd2 = carve(k, N);
    b->up = carve(k, N * w.up), b->act = carve(k, N * (size_t)c->F);
}

static void carve_all(Carver *k, Activations *a)
{
    const ModelConfig *c = &a->config;
    const Widths w = widths(c);
    const size_t N = (size_t)a->max_N, C = (size_t)c->C;
    for (int l = 0; l < c->n_layer; l++) {
        if (l > 0 && !a->keep) a->block[l] = a->block[0];
        else carve_block(k, &a->block[l], c, N);
    }
    a->last = carve(k, N * C), a->mean = carve(k, N), a->rstd = carve(k, N);
    a->hidden = carve(k, N * C), a->projected = carve(k, N * C);
    if (!a->keep) return;
    a->dhidden = carve(k, N * C), a->dx = carve(k, N * C), a->dn = carve(k, N * C);
    a->dqkv = carve(k, N * w.qkv), a->dmixed = carve(k, N * w.q);
    a->dup = carve(k, N * w.up), a->dact = carve(k, N * (size_t)c->F);
}

size_t activations_bytes(const ModelConfig *c, int max_N, bool keep)
{
    Activations a = {.config = *c, .max_N = max_N, .keep = keep};
    a.block = mem_calloc((size_t)c->n_layer, sizeof *a.block);
    Carver count = {0};
    carve_all(&count, &a);
    free(a.block);
    return count.at * sizeof(real);
}

Activations *activations_new(const ModelConfig *c, int max_N, bool keep)
{
    Activations *a = mem_calloc(1, sizeof *a);
    a->config = *c, a->max_N = max_N, a->keep = keep;
    a->block = mem_calloc((size_t)c->n_layer, sizeof *a->block);
    a->memory = buffer_new(activations_bytes(c, max_N, keep) / sizeof(real));
    carve_all(&(Carver){.base = a->memory}, a);
    return a;
}

void activations_free(Activations *a)
{
    if (!a) return;
    buffer_free(a->memory);
    free(a->block);
    free(a);
}

real *activations_hidden(Activations *a)
{
    return a->hidden;
}
real *activations_dhidden(Activations *a)
{
    return a->dhidden;
}

/* ---- the pieces, forward and backward ------------------------------------------------------------ */

static real *weights(Model *m, size_t at)
{
    return m->parameters.w + at;
}
static real *gradients(Model *m, size_t at)
{
    return m->parameters.g ? m->parameters.g + at : NULL;
}

static void norm_forward(Model *m, const Norm *p, real *out, real *mean, real *rstd, const real *x,
                         int N)
{
    const ModelConfig *c = &m->config;
    if (c->rms_norm) rmsnorm_forward(out, rstd, x, weights(m, p->at), N, c->C, c->norm_eps);
    else
        layernorm_forward(out, mean, rstd, x, weights(m, p->at), weights(m, p->bias_at), N, c->C,
                          c->norm_eps);
}

static void norm_backward(Model *m, const Norm *p, real *dx, const real *dout, const real *x,
                          const real *mean, const real *rstd, int N)
{
    const ModelConfig *c = &m->config;
    if (c->rms_norm)
        rmsnorm_backward(dx, gradients(m, p->at), dout, x, rstd, weights(m, p->at), N, c->C);
    else
        layernorm_backward(dx, gradients(m, p->at), gradients(m, p->bias_at), dout, x, mean, rstd,
                           weights(m, p->at), N, c->C);
}

static void project(Model *m, const Linear *p, real *out, const real *x, int N)
{
    linear_forward(out, x, p->weight, p->bias_at ? weights(m, p->bias_at) : NULL, N);
}

static void project_backward(Model *m, const Linear *p, real *dx, const real *dout, const real *x,
                             int N)
{
    linear_backward(dx, gradients(m, p->at), p->bias_at ? gradients(m, p->bias_at) : NULL, dout, x,
                    p->weight, N);
}

static void attention_half(Model *m, const Block *p, BlockActivations *b, real *projected,
                           KvCache *cache, const Rows *r)
{
    const ModelConfig *c = &m->config;
    const Widths w = widths(c);
    const int ld = (int)w.qkv;
    norm_forward(m, &p->attention_norm, b->n1, b->mean1, b->rstd1, b->x, r->N);
    project(m, &p->qkv, b->qkv, b->n1, r->N);
    if (m->rope) /* query and key heads lie side by side */
        rope_forward(b->qkv, ld, m->rope, r->position, r->N, c->NH + c->NKV, c->HD);
    kv_cache_write(cache, b->qkv + w.q, b->qkv + w.q + w.kv, ld, r->span, r->n_spans);
    attention_forward(b->mixed, b->lse, b->qkv, ld, cache, r->span, r->n_spans, c->NH);
    project(m, &p->out, projected, b->mixed, r->N);
}

static void mlp_half(Model *m, const Block *p, BlockActivations *b, real *projected, int N)
{
    const ModelConfig *c = &m->config;
    norm_forward(m, &p->mlp_norm, b->n2, b->mean2, b->rstd2, b->mid, N);
    project(m, &p->up, b->up, b->n2, N);
    if (c->gated_mlp) swiglu_forward(b->act, b->up, N, c->F);
    else gelu_forward(b->act, b->up, (size_t)N * (size_t)c->F);
    project(m, &p->down, projected, b->act, N);
}

void trunk_forward(Model *m, Activations *a, KvCache *const *cache, const Rows *r)
{
    const ModelConfig *c = &m->config;
    const size_t n = (size_t)r->N * (size_t)c->C;
    assert(r->N > 0 && r->N <= a->max_N);
    embedding_forward(a->block[0].x, weights(m, 0),
                      c->learned_positions ? weights(m, m->wpe_at) : NULL, r->token, r->position,
                      r->N, c->C);
    for (int l = 0; l < c->n_layer; l++) {
        BlockActivations *b = &a->block[l];
        real *next = l + 1 < c->n_layer ? a->block[l + 1].x : a->last;
        attention_half(m, &m->block[l], b, a->projected, cache[l], r);
        buffer_copy(b->mid, b->x, n);
        buffer_add(b->mid, a->projected, n);
        mlp_half(m, &m->block[l], b, a->projected, r->N);
        buffer_copy(next, b->mid, n);
        buffer_add(next, a->projected, n);
    }
    norm_forward(m, &m->final_norm, a->hidden, a->mean, a->rstd, a->last, r->N);
    if (a->keep) buffer_zero(a->dhidden, n);
}

/* a->dx holds the gradient of the block's output, and of its input afterwards: the residual passes it
 * through unchanged and each half adds its own. */
static void block_backward(Model *m, const Block *p, BlockActivations *b, Activations *a,
                           const Rows *r)
{
    const ModelConfig *c = &m->config;
    const Widths w = widths(c);
    const int N = r->N, ld = (int)w.qkv;
    const size_t n = (size_t)N;

    buffer_zero(a->dact, n * (size_t)c->F);
    buffer_zero(a->dup, n * w.up);
    buffer_zero(a->dn, n * (size_t)c->C);
    project_backward(m, &p->down, a->dact, a->dx, b->act, N);
    if (c->gated_mlp) swiglu_backward(a->dup, a->dact, b->up, N, c->F);
    else gelu_backward(a->dup, a->dact, b->up, n * (size_t)c->F);
    project_backward(m, &p->up, a->dn, a->dup, b->n2, N);
    norm_backward(m, &p->mlp_norm, a->dx, a->dn, b->mid, b->mean2, b->rstd2, N);

    buffer_zero(a->dmixed, n * w.q);
    buffer_zero(a->dqkv, n * w.qkv);
    buffer_zero(a->dn, n * (size_t)c->C);
    project_backward(m, &p->out, a->dmixed, a->dx, b->mixed, N);
    attention_backward(a->dqkv, a->dqkv + w.q, a->dqkv + w.q + w.kv, a->dmixed, b->mixed, b->lse,
                       b->qkv, b->qkv + w.q, b->qkv + w.q + w.kv, ld, r->span, r->n_spans, c->NH,
                       c->NKV, c->HD);
    if (m->rope) rope_backward(a->dqkv, ld, m->rope, r->position, N, c->NH + c->NKV, c->HD);
    project_backward(m, &p->qkv, a->dn, a->dqkv, b->n1, N);
    norm_backward(m, &p->attention_norm, a->dx, a->dn, b->x, b->mean1, b->rstd1, N);
}

void trunk_backward(Model *m, Activations *a, const Rows *r)
{
    const ModelConfig *c = &m->config;
    assert(a->keep && m->parameters.g);
    buffer_zero(a->dx, (size_t)r->N * (size_t)c->C);
    norm_backward(m, &m->final_norm, a->dx, a->dhidden, a->last, a->mean, a->rstd, r->N);
    for (int l = c->n_layer - 1; l >= 0; l--) block_backward(m, &m->block[l], &a->block[l], a, r);
    embedding_backward(gradients(m, 0), c->learned_positions ? gradients(m, m->wpe_at) : NULL,
                       a->dx, r->token, r->position, r->N, c->C);
}
