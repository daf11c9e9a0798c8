/* Attention made again, by hand, against what the kernels made, and against another pass of the same trunk. */
#include "policy/attention_map.h"
#include "policy/activations.h"
#include "tests/golden.h"
#include "tests/models.h"

static const ModelConfig *const CONFIG[] = {&WIDE_GPT2, &WIDE_LLAMA, &TIED_LLAMA, &WIDE_QWEN3,
                                            &WIDE_MISTRAL};
/* More than a block of keys, and than Mistral's window. */
enum { CONFIGS = sizeof CONFIG / sizeof *CONFIG, T = 71 };

static AskedBatch text(const ModelConfig *c)
{
    const int length[] = {T};
    return asked_random(length, 1, c->V, 3);
}

/* Two query heads on one key head, four wide; scores are divided by 2.  Rows: q0 q1 k v. */
static void a_tiny_case_is_as_computed_by_hand(void **state)
{
    (void)state;
    real qkv[] = {
        9,      0, 0, 0, /**/ 0, 9, 0, 0,
        /**/ 2, 0, 0, 0, /**/ 1, 1, 1, 1, /* a first token sees itself */
        1,      0, 0, 0, /**/ 0, 2, 0, 0,
        /**/ 0, 1, 0, 0, /**/ 1, 1, 1, 1, /**/
    };
    const AttentionMap a = {.T = 2, .NH = 2, .NKV = 1, .HD = 4, .qkv = qkv};
    double p[4];
    attention_map_head(p, &a, 0);
    assert_near(p[0], 1, 0);
    assert_near(p[1], 0, 0);
    assert_near(p[2], M_E / (M_E + 1), 1e-15); /* scores 2/2 = 1 and 0 */
    assert_near(p[3], 1 / (M_E + 1), 1e-15);
    attention_map_head(p, &a, 1);
    assert_near(p[2], 1 / (M_E + 1), 1e-15); /* scores 0 and 2 1/2 = 1 */
    assert_near(p[3], M_E / (M_E + 1), 1e-15);
}

/* Four query heads on two key heads, one wide; both key heads see a first key of 0 and a second of 1 or -1. */
static void heads_in_groups_share_a_key_head(void **state)
{
    (void)state;
    real qkv[] = {1, 1, 1, 1, /**/ 0, 0,  /**/ 0, 0, /**/
                  1, 1, 1, 1, /**/ 1, -1, /**/ 0, 0};
    const AttentionMap a = {.T = 2, .NH = 4, .NKV = 2, .HD = 1, .qkv = qkv};
    for (int head = 0; head < 4; head++) {
        double p[4];
        attention_map_head(p, &a, head);
        assert_near(p[3], head < 2 ? M_E / (M_E + 1) : 1 / (M_E + 1), 1e-15);
    }
}

/* One head, one wide, all scores 0: a token sees the last two keys evenly. */
static void a_window_ends_what_a_token_sees(void **state)
{
    (void)state;
    real qkv[3 * 3] = {0};
    const AttentionMap a = {.T = 3, .NH = 1, .NKV = 1, .HD = 1, .window = 2, .qkv = qkv};
    const double expected[] = {1, 0, 0, /**/ 0.5, 0.5, 0, /**/ 0, 0.5, 0.5};
    double p[9];
    attention_map_head(p, &a, 0);
    for (int i = 0; i < 9; i++) assert_near(p[i], expected[i], 1e-15);
}

static void check_head(const AttentionMap *a, int window, int head)
{
    static double p[T * T];
    const int ld = (a->NH + 2 * a->NKV) * a->HD, HD = a->HD;
    const int value = (a->NH + a->NKV + head / (a->NH / a->NKV)) * HD;
    attention_map_head(p, a, head);
    for (int t = 0; t < T; t++) {
        double sum = 0;
        for (int s = 0; s < T; s++) {
            sum += p[t * T + s];
            const bool seen = s <= t && (window == 0 || t - s < window);
            assert_true(seen ? p[t * T + s] > 0 : p[t * T + s] == 0);
        }
        assert_near(sum, 1, 1e-12);
        for (int i = 0; i < HD; i++) {
            double mixed = 0;
            for (int s = 0; s <= t; s++) mixed += p[t * T + s] * (double)a->qkv[s * ld + value + i];
            assert_near((double)a->mixed[t * a->NH * HD + head * HD + i], mixed, 1e-5);
        }
    }
}

static void rows_sum_to_1_and_mix_values_as_the_kernels_do(void **state)
{
    (void)state;
    for (int k = 0; k < CONFIGS; k++) {
        Model *m = model_new(CONFIG[k], 7);
        AskedBatch s = text(CONFIG[k]);
        for (int layer = 0; layer < CONFIG[k]->n_layer; layer++) {
            AttentionMap *a = attention_map_new(m, NULL, layer, s.token, T);
            for (int head = 0; head < a->NH; head++) check_head(a, CONFIG[k]->window, head);
            attention_map_free(a);
        }
        asked_free(&s);
        model_free(m);
    }
}

/* An adapter whose B is not zero any more. */
static Adapter *some_adapter(Model *m)
{
    Adapter *a = adapter_new(m, &(AdapterConfig){.rank = 3, .alpha = 6, .targets = TARGETS_ALL}, 1);
    real *w = mem_calloc(a->parameters.n, sizeof *w);
    for (size_t i = 0; i < a->parameters.n; i++) w[i] = (real)(0.2 * rng_normal(2, RNG_TEST, 0, i));
    buffer_write(a->parameters.w, w, a->parameters.n);
    adapter_changed(a);
    free(w);
    return a;
}

static void the_bits_are_those_of_an_evaluation(void **state)
{
    (void)state;
    const ModelConfig *c = &WIDE_LLAMA;
    Model *m = model_new(c, 7);
    Adapter *adapter = some_adapter(m);
    AskedBatch s = text(c);
    asked_want(&s, false);
    for (int seen = 0; seen < 2; seen++) {
        Adapter *through = seen ? adapter : NULL;
        Policy *p =
            policy_open(m, &(PolicyOptions){.adapter = through, .train = true, .max_tokens = T});
        asked_evaluate(p, &s, 1);
        for (int layer = 0; layer < c->n_layer; layer++) {
            const BlockActivations *b = &p->acts->block[layer];
            const Widths w = activations_widths(c);
            AttentionMap *a = attention_map_new(m, through, layer, s.token, T);
            assert_memory_equal(a->qkv, b->qkv, (size_t)T * w.qkv * sizeof(real));
            assert_memory_equal(a->mixed, b->mixed, (size_t)T * w.q * sizeof(real));
            attention_map_free(a);
        }
        policy_close(p);
    }
    asked_free(&s);
    adapter_free(adapter);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tiny_case_is_as_computed_by_hand),
        cmocka_unit_test(heads_in_groups_share_a_key_head),
        cmocka_unit_test(a_window_ends_what_a_token_sees),
        cmocka_unit_test(rows_sum_to_1_and_mix_values_as_the_kernels_do),
        cmocka_unit_test(the_bits_are_those_of_an_evaluation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
