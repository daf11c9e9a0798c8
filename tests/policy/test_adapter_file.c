/* The files of adapters: PEFT's, as they are written and as they are taken. */
#include "policy/adapter.h"

#include "base/json.h"
#include "policy/safetensors.h"
#include "tests/policy/adapters.h"
#include "tests/scratch.h"

static Error err;

static void a_folder_gives_the_same_bits_and_state_back(void **state)
{
    (void)state;
    for (int i = 0; i < CONFIGS; i++) {
        const char *dir = scratch_path("state");
        folder_remove(dir, &err), folder_make(dir, &err);
        Model *m = model_new(CONFIG[i], 11);
        Adapter *a = adapter_new(m, &ALL, 3), *b = adapter_new(m, &ALL, 9);
        Policy *p = open_through(m, a, true), *q = open_through(m, b, true);
        step(p, m);
        assert_int_equal(policy_save_state(p, dir, &err), 0);
        if (policy_load_state(q, dir, &err) != 0) fail_msg("%s", err.message);
        step(p, m), step(q, m);
        char one[65], other[65];
        adapter_hash(one, a), adapter_hash(other, b);
        assert_string_equal(one, other);
        assert_false(file_exists(scratch_path("state/model.safetensors")));
        policy_close(p), policy_close(q);
        adapter_free(a), adapter_free(b);
        model_free(m);
    }
}

/* Names and shapes as PEFT 0.13 gives them for LlamaForSequenceClassification and GPT2LMHeadModel. */
static void tensors_have_the_names_that_peft_gives_them(void **state)
{
    (void)state;
    const struct {
        const ModelConfig *config;
        int n, heads;
        const char *name;
        int rows, cols;
    } wanted[] = {
        {&WIDE_LLAMA, 29, 1, "base_model.model.model.layers.1.self_attn.k_proj.lora_A.weight", 3,
         37},
        {&WIDE_LLAMA, 29, 1, "base_model.model.model.layers.1.mlp.down_proj.lora_B.weight", 37, 3},
        {&WIDE_LLAMA, 29, 1, "base_model.model.score.weight", 1, 37},
        {&WIDE_GPT2, 16, 0, "base_model.model.transformer.h.0.attn.c_attn.lora_B.weight", 108, 3},
        {&WIDE_GPT2, 16, 0, "base_model.model.transformer.h.1.mlp.c_proj.lora_A.weight", 3, 53}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const char *dir = scratch_path("names");
        Safetensors *file = NULL;
        folder_remove(dir, &err), folder_make(dir, &err);
        Model *m = model_new(wanted[i].config, 1);
        Adapter *a = adapter_new(m, &ALL, 1);
        Policy *p = policy_open(
            m, &(PolicyOptions){.adapter = a, .heads = wanted[i].heads, .max_tokens = TOKENS});
        assert_int_equal(policy_save(p, dir, &err), 0);
        assert_int_equal(
            safetensors_open(&file, scratch_path("names/adapter_model.safetensors"), &err), 0);
        assert_int_equal(safetensors_count(file), wanted[i].n);
        const int at = safetensors_find(file, wanted[i].name);
        assert_true(at >= 0);
        assert_int_equal(safetensors_entry(file, at)->shape[0], wanted[i].rows);
        assert_int_equal(safetensors_entry(file, at)->shape[1], wanted[i].cols);
        safetensors_close(file);
        policy_close(p);
        adapter_free(a);
        model_free(m);
    }
}

