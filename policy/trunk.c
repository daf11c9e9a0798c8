#include "policy/trunk.h"

#include <assert.h>
#include <stdint.h>

#include "policy/activations.h"

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

/* Of the rows, or of the weights: dx is NULL. */
static void norm_backward(Model *m, const Norm *p, real *dx, const real *dout, const real *x,
                          const real *mean, const real *rstd, int N)
{
    const ModelConfig *c = &m->config;
    real *dw = dx ? NULL : gradients(m, p->at), *db = dx ? NULL : gradients(m, p->bias_at);
    if (c->rms_norm) rmsnorm_backward(dx, dw, dout, x, rstd, weights(m, p->at), N, c->C);
    else layernorm_backward(dx, dw, db, dout, x, mean, rstd, weights(m, p->at), N, c->C);
}

/* The query and key heads of each row lie side by side, at ld of qkv and, densely, in qk. */
static void head_norms_forward(Model *m, const Block *p, const BlockActivations *b, int N)
{
    const ModelConfig *c = &m->config;
    const Widths w = activations_widths(c);
    for (size_t n = 0; n < (size_t)N; n++) {
        real *heads = b->qkv + n * w.qkv, *qk = b->qk + n * (w.q + w.kv);
        real *rstd = b->qk_rstd + n * (size_t)(c->NH + c->NKV);
        buffer_copy(qk, heads, w.q + w.kv);
        rmsnorm_forward(heads, rstd, qk, weights(m, p->q_norm.at), c->NH, c->HD, c->norm_eps);
        rmsnorm_forward(heads + w.q, rstd + c->NH, qk + w.q, weights(m, p->k_norm.at), c->NKV,
                        c->HD, c->norm_eps);
    }
}

/* From the gradient of the normed heads in d->qkv, kept in d->qk, to that of what the projection gave. */
static void head_norms_backward(Model *m, const Block *p, const BlockActivations *b,
                                const BlockGradients *d, int N)
{
    const ModelConfig *c = &m->config;
    const Widths w = activations_widths(c);
    for (size_t n = 0; n < (size_t)N; n++) {
        real *dheads = d->qkv + n * w.qkv, *dqk = d->qk + n * (w.q + w.kv);
        const real *qk = b->qk + n * (w.q + w.kv);
        const real *rstd = b->qk_rstd + n * (size_t)(c->NH + c->NKV);
        buffer_copy(dqk, dheads, w.q + w.kv);
        buffer_zero(dheads, w.q + w.kv);
        rmsnorm_backward(dheads, NULL, dqk, qk, rstd, weights(m, p->q_norm.at), c->NH, c->HD);
        rmsnorm_backward(dheads + w.q, NULL, dqk + w.q, qk + w.q, rstd + c->NH,
                         weights(m, p->k_norm.at), c->NKV, c->HD);
    }
}

/* One chain over rows, and heads within them, ascending. */
static void head_norms_weights(Model *m, const Block *p, const BlockActivations *b,
                               const BlockGradients *d, int N)
{
    const ModelConfig *c = &m->config;
    const Widths w = activations_widths(c);
    for (size_t n = 0; n < (size_t)N; n++) {
        const real *dqk = d->qk + n * (w.q + w.kv), *qk = b->qk + n * (w.q + w.kv);
        const real *rstd = b->qk_rstd + n * (size_t)(c->NH + c->NKV);
        rmsnorm_backward(NULL, gradients(m, p->q_norm.at), dqk, qk, rstd, weights(m, p->q_norm.at),
                         c->NH, c->HD);
        rmsnorm_backward(NULL, gradients(m, p->k_norm.at), dqk + w.q, qk + w.q, rstd + c->NH,
                         weights(m, p->k_norm.at), c->NKV, c->HD);
    }
}

/* One pass over the parts of a batch, of one block or of all. */
typedef struct {
    Model *m;
    Adapter *adapter; /* or NULL */
    Activations *a;
    KvCache *const *cache;
    const Rows *rows;
    int layer;
} Pass;

static const Update *updates(const Pass *pass, const Linear *p, int *n)
{
    *n = 0;
    return pass->adapter ? adapter_updates(pass->adapter, p, n) : NULL;
}

