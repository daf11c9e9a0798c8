/* Drawing tokens by inverting the distribution function. */
#include "kernels/cpu/cpu.h"

enum { BLOCK = 256, SOFTMAX_WORK = 16 };

/* p[i] = probability of token i of a block, 0 where the logit is below the floor; returns their sum. */
static float block_probabilities(float *p, const float *logits, int n, float inverse, float lse,
                                 float floor)
{
    vec sum = vec_zero();
    for (int i = 0; i < n; i += LANES) {
        const mask some = mask_first(n - i);
        const vec logit = vec_load_mask(logits + i, some);
        const vec e = vec_exp(vec_sub(vec_mul(logit, vec_set(inverse)), vec_set(lse)));
        const vec kept = vec_select(vec_less(logit, vec_set(floor)), vec_zero(), e);
        const vec q = vec_select(some, kept, vec_zero());
        vec_store(p + i, q);
        sum = vec_add(sum, q);
    }
    return vec_sum(sum);
}

/* The token at which the running sum of p, from `before` on, reaches `goal`.  A block's sum is rounded
 * in another order than this one, so when that is missed it is the last token that can be drawn. */
static int find_token(const float *p, int n, double before, double goal)
{
    int last = 0;
    for (int i = 0; i < n; i++) {
        if (!(p[i] > 0)) continue;
        before += p[i];
        last = i;
        if (before >= goal) break;
    }
    return last;
}

/* The least float that is at least x: what a float logit must reach to reach x. */
static float float_above(double x)
{
    const float f = (float)x;
    return (double)f < x ? nextafterf(f, INFINITY) : f;
}

static int draw(const float *logits, float lse, double floor, double uniform, int V, float inverse)
{
    float p[BLOCK];
    const float least = float_above(floor);
    double total = 0, sum = 0;
    for (int v = 0; v < V; v += BLOCK)
        total += block_probabilities(p, logits + v, at_most(V - v, BLOCK), inverse, lse, least);

    for (int v = 0; v < V; v += BLOCK) {
        const int n = at_most(V - v, BLOCK);
        const float s = block_probabilities(p, logits + v, n, inverse, lse, least);
        if (s > 0 && sum + s >= uniform * total) return v + find_token(p, n, sum, uniform * total);
        sum += s;
    }
    return 0; /* NaN: nothing can be drawn, and the log-probability says so */
}

void ISA(sample_forward)(int *token, const real *logits, const real *lse, const double *floor,
                         const double *uniform, int N, int V, double temperature)
{
    const float inverse = (float)(1 / temperature);
    const int threads = kernels_thread_count((size_t)N * (size_t)V * SOFTMAX_WORK);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int n = 0; n < N; n++)
        token[n] = draw(logits + (ptrdiff_t)n * V, lse[n], floor[n], uniform[n], V, inverse);
}
