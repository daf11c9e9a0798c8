/* Forward values computed by hand or by others.  A gradient check cannot see a wrong forward; these can. */
#include "tests/kernels/values.h"

/* ---- linear, norms, rope --------------------------------------------------------------------- */

static void linear_multiplies_by_the_transpose_and_adds_the_bias(void **state)
{
    (void)state;
    real *x = filled((double[]){1, 2, 3, 0, -1, 4}, 6);
    real *values = filled((double[]){1, 0, 2, -1, 1, 0.5}, 6);
    real *bias = filled((double[]){10, 20}, 2), *out = buffer_new(4);
    Weight *w = weight_new(values, 2, 3, COMPUTE_F32);

    linear_forward(out, x, w, bias, 2);
    check_near(out, (double[]){17, 22.5, 18, 21}, 4, 0); /* 1+6+10, -1+2+1.5+20, 8+10, -1+2+20 */

    values[0] = 3;
    weight_changed(w);
    linear_forward(out, x, w, NULL, 2);
    check_near(out, (double[]){9, 2.5, 8, 1}, 4, 0); /* 3+6 */

    values[0] = 1;
    weight_release(w); /* whatever was packed is gone */
    linear_forward(out, x, w, NULL, 2);
    check_near(out, (double[]){7, 2.5, 8, 1}, 4, 0); /* 1+6 */

    weight_free(w);
    real *all[] = {x, values, bias, out};
    for (int i = 0; i < 4; i++) buffer_free(all[i]);
}

/* One row (1, 2, 3) through the weights (1, 0, 2), (-1, 1, 0.5), d out = (2, 3). */
static void linear_overwrites_the_gradient_of_rows_and_adds_to_that_of_weights(void **state)
{
    (void)state;
    real *x = filled((double[]){1, 2, 3}, 3), *dout = filled((double[]){2, 3}, 2);
    real *values = filled((double[]){1, 0, 2, -1, 1, 0.5}, 6);
    real *dx = filled((double[]){NAN, 7, 7}, 3), *dw = filled((double[]){1, 1, 1, 0, 0, 0}, 6);
    real *dbias = filled((double[]){10, 20}, 2);
    Weight *w = weight_new(values, 2, 3, COMPUTE_F32);

    linear_backward(dx, dw, dbias, dout, x, w, 1);
    check_near(dx, (double[]){-1, 3, 5.5}, 3, 0); /* 2-3, 3, 4+1.5 */
    check_near(dw, (double[]){3, 5, 7, 3, 6, 9}, 6, 0);
    check_near(dbias, (double[]){12, 23}, 2, 0);

    weight_free(w);
    real *all[] = {x, dout, values, dx, dw, dbias};
    for (int i = 0; i < 6; i++) buffer_free(all[i]);
}

/* x (1,K) by a row of ones: what is left of x when both are rounded. */
static double rounded_sum(const double *x_values, int K)
{
    real *x = filled(x_values, K), *values = buffer_new((size_t)K), out;
    for (int k = 0; k < K; k++) values[k] = 1;
    Weight *w = weight_new(values, 1, K, COMPUTE_BF16);
    linear_forward(&out, x, w, NULL, 1);
    weight_free(w);
    buffer_free(x), buffer_free(values);
    return (double)out;
}

