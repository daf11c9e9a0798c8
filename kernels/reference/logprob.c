#include "kernels/reference/reference.h"

#include <tgmath.h>

enum { TILE = 1024 };

/* What is known of softmax(z) after some tiles of the vocabulary: with m the largest z so far,
 * sum = sum_v exp(z_v - m) and weighted = sum_v exp(z_v - m) (z_v - m).  At the end
 *
 *   lse = m + log sum        H = lse - sum_v p_v z_v = log sum - weighted / sum */
typedef struct {
    real max, sum, weighted;
} Fold;

/* One more tile.  When the maximum grows from m to m', every old term is multiplied by e^d with
 * d = m - m' and its distance to the maximum grows by d. */
static void fold_tile(Fold *f, const real *z, int n)
{
    real max = f->max, sum = 0, weighted = 0;
    for (int i = 0; i < n; i++) max = z[i] > max ? z[i] : max;
    for (int i = 0; i < n; i++) {
        const real below = z[i] - max, e = exp(below);
        sum += e;
        weighted = fma(e, below, weighted);
    }
    if (f->sum > 0) {
        const real d = f->max - max, shrink = exp(d);
        sum = fma(f->sum, shrink, sum);
        weighted = fma(fma(d, f->sum, f->weighted), shrink, weighted);
    }
    *f = (Fold){.max = max, .sum = sum, .weighted = weighted};
}

static int tile_end(int start, int V)
{
    return start + TILE < V ? start + TILE : V;
}

void reference_logprob_forward(real *logp, real *entropy, real *lse, const real *h, Weight *w,
                               const int *target, int N, double temperature)
{
    const int V = w->OUT, C = w->IN;
    const real inverse = (real)(1 / temperature);
    real z[TILE];
    for (int n = 0; n < N; n++) {
        Fold f = {.max = -INFINITY};
        real chosen = 0;
        for (int start = 0; start < V; start += TILE) {
            const int end = tile_end(start, V);
            for (int v = start; v < end; v++)
                z[v - start] =
                    reference_weight_dot(w, row_of(h, n, C), row_of(w->values, v, C), C) * inverse;
            fold_tile(&f, z, end - start);
            if (target[n] >= start && target[n] < end) chosen = z[target[n] - start];
        }
        lse[n] = f.max + log(f.sum);
        logp[n] = chosen - lse[n];
        if (entropy) entropy[n] = log(f.sum) - f.weighted / f.sum;
    }
}

/* With log p_v = z_v - lse, d lse / d z_v = p_v and H = -sum_v p_v log p_v,
 *
 *   d logp / d z_v = [v = target] - p_v
 *   dH / d z_v     = -p_v (log p_v + H)
 *
 * because the terms of H that come from d log p_v add up to sum_v p_v ([v = u] - p_u) = 0.  A logit is
 * temperature * z, so its gradient is that of z divided by the temperature. */
void reference_logprob_backward(real *dh, real *dw, const real *dlogp, const real *dentropy,
                                const real *entropy, const real *lse, const real *h, Weight *w,
                                const int *target, int N, double temperature)
{
    const int V = w->OUT, C = w->IN;
    const real inverse = (real)(1 / temperature);
    for (int n = 0; n < N; n++) {
        const real *h_n = row_of(h, n, C);
        for (int v = 0; v < V; v++) {
            const real *w_v = row_of(w->values, v, C);
            const real log_p = reference_weight_dot(w, h_n, w_v, C) * inverse - lse[n],
                       p = exp(log_p);
            real dz = dlogp[n] * ((v == target[n]) - p);
            if (dentropy) dz -= dentropy[n] * p * (log_p + entropy[n]);
            const real dlogit = reference_factor(w, dz * inverse);
            for (int i = 0; i < C; i++) {
                if (dh)
                    dh[(size_t)n * C + i] =
                        fma(dlogit, reference_factor(w, w_v[i]), dh[(size_t)n * C + i]);
                if (dw)
                    dw[(size_t)v * C + i] =
                        fma(dlogit, reference_factor(w, h_n[i]), dw[(size_t)v * C + i]);
            }
        }
    }
}

void reference_logsumexp_forward(real *lse, const real *logits, int N, int V, double temperature)
{
    const real inverse = (real)(1 / temperature);
    real z[TILE];
    for (int n = 0; n < N; n++) {
        Fold f = {.max = -INFINITY};
        for (int start = 0; start < V; start += TILE) {
            const int end = tile_end(start, V);
            for (int v = start; v < end; v++) z[v - start] = row_of(logits, n, V)[v] * inverse;
            fold_tile(&f, z, end - start);
        }
        lse[n] = f.max + log(f.sum);
    }
}

void reference_logits_logprob(real *logp, const real *logits, const real *lse, const int *token,
                              int N, int V, double temperature)
{
    const real inverse = (real)(1 / temperature);
    for (int n = 0; n < N; n++) logp[n] = row_of(logits, n, V)[token[n]] * inverse - lse[n];
}

/* The first token at which the running sum reaches uniform * total: the generalised inverse of the
 * distribution function, so a token without probability is never drawn. */
void reference_sample_forward(int *token, const real *logits, const real *lse, const double *floor,
                              const double *uniform, int N, int V, double temperature)
{
    const real inverse = (real)(1 / temperature);
    for (int n = 0; n < N; n++) {
        const real *logits_n = row_of(logits, n, V);
        double total = 0, sum = 0;
        for (int v = 0; v < V; v++)
            if (logits_n[v] >= floor[n]) total += exp(logits_n[v] * inverse - lse[n]);

        token[n] = -1;
        for (int v = 0; v < V && token[n] < 0; v++) {
            if (logits_n[v] < floor[n]) continue;
            sum += exp(logits_n[v] * inverse - lse[n]);
            if (sum >= uniform[n] * total) token[n] = v;
        }
    }
}
