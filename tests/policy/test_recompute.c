/* Activations that the backward computes again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/policy/adapters.h"

/* The hash of what two steps make of a model, or of an adapter over it. */
static void trained(char hash[65], const ModelConfig *c, bool lora, bool recompute)
{
    Model *m = model_new(c, 3);
    Adapter *a = lora ? moved_adapter(m, &ALL) : NULL;
    PolicyOptions options = options_through(a, true);
    options.recompute = recompute;
    Policy *p = policy_open(m, &options);
    step(p, m);
    step(p, m);
    parameters_hash(hash, a ? &a->parameters : &m->parameters);
    policy_close(p);
    adapter_free(a);
    model_free(m);
}

static void is_the_same(const ModelConfig *c, bool lora)
{
    char kept[65], again[65];
    trained(kept, c, lora, false);
    trained(again, c, lora, true);
    assert_string_equal(kept, again);
}

static const ModelConfig *const EACH[] = {&WIDE_GPT2, &WIDE_LLAMA, &WIDE_MISTRAL, &WIDE_QWEN3,
                                          &WIDE_LLAMA_BF16};

static void training_all_weights_gives_the_same_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof EACH / sizeof *EACH; i++) is_the_same(EACH[i], false);
}

static void training_an_adapter_gives_the_same_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof EACH / sizeof *EACH; i++) is_the_same(EACH[i], true);
}

/* A row of a block of width C with F = 3C in Llama's form is its input, C, and some 17 C more.  Of eight blocks that is 144 C
 * kept whole and 25 C kept as inputs, to which in both the gradients of one block come, some 18 C. */
static void a_deep_model_takes_a_third_of_the_memory_for_it(void **state)
{
    (void)state;
    ModelConfig c = WIDE_LLAMA;
    c.n_layer = 8, c.C = 64, c.NH = c.NKV = 4, c.HD = 16, c.F = 192;
    assert_true(3 * activations_bytes(&c, 0, 100, KEEP_INPUTS) <
                activations_bytes(&c, 0, 100, KEEP_ALL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_all_weights_gives_the_same_bits),
        cmocka_unit_test(training_an_adapter_gives_the_same_bits),
        cmocka_unit_test(a_deep_model_takes_a_third_of_the_memory_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