/* `low` is what the adapter's A make of x, `dlow` its gradient. */
static void project(const Pass *pass, const Linear *p, real *out, const real *x, real *low, int N)
{
    int n;
    const Update *u = updates(pass, p, &n);
    linear_forward(out, x, p->weight, p->bias_at ? weights(pass->m, p->bias_at) : NULL, N);
    for (; n > 0; n--, u++)
        lowrank_forward(out + u->at, p->OUT, low + u->low_at, pass->adapter->low, x, u->a, u->b,
                        pass->adapter->scale, N);
}

/* out = x + the projection of y */
static void project_onto(const Pass *pass, const Linear *p, real *out, const real *x, const real *y,
                         real *low, int N)
{
    project(pass, p, out, y, low, N);
    buffer_add(out, x, (size_t)N * (size_t)p->OUT);
}

static void project_backward(const Pass *pass, const Linear *p, real *dx, const real *dout,
                             real *dlow, int N)
{
    int n;
    const Update *u = updates(pass, p, &n);
    linear_backward(dx, NULL, NULL, dout, NULL, p->weight, N);
    for (; n > 0; n--, u++)
        lowrank_backward(dx, dlow + u->low_at, pass->adapter->low, dout + u->at, p->OUT, u->a, u->b,
                         pass->adapter->scale, N);
}

static void project_weights(const Pass *pass, const Linear *p, const real *dout, const real *x,
                            const real *low, const real *dlow, int N)
{
    int n;
    const Update *u = updates(pass, p, &n);
    real *g = n > 0 ? pass->adapter->parameters.g : NULL;
    if (pass->m->parameters.g)
        linear_backward(NULL, gradients(pass->m, p->at),
                        p->bias_at ? gradients(pass->m, p->bias_at) : NULL, dout, x, p->weight, N);
    for (; g && n > 0; n--, u++)
        lowrank_weights(g + u->a_at, g + u->b_at, dlow + u->low_at, low + u->low_at,
                        pass->adapter->low, dout + u->at, p->OUT, x, u->a, u->b, N);
}

/* ---- parts ---------------------------------------------------------------------------------------- */

/* Rows of each part read all weights of a block.  Where those stay in a core's second-level cache few
 * rows are enough; else it takes many to be worth reading them once more. */
static int least_rows(const ModelConfig *c)
{
    enum { NEAR = 1 << 18, FEW = 16, MANY = 256 };
    const Widths w = activations_widths(c);
    return (size_t)c->C * (w.qkv + w.q + w.up + (size_t)c->F) <= NEAR ? FEW : MANY;
}

static size_t work(const ModelConfig *c, int N)
{
    const Widths w = activations_widths(c);
    return (size_t)N * (size_t)c->n_layer * (size_t)c->C * (w.qkv + w.q + w.up + (size_t)c->F);
}

static int parts_wanted(const ModelConfig *c, int N)
{
    const int most = N / least_rows(c), tasks = kernels_tasks(work(c, N));
    return most < 1 ? 1 : tasks < most ? tasks : most;
}

/* Whole sequences, as evenly as they come. */
static void cut(Activations *a, const Rows *r)
{
    const int wanted = parts_wanted(&a->config, r->N);
    Part *p = a->part;
    *p = (Part){0};
    for (int s = 0; s < r->n_spans; s++) {
        a->span[s] = r->span[s];
        a->span[s].row -= p->row;
        p->N += r->span[s].n, p->n_spans++;
        const int64_t end = p->row + p->N, parts = p - a->part + 1;
        if (s + 1 < r->n_spans && end * wanted >= r->N * parts)
            *++p = (Part){.row = (int)end, .first_span = s + 1};
    }
    a->n_parts = (int)(p - a->part) + 1;
}

static Rows rows_of(const Pass *pass, const Part *p)
{
    return (Rows){.N = p->N,
                  .n_spans = p->n_spans,
                  .token = pass->rows->token + p->row,
                  .position = pass->rows->position + p->row,
                  .span = pass->a->span + p->first_span};
}

static void each_part(Pass *pass, void (*task)(void *pass, int part))
{
    kernels_run(pass->a->n_parts, work(&pass->m->config, pass->rows->N), task, pass);
}

/* ---- forward -------------------------------------------------------------------------------------- */

