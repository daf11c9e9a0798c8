#include "policy/nearest_tokens.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

static double dot(const real *a, const real *b, int C)
{
    double sum = 0;
    for (int i = 0; i < C; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

int nearest_tokens(RankedToken *out, int count, const Model *m, TokenRows rows, int token, int n)
{
    const int C = m->config.C;
    const real *first = m->parameters.w + (rows == TOKENS_SAID ? m->head.at : 0);
    real *own = mem_calloc((size_t)C, sizeof *own), *row = mem_calloc((size_t)C, sizeof *row);
    int found = 0;
    assert(token >= 0 && token < n && n <= m->config.V);
    buffer_read(own, first + (size_t)token * (size_t)C, (size_t)C);
    const double length = sqrt(dot(own, own, C));
    for (int i = 0; i < n; i++) {
        if (i == token) continue;
        buffer_read(row, first + (size_t)i * (size_t)C, (size_t)C);
        const double both = length * sqrt(dot(row, row, C));
        token_ranking_offer(out, &found, count, i, both > 0 ? dot(own, row, C) / both : 0);
    }
    free(own);
    free(row);
    return found;
}