static void the_config_says_what_peft_asks_for(void **state)
{
    (void)state;
    cJSON *json = NULL;
    Model *m = model_new(&WIDE_GPT2, 1);
    Adapter *a = adapter_new(m, &ALL, 1);
    assert_int_equal(adapter_save(a, m, scratch, 0, NULL, NULL, &err), 0);
    assert_int_equal(json_read(&json, scratch_path("adapter_config.json"), 1 << 16, false, &err),
                     0);
    assert_string_equal(json_text(json, "peft_type", ""), "LORA");
    assert_string_equal(json_text(json, "task_type", ""), "CAUSAL_LM");
    assert_true(json_number(json, "r", 0) == 3 && json_number(json, "lora_alpha", 0) == 6);
    assert_true(json_bool(json, "fan_in_fan_out", false));
    char *targets = cJSON_PrintUnformatted(cJSON_GetObjectItem(json, "target_modules"));
    assert_string_equal(targets, "[\"attn.c_attn\",\"attn.c_proj\",\"mlp.c_fc\",\"mlp.c_proj\"]");
    free(targets);
    cJSON_Delete(json);
    adapter_free(a);
    model_free(m);
}

static void a_base_of_the_hub_goes_by_its_name(void **state)
{
    (void)state;
    const char *dir = scratch_path("models--org--a-name/snapshots/0123abc");
    char base[4096];
    assert_int_equal(folder_make(dir, &err), 0);
    Model *m = model_new(&WIDE_LLAMA, 1);
    model_set_companions(m, dir);
    Adapter *a = adapter_new(m, &ALL, 1);
    assert_int_equal(adapter_save(a, m, scratch, 0, NULL, NULL, &err), 0);
    assert_int_equal(adapter_base(base, scratch, &err), 0);
    assert_string_equal(base, "org/a-name@0123abc");
    adapter_free(a);
    model_free(m);
}

/* Of a ...ForSequenceClassification, whose own head a new adapter does not replace. */
static void without_a_head_of_its_own_an_adapter_has_its_models(void **state)
{
    (void)state;
    ModelConfig config = WIDE_LLAMA;
    config.n_labels = 1;
    Model *m = model_new(&config, 1);
    m->score.weight = mem_calloc((size_t)config.C, sizeof *m->score.weight);
    m->score.bias = mem_calloc(1, sizeof *m->score.bias);
    for (int i = 0; i < config.C; i++) m->score.weight[i] = (float)i / 10;
    m->score.bias[0] = 3;
    Adapter *a = adapter_new(m, &ALL, 1);
    AskedBatch with = asked_through(m, a), without = asked_through(m, NULL);
    assert_memory_equal(with.value, without.value, (size_t)with.N * sizeof *with.value);
    assert_int_equal(adapter_score(a, m).n, 1);
    assert_ptr_equal(adapter_score(a, m).weight, m->score.weight);
    asked_free(&with), asked_free(&without);
    adapter_free(a);
    model_free(m);
}

/* A folder whose adapter_config.json has `member` in place of what was there. */
static void refused(const char *member, const char *message)
{
    char text[1024];
    Adapter *a = NULL;
    Model *m = model_new(&WIDE_LLAMA, 1);
    Adapter *good = adapter_new(m, &ALL, 1);
    assert_int_equal(adapter_save(good, m, scratch, 0, NULL, NULL, &err), 0);
    snprintf(text, sizeof text, "{\"peft_type\": \"LORA\", \"r\": 3, \"lora_alpha\": 6, %s}",
             member);
    assert_int_equal(file_write(scratch_path("adapter_config.json"), text, strlen(text), &err), 0);
    assert_int_equal(adapter_open(&a, m, scratch, &err), -1);
    if (!strstr(err.message, message)) fail_msg("%s: %s", member, err.message);
    adapter_free(good);
    model_free(m);
}

static void what_is_no_plain_lora_is_refused_by_name(void **state)
{
    (void)state;
    refused("\"use_dora\": true", "use_dora is not known here");
    refused("\"bias\": \"all\"", "bias is not known here");
    refused("\"layers_to_transform\": [1]", "layers_to_transform is not known here");
    refused("\"rank_pattern\": {\"q_proj\": 4}", "rank_pattern is not known here");
    refused("\"modules_to_save\": [\"lm_head\"]", "modules_to_save is not known here");
    refused("\"init_lora_weights\": \"pissa_niter_4\"", "changes the base's weights");
    refused("\"use_rslora\": \"yes\"", "use_rslora is not true or false");
    refused("\"some_new_thing\": \"on\"", "some_new_thing is not known here");
}

