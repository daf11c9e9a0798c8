/* The whole model in double: the gradient that policy_accumulate gives against central differences. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "policy/policy_private.h"

static const ModelConfig GPT2 = {.family = FAMILY_GPT2,
                                 .n_layer = 2,
                                 .NH = 2,
                                 .NKV = 2,
                                 .HD = 6,
                                 .C = 12,
                                 .F = 20,
                                 .V = 23,
                                 .max_T = 16,
                                 .norm_eps = 1e-5,
                                 .learned_positions = true,
                                 .attention_bias = true,
                                 .out_bias = true,
                                 .mlp_bias = true,
                                 .tied = true,
                                 .init_std = 0.3};
static const ModelConfig LLAMA = {.family = FAMILY_LLAMA,
                                  .n_layer = 2,
                                  .NH = 4,
                                  .NKV = 2,
                                  .HD = 4,
                                  .C = 12,
                                  .F = 18,
                                  .V = 23,
                                  .max_T = 16,
                                  .rms_norm = true,
                                  .norm_eps = 1e-5,
                                  .rope_theta = 10000,
                                  .gated_mlp = true,
                                  .init_std = 0.3};

enum { B = 3, N = 16, K = 2 };
static const int TOKEN[N] = {1, 7, 22, 7, 3, 0, 11, 5, 5, 9, 20, 2, 2, 14, 6, 8};
static const int START[B + 1] = {0, 5, 6, 16};

/* A loss that is linear in every number of the waist, with fixed random weights. */
typedef struct {
    unsigned char want[N];
    double logp[N], entropy[N], value[N * K];
} Loss;

static Loss make_loss(void)
{
    Loss l = {.want = {0}};
    for (int b = 0; b < B; b++)
        for (int i = START[b]; i < START[b + 1]; i++) {
            if (i > START[b] && i % 3 != 0) {
                l.want[i] |= WANT_LOGP | WANT_ENTROPY;
                l.logp[i] = rng_normal(1, RNG_TEST, 0, (uint64_t)i);
                l.entropy[i] = rng_normal(1, RNG_TEST, 1, (uint64_t)i);
            }
            if (i % 2 == 0) {
                l.want[i] |= WANT_VALUE;
                for (int k = 0; k < K; k++)
                    l.value[i * K + k] = rng_normal(1, RNG_TEST, 2, (uint64_t)(i * K + k));
            }
        }
    return l;
}

static TokenBatch batch_of(const Loss *l)
{
    return (TokenBatch){
        .B = B, .N = N, .token = TOKEN, .start = START, .want = l->want, .temperature = 0.7};
}

static double loss_value(Policy *p, const Loss *l)
{
    double logp[N], entropy[N], value[N * K], sum = 0;
    const TokenBatch b = batch_of(l);
    policy_evaluate(p, &b, &(TokenTerms){logp, entropy, value});
    for (int i = 0; i < N; i++) sum += l->logp[i] * logp[i] + l->entropy[i] * entropy[i];
    for (int i = 0; i < N * K; i++) sum += l->value[i] * value[i];
    return sum;
}

static void set(Policy *p, Parameters *w, size_t i, real value)
{
    w->w[i] = value;
    model_changed(p->model), weight_changed(p->head_weight);
    if (p->options.adapter) adapter_changed(p->options.adapter);
}

static double numeric(Policy *p, const Loss *l, Parameters *w, size_t i)
{
    const double h = 1e-5;
    const real kept = w->w[i];
    set(p, w, i, kept + h);
    const double up = loss_value(p, l);
    set(p, w, i, kept - h);
    const double down = loss_value(p, l);
    set(p, w, i, kept);
    return (up - down) / (2 * h);
}

/* Relative L2 difference over a sample of the weights, every tensor hit. */
static double gradient_error(Policy *p, const Loss *l, Parameters *w, size_t stride)
{
    double difference = 0, size = 0;
    for (size_t i = 0; i < w->n; i += stride) {
        const double expected = numeric(p, l, w, i), got = w->g[i];
        difference += (got - expected) * (got - expected);
        size += expected * expected;
    }
    return sqrt(difference / size);
}

static void check_gradient(const ModelConfig *config)
{
    const Loss l = make_loss();
    const TokenBatch b = batch_of(&l);
    Model *m = model_new(config, 7);
    Policy *p =
        policy_open(m, &(PolicyOptions){.train = true, .heads = K, .max_tokens = N, .seed = 3});
    loss_value(p, &l);
    policy_accumulate(p, &b,
                      &(TokenTerms){(double *)l.logp, (double *)l.entropy, (double *)l.value});
    assert_true(gradient_error(p, &l, &m->parameters, 3) < 1e-6);
    assert_true(gradient_error(p, &l, &p->head, 1) < 1e-6);
    policy_close(p);
    model_free(m);
}

static void gpt2_gradient_matches_differences(void **state)
{
    (void)state;
    check_gradient(&GPT2);
}

static void llama_gradient_matches_differences(void **state)
{
    (void)state;
    check_gradient(&LLAMA);
}

/* As the demo's. */
static void tied_llama_gradient_matches_differences(void **state)
{
    (void)state;
    ModelConfig config = LLAMA;
    config.tied = true;
    check_gradient(&config);
}

/* Heads together wider than the model. */
static void normed_heads_gradient_matches_differences(void **state)
{
    (void)state;
    ModelConfig config = LLAMA;
    config.family = FAMILY_QWEN3, config.qk_norm = config.attention_bias = true;
    config.HD = 6;
    check_gradient(&config);
}

static void windowed_gradient_matches_differences(void **state)
{
    (void)state;
    ModelConfig config = LLAMA;
    config.family = FAMILY_MISTRAL, config.window = 3;
    check_gradient(&config);
}

/* Of every A and B, neither of them zero, under heads; the base has no gradient. */
static void check_adapter_gradient(const ModelConfig *config)
{
    const Loss l = make_loss();
    const TokenBatch b = batch_of(&l);
    const AdapterConfig lora = {.rank = 2, .alpha = 3, .targets = TARGETS_ALL};
    Model *m = model_new(config, 7);
    Adapter *a = adapter_new(m, &lora, 2);
    for (size_t i = 0; i < a->parameters.n; i++)
        a->parameters.w[i] += 0.1 * rng_normal(1, RNG_TEST, 3, i);
    Policy *p = policy_open(
        m, &(PolicyOptions){.adapter = a, .train = true, .heads = K, .max_tokens = N, .seed = 3});
    loss_value(p, &l);
    policy_accumulate(p, &b,
                      &(TokenTerms){(double *)l.logp, (double *)l.entropy, (double *)l.value});
    assert_null(m->parameters.g);
    assert_true(gradient_error(p, &l, &a->parameters, 1) < 1e-6);
    assert_true(gradient_error(p, &l, &p->head, 1) < 1e-6);
    policy_close(p);
    adapter_free(a);
    model_free(m);
}

static void adapter_gradients_match_differences(void **state)
{
    (void)state;
    ModelConfig tied = LLAMA;
    tied.tied = true;
    check_adapter_gradient(&GPT2);
    check_adapter_gradient(&LLAMA);
    check_adapter_gradient(&tied);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpt2_gradient_matches_differences),
        cmocka_unit_test(llama_gradient_matches_differences),
        cmocka_unit_test(tied_llama_gradient_matches_differences),
        cmocka_unit_test(normed_heads_gradient_matches_differences),
        cmocka_unit_test(windowed_gradient_matches_differences),
        cmocka_unit_test(adapter_gradients_match_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
