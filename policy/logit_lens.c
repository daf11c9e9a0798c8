#include "policy/logit_lens.h"

#include <assert.h>

#include "policy/logits.h"

static void final_norm(real *out, const Model *m, const real *x)
{
    const ModelConfig *c = &m->config;
    const real *w = m->parameters.w + m->final_norm.at;
    real *mean = buffer_new(1), *rstd = buffer_new(1);
    if (c->rms_norm) rmsnorm_forward(out, rstd, x, w, 1, c->C, c->norm_eps);
    else
        layernorm_forward(out, mean, rstd, x, w, m->parameters.w + m->final_norm.bias_at, 1, c->C,
                          c->norm_eps);
    buffer_free(mean), buffer_free(rstd);
}

void logit_lens(RankedToken *out, Model *m, const LayerTrace *t, int level, int at, int K)
{
    const size_t C = (size_t)t->C, row = (size_t)level * (size_t)t->T + (size_t)at;
    real *h = buffer_new(C), *logits = buffer_new((size_t)m->config.V);
    assert(t->residual && level >= 0 && level <= t->n_layer && at >= 0 && at < t->T);
    final_norm(h, m, t->residual + row * C);
    linear_forward(logits, h, m->head.weight, NULL, 1);
    logits_likeliest(out, logits, m->config.V, K, 1);
    buffer_free(h), buffer_free(logits);
}
