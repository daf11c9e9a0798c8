/* LayerNorm and RMSNorm: rows on their own, gradients of the weights as columns over all rows. */
#include "kernels/cpu/cpu.h"

enum { COLUMNS = 4 * LANES }; /* of one task over all rows: some vectors, so that adds overlap */

/* (x - mean) * rstd; RMSNorm's mean is 0 */
static inline vec normalized(const float *x, mask some, float mean, float rstd)
{
    return vec_mul(vec_sub(vec_load_mask(x, some), vec_set(mean)), vec_set(rstd));
}

static float row_mean(const float *x, int C)
{
    vec sum = vec_zero();
    for (int i = 0; i < C; i += LANES) sum = vec_add(sum, vec_load_mask(x + i, mask_first(C - i)));
    return vec_sum(sum) / (float)C;
}

/* 1 / sqrt(mean((x - mean)^2) + eps) */
static float row_rstd(const float *x, float mean, int C, double eps)
{
    vec sum = vec_zero();
    for (int i = 0; i < C; i += LANES) {
        const mask some = mask_first(C - i);
        const vec d =
            vec_sub(vec_load_mask(x + i, some), vec_select(some, vec_set(mean), vec_zero()));
        sum = vec_fma(d, d, sum);
    }
    return (float)(1 / sqrt((double)vec_sum(sum) / C + eps));
}

static void row_forward(float *out, const float *x, float mean, float rstd, const float *w,
                        const float *b, int C)
{
    for (int i = 0; i < C; i += LANES) {
        const mask some = mask_first(C - i);
        vec y = vec_mul(normalized(x + i, some, mean, rstd), vec_load_mask(w + i, some));
        if (b) y = vec_add(y, vec_load_mask(b + i, some));
        vec_store_mask(out + i, some, y);
    }
}

void ISA(layernorm_forward)(real *out, real *mean, real *rstd, const real *x, const real *w,
                            const real *b, int N, int C, double eps)
{
    const int threads = kernels_thread_count(PASS_WORK * (size_t)N * (size_t)C);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int n = 0; n < N; n++) {
        const float *x_n = x + (ptrdiff_t)n * C;
        mean[n] = row_mean(x_n, C);
        rstd[n] = row_rstd(x_n, mean[n], C, eps);
        row_forward(out + (ptrdiff_t)n * C, x_n, mean[n], rstd[n], w, b, C);
    }
}

void ISA(rmsnorm_forward)(real *out, real *rstd, const real *x, const real *w, int N, int C,
                          double eps)
{
    const int threads = kernels_thread_count(PASS_WORK * (size_t)N * (size_t)C);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int n = 0; n < N; n++) {
        const float *x_n = x + (ptrdiff_t)n * C;
        rstd[n] = row_rstd(x_n, 0, C, eps);
        row_forward(out + (ptrdiff_t)n * C, x_n, 0, rstd[n], w, NULL, C);
    }
}

/* With xhat = (x - mean) rstd and g = dout w:  dx += rstd (g - mean(g) - xhat mean(g xhat)), without
 * mean(g) when the row was not centred. */
static void row_backward(float *dx, const float *dout, const float *x, float mean, float rstd,
                         const float *w, int C, int centred)
{
    vec sum_g = vec_zero(), sum_g_xhat = vec_zero();
    for (int i = 0; i < C; i += LANES) {
        const mask some = mask_first(C - i);
        const vec g = vec_mul(vec_load_mask(dout + i, some), vec_load_mask(w + i, some));
        sum_g = vec_add(sum_g, g);
        sum_g_xhat = vec_fma(g, normalized(x + i, some, mean, rstd), sum_g_xhat);
    }
    const vec mean_g = vec_set(centred ? vec_sum(sum_g) / (float)C : 0);
    const vec mean_g_xhat = vec_set(-vec_sum(sum_g_xhat) / (float)C);
    for (int i = 0; i < C; i += LANES) {
        const mask some = mask_first(C - i);
        const vec g = vec_mul(vec_load_mask(dout + i, some), vec_load_mask(w + i, some));
        const vec xhat = normalized(x + i, some, mean, rstd);
        const vec d = vec_fma(xhat, mean_g_xhat, vec_sub(g, mean_g));
        vec_store_mask(dx + i, some, vec_fma(d, vec_set(rstd), vec_load_mask(dx + i, some)));
    }
}

/* dw += sum_n dout_n xhat_n and db += sum_n dout_n over columns [c, c + COLUMNS), rows ascending. */
static void column_backward(float *dw, float *db, const float *dout, const float *x,
                            const float *mean, const float *rstd, int N, int C, int c)
{
    vec w[COLUMNS / LANES], b[COLUMNS / LANES];
    mask some[COLUMNS / LANES];
    const int vecs = at_most(C - c + LANES - 1, COLUMNS) / LANES;
    for (int g = 0; g < vecs; g++) {
        some[g] = mask_first(C - c - g * LANES);
        if (dw) w[g] = vec_load_mask(dw + c + g * LANES, some[g]);
        if (db) b[g] = vec_load_mask(db + c + g * LANES, some[g]);
    }
    for (int n = 0; n < N; n++) {
        const ptrdiff_t at = (ptrdiff_t)n * C + c;
        for (int g = 0; g < vecs; g++) {
            const vec d = vec_load_mask(dout + at + g * LANES, some[g]);
            if (db) b[g] = vec_add(b[g], d);
            if (dw)
                w[g] = vec_fma(
                    d, normalized(x + at + g * LANES, some[g], mean ? mean[n] : 0, rstd[n]), w[g]);
        }
    }
    for (int g = 0; g < vecs; g++) {
        if (dw) vec_store_mask(dw + c + g * LANES, some[g], w[g]);
        if (db) vec_store_mask(db + c + g * LANES, some[g], b[g]);
    }
}

static void norm_backward(float *dx, float *dw, float *db, const float *dout, const float *x,
                          const float *mean, const float *rstd, const float *w, int N, int C)
{
    const int threads = kernels_thread_count(PASS_WORK * (size_t)N * (size_t)C);
    if (dx) {
#pragma omp parallel for num_threads(threads) if (threads > 1)
        for (int n = 0; n < N; n++) {
            const ptrdiff_t at = (ptrdiff_t)n * C;
            row_backward(dx + at, dout + at, x + at, mean ? mean[n] : 0, rstd[n], w, C,
                         mean != NULL);
        }
    }
    if (dw || db) {
#pragma omp parallel for num_threads(threads) if (threads > 1)
        for (int c = 0; c < C; c += COLUMNS) column_backward(dw, db, dout, x, mean, rstd, N, C, c);
    }
}

void ISA(layernorm_backward)(real *dx, real *dw, real *db, const real *dout, const real *x,
                             const real *mean, const real *rstd, const real *w, int N, int C)
{
    norm_backward(dx, dw, db, dout, x, mean, rstd, w, N, C);
}

void ISA(rmsnorm_backward)(real *dx, real *dw, const real *dout, const real *x, const real *rstd,
                           const real *w, int N, int C)
{
    norm_backward(dx, dw, NULL, dout, x, NULL, rstd, w, N, C);
}

void cpu_add_columns(float *out, const float *x, int N, int C)
{
    const int threads = kernels_thread_count(PASS_WORK * (size_t)N * (size_t)C);
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (int c = 0; c < C; c += COLUMNS) column_backward(NULL, out, x, NULL, NULL, NULL, N, C, c);
}
