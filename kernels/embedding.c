/* Rows taken from tables, and tables made once: moving memory, the same for every implementation. */
#include "kernels/kernels.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void embedding_forward(real *out, const real *wte, const real *wpe, const int *token,
                       const int *position, int N, int C)
{
    for (int n = 0; n < N; n++) {
        assert(token[n] >= 0);
        real *out_n = out + (size_t)n * C;
        memcpy(out_n, wte + (size_t)token[n] * C, (size_t)C * sizeof *out);
        if (!wpe) continue;
        const real *wpe_n = wpe + (size_t)position[n] * C;
        for (int i = 0; i < C; i++) out_n[i] += wpe_n[i];
    }
}

/* Several rows may hold the same token, so rows are added in order. */
void embedding_backward(real *dwte, real *dwpe, const real *dout, const int *token,
                        const int *position, int N, int C)
{
    for (int n = 0; n < N; n++) {
        const real *dout_n = dout + (size_t)n * C;
        real *dwte_n = dwte ? dwte + (size_t)token[n] * C : NULL;
        real *dwpe_n = dwpe ? dwpe + (size_t)position[n] * C : NULL;
        for (int i = 0; dwte && i < C; i++) dwte_n[i] += dout_n[i];
        for (int i = 0; dwpe && i < C; i++) dwpe_n[i] += dout_n[i];
    }
}

void gather_forward(real *out, const real *x, const int *row, int n, int C)
{
    for (int i = 0; i < n; i++)
        memcpy(out + (size_t)i * C, x + (size_t)row[i] * C, (size_t)C * sizeof *out);
}

void gather_backward(real *dx, const real *dout, const int *row, int n, int C)
{
    for (int i = 0; i < n; i++) {
        real *dx_i = dx + (size_t)row[i] * C;
        const real *dout_i = dout + (size_t)i * C;
        for (int j = 0; j < C; j++) dx_i[j] += dout_i[j];
    }
}

void rope_table(real *table, const double *inv_freq, int max_T, int HD)
{
    assert(HD % 2 == 0);
    const int half = HD / 2;
    for (int t = 0; t < max_T; t++) {
        real *cosine = table + (size_t)t * HD, *sine = cosine + half;
        for (int i = 0; i < half; i++) {
            cosine[i] = (real)cos(t * inv_freq[i]);
            sine[i] = (real)sin(t * inv_freq[i]);
        }
    }
}
