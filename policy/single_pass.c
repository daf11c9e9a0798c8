#include "policy/single_pass.h"

#include <stdlib.h>

#include "base/mem.h"

void single_pass_forward(Model *m, Adapter *adapter, Activations *a, const int *token, int T)
{
    const int capacity = (T + KV_ALIGN - 1) / KV_ALIGN * KV_ALIGN;
    const Span span = {.n = T};
    KvCache *cache = kv_cache_new(capacity, m->config.NKV, m->config.HD);
    KvCache **layer_cache = mem_calloc((size_t)m->config.n_layer, sizeof(KvCache *));
    int *position = mem_calloc((size_t)T, sizeof *position);
    for (int l = 0; l < m->config.n_layer; l++) layer_cache[l] = cache;
    for (int t = 0; t < T; t++) position[t] = t;
    trunk_forward(
        m, adapter, a, layer_cache,
        &(Rows){.N = T, .n_spans = 1, .token = token, .position = position, .span = &span});
    kv_cache_free(cache);
    free(layer_cache);
    free(position);
}
