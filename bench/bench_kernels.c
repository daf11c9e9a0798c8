/* Speed of the kernels beside the machine's FMA peak:  bench_kernels [implementation]
 *
 * Each figure is the best of several runs of some tens of milliseconds. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "kernels/kernels.h"

/* Best seconds per call of f(context) within `budget` seconds. */
static double best_time(void (*f)(void *), void *context)
{
    const double budget = 0.25, end = log_clock() + budget;
    double best = INFINITY;
    f(context);
    for (int i = 0; i < 3 || log_clock() < end; i++) {
        const double start = log_clock();
        f(context);
        const double seconds = log_clock() - start;
        if (seconds < best) best = seconds;
    }
    return best;
}

/* ---- peak ------------------------------------------------------------------------------------------ */

enum { ROUNDS = 1 << 18 };
static void chains(void *context)
{
    *(double *)context = limit_fma(ROUNDS, COMPUTE_F32);
}

/* GFLOP/s of all threads. */
static double peak(void)
{
    double done = 0;
    const double seconds = best_time(chains, &done);
    return 2e-9 * done / seconds;
}

/* ---- linear ---------------------------------------------------------------------------------------- */

typedef struct {
    int N, IN, OUT;
    real *x, *out, *values, *dx, *dw;
    Weight *w;
} Linear;

static real *ones(size_t n)
{
    real *buffer = buffer_new(n);
    for (size_t i = 0; i < n; i++) buffer[i] = (real)0.01 * (real)(i % 7);
    return buffer;
}

static void forward(void *context)
{
    const Linear *l = context;
    linear_forward(l->out, l->x, l->w, NULL, l->N);
}
static void input_gradient(void *context)
{
    const Linear *l = context;
    linear_backward(l->dx, NULL, NULL, l->out, l->x, l->w, l->N);
}
static void weight_gradient(void *context)
{
    const Linear *l = context;
    linear_backward(NULL, l->dw, NULL, l->out, l->x, l->w, l->N);
}
static void pack(void *context)
{
    const Linear *l = context;
    weight_changed(l->w);
    linear_forward(l->out, l->x, l->w, NULL, 1);
}

static void bench_linear(int N, int IN, int OUT, double peak_now)
{
    const size_t n = (size_t)N, in = (size_t)IN, out = (size_t)OUT;
    Linear l = {.N = N, .IN = IN, .OUT = OUT, .x = ones(n * in), .out = ones(n * out)};
    l.values = ones(in * out);
    l.dx = buffer_new(n * in);
    l.dw = buffer_new(in * out);
    l.w = weight_new(l.values, OUT, IN, COMPUTE_F32);
    void (*const parts[])(void *) = {forward, input_gradient, weight_gradient};
    printf("linear N=%-5d %5d -> %-6d", N, IN, OUT);
    for (int i = 0; i < 3; i++) {
        const double rate = 2e-9 * N * IN * OUT / best_time(parts[i], &l);
        printf("  %s %6.1f (%2.0f%%)", (const char *[]){"forward", "dx", "dw"}[i], rate,
               100 * rate / peak_now);
    }
    printf("  pack %.2f ms\n", 1e3 * best_time(pack, &l));
    weight_free(l.w);
    real *all[] = {l.x, l.out, l.values, l.dx, l.dw};
    for (int i = 0; i < 5; i++) buffer_free(all[i]);
}

/* ---- the rest, per token ---------------------------------------------------------------------------- */

typedef struct {
    int B, T, NH, HD, ld;
    Span *spans;
    KvCache *cache;
    real *qkv, *dqkv, *out, *dout, *lse;
} Attention;

