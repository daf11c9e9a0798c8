#include "policy/gguf_model.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/gguf.h"
#include "policy/gguf_tokenizer.h"
#include "policy/safetensors_buffer.h"

enum { QUANTIZATION_VERSION = 2 }; /* ggml's form of Q8_0 */

static bool llama_like(const ModelConfig *c)
{
    return c->family == FAMILY_LLAMA || c->family == FAMILY_MISTRAL;
}

/* Mistral is computed as Llama is. */
static const char *architecture(const ModelConfig *c)
{
    switch (c->family) {
    case FAMILY_GPT2: return "gpt2";
    case FAMILY_QWEN2: return "qwen2";
    case FAMILY_QWEN3: return "qwen3";
    default: return "llama";
    }
}

/* Configurations that llama.cpp has no tensor or no arithmetic for. */
static int check_expressible(const ModelConfig *c, Error *err)
{
    const char *name = architecture(c);
    if (c->rope_scaling.kind == ROPE_LLAMA3 && !llama_like(c))
        return error_set(err, "llama.cpp's %s has no rope_scaling of the kind llama3", name);
    if (c->family == FAMILY_QWEN3 && c->attention_bias)
        return error_set(err, "llama.cpp's qwen3 has no attention_bias");
    if (c->attention_bias && c->NH * c->HD != c->C)
        return error_set(err,
                         "llama.cpp's %s has biases of query and key only where the heads are as "
                         "wide as the model, not %d x %d beside %d",
                         name, c->NH, c->HD, c->C);
    return 0;
}

/* ---- keys ---------------------------------------------------------------------------------------- */

static int file_type(GgufType type)
{
    switch (type) {
    case GGUF_F32: return 0;
    case GGUF_F16: return 1;
    case GGUF_Q8_0: return 7;
    default: return 32; /* bf16 */
    }
}

static const char *key_of(char *room, size_t n, const ModelConfig *c, const char *what)
{
    snprintf(room, n, "%s.%s", architecture(c), what);
    return room;
}

static void put_count(GgufKeys *k, const ModelConfig *c, const char *what, int value)
{
    char key[96];
    gguf_put_u32(k, key_of(key, sizeof key, c, what), (uint32_t)value);
}

static void put_real(GgufKeys *k, const ModelConfig *c, const char *what, double value)
{
    char key[96];
    gguf_put_f32(k, key_of(key, sizeof key, c, what), (float)value);
}

/* A scaling of the kind llama3 is a tensor (list_rope_factors) and no key. */
static void put_rope(GgufKeys *k, const ModelConfig *c)
{
    char key[96];
    put_count(k, c, "rope.dimension_count", c->HD);
    put_real(k, c, "rope.freq_base", c->rope_theta);
    if (c->rope_scaling.kind != ROPE_LINEAR) return;
    gguf_put_text(k, key_of(key, sizeof key, c, "rope.scaling.type"), "linear");
    put_real(k, c, "rope.scaling.factor", c->rope_scaling.factor);
}

/* llama.cpp has no sliding window for Mistral: beyond it, it would attend to more than the model was trained
 * to. */
static int context(const ModelConfig *c)
{
    return c->window > 0 && c->window < c->max_T ? c->window : c->max_T;
}

static void put_architecture(GgufKeys *k, const ModelConfig *c, const char *name, GgufType type)
{
    gguf_put_text(k, "general.architecture", architecture(c));
    gguf_put_text(k, "general.type", "model");
    gguf_put_text(k, "general.name", name);
    gguf_put_u32(k, "general.file_type", (uint32_t)file_type(type));
    gguf_put_u32(k, "general.quantization_version", QUANTIZATION_VERSION);
    put_count(k, c, "vocab_size", c->V);
    put_count(k, c, "context_length", context(c));
    put_count(k, c, "embedding_length", c->C);
    put_count(k, c, "block_count", c->n_layer);
    put_count(k, c, "feed_forward_length", c->F);
    put_count(k, c, "attention.head_count", c->NH);
    put_count(k, c, "attention.head_count_kv", c->NKV);
    put_count(k, c, "attention.key_length", c->HD);
    put_count(k, c, "attention.value_length", c->HD);
    put_real(k, c,
             c->rms_norm ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon",
             c->norm_eps);
    if (c->window > 0) put_count(k, c, "attention.sliding_window", c->window);
    if (!c->learned_positions) put_rope(k, c);
}

