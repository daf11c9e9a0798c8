#include "kernels/reference/reference.h"

#include <tgmath.h>

/* The pair (a, b) = (x[i], x[i + HD/2]) turns by the angle of its position:
 *
 *   a' = a cos - b sin        b' = b cos + a sin
 *
 * A rotation is orthogonal, so the gradient turns by the opposite angle: `direction` is -1. */
void reference_rope(real *x, int ld, const real *table, const int *position, int N, int heads,
                    int HD, int direction)
{
    const int half = HD / 2;
    for (int n = 0; n < N; n++) {
        const real *cosine = row_of(table, position[n], HD), *sine = cosine + half;
        for (int h = 0; h < heads; h++) {
            real *head = x + (size_t)n * ld + (size_t)h * HD;
            for (int i = 0; i < half; i++) {
                const real a = head[i], b = head[i + half], s = direction * sine[i];
                head[i] = fma(a, cosine[i], -(b * s));
                head[i + half] = fma(b, cosine[i], a * s);
            }
        }
    }
}
