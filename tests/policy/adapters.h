/* Adapters as after training, and what models say through them. */
#ifndef TESTS_POLICY_ADAPTERS_H
#define TESTS_POLICY_ADAPTERS_H

#include "policy/adapter.h"
#include "tests/models.h"

static const int LENGTH[] = {70, 1, 16, 131};
enum { SEQUENCES = sizeof LENGTH / sizeof *LENGTH, TOKENS = 256 };
static const AdapterConfig ALL = {.rank = 3, .alpha = 6, .targets = TARGETS_ALL};
static const ModelConfig *const CONFIG[] = {&WIDE_GPT2, &WIDE_LLAMA, &WIDE_QWEN3};
enum { CONFIGS = sizeof CONFIG / sizeof *CONFIG };

/* As after training: B is not zero any more. */
static inline Adapter *moved_adapter(const Model *m, const AdapterConfig *c)
{
    Adapter *a = adapter_new(m, c, 4);
    for (int k = 0; k < a->n_updates; k++) {
        const Update *u = &a->update[k];
        const size_t n = (size_t)u->tensor->rows * (size_t)c->rank;
        real *b = mem_calloc(n, sizeof *b);
        for (size_t i = 0; i < n; i++) b[i] = (real)(0.1 * rng_normal(1, RNG_TEST, (uint64_t)k, i));
        buffer_write(a->parameters.w + u->b_at, b, n);
        free(b);
    }
    adapter_changed(a);
    return a;
}

static inline PolicyOptions options_through(Adapter *a, bool train)
{
    return (PolicyOptions){.adapter = a,
                           .train = train,
                           .heads = 1,
                           .seed = 5,
                           .max_tokens = TOKENS,
                           .beta1 = 0.9,
                           .beta2 = 0.99,
                           .eps = 1e-8};
}

static inline Policy *open_through(Model *m, Adapter *a, bool train)
{
    const PolicyOptions options = options_through(a, train);
    return policy_open(m, &options);
}

/* What a model says through an adapter, of sequences of all lengths. */
static inline AskedBatch asked_through(Model *m, Adapter *a)
{
    AskedBatch s = asked_random(LENGTH, SEQUENCES, m->config.V, 2);
    Policy *p = open_through(m, a, false);
    asked_evaluate(p, &s, 0.7);
    policy_close(p);
    return s;
}

/* One step that makes every token less likely and every value smaller. */
static inline void step(Policy *p, const Model *m)
{
    AskedBatch s = asked_random(LENGTH, SEQUENCES, m->config.V, 2);
    double *ones = mem_calloc((size_t)s.N, sizeof *ones);
    for (int i = 0; i < s.N; i++) ones[i] = 1;
    const TokenBatch b = asked_batch(&s, 1);
    asked_evaluate(p, &s, 1);
    policy_accumulate(p, &b, &(TokenTerms){.logp = ones, .value = ones});
    policy_step(p, 1e-2, 0);
    free(ones);
    asked_free(&s);
}

#endif
