#include "policy/model.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

/* ---- layout ------------------------------------------------------------------------------------- */

enum { ALIGN = 16 }; /* every matrix and vector starts at a multiple of this many weights */

/* Walks the architecture in order and gives every tensor its place.  Matrices come first, so that
 * weight decay is one range. */
typedef struct {
    Model *m;
    size_t at;
    bool vectors; /* the second walk */
} Layout;

static Tensor *take(Layout *l, int rows, int cols, bool vector, const char *format, int layer)
{
    Model *m = l->m;
    m->tensor = mem_realloc(m->tensor, (size_t)m->n_tensors + 1, sizeof *m->tensor);
    Tensor *t = &m->tensor[m->n_tensors++];
    *t = (Tensor){.at = l->at, .rows = rows, .cols = cols, .vector = vector};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(t->name, sizeof t->name, format, layer);
#pragma GCC diagnostic pop
    l->at += (size_t)rows * (size_t)cols;
    return t;
}

static void align(Layout *l)
{
    l->at = (l->at + ALIGN - 1) / ALIGN * ALIGN;
}

/* Several tensors that lie one after the other and are used as one matrix. */
typedef struct {
    const char *name; /* with %d for the layer, without ".weight" */
    int rows;
} Part;

static void take_linear(Layout *l, Linear *out, const Part *part, int parts, int IN, bool bias,
                        double init_std, int layer)
{
    char name[96];
    const bool transposed = l->m->config.family == FAMILY_GPT2;
    align(l);
    if (!l->vectors) *out = (Linear){.IN = IN, .at = l->at};
    else if (bias) out->bias_at = l->at;
    for (int i = 0; i < parts; i++) {
        if (!l->vectors) {
            snprintf(name, sizeof name, "%s.weight", part[i].name);
            Tensor *t = take(l, part[i].rows, IN, false, name, layer);
            t->transposed = transposed;
            t->init_std = init_std;
            out->OUT += part[i].rows;
        } else if (bias) {
            snprintf(name, sizeof name, "%s.bias", part[i].name);
            take(l, 1, part[i].rows, true, name, layer);
        }
    }
}

static void take_norm(Layout *l, Norm *out, const char *prefix, int width, int layer)
{
    char name[96];
    if (!l->vectors) return;
    align(l);
    out->at = l->at;
    snprintf(name, sizeof name, "%s.weight", prefix);
    take(l, 1, width, true, name, layer)->init = 1;
    if (l->m->config.rms_norm) return;
    align(l);
    out->bias_at = l->at;
    snprintf(name, sizeof name, "%s.bias", prefix);
    take(l, 1, width, true, name, layer);
}

static void walk_gpt2_block(Layout *l, Block *b, int i)
{
    const ModelConfig *c = &l->m->config;
    const double residual = c->init_std / sqrt(2.0 * c->n_layer);
    take_norm(l, &b->attention_norm, "transformer.h.%d.ln_1", c->C, i);
    take_linear(l, &b->qkv, &(Part){"transformer.h.%d.attn.c_attn", 3 * c->C}, 1, c->C, true,
                c->init_std, i);
    take_linear(l, &b->out, &(Part){"transformer.h.%d.attn.c_proj", c->C}, 1, c->C, true, residual,
                i);
    take_norm(l, &b->mlp_norm, "transformer.h.%d.ln_2", c->C, i);
    take_linear(l, &b->up, &(Part){"transformer.h.%d.mlp.c_fc", c->F}, 1, c->C, true, c->init_std,
                i);
    take_linear(l, &b->down, &(Part){"transformer.h.%d.mlp.c_proj", c->C}, 1, c->F, true, residual,
                i);
}

static void walk_llama_block(Layout *l, Block *b, int i)
{
    const ModelConfig *c = &l->m->config;
    const double residual = c->init_std / sqrt(2.0 * c->n_layer);
    const Part qkv[] = {{"model.layers.%d.self_attn.q_proj", c->NH * c->HD},
                        {"model.layers.%d.self_attn.k_proj", c->NKV * c->HD},
                        {"model.layers.%d.self_attn.v_proj", c->NKV * c->HD}};
    const Part up[] = {{"model.layers.%d.mlp.gate_proj", c->F},
                       {"model.layers.%d.mlp.up_proj", c->F}};
    take_norm(l, &b->attention_norm, "model.layers.%d.input_layernorm", c->C, i);
    take_linear(l, &b->qkv, qkv, 3, c->C, c->attention_bias, c->init_std, i);
    if (c->qk_norm) {
        take_norm(l, &b->q_norm, "model.layers.%d.self_attn.q_norm", c->HD, i);
        take_norm(l, &b->k_norm, "model.layers.%d.self_attn.k_norm", c->HD, i);
    }
    take_linear(l, &b->out, &(Part){"model.layers.%d.self_attn.o_proj", c->C}, 1, c->NH * c->HD,
                c->out_bias, residual, i);
    take_norm(l, &b->mlp_norm, "model.layers.%d.post_attention_layernorm", c->C, i);
    take_linear(l, &b->up, up, 2, c->C, c->mlp_bias, c->init_std, i);
    take_linear(l, &b->down, &(Part){"model.layers.%d.mlp.down_proj", c->C}, 1, c->F, c->mlp_bias,
                residual, i);
}

