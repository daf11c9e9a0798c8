/* rlhf bench matmul: the matrix products of a model's blocks, forward and both gradients. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/bench.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "kernels/kernels.h"
#include "policy/model_settings.h"

enum { ROWS_MAX = 16, ROW_LIMIT = 65536 };
typedef struct {
    BenchShape shape;
    const char *rows;
    double seconds;
} MatmulOptions;

static const Option OPTIONS[] = {
    BENCH_SHAPE_OPTIONS(MatmulOptions, shape),
    {"rows", OPTION_TEXT, offsetof(MatmulOptions, rows), 0, 0, "N,N,...",
     "tokens that go through together (1,8,64,256,2048)"},
    {"seconds", OPTION_DOUBLE, offsetof(MatmulOptions, seconds), 0.001, 3600, "S",
     "for each figure (0.2)"},
    {0},
};

/* ---- a product -------------------------------------------------------------------------------------- */

typedef enum { FORWARD, INPUT_GRADIENT, WEIGHT_GRADIENT, DIRECTIONS } Direction;
static const char *const DIRECTION[] = {"forward", "input_gradient", "weight_gradient"};

/* In decoding, weights come from memory, since those of the other blocks have been used meanwhile: so there are as
 * many of them as caches do not hold, one after the other. */
enum { DECODING_ROWS = 64, COPIES_MAX = 64 };
static const size_t BEYOND_CACHES = (size_t)48 << 20; /* floats */

typedef struct {
    int N, IN, OUT, copies, next;
    real *x, *out, *dx, *dw, *values;
    Weight *w[COPIES_MAX];
} Layer;

static real *drawn(size_t n)
{
    real *buffer = buffer_new(n), *host = mem_calloc(n, sizeof *host);
    for (size_t i = 0; i < n; i++) host[i] = (real)(0.01 * (double)(i % 7));
    buffer_write(buffer, host, n);
    free(host);
    return buffer;
}

static void layer_open(Layer *l, int N, int IN, int OUT, Compute compute)
{
    const size_t in = (size_t)IN, out = (size_t)OUT, n = (size_t)N;
    *l = (Layer){.N = N, .IN = IN, .OUT = OUT, .copies = 1};
    if (N <= DECODING_ROWS) l->copies += (int)(BEYOND_CACHES / (in * out));
    if (l->copies > COPIES_MAX) l->copies = COPIES_MAX;
    l->x = drawn(n * in), l->out = drawn(n * out), l->values = drawn(in * out);
    l->dx = buffer_new(n * in), l->dw = buffer_new(in * out);
    for (int i = 0; i < l->copies; i++) {
        l->w[i] = weight_new(l->values, OUT, IN, compute);
        weight_pack(l->w[i], i == 0);
    }
}

static void layer_close(Layer *l)
{
    for (int i = 0; i < l->copies; i++) weight_free(l->w[i]);
    real *const all[] = {l->x, l->out, l->values, l->dx, l->dw};
    for (int i = 0; i < 5; i++) buffer_free(all[i]);
}

static void forward(void *context)
{
    Layer *l = context;
    linear_forward(l->out, l->x, l->w[l->next], NULL, l->N);
    l->next = (l->next + 1) % l->copies;
}
static void input_gradient(void *context)
{
    const Layer *l = context;
    linear_backward(l->dx, NULL, NULL, l->out, l->x, l->w[0], l->N);
}
static void weight_gradient(void *context)
{
    const Layer *l = context;
    linear_backward(NULL, l->dw, NULL, l->out, l->x, l->w[0], l->N);
}

/* ---- all of a model --------------------------------------------------------------------------------- */

enum { MATRICES = 4 };
typedef struct {
    const char *name;
    int IN, OUT;
} Matrix;

static void matrices_of(Matrix out[MATRICES], const ModelConfig *c)
{
    const int query = c->NH * c->HD, key = c->NKV * c->HD;
    out[0] = (Matrix){"query, key, value", c->C, query + 2 * key};
    out[1] = (Matrix){"out", query, c->C};
    out[2] = (Matrix){c->gated_mlp ? "gate and up" : "up", c->C, (c->gated_mlp ? 2 : 1) * c->F};
    out[3] = (Matrix){"down", c->F, c->C};
}

/* One line, or one object: so many rows through one matrix, or all of them (IN 0). */
typedef struct {
    int rows;
    Matrix matrix;
    double work, seconds[DIRECTIONS], capacity[DIRECTIONS];
} Measured;