/* ---- tensors ------------------------------------------------------------------------------------- */

static const char *const NAMES[][2] = {
    {"transformer.wte", "token_embd"},   {"transformer.wpe", "position_embd"},
    {"transformer.ln_f", "output_norm"}, {"model.embed_tokens", "token_embd"},
    {"model.norm", "output_norm"},       {"lm_head", "output"},
};
/* After transformer.h.N or model.layers.N here, after blk.N there. */
static const char *const BLOCK_NAMES[][2] = {
    {"ln_1", "attn_norm"},
    {"attn.c_attn", "attn_qkv"},
    {"attn.c_proj", "attn_output"},
    {"ln_2", "ffn_norm"},
    {"mlp.c_fc", "ffn_up"},
    {"mlp.c_proj", "ffn_down"},
    {"input_layernorm", "attn_norm"},
    {"self_attn.q_proj", "attn_q"},
    {"self_attn.k_proj", "attn_k"},
    {"self_attn.v_proj", "attn_v"},
    {"self_attn.q_norm", "attn_q_norm"},
    {"self_attn.k_norm", "attn_k_norm"},
    {"self_attn.o_proj", "attn_output"},
    {"post_attention_layernorm", "ffn_norm"},
    {"mlp.gate_proj", "ffn_gate"},
    {"mlp.up_proj", "ffn_up"},
    {"mlp.down_proj", "ffn_down"},
};

static const char *renamed(const char *const (*table)[2], size_t n, const char *stem)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i][0], stem) == 0) return table[i][1];
    assert(!"every tensor of a family has a name there");
    return stem;
}

static void name_tensor(char out[GGUF_NAME_MAX], const char *name)
{
    char stem[sizeof((Tensor *)0)->name];
    int layer, at = 0;
    snprintf(stem, sizeof stem, "%s", name);
    char *end = strrchr(stem, '.');
    *end++ = '\0'; /* "weight" or "bias" */
    if (sscanf(stem, "transformer.h.%d.%n", &layer, &at) == 1 ||
        sscanf(stem, "model.layers.%d.%n", &layer, &at) == 1)
        snprintf(out, GGUF_NAME_MAX, "blk.%d.%s.%s", layer,
                 renamed(BLOCK_NAMES, sizeof BLOCK_NAMES / sizeof *BLOCK_NAMES, stem + at), end);
    else
        snprintf(out, GGUF_NAME_MAX, "%s.%s", renamed(NAMES, sizeof NAMES / sizeof *NAMES, stem),
                 end);
}

/* Where the rows of a tensor come from. */
typedef struct {
    const real *at; /* first, as safetensors_from_buffer wants it */
    int cols;
    int HD; /* of queries and keys whose pairs are turned side by side; 0: rows keep their order */
} Rows;

/* Rotary positions turn pairs of numbers of a head: i and i + HD/2 as transformers lays the heads out, 2 i
 * and 2 i + 1 in llama.cpp's llama. */
static int64_t row_here(const Rows *r, int64_t row)
{
    if (r->HD == 0) return row;
    const int64_t head = row / r->HD, i = row % r->HD;
    return head * r->HD + i % 2 * (r->HD / 2) + i / 2;
}

static void read_matrix_row(float *out, void *context, int64_t row)
{
    const Rows *r = context;
    safetensors_from_buffer(out, context, row_here(r, row) * r->cols, r->cols);
}

/* A bias moves with its rows. */
static void read_vector(float *out, void *context, int64_t row)
{
    const Rows *r = context;
    (void)row;
    for (int i = 0; i < r->cols; i++) safetensors_from_buffer(out + i, context, row_here(r, i), 1);
}

static bool is_query_or_key(const Tensor *t)
{
    return strstr(t->name, ".q_proj.") || strstr(t->name, ".k_proj.");
}