static void attention_half(const Pass *pass, const Block *p, const BlockActivations *b,
                           KvCache *cache, const Rows *r)
{
    Model *m = pass->m;
    const ModelConfig *c = &m->config;
    const Widths w = activations_widths(c);
    const int ld = (int)w.qkv;
    norm_forward(m, &p->attention_norm, b->n1, b->mean1, b->rstd1, b->x, r->N);
    project(pass, &p->qkv, b->qkv, b->n1, b->low, r->N);
    if (c->qk_norm) head_norms_forward(m, p, b, r->N);
    if (m->rope) /* query and key heads lie side by side */
        rope_forward(b->qkv, ld, m->rope, r->position, r->N, c->NH + c->NKV, c->HD);
    kv_cache_write(cache, b->qkv + w.q, b->qkv + w.q + w.kv, ld, r->span, r->n_spans);
    attention_forward(b->mixed, b->lse, b->qkv, ld, cache, r->span, r->n_spans, c->NH, c->window);
    project_onto(pass, &p->out, b->mid, b->x, b->mixed, b->low, r->N);
}

/* All but the projection out of it. */
static void mlp_inner(const Pass *pass, const Block *p, const BlockActivations *b, int N)
{
    Model *m = pass->m;
    const ModelConfig *c = &m->config;
    norm_forward(m, &p->mlp_norm, b->n2, b->mean2, b->rstd2, b->mid, N);
    project(pass, &p->up, b->up, b->n2, b->low, N);
    if (c->gated_mlp) swiglu_forward(b->act, b->up, N, c->F);
    else gelu_forward(b->act, b->up, (size_t)N * (size_t)c->F);
}

static void forward_part(void *context, int i)
{
    const Pass *pass = context;
    Model *m = pass->m;
    const Activations *a = pass->a;
    const ModelConfig *c = &m->config;
    const Part *p = &a->part[i];
    const Rows r = rows_of(pass, p);
    const size_t at = (size_t)p->row * (size_t)c->C;
    embedding_forward(a->block[0].x + at, weights(m, 0),
                      c->learned_positions ? weights(m, m->wpe_at) : NULL, r.token, r.position, r.N,
                      c->C);
    for (int l = 0; l < c->n_layer; l++) {
        const BlockActivations b = activations_block_from(a, l, p->row);
        real *out = l + 1 < c->n_layer ? a->block[l + 1].x : a->last;
        attention_half(pass, &m->block[l], &b, pass->cache[l], &r);
        mlp_inner(pass, &m->block[l], &b, r.N);
        project_onto(pass, &m->block[l].down, out + at, b.mid, b.act, b.low, r.N);
    }
    norm_forward(m, &m->final_norm, a->hidden + at, a->mean + p->row, a->rstd + p->row,
                 a->last + at, r.N);
    if (a->keep) buffer_zero(a->dhidden + at, (size_t)r.N * (size_t)c->C);
}

void trunk_forward(Model *m, Adapter *adapter, Activations *a, KvCache *const *cache, const Rows *r)
{
    assert(r->N > 0 && r->N <= a->max_N);
    assert(!adapter || adapter->low == a->low);
    model_pack(m, a->keep);
    if (adapter) adapter_pack(adapter, a->keep);
    cut(a, r);
    each_part(&(Pass){.m = m, .adapter = adapter, .a = a, .cache = cache, .rows = r}, forward_part);
}

/* ---- backward ------------------------------------------------------------------------------------- */

/* What the block left behind is no more, but for its input.  Its output nobody needs again; what its adapter makes of
 * what goes into the last projection is. */
static void block_again(void *context, int i)
{
    const Pass *pass = context;
    const Block *p = &pass->m->block[pass->layer];
    const Part *part = &pass->a->part[i];
    const BlockActivations b = activations_block_from(pass->a, pass->layer, part->row);
    const BlockGradients d = activations_gradients_from(pass->a, part->row);
    const Rows r = rows_of(pass, part);
    attention_half(pass, p, &b, pass->cache[pass->layer], &r);
    mlp_inner(pass, p, &b, r.N);
    if (pass->adapter) project(pass, &p->down, d.x, b.act, b.low, r.N);
}

