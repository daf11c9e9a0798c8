#include "policy/logits.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "policy/policy_private.h"

void policy_logits(double *out, Policy *p, int first, int n)
{
    const Model *m = p->model;
    const int V = m->config.V;
    const size_t total = (size_t)n * (size_t)V;
    assert(n > 0 && first >= 0 && first + n <= p->rows.N);
    int *row = mem_calloc((size_t)n, sizeof *row);
    real *logits = buffer_new(total), *host = mem_calloc(total, sizeof *host);
    for (int i = 0; i < n; i++) row[i] = first + i;
    gather_forward(p->h, activations_hidden(p->acts), row, n, m->config.C);
    linear_forward(logits, p->h, m->head.weight, NULL, n);
    buffer_read(host, logits, total);
    for (size_t i = 0; i < total; i++) out[i] = (double)host[i];
    buffer_free(logits);
    free(host);
    free(row);
}
