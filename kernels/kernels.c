#include "kernels/kernels.h"

#include <assert.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#ifdef KERNELS_AMX
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "kernels/table.h"

/* ---- choice of implementation ---------------------------------------------------------------- */

typedef struct {
    const Kernels *kernels;
    int (*runs_here)(void);
} Implementation;

static int always(void)
{
    return 1;
}

#if !defined(RLHF_DOUBLE) && defined(KERNELS_X86)
static int has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static int has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

#ifdef KERNELS_AMX
/* Linux gives a process the room for tile registers when it asks. */
static int has_amx(void)
{
    enum { ASK = 0x1023, TILE_DATA = 18, LEAF = 7, BF16 = 1 << 22, TILE = 1 << 24 };
    unsigned a, b, c, d;
    if (!has_avx512() || !__builtin_cpu_supports("avx512bf16")) return 0;
    if (!__get_cpuid_count(LEAF, 0, &a, &b, &c, &d) || !(d & BF16) || !(d & TILE)) return 0;
    return syscall(SYS_arch_prctl, ASK, TILE_DATA) == 0;
}
#endif
#endif

/* Fastest first. */
static const Implementation implementations[] = {
#ifndef RLHF_DOUBLE
#ifdef KERNELS_X86
#ifdef KERNELS_AMX
    {&kernels_amx, has_amx},
#endif
    {&kernels_avx512, has_avx512}, {&kernels_avx2, has_avx2},
#endif
#ifdef KERNELS_NEON
    {&kernels_neon, always},
#endif
    {&kernels_plain, always},
#endif
    {&kernels_reference, always},
};

static const Kernels *in_use;

int kernels_use(const char *name)
{
    for (size_t i = 0; i < sizeof implementations / sizeof *implementations; i++) {
        const Implementation *it = &implementations[i];
        if (strcmp(it->kernels->name, name) != 0 || !it->runs_here()) continue;
        in_use = it->kernels;
        return 0;
    }
    return -1;
}

const char *kernels_available(int i)
{
    for (size_t k = 0; k < sizeof implementations / sizeof *implementations; k++)
        if (implementations[k].runs_here() && i-- == 0) return implementations[k].kernels->name;
    return NULL;
}

static const Kernels *table(void)
{
    if (in_use) return in_use;
    const char *forced = getenv("RLHF_KERNELS");
    if (forced && kernels_use(forced) == 0) return in_use;
    const Implementation *it = implementations;
    while (!it->runs_here()) it++;
    return in_use = it->kernels;
}

const char *kernels_name(void)
{
    return table()->name;
}

static const char *const COMPUTE[] = {"f32", "bf16"};

int kernels_find_compute(Compute *out, const char *name)
{
    for (int i = COMPUTE_F32; i <= COMPUTE_BF16; i++) {
        if (strcmp(name, COMPUTE[i]) != 0) continue;
        *out = (Compute)i;
        return 0;
    }
    return -1;
}

const char *kernels_compute_name(Compute compute)
{
    return COMPUTE[compute];
}

/* ---- threads --------------------------------------------------------------------------------- */

/* Waking the threads costs some microseconds, about this many multiply-adds of one core. */
static size_t parallel_min = 1 << 19;
static int threads;

int kernels_threads(int n)
{
    assert(n >= 0);
    threads = n ? n : omp_get_num_procs();
    if (threads > THREADS_MAX) threads = THREADS_MAX;
    return threads;
}

size_t kernels_parallel_min(size_t work)
{
    const size_t old = parallel_min;
    parallel_min = work;
    return old;
}

int kernels_thread_count(size_t work)
{
    if (work < parallel_min || omp_in_parallel()) return 1;
    return threads ? threads : kernels_threads(0);
}

/* The teams of kernels inside a task have one thread, so the outermost team tells threads apart. */
int kernels_thread(void)
{
    return omp_get_level() > 0 ? omp_get_ancestor_thread_num(1) : 0;
}

enum { TASKS = 4 }; /* per thread, so that a busy core does not hold up the others */

int kernels_tasks(size_t work)
{
    const int count = kernels_thread_count(work);
    return count == 1 ? 1 : TASKS * count;
}

