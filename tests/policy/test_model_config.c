/* config.json: what is read from the published ones, and what is refused. */
#include "tests/golden_model.h"
#include "tests/scratch.h"

static Error err;

/* config.json as published; parameters as counted there (tests/golden/configs/expected_sizes.json).  Ours lie a
 * few numbers apart, so that every tensor begins aligned. */
static void published_configs_give_published_sizes(void **state)
{
    (void)state;
    cJSON *sizes = golden_read("configs/expected_sizes.json");
    const cJSON *model;
    cJSON_ArrayForEach(model, sizes)
    {
        char dir[512];
        ModelConfig c;
        snprintf(dir, sizeof dir, GOLDEN_PATH "configs/%s", model->string);
        assert_worked(model_config_read(&c, dir, &err), &err);
        const double n = golden_number(model, "parameters"),
                     tensors = golden_number(model, "tensors");
        assert_true((double)model_size(&c) >= n && (double)model_size(&c) <= n + 16 * tensors);
    }
    cJSON_Delete(sizes);
}

static void refused(const char *config, const char *words)
{
    Model *m = NULL;
    scratch_write(scratch_path("bad/config.json"), config);
    assert_int_equal(model_open(&m, scratch_path("bad"), &err), -1);
    assert_null(m);
    assert_says(&err, words);
    assert_says(&err, scratch_path("bad"));
}

#define GPT2_JSON(more) \
    "{\"model_type\": \"gpt2\", \"n_layer\": 1, \"n_embd\": 16, \"n_positions\": 32," more "}"
#define LLAMA_JSON(more)                                                          \
    "{\"model_type\": \"llama\", \"num_hidden_layers\": 1, \"hidden_size\": 20, " \
    "\"intermediate_size\": 28, \"vocab_size\": 23," more "}"

#define QWEN2_JSON(more)                                                          \
    "{\"model_type\": \"qwen2\", \"num_hidden_layers\": 1, \"hidden_size\": 20, " \
    "\"intermediate_size\": 28, \"vocab_size\": 23," more "}"

/* With their values of no effect the config is read, and the error is of the weights, which are not there. */
static void what_changes_nothing_is_taken(void **state)
{
    (void)state;
    scratch_folder("bad", true);
    refused(LLAMA_JSON("\"num_attention_heads\": 2, \"logit_scale\": 1, \"clip_qkv\": null, "
                       "\"is_encoder_decoder\": false, \"num_experts\": 0, \"no_rope_layers\": [], "
                       "\"residual_multiplier\": 1.0, \"query_pre_attn_scalar\": null"),
            "no model.safetensors");
}

