/* The plain arithmetic, one function per entry of the table in kernels/table.h.
 *
 * It is what the other implementations are tested against, so it is written to be compared with the
 * formula, not to be fast: one loop per sum, indices ascending, libm for exp and friends, one thread.
 * <tgmath.h> lets the same lines mean float in the program and double in gradient tests. */
#ifndef KERNELS_REFERENCE_REFERENCE_H
#define KERNELS_REFERENCE_REFERENCE_H

#include "kernels/table.h"

struct Weight {
    int OUT, IN;
    Compute compute;
    const real *values; /* borrowed; never packed */
};

struct KvCache {
    int capacity, NKV, HD;
    real *k, *v; /* (capacity, NKV, HD) */
};

static inline const real *row_of(const real *x, size_t row, size_t ld)
{
    return x + row * ld;
}

/* a . b over n ascending, one chain of fused multiply-adds from 0. */
real reference_dot(const real *a, const real *b, int n);
/* A factor of a product with w: x, or the bfloat16 nearest to it, in double always x. */
real reference_factor(const Weight *w, real x);
/* a . b of such factors. */
real reference_weight_dot(const Weight *w, const real *a, const real *b, int n);

void reference_buffer_add(real *to, const real *from, size_t n);
double reference_buffer_sum_squares(const real *buffer, size_t n);

Weight *reference_weight_new(const real *values, int OUT, int IN, Compute compute);
void reference_weight_free(Weight *w);
void reference_weight_changed(Weight *w);
void reference_weight_release(Weight *w);
void reference_weight_pack(Weight *w, int backward);
size_t reference_weight_backward_size(const Weight *w);
void reference_weight_lend(Weight *w, real *room);
void reference_linear_forward(real *out, const real *x, Weight *w, const real *bias, int N);
void reference_linear_backward(real *dx, real *dw, real *dbias, const real *dout, const real *x,
                               Weight *w, int N);

void reference_lowrank_forward(real *out, int out_ld, real *low, int low_ld, const real *x,
                               Weight *a, Weight *b, double scale, int N);
void reference_lowrank_backward(real *dx, real *dlow, int low_ld, const real *dout, int out_ld,
                                Weight *a, Weight *b, double scale, int N);
void reference_lowrank_weights(real *da, real *db, const real *dlow, const real *low, int low_ld,
                               const real *dout, int out_ld, const real *x, const Weight *a,
                               const Weight *b, int N);
void reference_layernorm_forward(real *out, real *mean, real *rstd, const real *x, const real *w,
                                 const real *b, int N, int C, double eps);
void reference_layernorm_backward(real *dx, real *dw, real *db, const real *dout, const real *x,
                                  const real *mean, const real *rstd, const real *w, int N, int C);
void reference_rmsnorm_forward(real *out, real *rstd, const real *x, const real *w, int N, int C,
                               double eps);
void reference_rmsnorm_backward(real *dx, real *dw, const real *dout, const real *x,
                                const real *rstd, const real *w, int N, int C);

void reference_rope(real *x, int ld, const real *table, const int *position, int N, int heads,
                    int HD, int direction);

KvCache *reference_kv_cache_new(int capacity, int NKV, int HD);
void reference_kv_cache_free(KvCache *c);
void reference_kv_cache_write(KvCache *c, const real *k, const real *v, int ld, const Span *spans,
                              int n_spans);
void reference_kv_cache_copy(KvCache *c, int to, int from, int n);
void reference_attention_forward(real *out, real *lse, const real *q, int ld, const KvCache *c,
                                 const Span *spans, int n_spans, int NH, int window);
void reference_attention_backward(real *dq, real *dk, real *dv, const real *dout, const real *out,
                                  const real *lse, const real *q, const real *k, const real *v,
                                  int ld, const Span *spans, int n_spans, int NH, int NKV, int HD,
                                  int window);

void reference_gelu_forward(real *out, const real *x, size_t n);
void reference_gelu_backward(real *dx, const real *dout, const real *x, size_t n);
void reference_swiglu_forward(real *out, const real *x, int N, int F);
void reference_swiglu_backward(real *dx, const real *dout, const real *x, int N, int F);

void reference_logprob_forward(real *logp, real *entropy, real *lse, const real *h, Weight *w,
                               const int *target, int N, double temperature);
void reference_logprob_backward(real *dh, real *dw, const real *dlogp, const real *dentropy,
                                const real *entropy, const real *lse, const real *h, Weight *w,
                                const int *target, int N, double temperature);
void reference_logsumexp_forward(real *lse, const real *logits, int N, int V, double temperature);
void reference_logits_logprob(real *logp, const real *logits, const real *lse, const int *token,
                              int N, int V, double temperature);
void reference_sample_forward(int *token, const real *logits, const real *lse, const double *floor,
                              const double *uniform, int N, int V, double temperature);

void reference_adamw_step(real *w, real *m, real *v, const real *g, size_t n, const AdamStep *s);

double reference_limit_fma(size_t rounds, Compute compute);
double reference_limit_read(const real *buffer, size_t n);

#endif