void kernels_run(int n, size_t work, void (*task)(void *context, int i), void *context)
{
    const int count = n > 1 ? kernels_thread_count(work) : 1; /* a single task may use them all */
    /* No team of one: in a team gcc's library starts new threads for every kernel that wants some. */
    if (count == 1) {
        for (int i = 0; i < n; i++) task(context, i);
        return;
    }
#pragma omp parallel for num_threads(count) schedule(dynamic, 1)
    for (int i = 0; i < n; i++) task(context, i);
}

/* ---- the table in use ------------------------------------------------------------------------ */

void buffer_add(real *to, const real *from, size_t n)
{
    table()->buffer_add(to, from, n);
}

double buffer_sum_squares(const real *buffer, size_t n)
{
    return table()->buffer_sum_squares(buffer, n);
}

Weight *weight_new(const real *values, int OUT, int IN, Compute compute)
{
    assert(values && OUT > 0 && IN > 0);
    return table()->weight_new(values, OUT, IN, compute);
}

void weight_free(Weight *w)
{
    if (w) table()->weight_free(w);
}

void weight_changed(Weight *w)
{
    table()->weight_changed(w);
}

void weight_release(Weight *w)
{
    table()->weight_release(w);
}

void weight_pack(Weight *w, int backward)
{
    table()->weight_pack(w, backward);
}

size_t weight_backward_size(const Weight *w)
{
    return table()->weight_backward_size(w);
}

void weight_lend(Weight *w, real *room)
{
    table()->weight_lend(w, room);
}

void linear_forward(real *out, const real *x, Weight *w, const real *bias, int N)
{
    assert(N >= 0);
    table()->linear_forward(out, x, w, bias, N);
}

void linear_backward(real *dx, real *dw, real *dbias, const real *dout, const real *x, Weight *w,
                     int N)
{
    assert(N >= 0);
    table()->linear_backward(dx, dw, dbias, dout, x, w, N);
}

void lowrank_forward(real *out, int out_ld, real *low, int low_ld, const real *x, Weight *a,
                     Weight *b, double scale, int N)
{
    assert(N >= 0);
    table()->lowrank_forward(out, out_ld, low, low_ld, x, a, b, scale, N);
}

void lowrank_backward(real *dx, real *dlow, int low_ld, const real *dout, int out_ld, Weight *a,
                      Weight *b, double scale, int N)
{
    assert(N >= 0);
    table()->lowrank_backward(dx, dlow, low_ld, dout, out_ld, a, b, scale, N);
}

void lowrank_weights(real *da, real *db, const real *dlow, const real *low, int low_ld,
                     const real *dout, int out_ld, const real *x, const Weight *a, const Weight *b,
                     int N)
{
    assert(N >= 0);
    table()->lowrank_weights(da, db, dlow, low, low_ld, dout, out_ld, x, a, b, N);
}

void layernorm_forward(real *out, real *mean, real *rstd, const real *x, const real *w,
                       const real *b, int N, int C, double eps)
{
    assert(N >= 0 && C > 0 && eps >= 0);
    table()->layernorm_forward(out, mean, rstd, x, w, b, N, C, eps);
}

void layernorm_backward(real *dx, real *dw, real *db, const real *dout, const real *x,
                        const real *mean, const real *rstd, const real *w, int N, int C)
{
    assert(N >= 0 && C > 0);
    table()->layernorm_backward(dx, dw, db, dout, x, mean, rstd, w, N, C);
}

void rmsnorm_forward(real *out, real *rstd, const real *x, const real *w, int N, int C, double eps)
{
    assert(N >= 0 && C > 0 && eps >= 0);
    table()->rmsnorm_forward(out, rstd, x, w, N, C, eps);
}

void rmsnorm_backward(real *dx, real *dw, const real *dout, const real *x, const real *rstd,
                      const real *w, int N, int C)
{
    assert(N >= 0 && C > 0);
    table()->rmsnorm_backward(dx, dw, dout, x, rstd, w, N, C);
}

void rope_forward(real *x, int ld, const real *angles, const int *position, int N, int heads,
                  int HD)
{
    assert(N >= 0 && heads > 0 && HD > 0 && HD % 2 == 0);
    table()->rope(x, ld, angles, position, N, heads, HD, 1);
}

void rope_backward(real *dx, int ld, const real *angles, const int *position, int N, int heads,
                   int HD)
{
    assert(N >= 0 && heads > 0 && HD > 0 && HD % 2 == 0);
    table()->rope(dx, ld, angles, position, N, heads, HD, -1);
}

