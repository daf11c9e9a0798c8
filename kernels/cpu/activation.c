/* GELU and SwiGLU, element by element. */
#include "kernels/cpu/cpu.h"

enum { WORK = 16 }; /* multiply-adds that an element is worth */

/* (1 + tanh u) / 2 = sigmoid(2u) with u = sqrt(2/pi) (x + 0.044715 x^3), so
 *
 *   gelu(x) = x sigmoid(v),   v = x (a + b x^2),   a = 2 sqrt(2/pi),  b = 0.044715 a */
static const float GELU_A = 1.5957691216057308f, GELU_B = 0.071354816272600241f;

static inline vec gelu_gate(vec x, vec square)
{
    return vec_sigmoid(vec_mul(x, vec_fma(square, vec_set(GELU_B), vec_set(GELU_A))));
}

void ISA(gelu_forward)(real *out, const real *x, size_t n)
{
    const int threads = kernels_thread_count(n * WORK);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (size_t i = 0; i < n; i += LANES) {
        const mask some = mask_first((ptrdiff_t)(n - i));
        const vec v = vec_load_mask(x + i, some);
        vec_store_mask(out + i, some, vec_mul(v, gelu_gate(v, vec_mul(v, v))));
    }
}

/* With s = sigmoid(v):  d gelu / dx = s + x s (1 - s) (a + 3 b x^2) */
void ISA(gelu_backward)(real *dx, const real *dout, const real *x, size_t n)
{
    const vec one = vec_set(1.0f), a = vec_set(GELU_A), b = vec_set(3 * GELU_B);
    const int threads = kernels_thread_count(n * WORK);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (size_t i = 0; i < n; i += LANES) {
        const mask some = mask_first((ptrdiff_t)(n - i));
        const vec v = vec_load_mask(x + i, some), square = vec_mul(v, v);
        const vec s = gelu_gate(v, square);
        const vec slope = vec_mul(vec_mul(v, vec_sub(one, s)), vec_fma(square, b, a));
        const vec d = vec_mul(s, vec_add(one, slope));
        vec_store_mask(dx + i, some, vec_mul(vec_load_mask(dout + i, some), d));
    }
}

void ISA(swiglu_forward)(real *out, const real *x, int N, int F)
{
    const int threads = kernels_thread_count((size_t)N * (size_t)F * WORK);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int n = 0; n < N; n++) {
        const float *gate = x + 2 * (ptrdiff_t)n * F, *up = gate + F;
        float *out_n = out + (ptrdiff_t)n * F;
        for (int i = 0; i < F; i += LANES) {
            const mask some = mask_first(F - i);
            const vec g = vec_load_mask(gate + i, some);
            vec_store_mask(out_n + i, some,
                           vec_mul(vec_mul(g, vec_sigmoid(g)), vec_load_mask(up + i, some)));
        }
    }
}

/* With s = sigmoid(g):  du = dout g s,   dg = dout u s (1 + g (1 - s)) */
void ISA(swiglu_backward)(real *dx, const real *dout, const real *x, int N, int F)
{
    const vec one = vec_set(1.0f);
    const int threads = kernels_thread_count((size_t)N * (size_t)F * WORK);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int n = 0; n < N; n++) {
        const float *gate = x + 2 * (ptrdiff_t)n * F, *up = gate + F;
        float *dgate = dx + 2 * (ptrdiff_t)n * F, *dup = dgate + F;
        for (int i = 0; i < F; i += LANES) {
            const mask some = mask_first(F - i);
            const vec d = vec_load_mask(dout + (ptrdiff_t)n * F + i, some);
            const vec g = vec_load_mask(gate + i, some), u = vec_load_mask(up + i, some);
            const vec s = vec_sigmoid(g), ds = vec_mul(d, s);
            const vec slope = vec_fma(g, vec_sub(one, s), one);
            vec_store_mask(dup + i, some, vec_mul(ds, g));
            vec_store_mask(dgate + i, some, vec_mul(vec_mul(ds, u), slope));
        }
    }
}
