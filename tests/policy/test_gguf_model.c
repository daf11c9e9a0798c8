/* Models as GGUF files: names, shapes, keys and values of each family, beside llama.cpp's. */
#include "policy/gguf_model.h"

#include "policy/safetensors.h"
#include "tests/gguf_reader.h"
#include "tests/models.h"

static Error err;

/* Five tokens; a model has more rows. */
static const char TOKENIZER[] =
    "{\"added_tokens\":[{\"id\":4,\"content\":\"<end>\",\"special\":true}],"
    "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":true},"
    "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,\"c\":3},"
    "\"merges\":[\"a b\"]}}";

static const char *tokenizer_folder(void)
{
    const char *dir = scratch_folder("tokenizer", true);
    scratch_write(scratch_path("tokenizer/tokenizer.json"), TOKENIZER);
    scratch_write(scratch_path("tokenizer/tokenizer_config.json"), "{\"eos_token\":\"<end>\"}");
    return dir;
}

static ReadGguf written(const Model *m, GgufType type)
{
    const char *path = scratch_path("model.gguf");
    assert_worked(gguf_model_write(m, tokenizer_folder(), "trial", type, path, &err), &err);
    return gguf_read(path);
}

typedef struct {
    const char *name;
    int type, cols, rows; /* rows 0: a vector */
} Shape;

static void assert_shapes(const ReadGguf *g, const Shape *shape, int n)
{
    for (int i = 0; i < n; i++) {
        const ReadTensor *t = read_tensor(g, shape[i].name);
        assert_int_equal(t->type, shape[i].type);
        assert_int_equal(t->n_dims, shape[i].rows ? 2 : 1);
        assert_int_equal(t->dim[0], shape[i].cols);
        assert_int_equal(t->dim[1], shape[i].rows ? shape[i].rows : 1);
    }
    assert_int_equal(g->n_tensors, n);
}

static void assert_u32(const ReadGguf *g, const char *name, uint32_t expected)
{
    if (read_u32(g, name) != expected)
        fail_msg("%s is %u, expected %u", name, read_u32(g, name), expected);
}

/* Row r of the tensor is r everywhere, for one layer's tensor of that name in the file. */
static void number_rows(Model *m, const char *name)
{
    for (int i = 0; i < m->n_tensors; i++) {
        const Tensor *t = &m->tensor[i];
        if (strcmp(t->name, name) != 0) continue;
        const int rows = t->vector ? t->cols : t->rows, cols = t->vector ? 1 : t->cols;
        for (int k = 0; k < rows * cols; k++) {
            const real row = (real)(k / cols);
            buffer_write(m->parameters.w + t->at + k, &row, 1);
        }
        return;
    }
    fail_msg("no tensor %s", name);
}

static void assert_rows(const ReadGguf *g, const char *name, const int *row, int n)
{
    const ReadTensor *t = read_tensor(g, name);
    const uint64_t cols = t->n_dims == 1 ? 1 : t->dim[0];
    for (int i = 0; i < n; i++)
        for (uint64_t c = 0; c < cols; c++)
            assert_int_equal((int)read_value(t, (uint64_t)i * cols + c), row[i]);
}

static void gpt2_has_its_names_shapes_and_keys(void **state)
{
    (void)state;
    Model *m = model_new(&TINY_GPT2, 1); /* C 16, F 40, V 23, T 32 */
    ReadGguf g = written(m, GGUF_F16);
    const Shape SHAPES[] = {
        {"token_embd.weight", 1, 16, 23},        {"position_embd.weight", 0, 16, 32},
        {"blk.0.attn_qkv.weight", 1, 16, 48},    {"blk.0.attn_qkv.bias", 0, 48, 0},
        {"blk.0.attn_output.weight", 1, 16, 16}, {"blk.0.attn_output.bias", 0, 16, 0},
        {"blk.0.ffn_up.weight", 1, 16, 40},      {"blk.0.ffn_up.bias", 0, 40, 0},
        {"blk.0.ffn_down.weight", 1, 40, 16},    {"blk.0.ffn_down.bias", 0, 16, 0},
        {"blk.0.attn_norm.weight", 0, 16, 0},    {"blk.0.attn_norm.bias", 0, 16, 0},
        {"blk.0.ffn_norm.weight", 0, 16, 0},     {"blk.0.ffn_norm.bias", 0, 16, 0},
        {"output_norm.weight", 0, 16, 0},        {"output_norm.bias", 0, 16, 0}};
    assert_shapes(&g, SHAPES, sizeof SHAPES / sizeof *SHAPES);
    assert_string_equal(read_text(&g, "general.architecture"), "gpt2");
    assert_string_equal(read_text(&g, "general.name"), "trial");
    assert_u32(&g, "general.file_type", 1);
    assert_u32(&g, "general.quantization_version", 2);
    assert_u32(&g, "gpt2.vocab_size", 23);
    assert_u32(&g, "gpt2.context_length", 32);
    assert_u32(&g, "gpt2.embedding_length", 16);
    assert_u32(&g, "gpt2.block_count", 1);
    assert_u32(&g, "gpt2.feed_forward_length", 40);
    assert_u32(&g, "gpt2.attention.head_count", 2);
    assert_u32(&g, "gpt2.attention.head_count_kv", 2);
    assert_true(read_f32(&g, "gpt2.attention.layer_norm_epsilon") == 1e-5f);
    assert_null(read_key(&g, "gpt2.rope.freq_base"));
    gguf_read_free(&g);
    model_free(m);
}

