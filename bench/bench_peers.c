/* Matrix products of this program beside those of oneDNN and OpenBLAS, on the same threads, in turn:
 *
 *     cmake --build build/release --target bench_peers && build/release/bench_peers [THREADS]
 *
 * GFLOP/s, medians of seven rounds.  oneDNN gets its weights packed once, as ours are, and in bfloat16 its activations
 * rounded beforehand, which ours are in every product.  Up to 64 rows weights come from memory, as in decoding: there
 * are as many matrices as caches do not hold.  OpenBLAS (0.3.21) takes some processors for older ones: with
 * OPENBLAS_CORETYPE=SkylakeX it uses AVX-512. */
#include <cblas.h>
#include <dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/median.h"
#include "base/mem.h"
#include "kernels/kernels.h"

#if DNNL_VERSION_MAJOR != 2
#error "this is written for the interface of oneDNN 2"
#endif

enum { COPIES_MAX = 64, ROUNDS = 7, DECODING_ROWS = 64 };
static const size_t BEYOND_CACHES = (size_t)48 << 20; /* floats */

typedef struct {
    int N, IN, OUT, copies;
} Shape;

/* One way to compute out (N,OUT) = x (N,IN) w^T, with one of the copies of w. */
typedef struct Contender {
    const char *name;
    void (*open)(struct Contender *c, const Shape *s);
    void (*multiply)(struct Contender *c, const Shape *s, int copy);
    void (*close)(struct Contender *c, const Shape *s);
    int bf16;
    Weight *ours[COPIES_MAX];
    dnnl_memory_t theirs[COPIES_MAX], source, result;
    dnnl_primitive_t product;
    float *blas[COPIES_MAX];
} Contender;

static real *values, *x, *out; /* as large as the largest shape wants */

static real *drawn(size_t n)
{
    real *buffer = buffer_new(n);
    for (size_t i = 0; i < n; i++) buffer[i] = (real)0.01 * (real)((int)(i * 7 % 13) - 6);
    return buffer;
}

/* ---- this program ---------------------------------------------------------------------------------- */

static void ours_open(Contender *c, const Shape *s)
{
    for (int i = 0; i < s->copies; i++) {
        c->ours[i] = weight_new(values, s->OUT, s->IN, c->bf16 ? COMPUTE_BF16 : COMPUTE_F32);
        weight_pack(c->ours[i], 0);
    }
}

static void ours_multiply(Contender *c, const Shape *s, int copy)
{
    linear_forward(out, x, c->ours[copy], NULL, s->N);
}

static void ours_close(Contender *c, const Shape *s)
{
    for (int i = 0; i < s->copies; i++) weight_free(c->ours[i]);
}

/* ---- oneDNN ----------------------------------------------------------------------------------------- */

static dnnl_engine_t engine;
static dnnl_stream_t stream;

static void must(dnnl_status_t status, const char *what)
{
    if (status == dnnl_success) return;
    fprintf(stderr, "bench_peers: oneDNN: %s failed (%d)\n", what, (int)status);
    exit(1);
}

static dnnl_memory_desc_t matrix(int rows, int columns, int bf16, dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t m;
    const dnnl_dims_t dims = {rows, columns};
    must(dnnl_memory_desc_init_by_tag(&m, 2, dims, bf16 ? dnnl_bf16 : dnnl_f32, tag), "a matrix");
    return m;
}

static dnnl_memory_t memory(const dnnl_memory_desc_t *m, void *at)
{
    dnnl_memory_t memory;
    must(dnnl_memory_create(&memory, m, engine, at), "memory");
    return memory;
}

/* Into the form and type of `to`. */
static void reorder(dnnl_memory_t to, const dnnl_memory_desc_t *to_desc, dnnl_memory_t from,
                    const dnnl_memory_desc_t *from_desc)
{
    dnnl_primitive_desc_t desc;
    dnnl_primitive_t reorder;
    must(dnnl_reorder_primitive_desc_create(&desc, from_desc, engine, to_desc, engine, NULL),
         "a reorder");
    must(dnnl_primitive_create(&reorder, desc), "a reorder");
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    must(dnnl_primitive_execute(reorder, stream, 2, args), "a reorder");
    must(dnnl_stream_wait(stream), "a reorder");
    dnnl_primitive_destroy(reorder);
    dnnl_primitive_desc_destroy(desc);
}

static void dnnl_open(Contender *c, const Shape *s)
{
    const dnnl_memory_desc_t x_plain = matrix(s->N, s->IN, 0, dnnl_ab),
                             w_plain = matrix(s->IN, s->OUT, 0, dnnl_ba),
                             x_desc = matrix(s->N, s->IN, c->bf16, dnnl_ab),
                             any = matrix(s->IN, s->OUT, c->bf16, dnnl_format_tag_any),
                             out_desc = matrix(s->N, s->OUT, 0, dnnl_ab);
    dnnl_matmul_desc_t product;
    dnnl_primitive_desc_t desc;
    must(dnnl_matmul_desc_init(&product, &x_desc, &any, NULL, &out_desc), "a product");
    must(dnnl_primitive_desc_create(&desc, &product, NULL, engine, NULL), "a product");
    const dnnl_memory_desc_t packed = *dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0);
    must(dnnl_primitive_create(&c->product, desc), "a product");
    dnnl_primitive_desc_destroy(desc);

    dnnl_memory_t x_floats = memory(&x_plain, x), w_floats = memory(&w_plain, values);
    c->source = memory(&x_desc, DNNL_MEMORY_ALLOCATE);
    c->result = memory(&out_desc, out);
    reorder(c->source, &x_desc, x_floats, &x_plain);
    for (int i = 0; i < s->copies; i++) {
        c->theirs[i] = memory(&packed, DNNL_MEMORY_ALLOCATE);
        reorder(c->theirs[i], &packed, w_floats, &w_plain);
    }
    dnnl_memory_destroy(x_floats);
    dnnl_memory_destroy(w_floats);
}