#define TARGETS(list) \
    "{\"peft_type\": \"LORA\", \"r\": 3, \"lora_alpha\": 6, \"target_modules\": " list "}"

static int opens_with(const Model *m, const AdapterConfig *c, const char *config)
{
    Adapter *saved = adapter_new(m, c, 1), *a = NULL;
    assert_int_equal(adapter_save(saved, m, scratch, 0, NULL, NULL, &err), 0);
    assert_int_equal(file_write(scratch_path("adapter_config.json"), config, strlen(config), &err),
                     0);
    const int rc = adapter_open(&a, m, scratch, &err);
    adapter_free(saved);
    adapter_free(a);
    return rc;
}

static void updates_of_other_modules_than_listed_are_refused(void **state)
{
    (void)state;
    const AdapterConfig value = {.rank = 3, .alpha = 6, .targets = TARGET_VALUE};
    Model *m = model_new(&WIDE_LLAMA, 1);
    assert_int_equal(opens_with(m, &value, TARGETS("[\"q_proj\"]")), -1);
    assert_says(&err, "target_modules lists q_proj, and adapter_model.safetensors has updates of "
                      "model.layers.0.self_attn.v_proj");
    assert_int_equal(opens_with(m, &value, TARGETS("[\"proj\"]")), -1);
    assert_says(&err, "adapter_model.safetensors has updates of model.layers.0.self_attn.v_proj, "
                      "which target_modules does not list");
    assert_int_equal(opens_with(m, &value, TARGETS("[\"q_proj\", \"v_proj\"]")), -1);
    assert_says(&err, "target_modules lists q_proj, and adapter_model.safetensors has no update");
    assert_int_equal(opens_with(m, &value, TARGETS("7")), -1);
    assert_says(&err, "target_modules is no list");
    model_free(m);
}

/* check_target_module_exists of PEFT: the whole name or what follows a dot; a text is a pattern. */
static void modules_are_listed_by_what_their_names_end_in(void **state)
{
    (void)state;
    const AdapterConfig value = {.rank = 3, .alpha = 6, .targets = TARGET_VALUE};
    static const char *const LISTS[] = {TARGETS("[\"v_proj\"]"),
                                        TARGETS("[\"self_attn.v_proj\", \"lm_head\"]"),
                                        TARGETS("\".*v_proj\""),
                                        TARGETS("[\"q_proj\", \"v_proj\"], "
                                                "\"exclude_modules\": [\"q_proj\"]"),
                                        TARGETS("null")};
    Model *m = model_new(&WIDE_LLAMA, 1);
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++)
        if (opens_with(m, &value, LISTS[i]) != 0) fail_msg("%s: %s", LISTS[i], err.message);
    model_free(m);
}

/* A folder has none, and PEFT may write "main" all the same. */
static void the_revision_is_of_a_repository_alone(void **state)
{
    (void)state;
    static const struct {
        const char *name, *base;
    } CASES[] = {{"/models/base", "/models/base"},
                 {"./base", "./base"},
                 {".", "."},
                 {"org/base", "org/base@main"}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char text[256], base[4096];
        snprintf(text, sizeof text, "{\"base_model_name_or_path\": \"%s\", \"revision\": \"main\"}",
                 CASES[i].name);
        assert_int_equal(file_write(scratch_path("adapter_config.json"), text, strlen(text), &err),
                         0);
        assert_int_equal(adapter_base(base, scratch, &err), 0);
        assert_string_equal(base, CASES[i].base);
    }
}

