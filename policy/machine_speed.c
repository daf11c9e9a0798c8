#include "policy/machine_speed.h"

#include "base/log.h"
#include "kernels/kernels.h"

/* A matrix of 16 MB at the most, and as many rows as take some milliseconds of it.  Of narrower models than this most time
 * goes elsewhere (policy/step_work.h), and their own products would say little about that. */
enum { MATRIX_MAX = 1 << 22, WIDTH_MIN = 128, ROWS_MIN = 8 };
static const double PRODUCT_MAX = 2e8;
/* Long enough that what neighbours take of the machine is in it, as it will be in the training. */
static const double LOOK_S = 0.04;

typedef struct {
    int N, OUT, IN;
    Weight *weight;
    real *x, *out, *dx, *dw;
} Product;

static int between(int least, int wanted, int most)
{
    if (wanted > most) wanted = most;
    return wanted < least ? least : wanted;
}

static void open_product(Product *p, const ModelConfig *c, Compute compute, int rows)
{
    p->IN = c->C > WIDTH_MIN ? c->C : WIDTH_MIN;
    p->OUT = between(WIDTH_MIN, c->gated_mlp ? 2 * c->F : c->F, MATRIX_MAX / p->IN);
    p->N = between(ROWS_MIN, rows, (int)(PRODUCT_MAX / p->OUT / p->IN));
    const size_t matrix = (size_t)p->OUT * (size_t)p->IN, N = (size_t)p->N;
    real *values = buffer_new(matrix);
    p->weight = weight_new(values, p->OUT, p->IN, compute);
    weight_pack(p->weight, 1);
    buffer_free(values);
    p->x = buffer_new(N * (size_t)p->IN), p->dx = buffer_new(N * (size_t)p->IN);
    p->out = buffer_new(N * (size_t)p->OUT), p->dw = buffer_new(matrix);
}

static void close_product(Product *p)
{
    weight_free(p->weight);
    buffer_free(p->x), buffer_free(p->dx), buffer_free(p->out), buffer_free(p->dw);
}

static void forward(Product *p)
{
    linear_forward(p->out, p->x, p->weight, NULL, p->N);
}

static void forward_and_back(Product *p)
{
    forward(p);
    linear_backward(p->dx, p->dw, NULL, p->out, p->x, p->weight, p->N);
}

/* Multiply-adds a second, after one product that wakes threads and fills caches. */
static double measure(void (*work)(Product *p), Product *p)
{
    double seconds = 0;
    int n = 0;
    work(p);
    const double began = log_clock();
    for (; seconds < LOOK_S; n++) work(p), seconds = log_clock() - began;
    return (double)p->N * p->OUT * p->IN * n / seconds;
}

MachineSpeed machine_speed_measure(const ModelConfig *c, int rows, int batch)
{
    Product p;
    MachineSpeed speed = {0};
    open_product(&p, c, c->compute, rows);
    speed.forward = measure(forward, &p);
    speed.training = 3 * measure(forward_and_back, &p);
    close_product(&p);
    if (c->compute != COMPUTE_F32) {
        open_product(&p, c, COMPUTE_F32, rows);
        speed.floats = measure(forward, &p);
        close_product(&p);
    }
    if (batch == 0) return speed;
    open_product(&p, c, c->compute, batch);
    speed.decoding = measure(forward, &p);
    close_product(&p);
    return speed;
}