static void attend(void *context)
{
    const Attention *a = context;
    const int width = a->NH * a->HD;
    kv_cache_write(a->cache, a->qkv + width, a->qkv + 2 * (ptrdiff_t)width, a->ld, a->spans, a->B);
    attention_forward(a->out, a->lse, a->qkv, a->ld, a->cache, a->spans, a->B, a->NH, 0);
}
static void attend_backward(void *context)
{
    const Attention *a = context;
    const ptrdiff_t k = (ptrdiff_t)a->NH * a->HD, v = 2 * k;
    attention_backward(a->dqkv, a->dqkv + k, a->dqkv + v, a->dout, a->out, a->lse, a->qkv,
                       a->qkv + k, a->qkv + v, a->ld, a->spans, a->B, a->NH, a->NH, a->HD, 0);
}

static void bench_attention(int B, int T, int NH, int HD)
{
    const int room = (T + KV_ALIGN - 1) / KV_ALIGN * KV_ALIGN;
    const size_t N = (size_t)B * (size_t)T, width = (size_t)(NH * HD);
    Attention a = {.B = B, .T = T, .NH = NH, .HD = HD, .ld = 3 * NH * HD};
    a.spans = calloc((size_t)B, sizeof *a.spans);
    for (int b = 0; b < B; b++) a.spans[b] = (Span){.row = b * T, .n = T, .cache = b * room};
    a.cache = kv_cache_new(B * room, NH, HD);
    a.qkv = ones(N * 3 * width);
    a.dqkv = buffer_new(N * 3 * width);
    a.out = buffer_new(N * width);
    a.dout = ones(N * width);
    a.lse = buffer_new(N * (size_t)NH);
    const double one = best_time(attend, &a), two = best_time(attend_backward, &a);
    const double flop = 2e-9 * (double)N * T * NH * HD; /* causal: half of 4 N T C */
    printf("attention B=%d T=%d NH=%d HD=%d  forward %.3f ms, %.1f ns/token, %.1f GFLOP/s"
           "  backward %.3f ms, %.1f ns/token, %.1f GFLOP/s\n",
           B, T, NH, HD, 1e3 * one, 1e9 * one / (double)N, flop / one, 1e3 * two,
           1e9 * two / (double)N, 2.5 * flop / two);
    kv_cache_free(a.cache);
    free(a.spans);
    real *all[] = {a.qkv, a.dqkv, a.out, a.dout, a.lse};
    for (int i = 0; i < 5; i++) buffer_free(all[i]);
}

typedef struct {
    int N;
    real *h, *values, *logp, *entropy, *lse, *dlogp, *dh, *dw;
    int *target;
    Weight *w;
} Head;

static void head_forward(void *context)
{
    const Head *h = context;
    logprob_forward(h->logp, h->entropy, h->lse, h->h, h->w, h->target, h->N, 1);
}
static void head_backward(void *context)
{
    const Head *h = context;
    logprob_backward(h->dh, h->dw, h->dlogp, NULL, NULL, h->lse, h->h, h->w, h->target, h->N, 1);
}

static void bench_head(int N, int C, int V, double peak_now)
{
    const size_t n = (size_t)N, c = (size_t)C, v = (size_t)V;
    Head h = {.N = N, .h = ones(n * c), .values = ones(v * c), .logp = buffer_new(n)};
    h.entropy = buffer_new(n);
    h.lse = buffer_new(n);
    h.dlogp = ones(n);
    h.dh = buffer_new(n * c);
    h.dw = buffer_new(v * c);
    h.target = calloc(n, sizeof *h.target);
    h.w = weight_new(h.values, V, C, COMPUTE_F32);
    const double one = best_time(head_forward, &h), two = best_time(head_backward, &h);
    const double flop = 2e-9 * (double)N * C * V;
    printf("head N=%d %d -> %d  forward %.2f ms (%2.0f%% of peak)  backward %.2f ms (%2.0f%%)\n", N,
           C, V, 1e3 * one, 100 * flop / one / peak_now, 1e3 * two,
           100 * 3 * flop / two / peak_now);
    weight_free(h.w);
    free(h.target);
    real *all[] = {h.h, h.values, h.logp, h.entropy, h.lse, h.dlogp, h.dh, h.dw};
    for (int i = 0; i < 8; i++) buffer_free(all[i]);
}

