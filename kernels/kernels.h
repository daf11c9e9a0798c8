/* The arithmetic: forward/backward pairs over rows of a packed batch.
 *
 * One rule: the number an output row gets depends on that row's inputs alone, to the last bit.  Never
 * on how many other rows there are, on their order, on threads, or on the instruction set.
 *
 * Dimensions: N rows (tokens) of a packed batch, C width, F MLP width, V vocabulary, NH query heads,
 * NKV key/value heads, HD head width.  Matrices are row-major and dense unless a leading dimension
 * `ld` says how many reals lie between two rows.  `real` is float, and double in gradient tests.
 *
 * A forward overwrites its outputs; a backward ADDS into gradients, and a NULL gradient means frozen.
 * Nothing here fails; sizes are asserted.  Memory comes from buffer_new and is opaque to callers
 * (it may live on a device): move numbers with buffer_write and buffer_read.
 * Called from one thread; OpenMP inside. */
#ifndef KERNELS_KERNELS_H
#define KERNELS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef RLHF_DOUBLE
typedef double real;
#else
typedef float real;
#endif

/* ---- choice of implementation, threads ----------------------------------------------------- */

/* "reference", "plain", "neon", "avx2", "avx512", "amx"; returns -1 when the machine or the build lacks it.
 * The first call of any kernel picks the fastest, or the one that the environment variable RLHF_KERNELS
 * names if it runs here.  All but "reference" give the same bits.  A Weight or KvCache belongs to the
 * implementation that made it. */
int kernels_use(const char *name);
/* The i-th that runs here, fastest first; NULL after the last. */
const char *kernels_available(int i);
const char *kernels_name(void);
/* 0 in `n` asks for the number of cores.  Returns what is used. */
int kernels_threads(int n);
/* Work (multiply-adds) below which one thread does it alone; tests set 0.  Returns the old value. */
size_t kernels_parallel_min(size_t work);

/* Rows that do not need each other can go through many kernels on one thread, and the threads meet only
 * at the end: run task(context, i) for i in [0,n), each on one thread, what it calls here included.
 * Tasks share nothing that one of them writes; a Weight they share is packed before (weight_pack). */
void kernels_run(int n, size_t work, void (*task)(void *context, int i), void *context);
/* Into how many such tasks to cut this much work: 1, or some for each thread. */
int kernels_tasks(size_t work);

/* Call first in main.  A thread that spins while it waits holds the core that the thread it waits for
 * needs: with one busy neighbour on two cores, training was 9 to 20 times slower.  OpenMP reads how to
 * wait before main runs, so this starts the program again, once, with short spins; it returns when that
 * is done or the user has chosen (OMP_WAIT_POLICY, GOMP_SPINCOUNT, KMP_BLOCKTIME). */
void kernels_wait_gently(char **argv);

/* ---- memory ---------------------------------------------------------------------------------- */

/* n reals, zeroed, 64-byte aligned; may be offset by plain pointer arithmetic. */
real *buffer_new(size_t n);
void buffer_free(real *buffer);
void buffer_write(real *buffer, const real *host, size_t n);
void buffer_read(real *host, const real *buffer, size_t n);
void buffer_zero(real *buffer, size_t n);
void buffer_copy(real *to, const real *from, size_t n);
/* to += from */
void buffer_add(real *to, const real *from, size_t n);
/* Sum of squares in fixed chunks of 4,096 added in ascending order.  NaN and infinity show. */
double buffer_sum_squares(const real *buffer, size_t n);

/* ---- linear ---------------------------------------------------------------------------------- */

/* How products with a weight are computed, forward and backward: in floats, or with both operands rounded to
 * bfloat16 and sums of floats (kernels/cpu/bf16.h), which machines with AMX do several times as fast.  In double
 * they are never rounded. */
typedef enum { COMPUTE_F32, COMPUTE_BF16 } Compute;
/* "f32" or "bf16"; -1 for any other name. */
int kernels_find_compute(Compute *out, const char *name);
const char *kernels_compute_name(Compute compute);

/* A matrix (OUT, IN) in the form the product wants, made from `values` (a buffer, borrowed); half as large where
 * bfloat16 holds every one of them, or the product is in it. */
typedef struct Weight Weight;
Weight *weight_new(const real *values, int OUT, int IN, Compute compute);
void weight_free(Weight *w);
/* `values` have changed: pack again before the next use. */
void weight_changed(Weight *w);
/* Pack now what the forward, or the backward too, would pack at its first use. */
void weight_pack(Weight *w, int backward);
/* The backward's form takes so many reals, */
size_t weight_backward_size(const Weight *w);
/* and is made in memory that the caller lends until NULL takes it back: weights that are trained change before the
 * next backward, so that one block's memory does for all of them. */
