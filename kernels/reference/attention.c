#include "kernels/reference/reference.h"

#include <stdlib.h>
#include <tgmath.h>

#include "base/mem.h"

KvCache *reference_kv_cache_new(int capacity, int NKV, int HD)
{
    KvCache *c = mem_calloc(1, sizeof *c);
    const size_t n = (size_t)capacity * NKV * HD;
    *c = (KvCache){.capacity = capacity, .NKV = NKV, .HD = HD};
    c->k = buffer_new(n);
    c->v = buffer_new(n);
    return c;
}

void reference_kv_cache_free(KvCache *c)
{
    if (!c) return;
    buffer_free(c->k);
    buffer_free(c->v);
    free(c);
}

void reference_kv_cache_write(KvCache *c, const real *k, const real *v, int ld, const Span *spans,
                              int n_spans)
{
    const size_t width = (size_t)c->NKV * c->HD;
    for (const Span *s = spans; s < spans + n_spans; s++) {
        for (int i = 0; i < s->n; i++) {
            const size_t place = (size_t)(s->cache + s->position + i) * width;
            buffer_copy(c->k + place, row_of(k, s->row + i, ld), width);
            buffer_copy(c->v + place, row_of(v, s->row + i, ld), width);
        }
    }
}

void reference_kv_cache_copy(KvCache *c, int to, int from, int n)
{
    const size_t width = (size_t)c->NKV * c->HD;
    buffer_copy(c->k + to * width, c->k + from * width, n * width);
    buffer_copy(c->v + to * width, c->v + from * width, n * width);
}

/* The first key that the token at `position` sees. */
static int first_key(int position, int window)
{
    return window > 0 && position >= window ? position - window + 1 : 0;
}

/* One query against keys [from, T), rows `ld` apart.  `score` holds T numbers of scratch. */
static real attend(real *out, const real *q, const real *k, const real *v, size_t ld, int from,
                   int T, int HD, real *score)
{
    const real scale = 1 / sqrt((real)HD);
    real max = -INFINITY, sum = 0;
    for (int t = from; t < T; t++) {
        score[t] = reference_dot(q, k + t * ld, HD) * scale;
        if (score[t] > max) max = score[t];
    }
    for (int i = 0; i < HD; i++) out[i] = 0;
    for (int t = from; t < T; t++) {
        const real e = exp(score[t] - max);
        sum += e;
        for (int i = 0; i < HD; i++) out[i] = fma(e, v[t * ld + i], out[i]);
    }
    for (int i = 0; i < HD; i++) out[i] /= sum;
    return max + log(sum);
}

void reference_attention_forward(real *out, real *lse, const real *q, int ld, const KvCache *c,
                                 const Span *spans, int n_spans, int NH, int window)
{
    const int HD = c->HD, group = NH / c->NKV;
    const size_t width = (size_t)c->NKV * HD;
    real *score = buffer_new(c->capacity);
    for (const Span *s = spans; s < spans + n_spans; s++) {
        for (int i = 0; i < s->n; i++) {
            const size_t row = s->row + i;
            for (int h = 0; h < NH; h++) {
                const size_t first = s->cache * width + (size_t)(h / group) * HD;
                lse[row * NH + h] =
                    attend(out + (row * NH + h) * HD, q + row * ld + (size_t)h * HD, c->k + first,
                           c->v + first, width, first_key(s->position + i, window),
                           s->position + i + 1, HD, score);
            }
        }
    }
    buffer_free(score);
}

/* One query of one head: with s_t = scale q.k_t, p_t = exp(s_t - lse) and out = sum_t p_t v_t,
 *
 *   dv_t = p_t dout
 *   dp_t = dout.v_t
 *   ds_t = p_t (dp_t - sum_u p_u dp_u) = p_t (dp_t - dout.out)         Dao et al. 2022
 *   dq   = scale sum_t ds_t k_t        dk_t = scale ds_t q
 *
 * Query heads that share a key/value head add into the same dk and dv. */
static void attend_backward(real *dq, real *dk, real *dv, const real *dout, const real *out,
                            real lse, const real *q, const real *k, const real *v, size_t ld,
                            int from, int T, int HD)
{
    const real scale = 1 / sqrt((real)HD);
    const real mean_dp = reference_dot(dout, out, HD);
    for (int t = from; t < T; t++) {
        const real p = exp(reference_dot(q, k + t * ld, HD) * scale - lse);
        const real dp = reference_dot(dout, v + t * ld, HD);
        const real ds = p * (dp - mean_dp) * scale;
        for (int i = 0; i < HD; i++) {
            if (dq) dq[i] = fma(ds, k[t * ld + i], dq[i]);
            if (dk) dk[t * ld + i] = fma(ds, q[i], dk[t * ld + i]);
            if (dv) dv[t * ld + i] = fma(p, dout[i], dv[t * ld + i]);
        }
    }
}

void reference_attention_backward(real *dq, real *dk, real *dv, const real *dout, const real *out,
                                  const real *lse, const real *q, const real *k, const real *v,
                                  int ld, const Span *spans, int n_spans, int NH, int NKV, int HD,
                                  int window)
{
    const int group = NH / NKV;
    for (const Span *s = spans; s < spans + n_spans; s++) {
        for (int i = 0; i < s->n; i++) {
            const size_t row = s->row + i;
            for (int h = 0; h < NH; h++) {
                const size_t query = row * ld + (size_t)h * HD;
                const size_t key = (size_t)s->row * ld + (size_t)(h / group) * HD;
                const size_t result = (row * NH + h) * HD;
                attend_backward(dq ? dq + query : NULL, dk ? dk + key : NULL, dv ? dv + key : NULL,
                                dout + result, out + result, lse[row * NH + h], q + query, k + key,
                                v + key, ld, first_key(i, window), i + 1, HD);
            }
        }
    }
}
