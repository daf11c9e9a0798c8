#include "policy/layer_trace.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "policy/activations.h"
#include "policy/single_pass.h"

static size_t residual_size(const ModelConfig *c, int T)
{
    return ((size_t)c->n_layer + 1) * (size_t)T * (size_t)c->C;
}
static size_t units_size(const ModelConfig *c, int T)
{
    return (size_t)c->n_layer * (size_t)T * (size_t)c->F;
}

/* Layers share memory in a pass that no backward follows: rows that are to stay get the trace's. */
static void divert(Activations *a, const LayerTrace *t)
{
    const size_t level = (size_t)t->T * (size_t)t->C, layer = (size_t)t->T * (size_t)t->F;
    for (size_t l = 0; l < (size_t)t->n_layer; l++) {
        if (t->residual) a->block[l].x = t->residual + l * level;
        if (t->units) a->block[l].act = t->units + l * layer;
    }
    if (t->residual) a->last = t->residual + (size_t)t->n_layer * level;
}

LayerTrace *layer_trace_new(Model *m, Adapter *adapter, unsigned parts, const int *token, int T)
{
    const ModelConfig *c = &m->config;
    assert(T > 0 && T <= c->max_T && parts != 0);
    LayerTrace *out = mem_calloc(1, sizeof *out);
    *out = (LayerTrace){.T = T, .n_layer = c->n_layer, .C = c->C, .F = c->F};
    if (parts & TRACE_RESIDUAL) out->residual = buffer_new(residual_size(c, T));
    if (parts & TRACE_UNITS) out->units = buffer_new(units_size(c, T));
    Activations *a = activations_new(c, adapter ? adapter->low : 0, T, KEEP_NOTHING);
    divert(a, out);
    single_pass_forward(m, adapter, a, token, T);
    activations_free(a);
    return out;
}

void layer_trace_free(LayerTrace *t)
{
    if (!t) return;
    buffer_free(t->residual);
    buffer_free(t->units);
    free(t);
}

size_t layer_trace_bytes(const ModelConfig *c, const Adapter *adapter, unsigned parts, int T)
{
    const size_t residual = parts & TRACE_RESIDUAL ? residual_size(c, T) : 0;
    const size_t units = parts & TRACE_UNITS ? units_size(c, T) : 0;
    return activations_bytes(c, adapter ? adapter->low : 0, T, KEEP_NOTHING) +
           (residual + units) * sizeof(real);
}

void layer_trace_read_residual(real *out, const LayerTrace *t, int level)
{
    const size_t n = (size_t)t->T * (size_t)t->C;
    assert(t->residual && level >= 0 && level <= t->n_layer);
    buffer_read(out, t->residual + (size_t)level * n, n);
}

void layer_trace_read_units(real *out, const LayerTrace *t, int layer)
{
    const size_t n = (size_t)t->T * (size_t)t->F;
    assert(t->units && layer >= 0 && layer < t->n_layer);
    buffer_read(out, t->units + (size_t)layer * n, n);
}