void weight_lend(Weight *w, real *room);
/* Give back what was packed, until the next use. */
void weight_release(Weight *w);

/* out (N,OUT) = x (N,IN) w^T + bias; bias (OUT) or NULL.  Each output is one chain of fma over IN
 * ascending from 0, or of blocks of 32 products in bfloat16, then + bias. */
void linear_forward(real *out, const real *x, Weight *w, const real *bias, int N);
/* dx (N,IN) = dout w;  dw (OUT,IN) += dout^T x, rows ascending, in bfloat16 by blocks of 32 from the first;
 * dbias (OUT) += column sums. */
void linear_backward(real *dx, real *dw, real *dbias, const real *dout, const real *x, Weight *w,
                     int N);

/* ---- low-rank updates ------------------------------------------------------------------------ */

/* out_n += scale * b a x_n, on top of what a linear layer gave; a (R,IN), b (OUT,R).   Hu et al. 2021
 * low (N,R) = scale * a x_n is kept for the backward.  Rows of x are dense, those of out and low out_ld
 * and low_ld apart: several updates side by side, each of some columns of a wider layer. */
void lowrank_forward(real *out, int out_ld, real *low, int low_ld, const real *x, Weight *a,
                     Weight *b, double scale, int N);
/* dx (N,IN) += the gradient of x, or NULL; dlow (N,R) is overwritten by that of a x. */
void lowrank_backward(real *dx, real *dlow, int low_ld, const real *dout, int out_ld, Weight *a,
                      Weight *b, double scale, int N);
/* da (R,IN) += dlow^T x;  db (OUT,R) += dout^T low;  rows ascending. */
void lowrank_weights(real *da, real *db, const real *dlow, const real *low, int low_ld,
                     const real *dout, int out_ld, const real *x, const Weight *a, const Weight *b,
                     int N);

/* ---- embedding ------------------------------------------------------------------------------- */

/* out[n] = wte[token[n]] + wpe[position[n]]; wpe NULL without learned positions. */
void embedding_forward(real *out, const real *wte, const real *wpe, const int *token,
                       const int *position, int N, int C);
void embedding_backward(real *dwte, real *dwpe, const real *dout, const int *token,
                        const int *position, int N, int C);

/* out[i] = x[row[i]], and its transpose; rows are distinct. */
void gather_forward(real *out, const real *x, const int *row, int n, int C);
void gather_backward(real *dx, const real *dout, const int *row, int n, int C);

/* ---- norms ----------------------------------------------------------------------------------- */

/* out = (x - mean) * rstd * w + b,  rstd = 1/sqrt(var + eps), population variance.  Ba et al. 2016
 * b may be NULL.  mean, rstd (N) are kept for the backward. */
void layernorm_forward(real *out, real *mean, real *rstd, const real *x, const real *w,
                       const real *b, int N, int C, double eps);
void layernorm_backward(real *dx, real *dw, real *db, const real *dout, const real *x,
                        const real *mean, const real *rstd, const real *w, int N, int C);
/* out = x * rstd * w,  rstd = 1/sqrt(mean(x^2) + eps).                  Zhang & Sennrich 2019 */
void rmsnorm_forward(real *out, real *rstd, const real *x, const real *w, int N, int C, double eps);
void rmsnorm_backward(real *dx, real *dw, const real *dout, const real *x, const real *rstd,
                      const real *w, int N, int C);

/* ---- rotary positions ------------------------------------------------------------------------ */

/* table (max_T, HD): cos then sin of position * inv_freq[HD/2], computed in double and rounded. */
void rope_table(real *table, const double *inv_freq, int max_T, int HD);
/* In place on `heads` heads at x (N rows, ld apart): pairs (i, i + HD/2) turn.    Su et al. 2021 */
void rope_forward(real *x, int ld, const real *table, const int *position, int N, int heads,
                  int HD);
/* The gradient turns back, in place. */
void rope_backward(real *dx, int ld, const real *table, const int *position, int N, int heads,
                   int HD);

/* ---- attention ------------------------------------------------------------------------------- */

/* Rows [row, row+n) of the batch are the tokens at position, position+1, ... of one sequence, whose
 * keys and values start at token `cache` of the KvCache (a multiple of KV_ALIGN). */
typedef struct {
    int row, n, position, cache;
} Span;

/* The kernels read keys this many at a time, so that sequences never touch each other's. */
enum { KV_ALIGN = 32 };