/* x, out, dout, dx and the small ones of the element-wise kernels. */
typedef struct {
    int N, C;
    real *x, *out, *dout, *dx, *w, *dw, *mean, *rstd;
} Rows;

static void norm_forward(void *context)
{
    const Rows *r = context;
    layernorm_forward(r->out, r->mean, r->rstd, r->x, r->w, r->w, r->N, r->C, 1e-5);
}
static void norm_backward(void *context)
{
    const Rows *r = context;
    layernorm_backward(r->dx, r->dw, r->dw, r->dout, r->x, r->mean, r->rstd, r->w, r->N, r->C);
}
static void activation_forward(void *context)
{
    const Rows *r = context;
    gelu_forward(r->out, r->x, (size_t)r->N * (size_t)r->C);
}
static void activation_backward(void *context)
{
    const Rows *r = context;
    gelu_backward(r->dx, r->dout, r->x, (size_t)r->N * (size_t)r->C);
}
static void adam(void *context)
{
    const Rows *r = context;
    adamw_step(r->x, r->out, r->dout, r->dx, (size_t)r->N * (size_t)r->C,
               &(AdamStep){.learning_rate = 1e-9,
                           .beta1 = 0.9,
                           .beta2 = 0.99,
                           .eps = 1e-8,
                           .grad_scale = 1,
                           .step = 1});
}

static void bench_rows(int N, int C)
{
    const size_t n = (size_t)N * (size_t)C;
    Rows r = {.N = N, .C = C, .x = ones(n), .out = ones(n), .dout = ones(n), .dx = ones(n)};
    r.w = ones((size_t)C);
    r.dw = buffer_new((size_t)C);
    r.mean = buffer_new((size_t)N);
    r.rstd = buffer_new((size_t)N);
    void (*const parts[])(void *) = {norm_forward, norm_backward, activation_forward,
                                     activation_backward, adam};
    const char *const names[] = {"layernorm", "backward", "gelu", "backward", "adamw"};
    printf("rows N=%d C=%d, Gelem/s:", N, C);
    for (int i = 0; i < 5; i++)
        printf("  %s %.2f", names[i], 1e-9 * (double)n / best_time(parts[i], &r));
    printf("\n");
    real *all[] = {r.x, r.out, r.dout, r.dx, r.w, r.dw, r.mean, r.rstd};
    for (int i = 0; i < 8; i++) buffer_free(all[i]);
}

int main(int argc, char **argv)
{
    if (argc > 1 && kernels_use(argv[1]) != 0) {
        fprintf(stderr, "bench_kernels: no implementation %s here\n", argv[1]);
        return 2;
    }
    static const int linear[][3] = {{1024, 128, 384}, {1024, 128, 128},  {1024, 128, 352},
                                    {1024, 352, 128}, {64, 128, 384},    {1024, 768, 2304},
                                    {1024, 768, 768}, {1024, 768, 3072}, {1024, 3072, 768},
                                    {64, 768, 3072},  {8, 768, 3072},    {1, 768, 3072}};
    for (int threads = 1; threads <= 2; threads++) {
        kernels_threads(threads);
        const double all = peak();
        printf("%s, %d threads, FMA peak %.0f GFLOP/s\n", kernels_name(), threads, all);
        for (size_t i = 0; i < sizeof linear / sizeof *linear; i++)
            bench_linear(linear[i][0], linear[i][1], linear[i][2], all);
        bench_attention(17, 60, 4, 32);
        bench_attention(1, 1024, 12, 64);
        bench_attention(8, 128, 12, 64);
        bench_head(1024, 128, 2048, all);
        bench_head(512, 768, 50257, all);
        bench_rows(1024, 128);
        bench_rows(1024, 768);
    }
    return 0;
}