/* The residual passes a gradient through unchanged and each half adds its own. */
static void block_backward(void *context, int i)
{
    const Pass *pass = context;
    Model *m = pass->m;
    const ModelConfig *c = &m->config;
    const Block *p = &m->block[pass->layer];
    const Part *part = &pass->a->part[i];
    const BlockActivations b = activations_block_from(pass->a, pass->layer, part->row);
    const BlockGradients d = activations_gradients_from(pass->a, part->row);
    const Rows r = rows_of(pass, part);
    const Widths w = activations_widths(c);
    const int N = r.N, ld = (int)w.qkv;
    const size_t n = (size_t)N, C = (size_t)c->C;

    project_backward(pass, &p->down, d.act, d.out, d.low, N);
    if (c->gated_mlp) swiglu_backward(d.up, d.act, b.up, N, c->F);
    else gelu_backward(d.up, d.act, b.up, n * (size_t)c->F);
    project_backward(pass, &p->up, d.n2, d.up, d.low, N);
    buffer_copy(d.mid, d.out, n * C);
    norm_backward(m, &p->mlp_norm, d.mid, d.n2, b.mid, b.mean2, b.rstd2, N);

    project_backward(pass, &p->out, d.mixed, d.mid, d.low, N);
    buffer_zero(d.qkv, n * w.qkv);
    attention_backward(d.qkv, d.qkv + w.q, d.qkv + w.q + w.kv, d.mixed, b.mixed, b.lse, b.qkv,
                       b.qkv + w.q, b.qkv + w.q + w.kv, ld, r.span, r.n_spans, c->NH, c->NKV, c->HD,
                       c->window);
    if (m->rope) rope_backward(d.qkv, ld, m->rope, r.position, N, c->NH + c->NKV, c->HD);
    if (c->qk_norm) head_norms_backward(m, p, &b, &d, N);
    /* Nothing that is trained lies below the first block of frozen weights. */
    const bool lowest = pass->layer == 0 && !m->parameters.g;
    project_backward(pass, &p->qkv, lowest ? NULL : d.n1, d.qkv, d.low, N);
    if (lowest) return;
    buffer_copy(d.x, d.mid, n * C);
    norm_backward(m, &p->attention_norm, d.x, d.n1, b.x, b.mean1, b.rstd1, N);
}

/* Sums over all rows of the batch, ascending, so not in parts. */
static void block_weights(const Pass *pass)
{
    Model *m = pass->m;
    const Block *p = &m->block[pass->layer];
    const BlockActivations *b = &pass->a->block[pass->layer];
    const BlockGradients *d = &pass->a->d;
    const int N = pass->rows->N;
    const bool train = m->parameters.g != NULL;
    project_weights(pass, &p->down, d->out, b->act, b->low, d->low, N);
    project_weights(pass, &p->up, d->up, b->n2, b->low, d->low, N);
    if (train) norm_backward(m, &p->mlp_norm, NULL, d->n2, b->mid, b->mean2, b->rstd2, N);
    project_weights(pass, &p->out, d->mid, b->mixed, b->low, d->low, N);
    if (train && m->config.qk_norm) head_norms_weights(m, p, b, d, N);
    project_weights(pass, &p->qkv, d->qkv, b->n1, b->low, d->low, N);
    if (train) norm_backward(m, &p->attention_norm, NULL, d->n1, b->x, b->mean1, b->rstd1, N);
}

void trunk_backward(Model *m, Adapter *adapter, Activations *a, KvCache *const *cache,
                    const Rows *r)
{
    const ModelConfig *c = &m->config;
    const bool train = m->parameters.g != NULL;
    Pass pass = {.m = m, .adapter = adapter, .a = a, .cache = cache, .rows = r};
    assert(a->keep && (train || (adapter && adapter->parameters.g)));
    buffer_zero(a->d.out, (size_t)r->N * (size_t)c->C);
    norm_backward(m, &m->final_norm, a->d.out, a->dhidden, a->last, a->mean, a->rstd, r->N);
    if (train) norm_backward(m, &m->final_norm, NULL, a->dhidden, a->last, a->mean, a->rstd, r->N);
    for (int l = c->n_layer - 1; l >= 0; l--) {
        pass.layer = l;
        model_pack_block(m, l);
        if (a->keep == KEEP_INPUTS) each_part(&pass, block_again);
        each_part(&pass, block_backward);
        model_leave_block(m, l);
        block_weights(&pass);
        real *dx = a->d.x;
        a->d.x = a->d.out, a->d.out = dx;
    }
    if (train)
        embedding_backward(gradients(m, 0), c->learned_positions ? gradients(m, m->wpe_at) : NULL,
                           a->d.out, r->token, r->position, r->N, c->C);
}