static int measure(Measured *m, Compute compute, double budget, Error *err)
{
    static void (*const CALL[])(void *) = {forward, input_gradient, weight_gradient};
    Layer l;
    layer_open(&l, m->rows, m->matrix.IN, m->matrix.OUT, compute);
    m->work = (double)m->rows * m->matrix.IN * m->matrix.OUT;
    int rc = 0;
    for (int d = 0; d < DIRECTIONS && rc == 0; d++) {
        BenchTime t = {0};
        rc = bench_time(&t, CALL[d], &l, budget, err);
        m->seconds[d] = t.seconds, m->capacity[d] = t.capacity;
    }
    layer_close(&l);
    return rc;
}

static void add(Measured *all, const Measured *m)
{
    all->work += m->work;
    for (int d = 0; d < DIRECTIONS; d++) {
        all->seconds[d] += m->seconds[d];
        all->capacity[d] += m->capacity[d];
    }
}

static void print_line(const Measured *m)
{
    char size[32] = "";
    if (m->matrix.IN) snprintf(size, sizeof size, "%d -> %d", m->matrix.IN, m->matrix.OUT);
    printf("%5d  %-17s %-15s", m->rows, m->matrix.name, size);
    for (int d = 0; d < DIRECTIONS; d++)
        printf("  %9.1f %4.0f%%", 2e-9 * m->work / m->seconds[d], 100 * m->work / m->capacity[d]);
    printf("\n");
    fflush(stdout);
}

static void put_object(Text *t, const Measured *m)
{
    text_format(t, "%s{\"rows\":%d,\"in\":%d,\"out\":%d", t->n ? "," : "", m->rows, m->matrix.IN,
                m->matrix.OUT);
    for (int d = 0; d < DIRECTIONS; d++) {
        text_format(t, ",\"%s\":{\"gflops\":", DIRECTION[d]);
        json_put_number(t, 2e-9 * m->work / m->seconds[d]);
        text_add(t, ",\"share_of_limit\":");
        json_put_number(t, m->work / m->capacity[d]);
        text_add(t, "}");
    }
    text_add(t, "}");
}

/* ---- the command ------------------------------------------------------------------------------------ */

static int measure_rows(int rows, const ModelConfig *c, const MatmulOptions *o, Text *json,
                        Error *err)
{
    Measured all = {.rows = rows, .matrix = {"all", 0, 0}};
    Matrix matrix[MATRICES];
    matrices_of(matrix, c);
    for (int i = 0; i < MATRICES; i++) {
        Measured m = {.rows = rows, .matrix = matrix[i]};
        if (measure(&m, c->compute, o->seconds, err) != 0) return -1;
        add(&all, &m);
        if (json) put_object(json, &m);
        else print_line(&m);
    }
    if (json) put_object(json, &all);
    else print_line(&all);
    return 0;
}

static void finish(const Context *ctx, const Text *json)
{
    const BenchLimits limits = bench_limits();
    Text t = {0};
    bench_put_limits(&t, ctx, &limits);
    if (ctx->json) printf("{%s,\"products\":[%s]}\n", t.bytes, json->bytes);
    else bench_print_limits(ctx, &limits);
    text_free(&t);
}

static int bench(Context *ctx, int argc, char **argv, Error *err)
{
    MatmulOptions o = {.rows = "1,8,64,256,2048", .seconds = 0.2};
    Words words;
    ModelConfig c;
    int row[ROWS_MAX], n;
    if (options_parse(ctx, OPTIONS, &o, &words, 0, 0, argc, argv, err) != 0 ||
        bench_numbers(row, &n, ROWS_MAX, "rows", o.rows, ROW_LIMIT, err) != 0 ||
        bench_shape(&c, &o.shape, ctx, NULL, err) != 0)
        return -1;
    bench_say_load();
    Text json = {0};
    if (!ctx->json)
        printf("GFLOP/s, and the share of the limit meanwhile: %s\n%5s  %-33s%17s%17s%17s\n",
               bench_shape_name(&c), "rows", "matrix", "forward", "input gradient",
               "weight gradient");
    int rc = 0;
    for (int i = 0; i < n && rc == 0; i++)
        rc = measure_rows(row[i], &c, &o, ctx->json ? &json : NULL, err);
    if (rc == 0) finish(ctx, &json);
    text_free(&json);
    return rc;
}

static const ConfigTable *const SECTIONS[] = {&MODEL_TABLE, NULL};
const Command bench_matmul = {
    .name = "matmul",
    .summary = "the matrix products of a model's blocks",
    .usage = "[--shape SHAPE|--model MODEL] [--rows N,N,...]",
    .details = "Forward, input gradient, weight gradient.  Up to 64 rows the forward's weights "
               "come from memory, "
               "as in decoding.\nThe lines `all` add the four up.",
    .options = OPTIONS,
    .sections = SECTIONS,
    .project = PROJECT_OPTIONAL,
    .run = bench,
};
