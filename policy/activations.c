#include "policy/activations.h"

#include <stdlib.h>

#include "base/mem.h"

Widths activations_widths(const ModelConfig *c)
{
    const size_t q = (size_t)(c->NH * c->HD), kv = (size_t)(c->NKV * c->HD);
    return (Widths){q, kv, q + 2 * kv, (size_t)c->F * (c->gated_mlp ? 2 : 1)};
}

/* Hands out slices of one block of memory; with none it only counts. */
typedef struct {
    real *base;
    size_t at;
} Carver;

static real *carve(Carver *k, size_t n)
{
    real *p = k->base ? k->base + k->at : NULL;
    k->at += (n + 15) / 16 * 16;
    return p;
}

/* All but the input. */
static void carve_block(Carver *k, BlockActivations *b, const ModelConfig *c, size_t low, size_t N)
{
    const Widths w = activations_widths(c);
    const size_t C = (size_t)c->C;
    b->n1 = carve(k, N * C), b->mean1 = carve(k, N), b->rstd1 = carve(k, N);
    b->qkv = carve(k, N * w.qkv);
    if (c->qk_norm) {
        b->qk = carve(k, N * (w.q + w.kv));
        b->qk_rstd = carve(k, N * (size_t)(c->NH + c->NKV));
    }
    b->mixed = carve(k, N * w.q), b->lse = carve(k, N * (size_t)c->NH);
    b->mid = carve(k, N * C), b->n2 = carve(k, N * C), b->mean2 = carve(k, N),
    b->rstd2 = carve(k, N);
    b->up = carve(k, N * w.up), b->act = carve(k, N * (size_t)c->F);
    if (low) b->low = carve(k, N * low);
}

static void carve_all(Carver *k, Activations *a)
{
    const ModelConfig *c = &a->config;
    const Widths w = activations_widths(c);
    const size_t N = (size_t)a->max_N, C = (size_t)c->C;
    for (int l = 0; l < c->n_layer; l++) {
        if (l > 0) a->block[l] = a->block[0];
        if (l == 0 || a->keep != KEEP_NOTHING) a->block[l].x = carve(k, N * C);
        if (l == 0 || a->keep == KEEP_ALL) carve_block(k, &a->block[l], c, (size_t)a->low, N);
    }
    a->last = carve(k, N * C), a->mean = carve(k, N), a->rstd = carve(k, N);
    a->hidden = carve(k, N * C);
    if (!a->keep) return;
    a->dhidden = carve(k, N * C);
    a->d = (BlockGradients){.out = carve(k, N * C),
                            .act = carve(k, N * (size_t)c->F),
                            .up = carve(k, N * w.up),
                            .n2 = carve(k, N * C),
                            .mid = carve(k, N * C),
                            .mixed = carve(k, N * w.q),
                            .qkv = carve(k, N * w.qkv),
                            .n1 = carve(k, N * C),
                            .x = carve(k, N * C)};
    if (c->qk_norm) a->d.qk = carve(k, N * (w.q + w.kv));
    if (a->low) a->d.low = carve(k, N * (size_t)a->low);
}

size_t activations_bytes(const ModelConfig *c, int low, int max_N, Keep keep)
{
    Activations a = {.config = *c, .low = low, .max_N = max_N, .keep = keep};
    a.block = mem_calloc((size_t)c->n_layer, sizeof *a.block);
    Carver count = {0};
    carve_all(&count, &a);
    free(a.block);
    return count.at * sizeof(real);
}

Activations *activations_open(const ModelConfig *c, int low)
{
    Activations *a = mem_calloc(1, sizeof *a);
    a->config = *c, a->low = low;
    a->block = mem_calloc((size_t)c->n_layer, sizeof *a->block);
    return a;
}

void activations_lay(Activations *a, real *memory, int max_N, Keep keep)
{
    a->max_N = max_N, a->keep = keep;
    carve_all(&(Carver){.base = memory}, a);
    if (max_N <= a->parts_max) return;
    a->parts_max = max_N;
    a->part = mem_realloc(a->part, (size_t)max_N, sizeof *a->part);
    a->span = mem_realloc(a->span, (size_t)max_N, sizeof *a->span);
}

Activations *activations_new(const ModelConfig *c, int low, int max_N, Keep keep)
{
    Activations *a = activations_open(c, low);
    a->memory = buffer_new(activations_bytes(c, low, max_N, keep) / sizeof(real));
    activations_lay(a, a->memory, max_N, keep);
    return a;
}

void activations_free(Activations *a)
{
    if (!a) return;
    buffer_free(a->memory);
    free(a->block), free(a->part), free(a->span);
    free(a);
}

real *activations_hidden(Activations *a)
{
    return a->hidden;
}
real *activations_dhidden(Activations *a)
{
    return a->dhidden;
}
BlockActivations activations_block_from(const Activations *a, int layer, int row)
{
    const BlockActivations *b = &a->block[layer];
    const ModelConfig *c = &a->config;
    const Widths w = activations_widths(c);
    const size_t n = (size_t)row, C = (size_t)c->C;
    return (BlockActivations){.x = b->x + n * C,
                              .n1 = b->n1 + n * C,
                              .mean1 = b->mean1 + n,
                              .rstd1 = b->rstd1 + n,
                              .qkv = b->qkv + n * w.qkv,
                              .qk = c->qk_norm ? b->qk + n * (w.q + w.kv) : NULL,
                              .qk_rstd =
                                  c->qk_norm ? b->qk_rstd + n * (size_t)(c->NH + c->NKV) : NULL,
                              .mixed = b->mixed + n * w.q,
                              .lse = b->lse + n * (size_t)c->NH,
                              .mid = b->mid + n * C,
                              .n2 = b->n2 + n * C,
                              .mean2 = b->mean2 + n,
                              .rstd2 = b->rstd2 + n,
                              .up = b->up + n * w.up,
                              .act = b->act + n * (size_t)c->F,
                              .low = a->low ? b->low + n * (size_t)a->low : NULL};
}

BlockGradients activations_gradients_from(const Activations *a, int row)
{
    const BlockGradients *d = &a->d;
    const ModelConfig *c = &a->config;
    const Widths w = activations_widths(c);
    const size_t n = (size_t)row, C = (size_t)c->C;
    return (BlockGradients){.out = d->out + n * C,
                            .act = d->act + n * (size_t)c->F,
                            .up = d->up + n * w.up,
                            .n2 = d->n2 + n * C,
                            .mid = d->mid + n * C,
                            .mixed = d->mixed + n * w.q,
                            .qkv = d->qkv + n * w.qkv,
                            .qk = c->qk_norm ? d->qk + n * (w.q + w.kv) : NULL,
                            .n1 = d->n1 + n * C,
                            .x = d->x + n * C,
                            .low = a->low ? d->low + n * (size_t)a->low : NULL};
}