/* bfloat16 has eight significant bits: its numbers from 1 to 2 are 2^-7 apart. */
static void a_product_in_bfloat16_rounds_to_the_nearest_and_ties_to_even(void **state)
{
    (void)state;
    const double cases[][2] = {
        {1 + 0x1p-9, 1},
        {1 + 0x1p-8, 1}, /* between 1 and 1 + 2^-7, whose last place is odd */
        {1 + 0x1p-8 + 0x1p-20, 1 + 0x1p-7},
        {1 + 3 * 0x1p-8, 1 + 0x1p-6}, /* between 1 + 2^-7, odd, and 1 + 2^-6 */
        {-(1 + 3 * 0x1p-8), -(1 + 0x1p-6)},
        {2 - 0x1p-9, 2},
        {0x1p-127, 0}, /* subnormal */
        {-0x1p-126, -0x1p-126},
        {0x1.ffp127, INFINITY}, /* beyond the largest, 2^128 - 2^120 */
        {0x1.fep127, 0x1.fep127},
        {INFINITY, INFINITY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double got = rounded_sum(cases[i], 1), expected = cases[i][1];
        if (got != expected) fail_msg("%a becomes %a, not %a", cases[i][0], got, expected);
    }
    assert_true(isnan(rounded_sum((double[]){NAN}, 1)));
}

/* In one chain a term of 1 would be lost beside 2^24. */
static void a_product_in_bfloat16_sums_even_and_odd_steps_and_blocks_of_32_apart(void **state)
{
    (void)state;
    double even_and_odd[] = {0x1p24, 1, -0x1p24}, blocks[65] = {0x1p24};
    blocks[32] = blocks[34] = 1, blocks[64] = -0x1p24;
    if (strcmp(kernels_name(), "reference") == 0) return; /* sums in one chain */
    assert_true(rounded_sum(even_and_odd, 3) == 1);
    assert_true(rounded_sum(blocks, 65) == 2);
}

/* Mean 2.5, population variance 1.25. */
static void layernorm_uses_the_population_variance(void **state)
{
    (void)state;
    real *x = filled((double[]){1, 2, 3, 4}, 4), *w = filled((double[]){1, 1, 2, 1}, 4);
    real *b = filled((double[]){0, 0, 0, 1}, 4), *out = buffer_new(4);
    real *mean = buffer_new(1), *rstd = buffer_new(1);

    layernorm_forward(out, mean, rstd, x, w, b, 1, 4, 0);
    check_near(mean, (double[]){2.5}, 1, 0);
    check_near(rstd, (double[]){0.894427191}, 1, 1e-6);
    check_near(out, (double[]){-1.341640786, -0.447213595, 0.894427191, 2.341640786}, 4, 1e-6);

    real *all[] = {x, w, b, out, mean, rstd};
    for (int i = 0; i < 6; i++) buffer_free(all[i]);
}

/* Mean square 12.5; with eps 3.5 it is 16, so rstd is 1/4. */
static void rmsnorm_divides_by_the_root_mean_square(void **state)
{
    (void)state;
    real *x = filled((double[]){3, 4}, 2), *w = filled((double[]){1, 2}, 2);
    real *out = buffer_new(2), *rstd = buffer_new(1);

    rmsnorm_forward(out, rstd, x, w, 1, 2, 0);
    check_near(out, (double[]){0.848528137, 2.262741700}, 2, 1e-6);
    rmsnorm_forward(out, rstd, x, w, 1, 2, 3.5);
    check_near(out, (double[]){0.75, 2}, 2, 1e-6);

    real *all[] = {x, w, out, rstd};
    for (int i = 0; i < 4; i++) buffer_free(all[i]);
}

/* Quarter turns at position 1 for the first pair, at position 2 for the second. */
static void rope_turns_the_pairs_half_a_head_apart(void **state)
{
    (void)state;
    const double quarter = acos(0), inv_freq[2] = {quarter, quarter / 2};
    real *table = buffer_new(3 * 4), *x = filled((double[]){1, 2, 3, 4, 1, 2, 3, 4}, 8);
    rope_table(table, inv_freq, 3, 4);

    rope_forward(x, 4, table, (int[]){0, 2}, 2, 1, 4);
    check_near(x, (double[]){1, 2, 3, 4, -1, -4, -3, 2}, 8, 1e-6);
    rope_backward(x, 4, table, (int[]){0, 2}, 2, 1, 4);
    check_near(x, (double[]){1, 2, 3, 4, 1, 2, 3, 4}, 8, 1e-6);

    buffer_free(table);
    buffer_free(x);
}

/* ---- attention ------------------------------------------------------------------------------- */

/* Scores 2 * k / sqrt(4) are 1 and -1; the first token sees itself alone.  Over both keys the weights
 * are e and 1/e, so out = tanh 1 and lse = log(e + 1/e). */
static void attention_is_causal_and_scaled_by_the_root_of_the_head_width(void **state)
{
    (void)state;
    enum { HD = 4 };
    real *q = filled((double[]){2, 0, 0, 0, 2, 0, 0, 0}, 8);
    real *k = filled((double[]){1, 9, 0, 0, -1, 9, 0, 0}, 8);
    real *v = filled((double[]){1, 0, 0, 5, -1, 0, 0, 5}, 8);
    real *out = buffer_new(8), *lse = buffer_new(2);
    KvCache *cache = kv_cache_new(KV_ALIGN, 1, HD);
    const Span span = {.n = 2};

    kv_cache_write(cache, k, v, HD, &span, 1);
    attention_forward(out, lse, q, HD, cache, &span, 1, 1, 0);
    check_near(out, (double[]){1, 0, 0, 5, 0.761594156, 0, 0, 5}, 8, 1e-6);
    check_near(lse, (double[]){1, 1.126928011}, 2, 1e-6);

    kv_cache_free(cache);
    real *all[] = {q, k, v, out, lse};
    for (int i = 0; i < 5; i++) buffer_free(all[i]);
}

/* With equal keys a token gives the mean of the values it sees: its own and the one before. */
static void a_window_of_two_sees_two_keys(void **state)
{
    (void)state;
    real *q = buffer_new(4), *k = buffer_new(4), *v = filled((double[]){1, 3, 7, 20}, 4);
    real *out = buffer_new(4), *lse = buffer_new(4);
    KvCache *cache = kv_cache_new(KV_ALIGN, 1, 1);
    const Span span = {.n = 4};
    kv_cache_write(cache, k, v, 1, &span, 1);
    attention_forward(out, lse, q, 1, cache, &span, 1, 1, 2);
    check_near(out, (double[]){1, 2, 5, 13.5}, 4, 1e-6);
    check_near(lse, (double[]){0, log(2), log(2), log(2)}, 4, 1e-6);
    kv_cache_free(cache);
    real *all[] = {q, k, v, out, lse};
    for (int i = 0; i < 5; i++) buffer_free(all[i]);
}

/* With equal keys every head gives the mean of its own values: heads 0, 1 of the first key/value head,
 * heads 2, 3 of the second. */
static void query_heads_share_key_value_heads_in_order(void **state)
{
    (void)state;
    real *q = buffer_new(2 * 4), *k = buffer_new(2 * 2);
    real *v = filled((double[]){1, 10, 3, 30}, 4);
    real *out = buffer_new(2 * 4), *lse = buffer_new(2 * 4);
    KvCache *cache = kv_cache_new(2 * KV_ALIGN, 2, 1);
    const Span span = {.n = 2, .cache = KV_ALIGN};

    kv_cache_write(cache, k, v, 2, &span, 1);
    attention_forward(out, lse, q, 4, cache, &span, 1, 4, 0);
    check_near(out, (double[]){1, 1, 10, 10, 2, 2, 20, 20}, 8, 1e-6);
    check_near(lse + 4, (double[]){log(2), log(2), log(2), log(2)}, 4, 1e-6);

    kv_cache_free(cache);
    real *all[] = {q, k, v, out, lse};
    for (int i = 0; i < 5; i++) buffer_free(all[i]);
}

/* 150 tokens cross two blocks of keys; positions 0..148 are in the cache when the last one comes. */
static void attention_one_token_at_a_time_gives_the_bits_of_the_whole(void **state)
{
    (void)state;
    enum { T = 150, NH = 2, HD = 5, LD = 2 * NH * HD };
    real *x = buffer_new(T * LD), *out = buffer_new(T * NH * HD), *lse = buffer_new(T * NH);
    real *out1 = buffer_new(T * NH * HD), *lse1 = buffer_new(T * NH);
    for (int i = 0; i < T * LD; i++) x[i] = (real)(2 * sin(i * 0.7 + i % 11));
    const real *k = x + NH * HD, *v = x + (NH + 1) * HD;
    KvCache *cache = kv_cache_new(160, 1, HD), *cache1 = kv_cache_new(160 + KV_ALIGN, 1, HD);

    const Span whole = {.n = T};
    kv_cache_write(cache, k, v, LD, &whole, 1);
    attention_forward(out, lse, x, LD, cache, &whole, 1, NH, 0);
    for (int t = 0; t < T; t++) {
        const Span one = {.row = t, .n = 1, .position = t, .cache = KV_ALIGN};
        kv_cache_write(cache1, k, v, LD, &one, 1);
        attention_forward(out1, lse1, x, LD, cache1, &one, 1, NH, 0);
    }
    assert_memory_equal(out, out1, T * NH * HD * sizeof *out);
    assert_memory_equal(lse, lse1, T * NH * sizeof *lse);

    kv_cache_free(cache);
    kv_cache_free(cache1);
    real *all[] = {x, out, lse, out1, lse1};
    for (int i = 0; i < 5; i++) buffer_free(all[i]);
}

/* ---- activations ----------------------------------------------------------------------------- */

static void gelu_is_the_tanh_form(void **state)
{
    (void)state;
    real *x = filled((double[]){0, 1, -1, 3, -0.5, 20, -20}, 7), *out = buffer_new(7);
    gelu_forward(out, x, 7); /* the exact form has 0.841344746 at 1 */
    check_near(out, (double[]){0, 0.841191991, -0.158808009, 2.996362608, -0.154285990, 20, 0}, 7,
               1e-6);
    buffer_free(x);
    buffer_free(out);
}

/* silu(1) = 1/(1 + 1/e) = 0.731058579, silu(-2) = -2/(1 + e^2) = -0.238405844 */
static void swiglu_gates_the_second_half_by_the_first(void **state)
{
    (void)state;
    real *x = filled((double[]){1, -2, 2, 10, 0, -100, 7, 1}, 8), *out = buffer_new(4);
    swiglu_forward(out, x, 2, 2);
    check_near(out, (double[]){1.462117157, -2.384058440, 0, 0}, 4, 2e-6);
    buffer_free(x);
    buffer_free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(linear_multiplies_by_the_transpose_and_adds_the_bias),
        cmocka_unit_test(linear_overwrites_the_gradient_of_rows_and_adds_to_that_of_weights),
        cmocka_unit_test(a_product_in_bfloat16_rounds_to_the_nearest_and_ties_to_even),
        cmocka_unit_test(a_product_in_bfloat16_sums_even_and_odd_steps_and_blocks_of_32_apart),
        cmocka_unit_test(layernorm_uses_the_population_variance),
        cmocka_unit_test(rmsnorm_divides_by_the_root_mean_square),
        cmocka_unit_test(rope_turns_the_pairs_half_a_head_apart),
        cmocka_unit_test(attention_is_causal_and_scaled_by_the_root_of_the_head_width),
        cmocka_unit_test(a_window_of_two_sees_two_keys),
        cmocka_unit_test(query_heads_share_key_value_heads_in_order),
        cmocka_unit_test(attention_one_token_at_a_time_gives_the_bits_of_the_whole),
        cmocka_unit_test(gelu_is_the_tanh_form),
        cmocka_unit_test(swiglu_gates_the_second_half_by_the_first),
    };
    return run_on_each(tests, sizeof tests / sizeof *tests) != 0;
}