static void what_is_off_is_taken(void **state)
{
    (void)state;
    Model *m = model_new(&WIDE_LLAMA, 1);
    Adapter *good = moved_adapter(m, &ALL), *a = NULL;
    const char text[] =
        "{\"peft_type\": \"LORA\", \"r\": 3, \"lora_alpha\": 6, \"use_dora\": false, "
        "\"rank_pattern\": {}, \"layers_pattern\": null, \"lora_dropout\": 0.1, "
        "\"target_modules\": \"all-linear\", \"init_lora_weights\": true}";
    assert_int_equal(adapter_save(good, m, scratch, 0, NULL, NULL, &err), 0);
    assert_int_equal(file_write(scratch_path("adapter_config.json"), text, sizeof text - 1, &err),
                     0);
    if (adapter_open(&a, m, scratch, &err) != 0) fail_msg("%s", err.message);
    char one[65], other[65];
    adapter_hash(one, good), adapter_hash(other, a);
    assert_string_equal(one, other);
    adapter_free(good), adapter_free(a);
    model_free(m);
}

/* All members of LoraConfig of PEFT 0.13, as it writes them; get_peft_model puts the two names into
 * modules_to_save of a SEQ_CLS and of no other task. */
static void configs_of_peft_are_taken(void **state)
{
    (void)state;
    static const char FORM[] =
        "{\n  \"alpha_pattern\": {},\n  \"auto_mapping\": null,\n"
        "  \"base_model_name_or_path\": \"org/base\",\n  \"bias\": \"none\",\n"
        "  \"fan_in_fan_out\": false,\n  \"inference_mode\": true,\n"
        "  \"init_lora_weights\": true,\n  \"layer_replication\": null,\n"
        "  \"layers_pattern\": null,\n  \"layers_to_transform\": null,\n"
        "  \"loftq_config\": {},\n  \"lora_alpha\": 6,\n  \"lora_dropout\": 0.0,\n"
        "  \"megatron_config\": null,\n  \"megatron_core\": \"megatron.core\",\n"
        "  \"modules_to_save\": %s,\n  \"peft_type\": \"LORA\",\n  \"r\": 3,\n"
        "  \"rank_pattern\": {},\n  \"revision\": null,\n"
        "  \"target_modules\": [\n    \"v_proj\",\n    \"q_proj\"\n  ],\n"
        "  \"task_type\": \"%s\",\n  \"use_dora\": false,\n  \"use_rslora\": false\n}";
    const AdapterConfig c = {.rank = 3, .alpha = 6, .targets = TARGET_QUERY | TARGET_VALUE};
    const float score[37] = {[5] = 0.5F};
    const struct {
        const char *saved, *task;
        int labels;
    } kinds[] = {{"null", "CAUSAL_LM", 0},
                 {"[\n    \"classifier\",\n    \"score\"\n  ]", "SEQ_CLS", 1}};
    Model *m = model_new(&WIDE_LLAMA, 1);
    Adapter *good = moved_adapter(m, &c);
    char text[2048], one[65], other[65];
    adapter_hash(one, good);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        Adapter *a = NULL;
        assert_int_equal(adapter_save(good, m, scratch, kinds[i].labels, score, (float[]){0}, &err),
                         0);
        snprintf(text, sizeof text, FORM, kinds[i].saved, kinds[i].task);
        assert_int_equal(file_write(scratch_path("adapter_config.json"), text, strlen(text), &err),
                         0);
        if (adapter_open(&a, m, scratch, &err) != 0) fail_msg("%s", err.message);
        adapter_hash(other, a);
        assert_string_equal(one, other);
        assert_int_equal(a->score.n_labels, kinds[i].labels);
        if (a->score.n_labels) assert_memory_equal(a->score.weight, score, sizeof score);
        adapter_free(a);
    }
    adapter_free(good);
    model_free(m);
}