/* The file of transformers has c_attn as (in, out); llama.cpp has every matrix as rows of its outputs. */
static void gpt2_matrices_are_turned_from_the_hub_s_form(void **state)
{
    (void)state;
    char dir[512];
    Model *m;
    Safetensors *s;
    snprintf(dir, sizeof dir, "%s/tests/golden/gpt2-tiny", RLHF_SOURCE_DIR);
    assert_worked(model_open(&m, dir, &err), &err);
    assert_worked(safetensors_open_folder(&s, dir, &err), &err);
    const int index = safetensors_find(s, "h.1.attn.c_attn.weight");
    const SafetensorsEntry *entry = safetensors_entry(s, index);
    const int64_t in = entry->shape[0], out = entry->shape[1];
    float *here = mem_calloc((size_t)entry->count, sizeof *here);
    assert_worked(safetensors_read(s, index, here, &err), &err);
    ReadGguf g = written(m, GGUF_F32);
    const ReadTensor *there = read_tensor(&g, "blk.1.attn_qkv.weight");
    assert_int_equal(there->dim[0], in);
    assert_int_equal(there->dim[1], out);
    for (int64_t r = 0; r < out; r++)
        for (int64_t c = 0; c < in; c++)
            assert_true(read_value(there, (uint64_t)(r * in + c)) == here[c * out + r]);
    gguf_read_free(&g);
    safetensors_close(s);
    free(here);
    model_free(m);
}

static void llama_has_its_names_shapes_and_keys(void **state)
{
    (void)state;
    ModelConfig c = TINY_LLAMA; /* 4 and 2 heads of 6 beside a width of 20, F 28, V 23 */
    c.rope_theta = 500000;
    Model *m = model_new(&c, 1);
    ReadGguf g = written(m, GGUF_BF16);
    const Shape SHAPES[] = {{"token_embd.weight", 30, 20, 23},
                            {"blk.0.attn_q.weight", 30, 20, 24},
                            {"blk.0.attn_k.weight", 30, 20, 12},
                            {"blk.0.attn_v.weight", 30, 20, 12},
                            {"blk.0.attn_output.weight", 30, 24, 20},
                            {"blk.0.ffn_gate.weight", 30, 20, 28},
                            {"blk.0.ffn_up.weight", 30, 20, 28},
                            {"blk.0.ffn_down.weight", 30, 28, 20},
                            {"output.weight", 30, 20, 23},
                            {"blk.0.attn_norm.weight", 0, 20, 0},
                            {"blk.0.ffn_norm.weight", 0, 20, 0},
                            {"output_norm.weight", 0, 20, 0}};
    assert_shapes(&g, SHAPES, sizeof SHAPES / sizeof *SHAPES);
    assert_string_equal(read_text(&g, "general.architecture"), "llama");
    assert_u32(&g, "general.file_type", 32);
    assert_u32(&g, "llama.attention.head_count", 4);
    assert_u32(&g, "llama.attention.head_count_kv", 2);
    assert_u32(&g, "llama.attention.key_length", 6);
    assert_u32(&g, "llama.attention.value_length", 6);
    assert_u32(&g, "llama.rope.dimension_count", 6);
    assert_true(read_f32(&g, "llama.rope.freq_base") == 500000);
    assert_true(read_f32(&g, "llama.attention.layer_norm_rms_epsilon") == 1e-5f);
    assert_null(read_key(&g, "llama.rope.scaling.type"));
    assert_null(read_key(&g, "llama.attention.sliding_window"));
    gguf_read_free(&g);
    model_free(m);
}

