#include "policy/parameters.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"

void parameters_new(Parameters *p, size_t n, size_t n_decay)
{
    *p = (Parameters){.w = buffer_new(n), .n = n, .n_decay = n_decay};
}

void parameters_free(Parameters *p)
{
    buffer_free(p->w);
    buffer_free(p->g);
    buffer_free(p->m);
    buffer_free(p->v);
    *p = (Parameters){0};
}

void parameters_train(Parameters *p)
{
    if (p->g) return;
    p->g = buffer_new(p->n);
    p->m = buffer_new(p->n);
    p->v = buffer_new(p->n);
}

void parameters_hash(char out[65], const Parameters *p)
{
    enum { PIECE = 1 << 16 };
    Sha256 hash;
    real *piece = mem_calloc(PIECE, sizeof *piece);
    sha256_begin(&hash);
    for (size_t at = 0; at < p->n; at += PIECE) {
        const size_t n = p->n - at < PIECE ? p->n - at : PIECE;
        buffer_read(piece, p->w + at, n);
        sha256_add(&hash, piece, n * sizeof *piece);
    }
    sha256_end(&hash, out);
    free(piece);
}

void parameters_step(Parameters *p, const AdamStep *s)
{
    AdamStep plain = *s;
    plain.weight_decay = 0;
    adamw_step(p->w, p->m, p->v, p->g, p->n_decay, s);
    adamw_step(p->w + p->n_decay, p->m + p->n_decay, p->v + p->n_decay, p->g + p->n_decay,
               p->n - p->n_decay, &plain);
}
