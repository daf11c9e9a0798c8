/* Low-rank updates of a linear layer: thin products, one into the few and one out of them. */
#include "kernels/cpu/cpu.h"

static void scale_rows(float *x, ptrdiff_t ld, float by, int N, int R)
{
    for (ptrdiff_t n = 0; n < N; n++)
        for (int r = 0; r < R; r++) x[n * ld + r] *= by;
}

void ISA(lowrank_forward)(real *out, int out_ld, real *low, int low_ld, const real *x, Weight *a,
                          Weight *b, double scale, int N)
{
    const int R = a->OUT;
    cpu_matmul(&(Product){.out = low,
                          .ld = low_ld,
                          .left = {x, a->IN, 1},
                          .right = cpu_weight_forward(a),
                          .M = N,
                          .N = R,
                          .K = a->IN});
    scale_rows(low, low_ld, (float)scale, N, R);
    cpu_matmul(&(Product){.out = out,
                          .ld = out_ld,
                          .left = {low, low_ld, 1},
                          .right = cpu_weight_forward(b),
                          .M = N,
                          .N = b->OUT,
                          .K = R,
                          .add = 1});
}

void ISA(lowrank_backward)(real *dx, real *dlow, int low_ld, const real *dout, int out_ld,
                           Weight *a, Weight *b, double scale, int N)
{
    const int R = a->OUT;
    cpu_matmul(&(Product){.out = dlow,
                          .ld = low_ld,
                          .left = {dout, out_ld, 1},
                          .right = cpu_weight_backward(b),
                          .M = N,
                          .N = R,
                          .K = b->OUT});
    scale_rows(dlow, low_ld, (float)scale, N, R);
    if (!dx) return;
    cpu_matmul(&(Product){.out = dx,
                          .ld = a->IN,
                          .left = {dlow, low_ld, 1},
                          .right = cpu_weight_backward(a),
                          .M = N,
                          .N = a->IN,
                          .K = R,
                          .add = 1});
}

void ISA(lowrank_weights)(real *da, real *db, const real *dlow, const real *low, int low_ld,
                          const real *dout, int out_ld, const real *x, const Weight *a,
                          const Weight *b, int N)
{
    cpu_add_outer(da, dlow, low_ld, a->OUT, x, a->IN, a->IN, N);
    cpu_add_outer(db, dout, out_ld, b->OUT, low, low_ld, a->OUT, N);
}
