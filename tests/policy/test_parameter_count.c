/* Weights by part, against the published counts and against the tensors that a model is made of. */
#include "policy/parameter_count.h"
#include "tests/golden.h"
#include "tests/models.h"
#include "tests/scratch.h"

static Error err;

static ModelConfig published(const char *name)
{
    char dir[512];
    ModelConfig c;
    snprintf(dir, sizeof dir, RLHF_SOURCE_DIR "/tests/golden/configs/%s", name);
    assert_worked(model_config_read(&c, dir, &err), &err);
    return c;
}

/* tests/golden/configs/expected_sizes.json: counted in the published files. */
static void published_configs_have_the_published_counts(void **state)
{
    (void)state;
    cJSON *sizes = golden_read("configs/expected_sizes.json");
    const cJSON *model;
    cJSON_ArrayForEach(model, sizes)
    {
        ParameterCount n;
        const ModelConfig c = published(model->string);
        parameter_count(&n, &c, 0);
        assert_int_equal(n.total, (int64_t)golden_number(model, "parameters"));
    }
    cJSON_Delete(sizes);
}

/* GPT-2: C = 768, F = 3072, V = 50257, 1024 positions, 12 layers. */
static void the_parts_of_gpt2_are_those_counted_by_hand(void **state)
{
    (void)state;
    const ModelConfig c = published("gpt2");
    ParameterCount n;
    parameter_count(&n, &c, 0);
    assert_int_equal(n.all[PART_EMBEDDING], 39383808);  /* (50257 + 1024) 768            */
    assert_int_equal(n.layer[PART_ATTENTION], 2362368); /* 4 768^2 + 3 768 + 768         */
    assert_int_equal(n.layer[PART_MLP], 4722432);       /* 2 768 3072 + 3072 + 768       */
    assert_int_equal(n.layer[PART_NORMS], 3072);        /* two, 768 weights and biases   */
    assert_int_equal(n.all[PART_MLP], 56669184);        /* 12 layers                     */
    assert_int_equal(n.all[PART_NORMS], 38400);         /* and the last: 12 3072 + 1536  */
    assert_int_equal(n.all[PART_OUTPUT], 0);            /* tied                          */
    parameter_count(&n, &c, 1);
    assert_int_equal(n.all[PART_SCORE], 769);
}

static void a_reward_model_has_heads_in_place_of_the_output_projection(void **state)
{
    (void)state;
    ParameterCount n;
    parameter_count(&n, &WIDE_LLAMA, 0);
    assert_int_equal(n.all[PART_OUTPUT], 1030 * 37);
    parameter_count(&n, &WIDE_LLAMA, 1);
    assert_int_equal(n.all[PART_OUTPUT], 0);
    assert_int_equal(n.all[PART_SCORE], 38);
}

static void the_parts_sum_to_the_tensors_of_an_outline(void **state)
{
    (void)state;
    const ModelConfig *const config[] = {&WIDE_GPT2, &WIDE_LLAMA, &TIED_LLAMA, &WIDE_QWEN3};
    for (size_t i = 0; i < sizeof config / sizeof *config; i++) {
        Model *m = model_outline(config[i]);
        ParameterCount n;
        int64_t sum = 0;
        for (int t = 0; t < m->n_tensors; t++)
            sum += (int64_t)m->tensor[t].rows * m->tensor[t].cols;
        parameter_count(&n, config[i], 0);
        assert_int_equal(n.total, sum);
        model_free(m);
    }
}

/* TINY_LLAMA, rank 2, attention alone: query and output (24,20), (20,24), key and value (12,20):
 * 2 ((24+20) + (20+24) + 2 (12+20)) = 304. */
static void an_adapters_matrices_are_counted_by_hand(void **state)
{
    (void)state;
    Model *m = model_outline(&TINY_LLAMA);
    Adapter *a =
        adapter_outline(m, &(AdapterConfig){.rank = 2, .alpha = 4, .targets = TARGETS_ATTENTION});
    assert_int_equal(parameter_count_adapter(a), 304);
    adapter_free(a);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_configs_have_the_published_counts),
        cmocka_unit_test(the_parts_of_gpt2_are_those_counted_by_hand),
        cmocka_unit_test(a_reward_model_has_heads_in_place_of_the_output_projection),
        cmocka_unit_test(the_parts_sum_to_the_tensors_of_an_outline),
        cmocka_unit_test(an_adapters_matrices_are_counted_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
