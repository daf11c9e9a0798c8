/* Weights in panels, and the linear layer over them. */
#include "kernels/cpu/cpu.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

Weight *ISA(weight_new)(const real *values, int OUT, int IN)
{
    assert(OUT > 0 && IN > 0);
    Weight *w = mem_calloc(1, sizeof *w);
    *w = (Weight){.values = values, .OUT = OUT, .IN = IN};
    return w;
}

void ISA(weight_free)(Weight *w)
{
    if (!w) return;
    buffer_free(w->forward);
    buffer_free(w->backward);
    free(w);
}

void ISA(weight_changed)(Weight *w)
{
    w->forward_ready = w->backward_ready = 0;
}

Right cpu_weight_forward(Weight *w)
{
    const ptrdiff_t panel = (ptrdiff_t)w->IN * WIDTH;
    if (!w->forward) w->forward = buffer_new((size_t)(round_up(w->OUT, WIDTH) * w->IN));
    if (!w->forward_ready) cpu_pack_columns(w->forward, w->values, w->IN, w->OUT, w->IN);
    w->forward_ready = 1;
    return (Right){w->forward, panel};
}

Right cpu_weight_backward(Weight *w)
{
    const ptrdiff_t panel = (ptrdiff_t)w->OUT * WIDTH;
    if (!w->backward) w->backward = buffer_new((size_t)(round_up(w->IN, WIDTH) * w->OUT));
    if (!w->backward_ready) cpu_pack_rows(w->backward, w->values, w->IN, w->OUT, w->IN);
    w->backward_ready = 1;
    return (Right){w->backward, panel};
}

void ISA(weight_pack)(Weight *w, int backward)
{
    cpu_weight_forward(w);
    if (backward) cpu_weight_backward(w);
}

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
    if (dw) cpu_add_outer(dw, dout, OUT, OUT, x, IN, IN, N);
    if (dbias) cpu_add_columns(dbias, dout, N, OUT);
}
