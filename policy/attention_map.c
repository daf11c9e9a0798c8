#include "policy/attention_map.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/activations.h"
#include "policy/single_pass.h"

AttentionMap *attention_map_new(Model *m, Adapter *adapter, int layer, const int *token, int T)
{
    const ModelConfig *c = &m->config;
    const Widths w = activations_widths(c);
    const size_t n_qkv = (size_t)T * w.qkv, n_mixed = (size_t)T * w.q;
    assert(layer >= 0 && layer < c->n_layer && T > 0 && T <= c->max_T);
    AttentionMap *out = mem_calloc(1, sizeof *out);
    *out = (AttentionMap){.T = T,
                          .NH = c->NH,
                          .NKV = c->NKV,
                          .HD = c->HD,
                          .window = c->window,
                          .qkv = mem_calloc(n_qkv, sizeof *out->qkv),
                          .mixed = mem_calloc(n_mixed, sizeof *out->mixed)};
    /* Layers share memory in such a pass, so this one's rows get memory of their own. */
    Activations *a = activations_new(c, adapter ? adapter->low : 0, T, KEEP_NOTHING);
    real *qkv = a->block[layer].qkv = buffer_new(n_qkv);
    real *mixed = a->block[layer].mixed = buffer_new(n_mixed);
    single_pass_forward(m, adapter, a, token, T);
    buffer_read(out->qkv, qkv, n_qkv);
    buffer_read(out->mixed, mixed, n_mixed);
    buffer_free(qkv);
    buffer_free(mixed);
    activations_free(a);
    return out;
}

void attention_map_free(AttentionMap *a)
{
    if (!a) return;
    free(a->qkv);
    free(a->mixed);
    free(a);
}

/* In place over n scores. */
static void softmax(double *p, int n)
{
    double most = p[0], sum = 0;
    for (int i = 1; i < n; i++) most = fmax(most, p[i]);
    for (int i = 0; i < n; i++) sum += p[i] = exp(p[i] - most);
    for (int i = 0; i < n; i++) p[i] /= sum;
}

void attention_map_head(double *p, const AttentionMap *a, int head)
{
    assert(head >= 0 && head < a->NH);
    const size_t T = (size_t)a->T, HD = (size_t)a->HD;
    const size_t window = a->window > 0 ? (size_t)a->window : T;
    const size_t ld = (size_t)(a->NH + 2 * a->NKV) * HD;
    const real *q = a->qkv + (size_t)head * HD;
    const real *k = a->qkv + (size_t)(a->NH + head / (a->NH / a->NKV)) * HD;
    memset(p, 0, T * T * sizeof *p);
    for (size_t t = 0; t < T; t++) {
        const size_t first = t >= window ? t - window + 1 : 0;
        for (size_t s = first; s <= t; s++) {
            double dot = 0;
            for (size_t i = 0; i < HD; i++) dot += (double)q[t * ld + i] * (double)k[s * ld + i];
            p[t * T + s] = dot / sqrt((double)HD);
        }
        softmax(p + t * T + first, (int)(t - first) + 1);
    }
}
