/* One implementation of the arithmetic: the functions of kernels.h, as a table chosen at start-up.
 * kernels.c forwards to the table in use; kernels/reference/ fills one written plainly (float or
 * double), kernels/cpu/ one per instruction set, compiled from the same files over vec.h. */
#ifndef KERNELS_TABLE_H
#define KERNELS_TABLE_H

#include "kernels/kernels.h"

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "-ffast-math would reorder sums and drop the checks for NaN: equal bits and they need it off"
#endif

typedef struct {
    const char *name;
    void (*buffer_add)(real *to, const real *from, size_t n);
    double (*buffer_sum_squares)(const real *buffer, size_t n);
    Weight *(*weight_new)(const real *values, int OUT, int IN, Compute compute);
    void (*weight_free)(Weight *w);
    void (*weight_changed)(Weight *w);
    void (*weight_pack)(Weight *w, int backward);
    size_t (*weight_backward_size)(const Weight *w);
    void (*weight_lend)(Weight *w, real *room);
    void (*weight_release)(Weight *w);
    void (*linear_forward)(real *out, const real *x, Weight *w, const real *bias, int N);
    void (*linear_backward)(real *dx, real *dw, real *dbias, const real *dout, const real *x,
                            Weight *w, int N);
    void (*lowrank_forward)(real *out, int out_ld, real *low, int low_ld, const real *x, Weight *a,
                            Weight *b, double scale, int N);
    void (*lowrank_backward)(real *dx, real *dlow, int low_ld, const real *dout, int out_ld,
                             Weight *a, Weight *b, double scale, int N);
    void (*lowrank_weights)(real *da, real *db, const real *dlow, const real *low, int low_ld,
                            const real *dout, int out_ld, const real *x, const Weight *a,
                            const Weight *b, int N);
    void (*layernorm_forward)(real *out, real *mean, real *rstd, const real *x, const real *w,
                              const real *b, int N, int C, double eps);
    void (*layernorm_backward)(real *dx, real *dw, real *db, const real *dout, const real *x,
                               const real *mean, const real *rstd, const real *w, int N, int C);
    void (*rmsnorm_forward)(real *out, real *rstd, const real *x, const real *w, int N, int C,
                            double eps);
    void (*rmsnorm_backward)(real *dx, real *dw, const real *dout, const real *x, const real *rstd,
                             const real *w, int N, int C);
    void (*rope)(real *x, int ld, const real *table, const int *position, int N, int heads, int HD,
                 int direction);
    KvCache *(*kv_cache_new)(int capacity, int NKV, int HD);
    void (*kv_cache_free)(KvCache *c);
    void (*kv_cache_write)(KvCache *c, const real *k, const real *v, int ld, const Span *spans,
                           int n_spans);
    void (*kv_cache_copy)(KvCache *c, int to, int from, int n);
    void (*attention_forward)(real *out, real *lse, const real *q, int ld, const KvCache *c,
                              const Span *spans, int n_spans, int NH, int window);
    void (*attention_backward)(real *dq, real *dk, real *dv, const real *dout, const real *out,
                               const real *lse, const real *q, const real *k, const real *v, int ld,
                               const Span *spans, int n_spans, int NH, int NKV, int HD, int window);
    void (*gelu_forward)(real *out, const real *x, size_t n);
    void (*gelu_backward)(real *dx, const real *dout, const real *x, size_t n);
    void (*swiglu_forward)(real *out, const real *x, int N, int F);
    void (*swiglu_backward)(real *dx, const real *dout, const real *x, int N, int F);
    void (*logprob_forward)(real *logp, real *entropy, real *lse, const real *h, Weight *w,
                            const int *target, int N, double temperature);
    void (*logprob_backward)(real *dh, real *dw, const real *dlogp, const real *dentropy,
                             const real *entropy, const real *lse, const real *h, Weight *w,
                             const int *target, int N, double temperature);
    void (*logsumexp_forward)(real *lse, const real *logits, int N, int V, double temperature);
    void (*logits_logprob)(real *logp, const real *logits, const real *lse, const int *token, int N,
                           int V, double temperature);
    void (*sample_forward)(int *token, const real *logits, const real *lse, const double *floor,
                           const double *uniform, int N, int V, double temperature);
    void (*adamw_step)(real *w, real *m, real *v, const real *g, size_t n, const AdamStep *s);
    double (*limit_fma)(size_t rounds, Compute compute);
    double (*limit_read)(const real *buffer, size_t n);
} Kernels;

extern const Kernels kernels_reference;
#if !defined(RLHF_DOUBLE)
extern const Kernels kernels_plain;
#ifdef KERNELS_NEON
extern const Kernels kernels_neon;
#endif
#ifdef KERNELS_X86
extern const Kernels kernels_avx2, kernels_avx512;
#ifdef KERNELS_AMX
extern const Kernels kernels_amx;
#endif
#endif
#endif

/* Shared by all implementations; set by kernels_threads and kernels_parallel_min. */
int kernels_thread_count(size_t work); /* threads for this much work: 1 when small, 1 in a task */
int kernels_thread(void);              /* the number of the calling thread, below THREADS_MAX */
enum { THREADS_MAX = 256 };

#endif
