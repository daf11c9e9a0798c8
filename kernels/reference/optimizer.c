#include "kernels/reference/reference.h"

#include <tgmath.h>

/* Both forms divide by sqrt(vhat) + eps, vhat = v / (1 - beta2^step).  TensorFlow 1 multiplies that
 * through by sqrt(1 - beta2^step) and leaves eps as it is. */
void reference_adamw_step(real *w, real *m, real *v, const real *g, size_t n, const AdamStep *s)
{
    const double bias1 = 1 - pow(s->beta1, (double)s->step);
    const double bias2 = sqrt(1 - pow(s->beta2, (double)s->step));
    const real rate = (real)(s->learning_rate * (s->tensorflow ? bias2 : 1) / bias1);
    const real root = (real)(s->tensorflow ? 1 : 1 / bias2);
    const real keep = (real)(1 - s->learning_rate * s->weight_decay);
    const real beta1 = (real)s->beta1, new1 = (real)(1 - s->beta1);
    const real beta2 = (real)s->beta2, new2 = (real)(1 - s->beta2);
    const real scale = (real)s->grad_scale, eps = (real)s->eps;

    for (size_t i = 0; i < n; i++) {
        const real grad = g[i] * scale;
        m[i] = fma(beta1, m[i], new1 * grad);
        v[i] = fma(beta2, v[i], new2 * grad * grad);
        w[i] = w[i] * keep - rate * m[i] / fma(sqrt(v[i]), root, eps);
    }
}
