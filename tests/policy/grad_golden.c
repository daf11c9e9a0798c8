/* The whole model in double against PyTorch in float64, on the stored weights. */
#include "tests/golden_model.h"

static const GoldenTolerance CLOSE = {.logp = 1e-9, .loss = 1e-10, .gradient = 1e-9};

static void gpt2_matches_pytorch(void **state)
{
    (void)state;
    golden_check_model("gpt2-tiny", true, &CLOSE);
}

static void gpt2_with_prefixed_names_matches_pytorch(void **state)
{
    (void)state;
    golden_check_model("gpt2-tiny-ref", false, &CLOSE);
}

static void llama_matches_pytorch(void **state)
{
    (void)state;
    golden_check_model("llama-tiny-gqa", true, &CLOSE);
}

static void llama_in_half_precision_shards_matches_pytorch(void **state)
{
    (void)state;
    golden_check_model("llama-tiny-gqa-sharded", true, &CLOSE);
}

static void llama3_with_stretched_positions_matches_pytorch(void **state)
{
    (void)state;
    golden_check_model("llama3-tiny-ropescale-bf16", true, &CLOSE);
}

static void qwen2_matches_pytorch(void **state)
{
    (void)state;
    golden_check_model("qwen2-tiny", true, &CLOSE);
}

static void qwen3_matches_pytorch(void **state)
{
    (void)state;
    golden_check_model("qwen3-tiny", true, &CLOSE);
}

static void packed_sequences_match_padded_ones(void **state)
{
    (void)state;
    golden_check_unpadded("gpt2-tiny", 1e-9);
    golden_check_unpadded("llama-tiny-gqa", 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpt2_matches_pytorch),
        cmocka_unit_test(gpt2_with_prefixed_names_matches_pytorch),
        cmocka_unit_test(llama_matches_pytorch),
        cmocka_unit_test(llama_in_half_precision_shards_matches_pytorch),
        cmocka_unit_test(llama3_with_stretched_positions_matches_pytorch),
        cmocka_unit_test(qwen2_matches_pytorch),
        cmocka_unit_test(qwen3_matches_pytorch),
        cmocka_unit_test(packed_sequences_match_padded_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
