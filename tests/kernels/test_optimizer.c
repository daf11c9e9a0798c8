/* Optimizer steps computed by hand or by others. */
#include "tests/kernels/values.h"

/* ---- optimizer ------------------------------------------------------------------------------- */

/* Three steps from w = 0 with g = 1e-4, 2e-4, -1e-4; learning rate 1e-3, eps 1e-5. */
static void check_adam(int tensorflow, const double *expected)
{
    const double gradient[3] = {1e-4, 2e-4, -1e-4};
    real *w = buffer_new(1), *m = buffer_new(1), *v = buffer_new(1), *g = buffer_new(1);
    for (int t = 0; t < 3; t++) {
        const AdamStep s = {.learning_rate = 1e-3,
                            .beta1 = 0.9,
                            .beta2 = 0.999,
                            .eps = 1e-5,
                            .grad_scale = 0.5,
                            .step = t + 1,
                            .tensorflow = tensorflow};
        g[0] = (real)(2 * gradient[t]); /* halved again by grad_scale */
        adamw_step(w, m, v, g, 1, &s);
        check_near(w, &expected[t], 1, 2e-6 * fabs(expected[t]));
    }
    real *all[] = {w, m, v, g};
    for (int i = 0; i < 4; i++) buffer_free(all[i]);
}

static void adam_matches_both_forms_of_epsilon(void **state)
{
    (void)state;
    check_adam(0, (double[]){-9.090909091e-4, -1.816868644e-3, -2.209214877e-3});
    check_adam(1, (double[]){-2.402530734e-4, -6.400211372e-4, -8.233349406e-4});
}

/* Five steps of torch.optim.AdamW. */
static void adamw_matches_pytorch_with_weight_decay(void **state)
{
    (void)state;
    enum { N = 6, STEPS = 5 };
    double start[N], gradient[STEPS * N], after[STEPS * N];
    cJSON *golden = golden_read("rl/optim.json");
    const cJSON *adamw = golden_at(golden, "adamw");
    assert_int_equal(golden_array(start, N, adamw, "p0"), N);
    assert_int_equal(golden_array(gradient, STEPS * N, adamw, "grads"), STEPS * N);
    assert_int_equal(golden_array(after, STEPS * N, adamw, "p_after_each_step"), STEPS * N);
    real *w = filled(start, N), *m = buffer_new(N), *v = buffer_new(N);
    for (int t = 0; t < STEPS; t++) {
        const AdamStep s = {.learning_rate = golden_number(adamw, "lr"),
                            .beta1 = golden_number(adamw, "beta1"),
                            .beta2 = golden_number(adamw, "beta2"),
                            .eps = golden_number(adamw, "eps"),
                            .weight_decay = golden_number(adamw, "weight_decay"),
                            .grad_scale = 1,
                            .step = t + 1};
        real *g = filled(gradient + t * N, N);
        adamw_step(w, m, v, g, N, &s);
        check_near(w, after + t * N, N, 1e-6);
        buffer_free(g);
    }
    real *all[] = {w, m, v};
    for (int i = 0; i < 3; i++) buffer_free(all[i]);
    cJSON_Delete(golden);
}

/* torch.nn.utils.clip_grad_norm_ on seven numbers. */
static void sum_of_squares_gives_the_global_norm(void **state)
{
    (void)state;
    double gradient[7];
    cJSON *golden = golden_read("rl/optim.json");
    const cJSON *clip = golden_at(golden, "clip_grad_norm");
    assert_int_equal(golden_array(gradient, 7, clip, "grads"), 7);
    real *g = filled(gradient, 7);
    assert_near(sqrt(buffer_sum_squares(g, 7)), golden_number(clip, "total_norm"), 1e-6);
    g[3] = (real)NAN;
    assert_true(isnan(buffer_sum_squares(g, 7)));
    g[3] = (real)INFINITY;
    assert_true(isinf(buffer_sum_squares(g, 7)));
    buffer_free(g);
    cJSON_Delete(golden);
}

static void sum_of_squares_covers_every_chunk(void **state)
{
    (void)state;
    enum { N = 3 * 4096 + 5 };
    real *g = buffer_new(N);
    for (int i = 0; i < N; i++) g[i] = 2;
    assert_true(buffer_sum_squares(g, N) == 4.0 * N);
    buffer_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adam_matches_both_forms_of_epsilon),
        cmocka_unit_test(adamw_matches_pytorch_with_weight_decay),
        cmocka_unit_test(sum_of_squares_gives_the_global_norm),
        cmocka_unit_test(sum_of_squares_covers_every_chunk),
    };
    return run_on_each(tests, sizeof tests / sizeof *tests) != 0;
}