static void dnnl_multiply(Contender *c, const Shape *s, int copy)
{
    (void)s;
    const dnnl_exec_arg_t args[] = {
        {DNNL_ARG_SRC, c->source}, {DNNL_ARG_WEIGHTS, c->theirs[copy]}, {DNNL_ARG_DST, c->result}};
    must(dnnl_primitive_execute(c->product, stream, 3, args), "a product");
    must(dnnl_stream_wait(stream), "a product");
}

static void dnnl_close(Contender *c, const Shape *s)
{
    for (int i = 0; i < s->copies; i++) dnnl_memory_destroy(c->theirs[i]);
    dnnl_memory_destroy(c->source);
    dnnl_memory_destroy(c->result);
    dnnl_primitive_destroy(c->product);
}

/* ---- OpenBLAS --------------------------------------------------------------------------------------- */

static void blas_open(Contender *c, const Shape *s)
{
    const size_t n = (size_t)s->IN * (size_t)s->OUT;
    for (int i = 0; i < s->copies; i++) {
        c->blas[i] = buffer_new(n);
        buffer_copy(c->blas[i], values, n);
    }
}

static void blas_multiply(Contender *c, const Shape *s, int copy)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, s->N, s->OUT, s->IN, 1, x, s->IN,
                c->blas[copy], s->IN, 0, out, s->OUT);
}

static void blas_close(Contender *c, const Shape *s)
{
    for (int i = 0; i < s->copies; i++) buffer_free(c->blas[i]);
}

/* ---- in turn ---------------------------------------------------------------------------------------- */

static Contender contenders[] = {
    {"ours, f32", ours_open, ours_multiply, ours_close, .bf16 = 0},
    {"oneDNN, f32", dnnl_open, dnnl_multiply, dnnl_close, .bf16 = 0},
    {"OpenBLAS, f32", blas_open, blas_multiply, blas_close, .bf16 = 0},
    {"ours, bf16", ours_open, ours_multiply, ours_close, .bf16 = 1},
    {"oneDNN, bf16", dnnl_open, dnnl_multiply, dnnl_close, .bf16 = 1},
};
enum { CONTENDERS = sizeof contenders / sizeof *contenders };

/* Threads of a library that has just worked may spin a while for more. */
static void rest(void)
{
    const struct timespec moment = {0, 30 * 1000 * 1000};
    nanosleep(&moment, NULL);
}

/* GFLOP/s over some tens of milliseconds. */
static double speed(Contender *c, const Shape *s)
{
    const double budget = 0.04, began = log_clock();
    double seconds = 0;
    int n = 0;
    for (; seconds < budget; n++) {
        c->multiply(c, s, n % s->copies);
        seconds = log_clock() - began;
    }
    return 2e-9 * s->N * s->IN * (double)s->OUT * n / seconds;
}

static void compare(Shape s)
{
    double took[CONTENDERS][ROUNDS];
    const size_t matrix_size = (size_t)s.IN * (size_t)s.OUT;
    s.copies = s.N > DECODING_ROWS ? 1 : 1 + (int)(BEYOND_CACHES / matrix_size);
    if (s.copies > COPIES_MAX) s.copies = COPIES_MAX;
    for (int c = 0; c < CONTENDERS; c++) contenders[c].open(&contenders[c], &s);
    for (int round = 0; round < ROUNDS; round++)
        for (int c = 0; c < CONTENDERS; c++) {
            rest();
            contenders[c].multiply(&contenders[c], &s, 0);
            took[c][round] = speed(&contenders[c], &s);
        }
    printf("%5d  %5d -> %-5d", s.N, s.IN, s.OUT);
    for (int c = 0; c < CONTENDERS; c++) {
        printf("  %13.1f", median(took[c], ROUNDS));
        contenders[c].close(&contenders[c], &s);
    }
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const int MATRICES[][2] = {{768, 2304}, {768, 768}, {768, 3072}, {3072, 768},
                                      {128, 384},  {128, 704}, {352, 128}},
                     ROWS[] = {1, 8, 32, 64, 256, 2048};
    kernels_wait_gently(argv);
    const int threads = kernels_threads(argc > 1 ? atoi(argv[1]) : 0);
    openblas_set_num_threads(threads);
    must(dnnl_engine_create(&engine, dnnl_cpu, 0), "an engine");
    must(dnnl_stream_create(&stream, engine, dnnl_stream_default_flags), "a stream");
    values = drawn((size_t)3072 * 2304), x = drawn((size_t)3072 * 2048);
    out = buffer_new((size_t)3072 * 2048);

    printf("GFLOP/s, %s, %d threads\n rows  matrix        ", kernels_name(), threads);
    for (int c = 0; c < CONTENDERS; c++) printf("  %13s", contenders[c].name);
    printf("\n");
    for (size_t m = 0; m < sizeof MATRICES / sizeof *MATRICES; m++)
        for (size_t r = 0; r < sizeof ROWS / sizeof *ROWS; r++)
            compare((Shape){.N = ROWS[r], .IN = MATRICES[m][0], .OUT = MATRICES[m][1]});
    buffer_free(values), buffer_free(x), buffer_free(out);
    dnnl_stream_destroy(stream);
    dnnl_engine_destroy(engine);
    return 0;
}