/* As PEFT's own files mostly are; after training BF16 no longer holds them. */
static void half_precision_matrices_stay_so(void **state)
{
    (void)state;
    const AdapterConfig c = {.rank = 3, .alpha = 6, .targets = TARGETS_ATTENTION};
    Model *m = model_new(&WIDE_LLAMA, 1);
    Adapter *a = moved_adapter(m, &c), *back = NULL;
    for (size_t i = 0; i < a->parameters.n; i++) a->parameters.w[i] = (real)(i % 64) / 8;
    a->type = DTYPE_BF16;
    for (int i = 0; i < 2; i++) {
        Safetensors *s = NULL;
        assert_int_equal(adapter_save(a, m, scratch, 0, NULL, NULL, &err), 0);
        assert_int_equal(safetensors_open(&s, scratch_path("adapter_model.safetensors"), &err), 0);
        for (int k = 0; k < safetensors_count(s); k++)
            assert_string_equal(safetensors_entry(s, k)->dtype, i == 0 ? "BF16" : "F32");
        safetensors_close(s);
        if (adapter_open(&back, m, scratch, &err) != 0) fail_msg("%s", err.message);
        assert_int_equal(back->type, i == 0 ? DTYPE_BF16 : DTYPE_F32);
        adapter_free(back);
        a->parameters.w[a->update[0].b_at] = (real)0.1;
    }
    adapter_free(a);
    model_free(m);
}

/* EVA begins with vectors of the activations and leaves the base as it is. */
static void a_start_by_eva_is_taken(void **state)
{
    (void)state;
    static const char TEXT[] =
        "{\"peft_type\": \"LORA\", \"r\": 3, \"lora_alpha\": 6, \"init_lora_weights\": \"eva\", "
        "\"eva_config\": {\"rho\": 1.0, \"tau\": 0.99, \"use_label_mask\": true, "
        "\"label_mask_value\": -100, \"whiten\": false, \"adjust_scaling_factors\": true}}";
    Model *m = model_new(&WIDE_LLAMA, 1);
    Adapter *good = moved_adapter(m, &ALL), *a = NULL;
    assert_int_equal(adapter_save(good, m, scratch, 0, NULL, NULL, &err), 0);
    assert_int_equal(file_write(scratch_path("adapter_config.json"), TEXT, strlen(TEXT), &err), 0);
    if (adapter_open(&a, m, scratch, &err) != 0) fail_msg("%s", err.message);
    adapter_free(good), adapter_free(a);
    model_free(m);
}

static void an_adapter_of_another_base_is_refused(void **state)
{
    (void)state;
    Adapter *a = NULL;
    Model *m = model_new(&WIDE_LLAMA, 1), *tiny = model_new(&TINY_LLAMA, 1);
    Adapter *good = adapter_new(m, &ALL, 1);
    assert_int_equal(adapter_save(good, m, scratch, 0, NULL, NULL, &err), 0);
    assert_int_equal(adapter_open(&a, tiny, scratch, &err), -1);
    assert_non_null(strstr(err.message, "as its rank and the base say"));
    adapter_free(good);
    model_free(m);
    model_free(tiny);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_gives_the_same_bits_and_state_back),
        cmocka_unit_test(tensors_have_the_names_that_peft_gives_them),
        cmocka_unit_test(the_config_says_what_peft_asks_for),
        cmocka_unit_test(a_base_of_the_hub_goes_by_its_name),
        cmocka_unit_test(without_a_head_of_its_own_an_adapter_has_its_models),
        cmocka_unit_test(what_is_no_plain_lora_is_refused_by_name),
        cmocka_unit_test(updates_of_other_modules_than_listed_are_refused),
        cmocka_unit_test(modules_are_listed_by_what_their_names_end_in),
        cmocka_unit_test(the_revision_is_of_a_repository_alone),
        cmocka_unit_test(what_is_off_is_taken),
        cmocka_unit_test(configs_of_peft_are_taken),
        cmocka_unit_test(half_precision_matrices_stay_so),
        cmocka_unit_test(a_start_by_eva_is_taken),
        cmocka_unit_test(an_adapter_of_another_base_is_refused),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