KvCache *kv_cache_new(int capacity, int NKV, int HD)
{
    assert(capacity > 0 && capacity % KV_ALIGN == 0 && NKV > 0 && HD > 0);
    return table()->kv_cache_new(capacity, NKV, HD);
}

void kv_cache_free(KvCache *c)
{
    if (c) table()->kv_cache_free(c);
}

void kv_cache_write(KvCache *c, const real *k, const real *v, int ld, const Span *spans,
                    int n_spans)
{
    table()->kv_cache_write(c, k, v, ld, spans, n_spans);
}

void kv_cache_copy(KvCache *c, int to, int from, int n)
{
    assert(n >= 0 && to % KV_ALIGN == 0 && from % KV_ALIGN == 0);
    table()->kv_cache_copy(c, to, from, n);
}

void attention_forward(real *out, real *lse, const real *q, int ld, const KvCache *c,
                       const Span *spans, int n_spans, int NH, int window)
{
    table()->attention_forward(out, lse, q, ld, c, spans, n_spans, NH, window);
}

void attention_backward(real *dq, real *dk, real *dv, const real *dout, const real *out,
                        const real *lse, const real *q, const real *k, const real *v, int ld,
                        const Span *spans, int n_spans, int NH, int NKV, int HD, int window)
{
    assert(NKV > 0 && NH % NKV == 0);
    for (int i = 0; i < n_spans; i++) assert(spans[i].position == 0);
    table()->attention_backward(dq, dk, dv, dout, out, lse, q, k, v, ld, spans, n_spans, NH, NKV,
                                HD, window);
}

void gelu_forward(real *out, const real *x, size_t n)
{
    table()->gelu_forward(out, x, n);
}

void gelu_backward(real *dx, const real *dout, const real *x, size_t n)
{
    table()->gelu_backward(dx, dout, x, n);
}

void swiglu_forward(real *out, const real *x, int N, int F)
{
    assert(N >= 0 && F > 0);
    table()->swiglu_forward(out, x, N, F);
}

void swiglu_backward(real *dx, const real *dout, const real *x, int N, int F)
{
    assert(N >= 0 && F > 0);
    table()->swiglu_backward(dx, dout, x, N, F);
}

void logprob_forward(real *logp, real *entropy, real *lse, const real *h, Weight *w,
                     const int *target, int N, double temperature)
{
    assert(N >= 0 && temperature > 0);
    table()->logprob_forward(logp, entropy, lse, h, w, target, N, temperature);
}

void logprob_backward(real *dh, real *dw, const real *dlogp, const real *dentropy,
                      const real *entropy, const real *lse, const real *h, Weight *w,
                      const int *target, int N, double temperature)
{
    assert(N >= 0 && temperature > 0 && (!dentropy || entropy));
    table()->logprob_backward(dh, dw, dlogp, dentropy, entropy, lse, h, w, target, N, temperature);
}

void logsumexp_forward(real *lse, const real *logits, int N, int V, double temperature)
{
    assert(N >= 0 && V > 0 && temperature > 0);
    table()->logsumexp_forward(lse, logits, N, V, temperature);
}

void logits_logprob(real *logp, const real *logits, const real *lse, const int *token, int N, int V,
                    double temperature)
{
    assert(N >= 0 && V > 0 && temperature > 0);
    for (int n = 0; n < N; n++) assert(token[n] >= 0 && token[n] < V);
    table()->logits_logprob(logp, logits, lse, token, N, V, temperature);
}

void sample_forward(int *token, const real *logits, const real *lse, const double *floor,
                    const double *uniform, int N, int V, double temperature)
{
    assert(N >= 0 && V > 0 && temperature > 0);
    table()->sample_forward(token, logits, lse, floor, uniform, N, V, temperature);
}

void adamw_step(real *w, real *m, real *v, const real *g, size_t n, const AdamStep *s)
{
    assert(s->step >= 1);
    table()->adamw_step(w, m, v, g, n, s);
}

double limit_fma(size_t rounds, Compute compute)
{
    return table()->limit_fma(rounds, compute);
}

double limit_read(const real *buffer, size_t n)
{
    return table()->limit_read(buffer, n);
}
