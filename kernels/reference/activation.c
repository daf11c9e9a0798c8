#include "kernels/reference/reference.h"

#include <tgmath.h>

static const real GELU_SCALE = (real)0.79788456080286535588; /* sqrt(2/pi) */
static const real GELU_CUBIC = (real)0.044715;

void reference_gelu_forward(real *out, const real *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const real u = GELU_SCALE * (x[i] + GELU_CUBIC * x[i] * x[i] * x[i]);
        out[i] = x[i] * (1 + tanh(u)) / 2;
    }
}

/* out = x (1 + tanh u) / 2 with u = s (x + c x^3) and tanh' = 1 - tanh^2:
 *
 *   d out / dx = (1 + tanh u) / 2 + x (1 - tanh^2 u) / 2 * s (1 + 3 c x^2) */
void reference_gelu_backward(real *dx, const real *dout, const real *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const real square = x[i] * x[i];
        const real t = tanh(GELU_SCALE * (x[i] + GELU_CUBIC * square * x[i]));
        const real du = GELU_SCALE * (1 + 3 * GELU_CUBIC * square);
        dx[i] = dout[i] * ((1 + t) / 2 + x[i] * (1 - t * t) / 2 * du);
    }
}

void reference_swiglu_forward(real *out, const real *x, int N, int F)
{
    for (int n = 0; n < N; n++) {
        const real *gate = row_of(x, n, 2 * (size_t)F), *up = gate + F;
        for (int i = 0; i < F; i++) out[(size_t)n * F + i] = gate[i] / (1 + exp(-gate[i])) * up[i];
    }
}

/* out = g s u with s = 1/(1 + e^-g), so ds/dg = s (1 - s) and
 *
 *   du = dout g s        dg = dout u s (1 + g (1 - s)) */
void reference_swiglu_backward(real *dx, const real *dout, const real *x, int N, int F)
{
    for (int n = 0; n < N; n++) {
        const real *gate = row_of(x, n, 2 * (size_t)F), *up = gate + F;
        const real *dout_n = row_of(dout, n, F);
        real *dgate = dx + 2 * (size_t)n * F, *dup = dgate + F;
        for (int i = 0; i < F; i++) {
            const real s = 1 / (1 + exp(-gate[i]));
            dup[i] = dout_n[i] * gate[i] * s;
            dgate[i] = dout_n[i] * up[i] * s * (1 + gate[i] * (1 - s));
        }
    }
}