static void walk(Layout *l)
{
    Model *m = l->m;
    const ModelConfig *c = &m->config;
    const bool gpt2 = c->family == FAMILY_GPT2;
    if (!l->vectors) {
        take(l, c->V, c->C, false, gpt2 ? "transformer.wte.weight" : "model.embed_tokens.weight", 0)
            ->init_std = c->init_std;
        align(l);
        m->wpe_at = l->at;
        if (c->learned_positions)
            take(l, c->max_T, c->C, false, "transformer.wpe.weight", 0)->init_std = c->init_std;
    }
    for (int i = 0; i < c->n_layer; i++)
        gpt2 ? walk_gpt2_block(l, &m->block[i], i) : walk_llama_block(l, &m->block[i], i);
    take_norm(l, &m->final_norm, gpt2 ? "transformer.ln_f" : "model.norm", c->C, 0);
    if (l->vectors) return;
    align(l);
    m->head = (Linear){.OUT = c->V, .IN = c->C, .at = c->tied ? 0 : l->at};
    if (!c->tied) take(l, c->V, c->C, false, "lm_head.weight", 0)->init_std = c->init_std;
}

static Linear *linear_at(Model *m, int i)
{
    if (i == 4 * m->config.n_layer) return &m->head;
    Block *b = &m->block[i / 4];
    Linear *of[] = {&b->qkv, &b->out, &b->up, &b->down};
    return of[i % 4];
}

static int n_linears(const Model *m)
{
    return 4 * m->config.n_layer + 1;
}

static void make_rope(Model *m)
{
    const ModelConfig *c = &m->config;
    double *inv_freq = mem_calloc((size_t)c->HD / 2, sizeof *inv_freq);
    rope_frequencies(inv_freq, c->rope_theta, &c->rope_scaling, c->HD);
    m->rope = buffer_new((size_t)c->max_T * (size_t)c->HD);
    rope_table(m->rope, inv_freq, c->max_T, c->HD);
    free(inv_freq);
}

/* Every tensor has its place; no memory for weights yet.  Matrices end at *n_decay, all at *n. */
static Model *lay_out(const ModelConfig *config, size_t *n, size_t *n_decay)
{
    Model *m = mem_calloc(1, sizeof *m);
    m->config = *config;
    m->finite = true;
    m->block = mem_calloc((size_t)config->n_layer, sizeof *m->block);
    Layout l = {.m = m};
    walk(&l);
    align(&l);
    *n_decay = l.at;
    l.vectors = true;
    walk(&l);
    align(&l);
    *n = l.at;
    return m;
}

size_t model_size(const ModelConfig *config)
{
    size_t n, n_decay;
    model_free(lay_out(config, &n, &n_decay));
    return n;
}

Model *model_outline(const ModelConfig *config)
{
    size_t n, n_decay;
    Model *m = lay_out(config, &n, &n_decay);
    m->parameters.n = n, m->parameters.n_decay = n_decay;
    return m;
}

void model_take_memory(Model *m)
{
    parameters_new(&m->parameters, m->parameters.n, m->parameters.n_decay);
    for (int i = 0; i < n_linears(m); i++) {
        Linear *p = linear_at(m, i);
        p->index = i;
        p->weight = weight_new(m->parameters.w + p->at, p->OUT, p->IN, m->config.compute);
    }
    if (!m->config.learned_positions) make_rope(m);
}

Model *model_like(const ModelConfig *config)
{
    Model *m = model_outline(config);
    model_take_memory(m);
    return m;
}

Model *model_new(const ModelConfig *config, uint64_t seed)
{
    Model *m = model_like(config);
    for (int i = 0; i < m->n_tensors; i++) {
        const Tensor *t = &m->tensor[i];
        const size_t n = (size_t)t->rows * (size_t)t->cols;
        real *values = mem_calloc(n, sizeof *values);
        for (size_t k = 0; k < n; k++)
            values[k] = (real)(t->init + (t->init_std > 0 ? t->init_std * rng_normal(seed, RNG_INIT,
                                                                                     (uint64_t)i, k)
                                                          : 0));
        buffer_write(m->parameters.w + t->at, values, n);
        free(values);
    }
    model_changed(m);
    return m;
}

void model_free(Model *m)
{
    if (!m) return;
    for (int i = 0; i < n_linears(m); i++) weight_free(linear_at(m, i)->weight);
    parameters_free(&m->parameters);
    buffer_free(m->rope);
    buffer_free(m->backward);
    free(m->tensor);
    free(m->companions);
    free(m->left_out);
    score_head_free(&m->score);
    free(m->block);
    free(m);
}

void model_changed(Model *m)
{
    for (int i = 0; i < n_linears(m); i++) weight_changed(linear_at(m, i)->weight);
}

void model_release(Model *m)
{
    for (int i = 0; i < n_linears(m); i++) weight_release(linear_at(m, i)->weight);
}

void model_pack(Model *m, bool backward)
{
    const bool all = backward && !m->parameters.g;
    for (int i = 0; i < 4 * m->config.n_layer; i++) weight_pack(linear_at(m, i)->weight, all);
}

/* Every block has weights of the same shapes. */
void model_pack_block(Model *m, int layer)
{
    size_t n = 0;
    if (!m->parameters.g) return;
    for (int i = 0; i < 4; i++) n += weight_backward_size(linear_at(m, i)->weight);
    if (!m->backward) m->backward = buffer_new(n);
    real *at = m->backward;
    for (int i = 4 * layer; i < 4 * layer + 4; i++) {
        Weight *w = linear_at(m, i)->weight;
        weight_lend(w, at);
        at += weight_backward_size(w);
    }
}

void model_leave_block(Model *m, int layer)
{
    if (!m->parameters.g) return;
    for (int i = 4 * layer; i < 4 * layer + 4; i++) weight_lend(linear_at(m, i)->weight, NULL);
}

void model_copy(Model *to, const Model *from)
{
    assert(to->parameters.n == from->parameters.n);
    buffer_copy(to->parameters.w, from->parameters.w, from->parameters.n);
    model_changed(to);
}

void model_hash(char out[65], const Model *m)
{
    parameters_hash(out, &m->parameters);
}
