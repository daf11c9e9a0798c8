/* Weights in panels: as the product in bfloat16 wants them, or in the shorter form that holds every value. */
#include "kernels/cpu/bf16.h"

#include "base/mem.h"

#include <assert.h>
#include <stdlib.h>

Weight *ISA(weight_new)(const real *values, int OUT, int IN, Compute compute)
{
    assert(OUT > 0 && IN > 0);
    Weight *w = mem_calloc(1, sizeof *w);
    *w = (Weight){.values = values, .OUT = OUT, .IN = IN, .compute = compute};
    return w;
}

static float *panels_memory(const Panels *p, size_t floats)
{
    return p->lent ? p->lent : buffer_new(floats);
}

/* What is lent stays lent. */
static void panels_free(Panels *p)
{
    if (!p->lent) {
        buffer_free(p->floats);
        buffer_free((float *)(void *)p->pairs);
        buffer_free((float *)(void *)p->bf16);
    }
    *p = (Panels){.lent = p->lent};
}

void ISA(weight_release)(Weight *w)
{
    panels_free(&w->forward);
    panels_free(&w->backward);
}

void ISA(weight_free)(Weight *w)
{
    if (!w) return;
    ISA(weight_release)(w);
    free(w);
}

void ISA(weight_changed)(Weight *w)
{
    w->forward.ready = w->backward.ready = false;
}

/* Room for panels of one form; what there was of the other goes. */
static void panels_shape(Panels *p, bool pairs, int N, int K)
{
    const size_t n = (size_t)round_up(N, WIDTH) * (size_t)K;
    if (pairs ? p->pairs != NULL : p->floats != NULL) return;
    panels_free(p);
    if (pairs) p->pairs = (uint32_t *)(void *)panels_memory(p, n / 2);
    else p->floats = panels_memory(p, n);
}

static Right panels_right(const Panels *p, int K)
{
    return (Right){.at = p->floats,
                   .pairs = p->pairs,
                   .bf16 = p->bf16,
                   .panel = p->bf16 ? bf16_panel(K) : (ptrdiff_t)K * WIDTH};
}

/* Floats that panels of (K,N) in bfloat16 take. */
static size_t bf16_size(int N, int K)
{
    return (size_t)round_up(N, WIDTH) / WIDTH * (size_t)bf16_panel(K) / 2;
}

/* The panels of a product in bfloat16, of w^T or of w. */
static void bf16_pack(Panels *p, const Weight *w, bool backward)
{
    const int N = backward ? w->IN : w->OUT, K = backward ? w->OUT : w->IN;
    if (!p->bf16) p->bf16 = (uint32_t *)(void *)panels_memory(p, bf16_size(N, K));
    if (backward) cpu_bf16_rows(p->bf16, w->values, w->IN, K, N);
    else cpu_bf16_columns(p->bf16, w->values, w->IN, N, K);
}

/* The first row mostly tells those that are trained; the others are read by all threads. */
static bool is_bfloat16(const Weight *w)
{
    const size_t OUT = (size_t)w->OUT, IN = (size_t)w->IN;
    if (!cpu_all_bfloat16(w->values, IN)) return false;
    const int threads = kernels_thread_count(OUT * IN);
    bool all = true;
#pragma omp parallel for num_threads(threads) reduction(&& : all) if (threads > 1)
    for (size_t i = 1; i < OUT; i++) all = all && cpu_all_bfloat16(w->values + i * IN, IN);
    return all;
}

Right cpu_weight_forward(Weight *w)
{
    Panels *p = &w->forward;
    if (!p->ready && w->compute == COMPUTE_BF16) {
        bf16_pack(p, w, false);
    } else if (!p->ready) {
        panels_shape(p, is_bfloat16(w), w->OUT, w->IN);
        if (p->pairs) cpu_pair_columns(p->pairs, w->values, w->IN, w->OUT, w->IN);
        else cpu_pack_columns(p->floats, w->values, w->IN, w->OUT, w->IN);
    }
    p->ready = true;
    return panels_right(p, w->IN);
}

Right cpu_weight_backward(Weight *w)
{
    Panels *p = &w->backward;
    if (!p->ready && w->compute == COMPUTE_BF16) {
        bf16_pack(p, w, true);
    } else if (!p->ready) {
        panels_shape(p, is_bfloat16(w), w->IN, w->OUT);
        if (p->pairs) cpu_pair_rows(p->pairs, w->values, w->IN, w->OUT, w->IN);
        else cpu_pack_rows(p->floats, w->values, w->IN, w->OUT, w->IN);
    }
    p->ready = true;
    return panels_right(p, w->OUT);
}

void ISA(weight_pack)(Weight *w, int backward)
{
    cpu_weight_forward(w);
    if (backward) cpu_weight_backward(w);
}

size_t ISA(weight_backward_size)(const Weight *w)
{
    if (w->compute == COMPUTE_BF16) return bf16_size(w->IN, w->OUT);
    return (size_t)round_up(w->IN, WIDTH) * (size_t)w->OUT;
}

void ISA(weight_lend)(Weight *w, real *room)
{
    panels_free(&w->backward);
    w->backward.lent = room;
    if (room) cpu_weight_backward(w);
}