static void what_would_change_the_mathematics_is_refused_by_name(void **state)
{
    (void)state;
    Model *m = NULL;
    scratch_folder("bad", true);
    assert_int_equal(model_open(&m, scratch_path("bad"), &err), -1);
    assert_says(&err, "no config.json there");
    refused("{\"model_type\": \"mamba\"}", "model_type \"mamba\" is not supported");
    refused(GPT2_JSON("\"n_head\": 2, \"vocab_size\": 23, \"add_cross_attention\": true"),
            "add_cross_attention true is not supported");
    refused(LLAMA_JSON("\"num_attention_heads\": 4, \"partial_rotary_factor\": 0.5"),
            "partial_rotary_factor other than 1");
    refused(LLAMA_JSON("\"num_attention_heads\": 4, \"final_logit_softcapping\": 30.0"),
            "final_logit_softcapping is of another kind of model");
    refused(LLAMA_JSON("\"num_attention_heads\": 4, \"embedding_multiplier\": 12"),
            "embedding_multiplier is of another kind of model");
    refused(LLAMA_JSON("\"num_attention_heads\": 4, \"query_pre_attn_scalar\": 256"),
            "query_pre_attn_scalar is of another kind of model");
    refused(LLAMA_JSON("\"num_attention_heads\": 4, \"no_rope_layers\": [1, 0]"),
            "no_rope_layers is of another kind of model");
    refused(LLAMA_JSON("\"num_attention_heads\": 4, \"quantization_config\": {\"bits\": 4}"),
            "quantized weights are not supported");
    refused(LLAMA_JSON("\"num_attention_heads\": 4, \"layer_types\": [\"sliding_attention\"]"),
            "layer_types other than \"full_attention\"");
    refused(QWEN2_JSON("\"num_attention_heads\": 4, \"use_sliding_window\": true"),
            "use_sliding_window true is not supported");
    refused(QWEN2_JSON("\"num_attention_heads\": 4"), "num_key_value_heads is missing");
    refused("[1]", "config.json");
    refused(GPT2_JSON("\"vocab_size\": 23"), "n_head is missing");
    refused(GPT2_JSON("\"n_head\": 2"), "vocab_size is missing");
    refused(GPT2_JSON("\"n_head\": 3, \"vocab_size\": 23"), "3 heads do not divide the width 16");
    refused(GPT2_JSON("\"n_head\": 0, \"vocab_size\": 23"), "below 1");
    refused(GPT2_JSON("\"n_head\": -1, \"vocab_size\": 23"), "below 1");
    refused(GPT2_JSON("\"n_head\": 2.5, \"vocab_size\": 23"), "n_head is not a whole number");
    refused(GPT2_JSON("\"n_head\": 2, \"vocab_size\": 1e30"), "vocab_size is not a whole number");
    refused(GPT2_JSON("\"n_head\": 2, \"vocab_size\": 23, \"activation_function\": \"relu\""),
            "activation_function \"relu\" is not supported");
    refused(GPT2_JSON("\"n_head\": 2, \"vocab_size\": 23, \"scale_attn_weights\": false"),
            "attention scaling");
    refused(LLAMA_JSON("\"num_attention_heads\": 4, \"num_key_value_heads\": 3"),
            "4 query heads cannot share 3 key/value heads");
    refused(LLAMA_JSON("\"num_attention_heads\": 1000000, \"head_dim\": 1000000"),
            "more than this program takes");
    refused(LLAMA_JSON("\"num_attention_heads\": 4, \"head_dim\": 5"), "an even head width, not 5");
    refused(LLAMA_JSON("\"num_attention_heads\": 4, \"rope_scaling\": {\"rope_type\": \"yarn\"}"),
            "rope_scaling \"yarn\" is not supported");
    refused(LLAMA_JSON("\"num_attention_heads\": 4, \"rope_scaling\": {\"type\": \"linear\"}"),
            "rope_scaling: factor is missing");
    refused(LLAMA_JSON("\"num_attention_heads\": 2, \"rope_scaling\": {\"type\": \"linear\", "
                       "\"factor\": 0.5}"),
            "factor must be a number from 1 on");
    refused(LLAMA_JSON("\"num_attention_heads\": 2, \"rope_scaling\": {\"rope_type\": \"llama3\", "
                       "\"factor\": 8, \"low_freq_factor\": 4, \"high_freq_factor\": 4, "
                       "\"original_max_position_embeddings\": 128}"),
            "high_freq_factor greater");
    refused(LLAMA_JSON("\"num_attention_heads\": 4, \"rope_parameters\": {\"full_attention\": {}}"),
            "positions of \"full_attention\" alone");
}

/* Passed over, each would leave a model that computes with what is usual. */
static void a_member_of_another_type_is_refused_by_name(void **state)
{
    (void)state;
    scratch_folder("bad", true);
    refused(LLAMA_JSON("\"num_attention_heads\": 2, \"rms_norm_eps\": \"1e-5\""),
            "rms_norm_eps is not a number");
    refused(LLAMA_JSON("\"num_attention_heads\": 2, \"rope_theta\": [1e6]"),
            "rope_theta is not a number");
    refused(LLAMA_JSON("\"num_attention_heads\": 2, \"attention_bias\": 1"),
            "attention_bias is not true or false");
    refused(LLAMA_JSON("\"num_attention_heads\": 2, \"rope_scaling\": \"linear\""),
            "rope_scaling is not an object");
    refused(LLAMA_JSON("\"num_attention_heads\": 2, \"hidden_act\": 3"), "hidden_act is not text");
}

