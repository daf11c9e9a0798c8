#include "kernels/reference/reference.h"

void reference_lowrank_forward(real *out, int out_ld, real *low, int low_ld, const real *x,
                               Weight *a, Weight *b, double scale, int N)
{
    const int R = a->OUT;
    for (int n = 0; n < N; n++) {
        const real *x_n = row_of(x, n, a->IN);
        real *low_n = low + (size_t)n * low_ld, *out_n = out + (size_t)n * out_ld;
        for (int r = 0; r < R; r++)
            low_n[r] = (real)scale * reference_dot(x_n, row_of(a->values, r, a->IN), a->IN);
        for (int o = 0; o < b->OUT; o++)
            out_n[o] += reference_dot(low_n, row_of(b->values, o, R), R);
    }
}

/* out[n][o] += sum_r low[n][r] b[o][r],  low[n][r] = scale * sum_i a[r][i] x[n][i], so with
 *
 *   dlow[n][r] = scale * sum_o dout[n][o] b[o][r]       (of a x, before the scale)
 *   dx[n][i]   = sum_r dlow[n][r] a[r][i]
 *   da[r][i]   = sum_n dlow[n][r] x[n][i]
 *   db[o][r]   = sum_n dout[n][o] low[n][r] */
void reference_lowrank_backward(real *dx, real *dlow, int low_ld, const real *dout, int out_ld,
                                Weight *a, Weight *b, double scale, int N)
{
    const int R = a->OUT, IN = a->IN;
    for (int n = 0; n < N; n++) {
        const real *dout_n = row_of(dout, n, out_ld);
        real *dlow_n = dlow + (size_t)n * low_ld;
        for (int r = 0; r < R; r++) {
            real sum = 0;
            for (int o = 0; o < b->OUT; o++) sum += dout_n[o] * b->values[(size_t)o * R + r];
            dlow_n[r] = (real)scale * sum;
        }
        for (int i = 0; dx && i < IN; i++)
            for (int r = 0; r < R; r++)
                dx[(size_t)n * IN + i] += dlow_n[r] * a->values[(size_t)r * IN + i];
    }
}

void reference_lowrank_weights(real *da, real *db, const real *dlow, const real *low, int low_ld,
                               const real *dout, int out_ld, const real *x, const Weight *a,
                               const Weight *b, int N)
{
    const int R = a->OUT, IN = a->IN;
    for (int n = 0; n < N; n++) {
        const real *dlow_n = row_of(dlow, n, low_ld), *low_n = row_of(low, n, low_ld);
        const real *dout_n = row_of(dout, n, out_ld), *x_n = row_of(x, n, IN);
        for (int r = 0; r < R; r++)
            for (int i = 0; i < IN; i++) da[(size_t)r * IN + i] += dlow_n[r] * x_n[i];
        for (int o = 0; o < b->OUT; o++)
            for (int r = 0; r < R; r++) db[(size_t)o * R + r] += dout_n[o] * low_n[r];
    }
}
