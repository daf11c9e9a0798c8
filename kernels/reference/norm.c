#include "kernels/reference/reference.h"

#include <tgmath.h>

void reference_layernorm_forward(real *out, real *mean, real *rstd, const real *x, const real *w,
                                 const real *b, int N, int C, double eps)
{
    for (int n = 0; n < N; n++) {
        const real *x_n = row_of(x, n, C);
        real *out_n = out + (size_t)n * C;

        real sum = 0, squares = 0;
        for (int i = 0; i < C; i++) sum += x_n[i];
        mean[n] = sum / C;
        for (int i = 0; i < C; i++) squares = fma(x_n[i] - mean[n], x_n[i] - mean[n], squares);
        rstd[n] = 1 / sqrt(squares / C + (real)eps);

        for (int i = 0; i < C; i++) {
            const real scaled = (x_n[i] - mean[n]) * rstd[n] * w[i];
            out_n[i] = b ? scaled + b[i] : scaled;
        }
    }
}

/* With xhat = (x - mean) rstd and g = dout w, out = xhat w + b.  x_i moves xhat_j directly, through
 * the mean (by -1/C) and through rstd (d rstd / d x_i = -rstd^2 xhat_i / C), which gives
 *
 *   dx_i = rstd (g_i - mean_j(g_j) - xhat_i mean_j(g_j xhat_j))
 *   dw_i = sum_n dout_i xhat_i        db_i = sum_n dout_i */
void reference_layernorm_backward(real *dx, real *dw, real *db, const real *dout, const real *x,
                                  const real *mean, const real *rstd, const real *w, int N, int C)
{
    for (int n = 0; n < N; n++) {
        const real *x_n = row_of(x, n, C), *dout_n = row_of(dout, n, C);

        real sum_g = 0, sum_g_xhat = 0;
        for (int i = 0; i < C; i++) {
            const real xhat = (x_n[i] - mean[n]) * rstd[n], g = dout_n[i] * w[i];
            sum_g += g;
            sum_g_xhat = fma(g, xhat, sum_g_xhat);
        }
        for (int i = 0; i < C; i++) {
            const real xhat = (x_n[i] - mean[n]) * rstd[n], g = dout_n[i] * w[i];
            if (dx) dx[(size_t)n * C + i] += rstd[n] * (g - sum_g / C - xhat * (sum_g_xhat / C));
            if (dw) dw[i] = fma(dout_n[i], xhat, dw[i]);
            if (db) db[i] += dout_n[i];
        }
    }
}

void reference_rmsnorm_forward(real *out, real *rstd, const real *x, const real *w, int N, int C,
                               double eps)
{
    for (int n = 0; n < N; n++) {
        const real *x_n = row_of(x, n, C);
        real *out_n = out + (size_t)n * C;
        rstd[n] = 1 / sqrt(reference_dot(x_n, x_n, C) / C + (real)eps);
        for (int i = 0; i < C; i++) out_n[i] = x_n[i] * rstd[n] * w[i];
    }
}

/* As for LayerNorm without the mean: xhat = x rstd, g = dout w,
 *
 *   dx_i = rstd (g_i - xhat_i mean_j(g_j xhat_j))        dw_i = sum_n dout_i xhat_i */
void reference_rmsnorm_backward(real *dx, real *dw, const real *dout, const real *x,
                                const real *rstd, const real *w, int N, int C)
{
    for (int n = 0; n < N; n++) {
        const real *x_n = row_of(x, n, C), *dout_n = row_of(dout, n, C);

        real sum_g_xhat = 0;
        for (int i = 0; i < C; i++)
            sum_g_xhat = fma(dout_n[i] * w[i], x_n[i] * rstd[n], sum_g_xhat);
        for (int i = 0; i < C; i++) {
            const real xhat = x_n[i] * rstd[n], g = dout_n[i] * w[i];
            if (dx) dx[(size_t)n * C + i] += rstd[n] * (g - xhat * (sum_g_xhat / C));
            if (dw) dw[i] = fma(dout_n[i], xhat, dw[i]);
        }
    }
}
