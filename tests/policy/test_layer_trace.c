/* What layers leave behind, against what training keeps of the same pass. */
#include "policy/layer_trace.h"
#include "policy/activations.h"
#include "tests/golden.h"
#include "tests/models.h"

static const ModelConfig *const CONFIG[] = {&WIDE_GPT2, &WIDE_LLAMA, &TIED_LLAMA, &WIDE_QWEN3,
                                            &WIDE_MISTRAL};
enum { CONFIGS = sizeof CONFIG / sizeof *CONFIG, T = 71 };

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

/* Level l is the input of block l, the last level that of the final norm. */
static void check_trace(const LayerTrace *t, const Policy *p)
{
    const Activations *kept = p->acts;
    const size_t C = (size_t)t->C, F = (size_t)t->F;
    real *level = mem_calloc(T * C, sizeof *level), *units = mem_calloc(T * F, sizeof *units);
    for (int l = 0; l <= t->n_layer; l++) {
        const real *expected = l < t->n_layer ? kept->block[l].x : kept->last;
        layer_trace_read_residual(level, t, l);
        assert_memory_equal(level, expected, T * C * sizeof(real));
    }
    for (int l = 0; l < t->n_layer; l++) {
        layer_trace_read_units(units, t, l);
        assert_memory_equal(units, kept->block[l].act, T * F * sizeof(real));
    }
    free(level);
    free(units);
}

static void the_bits_are_those_that_training_keeps(void **state)
{
    (void)state;
    const int length[] = {T};
    for (int k = 0; k < 2 * CONFIGS; k++) {
        const ModelConfig *c = CONFIG[k / 2];
        Model *m = model_new(c, 7);
        Adapter *adapter = k % 2 ? some_adapter(m) : NULL;
        AskedBatch s = asked_random(length, 1, c->V, 3);
        asked_want(&s, false);
        Policy *p =
            policy_open(m, &(PolicyOptions){.adapter = adapter, .train = true, .max_tokens = T});
        asked_evaluate(p, &s, 1);
        LayerTrace *t = layer_trace_new(m, adapter, TRACE_RESIDUAL | TRACE_UNITS, s.token, T);
        check_trace(t, p);
        layer_trace_free(t);
        policy_close(p);
        asked_free(&s);
        adapter_free(adapter);
        model_free(m);
    }
}

/* The stream begins as the embedding's row, and with learned positions as that plus the position's. */
static void level_0_is_the_embedding(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        const ModelConfig *c = k ? &TINY_LLAMA : &TINY_GPT2;
        const int token[] = {4, 9, 4};
        const size_t C = (size_t)c->C;
        Model *m = model_new(c, 7);
        const real *w = m->parameters.w;
        real *level = mem_calloc(3 * C, sizeof *level);
        LayerTrace *t = layer_trace_new(m, NULL, TRACE_RESIDUAL, token, 3);
        layer_trace_read_residual(level, t, 0);
        for (size_t i = 0; i < 3 * C; i++) {
            const real position = c->learned_positions ? w[m->wpe_at + i] : 0;
            assert_near((double)level[i], (double)(w[(size_t)token[i / C] * C + i % C] + position),
                        0);
        }
        assert_null(t->units);
        free(level);
        layer_trace_free(t);
        model_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bits_are_those_that_training_keeps),
        cmocka_unit_test(level_0_is_the_embedding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