/* Learned positions are added to the stream as they are, and only F32 is sure to be taken. */
static GgufType type_of(const Tensor *t, GgufType type)
{
    if (t->vector || strcmp(t->name, "transformer.wpe.weight") == 0) return GGUF_F32;
    return type == GGUF_Q8_0 && t->cols % GGUF_BLOCK != 0 ? GGUF_F16 : type;
}

static void list_tensor(GgufTensor *out, Rows *rows, const Model *m, const Tensor *t, GgufType type)
{
    const bool regroup = llama_like(&m->config) && is_query_or_key(t);
    *rows = (Rows){m->parameters.w + t->at, t->cols, regroup ? m->config.HD : 0};
    *out = (GgufTensor){.type = type_of(t, type),
                        .vector = t->vector,
                        .rows = t->rows,
                        .cols = t->cols,
                        .read_row = t->vector ? read_vector : read_matrix_row,
                        .context = rows};
    name_tensor(out->name, t->name);
}

/* What every frequency is divided by: 1 for the fast pairs, the factor for the slow ones. */
typedef struct {
    float *factor;
    int n; /* HD / 2 */
} RopeFactors;

static RopeFactors rope_factors(const ModelConfig *c)
{
    const int n = c->HD / 2;
    const RopeScaling none = {.kind = ROPE_DEFAULT};
    RopeFactors f = {mem_calloc((size_t)n, sizeof *f.factor), n};
    double *plain = mem_calloc((size_t)n, sizeof *plain);
    double *scaled = mem_calloc((size_t)n, sizeof *scaled);
    rope_frequencies(plain, c->rope_theta, &none, c->HD);
    rope_frequencies(scaled, c->rope_theta, &c->rope_scaling, c->HD);
    for (int i = 0; i < n; i++) f.factor[i] = (float)(plain[i] / scaled[i]);
    free(plain), free(scaled);
    return f;
}

static void read_rope_factors(float *out, void *context, int64_t row)
{
    const RopeFactors *f = context;
    (void)row;
    memcpy(out, f->factor, (size_t)f->n * sizeof *out);
}

static void list_rope_factors(GgufTensor *out, RopeFactors *f)
{
    *out = (GgufTensor){.name = "rope_freqs.weight",
                        .vector = true,
                        .rows = 1,
                        .cols = f->n,
                        .read_row = read_rope_factors,
                        .context = f};
}

static int write_tensors(const Model *m, const GgufKeys *keys, GgufType type, const char *path,
                         Error *err)
{
    GgufTensor *list = mem_calloc((size_t)m->n_tensors + 1, sizeof *list);
    Rows *rows = mem_calloc((size_t)m->n_tensors, sizeof *rows);
    RopeFactors factors = {0};
    int n = 0;
    if (m->config.rope_scaling.kind == ROPE_LLAMA3) {
        factors = rope_factors(&m->config);
        list_rope_factors(&list[n++], &factors);
    }
    for (int i = 0; i < m->n_tensors; i++)
        list_tensor(&list[n++], &rows[i], m, &m->tensor[i], type);
    const int rc = gguf_write(path, keys, list, n, err);
    free(factors.factor);
    free(rows);
    free(list);
    return rc;
}

static int put_keys(GgufKeys *keys, const ModelConfig *c, const char *tokenizer, const char *name,
                    GgufType type, Error *err)
{
    if (check_expressible(c, err) != 0) return -1;
    put_architecture(keys, c, name, type);
    return gguf_put_tokenizer(keys, tokenizer, c, err);
}

int gguf_model_check(const Model *m, const char *tokenizer, Error *err)
{
    GgufKeys keys = {0};
    const int rc = put_keys(&keys, &m->config, tokenizer, "", GGUF_F32, err);
    gguf_keys_free(&keys);
    return rc;
}

int gguf_model_write(const Model *m, const char *tokenizer, const char *name, GgufType type,
                     const char *path, Error *err)
{
    GgufKeys keys = {0};
    int rc = put_keys(&keys, &m->config, tokenizer, name, type, err);
    if (rc == 0) rc = write_tensors(m, &keys, type, path, err);
    gguf_keys_free(&keys);
    return rc;
}
