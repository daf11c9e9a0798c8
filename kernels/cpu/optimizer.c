/* AdamW. */
#include "kernels/cpu/cpu.h"

/* Both forms divide by sqrt(vhat) + eps, vhat = v / (1 - beta2^step); TensorFlow 1 multiplies that
 * through by sqrt(1 - beta2^step) and leaves eps as it is. */
void ISA(adamw_step)(real *w, real *m, real *v, const real *g, size_t n, const AdamStep *s)
{
    const double bias1 = 1 - pow(s->beta1, (double)s->step);
    const double bias2 = sqrt(1 - pow(s->beta2, (double)s->step));
    const vec rate = vec_set((float)(-s->learning_rate * (s->tensorflow ? bias2 : 1) / bias1));
    const vec root = vec_set((float)(s->tensorflow ? 1 : 1 / bias2));
    const vec keep = vec_set((float)(1 - s->learning_rate * s->weight_decay));
    const vec beta1 = vec_set((float)s->beta1), new1 = vec_set((float)(1 - s->beta1));
    const vec beta2 = vec_set((float)s->beta2), new2 = vec_set((float)(1 - s->beta2));
    const vec scale = vec_set((float)s->grad_scale), eps = vec_set((float)s->eps);

    const int threads = kernels_thread_count(4 * n);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (size_t i = 0; i < n; i += LANES) {
        const mask some = mask_first((ptrdiff_t)(n - i));
        const vec grad = vec_mul(vec_load_mask(g + i, some), scale);
        const vec mean = vec_fma(beta1, vec_load_mask(m + i, some), vec_mul(new1, grad));
        const vec square =
            vec_fma(beta2, vec_load_mask(v + i, some), vec_mul(vec_mul(new2, grad), grad));
        const vec below = vec_fma(vec_sqrt(square), root, eps);
        const vec step = vec_div(vec_mul(rate, mean), below);
        vec_store_mask(m + i, some, mean);
        vec_store_mask(v + i, some, square);
        vec_store_mask(w + i, some, vec_fma(vec_load_mask(w + i, some), keep, step));
    }
}
