#include "policy/logits.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "policy/policy_private.h"

/* logits (n, V), a buffer, after rows first..first+n-1. */
static void make_logits(real *logits, Policy *p, int first, int n)
{
    const Model *m = p->model;
    assert(n > 0 && first >= 0 && first + n <= p->rows.N);
    int *row = mem_calloc((size_t)n, sizeof *row);
    for (int i = 0; i < n; i++) row[i] = first + i;
    gather_forward(p->h, activations_hidden(p->acts), row, n, m->config.C);
    linear_forward(logits, p->h, m->head.weight, NULL, n);
    free(row);
}

void policy_logits(double *out, Policy *p, int first, int n)
{
    const size_t total = (size_t)n * (size_t)p->model->config.V;
    real *logits = buffer_new(total), *host = mem_calloc(total, sizeof *host);
    make_logits(logits, p, first, n);
    buffer_read(host, logits, total);
    for (size_t i = 0; i < total; i++) out[i] = (double)host[i];
    buffer_free(logits);
    free(host);
}

void logits_likeliest(RankedToken *out, const real *logits, int V, int K, double temperature)
{
    real *lse = buffer_new(1), *logp = buffer_new(1);
    real *host = mem_calloc((size_t)V, sizeof *host);
    int n = 0;
    assert(K <= V);
    logsumexp_forward(lse, logits, 1, V, temperature);
    buffer_read(host, logits, (size_t)V);
    for (int v = 0; v < V; v++) token_ranking_offer(out, &n, K, v, (double)host[v]);
    for (int k = 0; k < n; k++) {
        real x;
        logits_logprob(logp, logits, lse, &out[k].token, 1, V, temperature);
        buffer_read(&x, logp, 1);
        out[k].value = (double)x;
    }
    buffer_free(lse), buffer_free(logp);
    free(host);
}

void policy_likeliest(RankedToken *out, Policy *p, int at, int K)
{
    const int V = p->model->config.V;
    real *logits = buffer_new((size_t)V);
    make_logits(logits, p, at, 1);
    logits_likeliest(out, logits, V, K, p->temperature);
    buffer_free(logits);
}