/* Heads of 6: a query's pairs are (0,3) (1,4) (2,5) here and (0,1) (2,3) (4,5) there. */
static void llama_queries_and_keys_have_their_pairs_side_by_side(void **state)
{
    (void)state;
    static const int PAIRED[] = {0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11};
    static const int PLAIN[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    const Family FAMILIES[] = {FAMILY_LLAMA, FAMILY_MISTRAL};
    for (int i = 0; i < 2; i++) {
        ModelConfig c = TINY_LLAMA;
        c.family = FAMILIES[i];
        Model *m = model_new(&c, 1);
        number_rows(m, "model.layers.0.self_attn.q_proj.weight");
        number_rows(m, "model.layers.0.self_attn.k_proj.weight");
        number_rows(m, "model.layers.0.self_attn.v_proj.weight");
        ReadGguf g = written(m, GGUF_F32);
        assert_rows(&g, "blk.0.attn_q.weight", PAIRED, 12);
        assert_rows(&g, "blk.0.attn_k.weight", PAIRED, 12);
        assert_rows(&g, "blk.0.attn_v.weight", PLAIN, 12);
        gguf_read_free(&g);
        model_free(m);
    }
}

static ModelConfig square(Family family)
{
    ModelConfig c = TINY_LLAMA;
    c.family = family;
    c.C = 24; /* 4 heads of 6 */
    c.attention_bias = true;
    return c;
}

static void biases_of_queries_and_keys_move_with_their_rows(void **state)
{
    (void)state;
    const ModelConfig c = square(FAMILY_LLAMA);
    Model *m = model_new(&c, 1);
    number_rows(m, "model.layers.0.self_attn.k_proj.bias");
    ReadGguf g = written(m, GGUF_F16);
    assert_rows(&g, "blk.0.attn_k.bias", (const int[]){0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11}, 12);
    gguf_read_free(&g);
    model_free(m);
}

static void qwen_keeps_the_order_of_rows(void **state)
{
    (void)state;
    static const int PLAIN[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    const ModelConfig c = square(FAMILY_QWEN2);
    Model *m = model_new(&c, 1);
    number_rows(m, "model.layers.0.self_attn.q_proj.weight");
    number_rows(m, "model.layers.0.self_attn.k_proj.bias");
    ReadGguf g = written(m, GGUF_F32);
    assert_string_equal(read_text(&g, "general.architecture"), "qwen2");
    assert_rows(&g, "blk.0.attn_q.weight", PLAIN, 12);
    assert_rows(&g, "blk.0.attn_k.bias", PLAIN, 12);
    assert_int_equal(read_tensor(&g, "blk.0.attn_v.bias")->dim[0], 12);
    gguf_read_free(&g);
    model_free(m);
}

/* Tied: the output is the embedding and not written twice. */
static void qwen3_has_norms_of_heads_and_no_second_embedding(void **state)
{
    (void)state;
    Model *m = model_new(&WIDE_QWEN3, 1); /* heads of 18, width 37: no row is whole blocks of 32 */
    ReadGguf g = written(m, GGUF_Q8_0);
    assert_string_equal(read_text(&g, "general.architecture"), "qwen3");
    assert_u32(&g, "general.file_type", 7);
    assert_int_equal(g.n_tensors, 2 + 2 * 11);
    assert_int_equal(read_tensor(&g, "blk.1.attn_q_norm.weight")->dim[0], 18);
    assert_int_equal(read_tensor(&g, "blk.1.attn_k_norm.weight")->type, 0);
    assert_int_equal(read_tensor(&g, "token_embd.weight")->type, 1);
    gguf_read_free(&g);
    model_free(m);
}

/* F 64 is two blocks, the width 20 none. */
static void q8_0_is_for_rows_of_whole_blocks(void **state)
{
    (void)state;
    ModelConfig c = TINY_LLAMA;
    c.F = 64;
    Model *m = model_new(&c, 1);
    ReadGguf g = written(m, GGUF_Q8_0);
    assert_int_equal(read_tensor(&g, "blk.0.ffn_down.weight")->type, 8);
    assert_int_equal(read_tensor(&g, "blk.0.ffn_up.weight")->type, 1);
    assert_int_equal(read_tensor(&g, "output_norm.weight")->type, 0);
    gguf_read_free(&g);
    model_free(m);
}

static void a_linear_rope_scaling_is_two_keys(void **state)
{
    (void)state;
    ModelConfig c = WIDE_QWEN3;
    c.rope_scaling = (RopeScaling){.kind = ROPE_LINEAR, .factor = 2.5};
    Model *m = model_new(&c, 1);
    ReadGguf g = written(m, GGUF_F16);
    assert_string_equal(read_text(&g, "qwen3.rope.scaling.type"), "linear");
    assert_true(read_f32(&g, "qwen3.rope.scaling.factor") == 2.5f);
    gguf_read_free(&g);
    model_free(m);
}

/* Heads of 6 and theta 10000: radians per token 1, 10000^(-1/3) = 0.0464 and 0.00215, so in 128 tokens 20.4,
 * 0.946 and 0.044 turns.  More than 4 stay, less than 0.5 are slowed 8 times; between, m = (0.946 - 0.5) /
 * 3.5 = 0.1273 is mixed: 1 / ((1 - m) / 8 + m) = 4.231. */
static void a_llama3_rope_scaling_is_a_tensor(void **state)
{
    (void)state;
    ModelConfig c = TINY_LLAMA;
    c.rope_scaling = (RopeScaling){ROPE_LLAMA3, 8, 0.5, 4, 128};
    Model *m = model_new(&c, 1);
    ReadGguf g = written(m, GGUF_F16);
    const ReadTensor *t = read_tensor(&g, "rope_freqs.weight");
    assert_int_equal(t->n_dims, 1);
    assert_int_equal(t->dim[0], 3);
    assert_true(read_value(t, 0) == 1);
    assert_true(fabsf(read_value(t, 1) - 4.231F) < 1e-3F);
    assert_true(fabsf(read_value(t, 2) - 8) < 1e-6F);
    assert_null(read_key(&g, "llama.rope.scaling.type"));
    gguf_read_free(&g);
    model_free(m);
}

/* Beyond its window llama.cpp would compute another model. */
static void the_context_ends_at_a_window(void **state)
{
    (void)state;
    ModelConfig c = TINY_LLAMA;
    c.family = FAMILY_MISTRAL;
    c.window = 16, c.max_T = 32;
    Model *m = model_new(&c, 1);
    ReadGguf g = written(m, GGUF_F16);
    assert_string_equal(read_text(&g, "general.architecture"), "llama");
    assert_u32(&g, "llama.context_length", 16);
    assert_u32(&g, "llama.attention.sliding_window", 16);
    gguf_read_free(&g);
    model_free(m);
}

static void refused(ModelConfig c, const char *words)
{
    Model *m = model_new(&c, 1);
    const char *path = scratch_path("refused.gguf");
    assert_int_equal(gguf_model_write(m, tokenizer_folder(), "x", GGUF_F16, path, &err), -1);
    assert_says(&err, words);
    assert_false(file_exists(path));
    model_free(m);
}

static void what_llama_cpp_does_not_compute_is_refused(void **state)
{
    (void)state;
    ModelConfig scaled = WIDE_QWEN3, biased = WIDE_QWEN3, narrow = TINY_LLAMA;
    scaled.rope_scaling = (RopeScaling){ROPE_LLAMA3, 8, 1, 4, 128};
    refused(scaled, "llama.cpp's qwen3 has no rope_scaling of the kind llama3");
    biased.attention_bias = biased.out_bias = true;
    refused(biased, "llama.cpp's qwen3 has no attention_bias");
    narrow.attention_bias = true;
    refused(narrow, "only where the heads are as wide as the model, not 4 x 6 beside 20");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpt2_has_its_names_shapes_and_keys),
        cmocka_unit_test(gpt2_matrices_are_turned_from_the_hub_s_form),
        cmocka_unit_test(llama_has_its_names_shapes_and_keys),
        cmocka_unit_test(llama_queries_and_keys_have_their_pairs_side_by_side),
        cmocka_unit_test(biases_of_queries_and_keys_move_with_their_rows),
        cmocka_unit_test(qwen_keeps_the_order_of_rows),
        cmocka_unit_test(qwen3_has_norms_of_heads_and_no_second_embedding),
        cmocka_unit_test(q8_0_is_for_rows_of_whole_blocks),
        cmocka_unit_test(a_linear_rope_scaling_is_two_keys),
        cmocka_unit_test(a_llama3_rope_scaling_is_a_tensor),
        cmocka_unit_test(the_context_ends_at_a_window),
        cmocka_unit_test(what_llama_cpp_does_not_compute_is_refused),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