/* With two spellings of the object, and of the kind in it. */
static void a_member_of_the_positions_of_another_type_is_refused_by_name(void **state)
{
    (void)state;
    scratch_folder("bad", true);
#define POSITIONS(name, members) \
    LLAMA_JSON("\"num_attention_heads\": 2, \"" name "\": {" members "}")
    refused(POSITIONS("rope_parameters", "\"rope_type\": \"default\", \"rope_theta\": \"10\""),
            "rope_parameters: rope_theta is not a number");
    refused(POSITIONS("rope_parameters", "\"partial_rotary_factor\": \"0.5\""),
            "rope_parameters: partial_rotary_factor is not a number");
    refused(POSITIONS("rope_scaling", "\"rope_type\": 5, \"factor\": 8"),
            "rope_scaling: rope_type is not text");
    refused(POSITIONS("rope_scaling", "\"type\": [\"linear\"], \"factor\": 8"),
            "rope_scaling: type is not text");
    refused(POSITIONS("rope_scaling", "\"type\": \"linear\", \"factor\": \"8\""),
            "rope_scaling: factor is not a number");
    refused(POSITIONS("rope_parameters", "\"rope_type\": \"llama3\", \"factor\": 8, "
                                         "\"low_freq_factor\": true"),
            "rope_parameters: low_freq_factor is not a number");
}

static void positions_that_could_be_two_are_refused(void **state)
{
    (void)state;
    scratch_folder("bad", true);
    refused(POSITIONS("rope_scaling", "\"factor\": 8"), "rope_scaling: a factor without rope_type");
    refused(POSITIONS("rope_scaling", "\"type\": null, \"rope_type\": null, \"factor\": 8"),
            "rope_scaling: a factor without rope_type");
    refused(LLAMA_JSON("\"num_attention_heads\": 2, \"rope_parameters\": {\"rope_theta\": 500}, "
                       "\"rope_scaling\": {\"type\": \"linear\", \"factor\": 2}"),
            "rope_parameters and rope_scaling differ");
    refused(POSITIONS("rope_parameters", "\"rope_theta\": 500, \"factor\": 8"),
            "rope_parameters: a factor without rope_type");
#undef POSITIONS
}

#define CLASSIFIER_JSON(more)                                    \
    LLAMA_JSON("\"num_attention_heads\": 2, \"architectures\": " \
               "[\"LlamaForSequenceClassification\"]" more)

static void a_classifier_without_classes_is_refused(void **state)
{
    (void)state;
    scratch_folder("bad", true);
    refused(CLASSIFIER_JSON(", \"num_labels\": -1"), "num_labels");
    refused(CLASSIFIER_JSON(", \"num_labels\": 0"), "num_labels");
    refused(CLASSIFIER_JSON(", \"id2label\": {}"), "id2label");
    refused(CLASSIFIER_JSON(", \"id2label\": \"x\""), "id2label is not an object");
    refused(CLASSIFIER_JSON(", \"id2label\": [\"x\"]"), "id2label is not an object");
}

/* PretrainedConfig: num_labels is the length of id2label, which begins with two. */
static void classes_are_those_named_else_counted_else_two(void **state)
{
    (void)state;
    static const struct {
        const char *config;
        int n;
    } CASES[] = {
        {CLASSIFIER_JSON(""), 2},
        {CLASSIFIER_JSON(", \"id2label\": null"), 2},
        {CLASSIFIER_JSON(", \"num_labels\": 3"), 3},
        {CLASSIFIER_JSON(", \"id2label\": {\"0\": \"good\"}"), 1},
        {LLAMA_JSON("\"num_attention_heads\": 2, \"num_labels\": 3"), 0},
    };
    scratch_folder("some", true);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        ModelConfig c;
        scratch_write(scratch_path("some/config.json"), CASES[i].config);
        assert_worked(model_config_read(&c, scratch_path("some"), &err), &err);
        assert_int_equal(c.n_labels, CASES[i].n);
    }
}

/* The table of positions is in no file that could bound it: 2^24 positions of width 20 are 1.3 GB. */
static void more_positions_than_a_table_holds_are_refused(void **state)
{
    (void)state;
    scratch_folder("bad", true);
    refused(LLAMA_JSON("\"num_attention_heads\": 1, \"max_position_embeddings\": 16777216"),
            "16777216 positions with heads of width 20: more than this program takes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_configs_give_published_sizes),
        cmocka_unit_test(what_changes_nothing_is_taken),
        cmocka_unit_test(what_would_change_the_mathematics_is_refused_by_name),
        cmocka_unit_test(a_member_of_another_type_is_refused_by_name),
        cmocka_unit_test(a_member_of_the_positions_of_another_type_is_refused_by_name),
        cmocka_unit_test(positions_that_could_be_two_are_refused),
        cmocka_unit_test(a_classifier_without_classes_is_refused),
        cmocka_unit_test(classes_are_those_named_else_counted_else_two),
        cmocka_unit_test(more_positions_than_a_table_holds_are_refused),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
