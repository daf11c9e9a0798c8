#include "kernels/reference/reference.h"

#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include "base/mem.h"

real reference_dot(const real *a, const real *b, int n)
{
    real sum = 0;
    for (int i = 0; i < n; i++) sum = fma(a[i], b[i], sum);
    return sum;
}

/* Half of the last place is added, less the least of it where the last place is even. */
static float nearest_bfloat16(float x)
{
    uint32_t bits;
    if (fabs(x) < 0x1p-126f) return 0;
    if (!isfinite(x)) return x;
    memcpy(&bits, &x, sizeof bits);
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
    memcpy(&x, &bits, sizeof x);
    return x;
}

real reference_factor(const Weight *w, real x)
{
    if (w->compute == COMPUTE_F32 || sizeof(real) == sizeof(double)) return x;
    return nearest_bfloat16((float)x);
}

real reference_weight_dot(const Weight *w, const real *a, const real *b, int n)
{
    real sum = 0;
    for (int i = 0; i < n; i++)
        sum = fma(reference_factor(w, a[i]), reference_factor(w, b[i]), sum);
    return sum;
}

Weight *reference_weight_new(const real *values, int OUT, int IN, Compute compute)
{
    Weight *w = mem_calloc(1, sizeof *w);
    *w = (Weight){.OUT = OUT, .IN = IN, .compute = compute, .values = values};
    return w;
}

void reference_weight_free(Weight *w)
{
    free(w);
}

void reference_weight_changed(Weight *w)
{
    (void)w;
}

void reference_weight_release(Weight *w)
{
    (void)w;
}

void reference_weight_pack(Weight *w, int backward)
{
    (void)w, (void)backward;
}

size_t reference_weight_backward_size(const Weight *w)
{
    (void)w;
    return 0;
}

void reference_weight_lend(Weight *w, real *room)
{
    (void)w, (void)room;
}

void reference_linear_forward(real *out, const real *x, Weight *w, const real *bias, int N)
{
    for (int n = 0; n < N; n++) {
        const real *x_n = row_of(x, n, w->IN);
        real *out_n = out + (size_t)n * w->OUT;
        for (int o = 0; o < w->OUT; o++) {
            const real sum = reference_weight_dot(w, x_n, row_of(w->values, o, w->IN), w->IN);
            out_n[o] = bias ? sum + bias[o] : sum;
        }
    }
}

/* out[n][o] = sum_i x[n][i] w[o][i] + bias[o], so
 *
 *   dx[n][i]  = sum_o dout[n][o] w[o][i]
 *   dw[o][i]  = sum_n dout[n][o] x[n][i]
 *   dbias[o]  = sum_n dout[n][o]
 *
 * The sums over n go on from what the gradient already holds, so that a batch in pieces, in order,
 * gives the gradient of the whole. */
void reference_linear_backward(real *dx, real *dw, real *dbias, const real *dout, const real *x,
                               Weight *w, int N)
{
    const int OUT = w->OUT, IN = w->IN;
    for (int n = 0; n < N; n++) {
        const real *dout_n = row_of(dout, n, OUT);
        for (int i = 0; dx && i < IN; i++) {
            real sum = 0;
            for (int o = 0; o < OUT; o++)
                sum = fma(reference_factor(w, dout_n[o]),
                          reference_factor(w, w->values[(size_t)o * IN + i]), sum);
            dx[(size_t)n * IN + i] = sum;
        }
        for (int o = 0; dw && o < OUT; o++) {
            const real *x_n = row_of(x, n, IN);
            real *dw_o = dw + (size_t)o * IN;
            const real by = reference_factor(w, dout_n[o]);
            for (int i = 0; i < IN; i++) dw_o[i] = fma(by, reference_factor(w, x_n[i]), dw_o[i]);
        }
        for (int o = 0; dbias && o < OUT; o++) dbias[o] += dout_n[o];
    }
}