/* Keys and values of one layer, `capacity` tokens (a multiple of KV_ALIGN). */
typedef struct KvCache KvCache;
KvCache *kv_cache_new(int capacity, int NKV, int HD);
void kv_cache_free(KvCache *c);
/* Store k, v (rows ld apart, NKV*HD wide) of every span at its place. */
void kv_cache_write(KvCache *c, const real *k, const real *v, int ld, const Span *spans,
                    int n_spans);
/* The n tokens stored at token `from` are stored at `to` as well: a prompt that two sequences share.  Both
 * are multiples of KV_ALIGN; tokens after them, up to the next such multiple, may be overwritten. */
void kv_cache_copy(KvCache *c, int to, int from, int n);

/* out (N, NH*HD) = softmax(q k^T / sqrt(HD)) v over keys 0..own position, or, with a window over 0, the last
 * `window` of them (Beltagy et al. 2020), each query head using key/value head h / (NH/NKV).  lse (N,NH): log sum exp of the scaled scores.  q rows are ld apart.
 * Keys are visited in blocks of 64 counted from the sequence's first token. */
void attention_forward(real *out, real *lse, const real *q, int ld, const KvCache *c,
                       const Span *spans, int n_spans, int NH, int window);
/* Whole sequences only: every span has position 0.  q, k, v and their gradients are rows ld apart;
 * probabilities are computed again from lse. */
void attention_backward(real *dq, real *dk, real *dv, const real *dout, const real *out,
                        const real *lse, const real *q, const real *k, const real *v, int ld,
                        const Span *spans, int n_spans, int NH, int NKV, int HD, int window);

/* ---- activations ----------------------------------------------------------------------------- */

/* The tanh form of GELU.                                             Hendrycks & Gimpel 2016 */
void gelu_forward(real *out, const real *x, size_t n);
/* dx is overwritten, here and below. */
void gelu_backward(real *dx, const real *dout, const real *x, size_t n);
/* out (N,F) = silu(gate) * up, x (N,2F) = gate | up.                          Shazeer 2020 */
void swiglu_forward(real *out, const real *x, int N, int F);
void swiglu_backward(real *dx, const real *dout, const real *x, int N, int F);

/* ---- log-probability head -------------------------------------------------------------------- */

/* Everything below is of softmax(z), z = logits / temperature, over the whole vocabulary, in tiles of
 * 1,024 folded in ascending order; all logits of the batch never exist at once.
 *
 * logp[n] = z[target[n]] - lse[n], nats; entropy[n] of the distribution target was drawn from.
 * entropy may be NULL.  lse (N) is kept for the backward.  logp, entropy, lse are buffers. */
void logprob_forward(real *logp, real *entropy, real *lse, const real *h, Weight *w,
                     const int *target, int N, double temperature);
/* dentropy may be NULL (then entropy too).  dh (N,C), dw (V,C). */
void logprob_backward(real *dh, real *dw, const real *dlogp, const real *dentropy,
                      const real *entropy, const real *lse, const real *h, Weight *w,
                      const int *target, int N, double temperature);

/* For decoding, over logits (N,V) that do exist: the same lse, and the log-probability of token[n],
 * to the same bits as logprob_forward. */
void logsumexp_forward(real *lse, const real *logits, int N, int V, double temperature);
void logits_logprob(real *logp, const real *logits, const real *lse, const int *token, int N, int V,
                    double temperature);
/* Draw token[n] by inverting the distribution function at uniform[n] in (0,1), among tokens whose logit
 * is at least floor[n] (-INFINITY: all): the first at which the running sum reaches uniform times the
 * total.  Sums run in a fixed order. */
void sample_forward(int *token, const real *logits, const real *lse, const double *floor,
                    const double *uniform, int N, int V, double temperature);

/* ---- optimizer ------------------------------------------------------------------------------- */

typedef struct {
    double learning_rate, beta1, beta2, eps, weight_decay;
    double grad_scale; /* every gradient is multiplied by it first: norm clipping */
    int64_t step;      /* 1 for the first */
    int tensorflow;    /* eps outside the bias correction, as TensorFlow 1 has it: 31.6 times larger
                          at step 1 */
} AdamStep;

/* One AdamW update of n weights, moments m and v in place.      Loshchilov & Hutter 2019, alg. 2 */
void adamw_step(real *w, real *m, real *v, const real *g, size_t n, const AdamStep *s);

/* ---- limits ---------------------------------------------------------------------------------- */

/* What the machine can do at most with the implementation in use, to hold measured figures against; the
 * caller takes the time. */

/* Chains of multiply-adds in registers alone, on every thread; returns how many multiply-adds were done. */
double limit_fma(size_t rounds, Compute compute);
/* Every thread adds up its part of a buffer; returns the bytes read. */
double limit_read(const real *buffer, size_t n);

#endif
