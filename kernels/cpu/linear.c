/* The linear layer over weights in panels. */
#include "kernels/cpu/bf16.h"

void ISA(linear_forward)(real *out, const real *x, Weight *w, const real *bias, int N)
{
    cpu_matmul(&(Product){.out = out,
                          .ld = w->OUT,
                          .left = {x, w->IN, 1},
                          .right = cpu_weight_forward(w),
                          .bias = bias,
                          .M = N,
                          .N = w->OUT,
                          .K = w->IN});
}

/* dx_n = sum_o dout_no w_o;   dw_o += sum_n dout_no x_n;   dbias += sum_n dout_n */
void ISA(linear_backward)(real *dx, real *dw, real *dbias, const real *dout, const real *x,
                          Weight *w, int N)
{
    const int OUT = w->OUT, IN = w->IN;
    if (dx)
        cpu_matmul(&(Product){.out = dx,
                              .ld = IN,
                              .left = {dout, OUT, 1},
                              .right = cpu_weight_backward(w),
                              .M = N,
                              .N = IN,
                              .K = OUT});
    if (dw && w->compute == COMPUTE_BF16) cpu_bf16_add_outer(dw, dout, OUT, OUT, x, IN, IN, N);
    else if (dw) cpu_add_outer(dw, dout, OUT, OUT, x, IN, IN, N);
    if (dbias) cpu_add_columns(dbias, dout, N, OUT);
}
