#include "policy/model_config.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

enum {
    CONFIG_LIMIT = 1 << 20,
    DIMENSION_MAX = 1 << 24,
    ROPE_MAX =
        1 << 28, /* numbers in the table of positions: twice a context of 2^20 with heads of 128 */
};

/* Ours alone: whoever does not know it leaves it. */
static const char COMPUTE_KEY[] = "rlhf_compute";

typedef struct {
    const char *type;  /* model_type */
    const char *class; /* of transformers, without what it is for */
} FamilyWords;
static const FamilyWords FAMILIES[] = {[FAMILY_GPT2] = {"gpt2", "GPT2"},
                                       [FAMILY_LLAMA] = {"llama", "Llama"},
                                       [FAMILY_MISTRAL] = {"mistral", "Mistral"},
                                       [FAMILY_QWEN2] = {"qwen2", "Qwen2"},
                                       [FAMILY_QWEN3] = {"qwen3", "Qwen3"}};
enum { N_FAMILIES = sizeof FAMILIES / sizeof *FAMILIES };

const char *model_config_family(Family family)
{
    return FAMILIES[family].type;
}

/* ---- reading ------------------------------------------------------------------------------------ */

static int whole_item(int *out, const cJSON *item, const char *name, Error *err)
{
    const double x = cJSON_IsNumber(item) ? item->valuedouble : 0.5;
    if (!(x >= -1 && x <= DIMENSION_MAX) || x != (int)x)
        return error_set(err, "%s is not a whole number from 0 to %d", name, DIMENSION_MAX);
    *out = (int)x;
    return 0;
}

static int whole(int *out, const cJSON *o, const char *name, int fallback, Error *err)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, name);
    if (!item || cJSON_IsNull(item)) {
        *out = fallback;
        if (fallback < -1) return error_set(err, "%s is missing", name);
        return 0;
    }
    return whole_item(out, item, name, err);
}

/* One token or a list. */
static int read_eos(ModelConfig *c, const cJSON *o, Error *err)
{
    static const char NAME[] = "eos_token_id";
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(o, NAME);
    if (!cJSON_IsArray(list)) return whole(&c->eos, o, NAME, -1, err);
    const int n = cJSON_GetArraySize(list);
    if (n == 0) return 0;
    if (n > 1 + EOS_MORE) return error_set(err, "%s: more than %d tokens", NAME, 1 + EOS_MORE);
    if (whole_item(&c->eos, cJSON_GetArrayItem(list, 0), NAME, err) != 0) return -1;
    for (c->n_eos_more = 0; c->n_eos_more < n - 1; c->n_eos_more++)
        if (whole_item(&c->eos_more[c->n_eos_more], cJSON_GetArrayItem(list, c->n_eos_more + 1),
                       NAME, err) != 0)
            return -1;
    return 0;
}

enum { REQUIRED = -2 };

static int require_word(const cJSON *o, const char *name, const char *const *accepted, Error *err)
{
    const char *word = json_text(o, name, accepted[0]);
    for (int i = 0; accepted[i]; i++)
        if (strcmp(word, accepted[i]) == 0) return 0;
    return error_set(err, "%s \"%s\" is not supported (%s)", name, word, accepted[0]);
}

/* A member of another type would be passed over, and the model then computed with what is usual. */
static int check_types(const cJSON *o, Error *err)
{
    static const struct {
        const char *name, *wanted;
        int types;
    } MEMBERS[] = {
        {"activation_function", "text", cJSON_String},
        {"add_cross_attention", "true or false", cJSON_True | cJSON_False},
        {"architectures", "a list", cJSON_Array},
        {"attention_bias", "true or false", cJSON_True | cJSON_False},
        {"hidden_act", "text", cJSON_String},
        {"id2label", "an object", cJSON_Object},
        {"initializer_range", "a number", cJSON_Number},
        {"layer_norm_epsilon", "a number", cJSON_Number},
        {"layer_types", "a list", cJSON_Array},
        {"mlp_bias", "true or false", cJSON_True | cJSON_False},
        {"partial_rotary_factor", "a number", cJSON_Number},
        {"quantization_config", "an object", cJSON_Object},
        {"rms_norm_eps", "a number", cJSON_Number},
        {"rope_interleaved", "true or false", cJSON_True | cJSON_False},
        {"rope_parameters", "an object", cJSON_Object},
        {"rope_scaling", "an object", cJSON_Object},
        {"rope_theta", "a number", cJSON_Number},
        {"scale_attn_by_inverse_layer_idx", "true or false", cJSON_True | cJSON_False},
        {"scale_attn_weights", "true or false", cJSON_True | cJSON_False},
        {"tie_word_embeddings", "true or false", cJSON_True | cJSON_False},
        {"use_mrope", "true or false", cJSON_True | cJSON_False},
        {"use_sliding_window", "true or false", cJSON_True | cJSON_False},
    };
    for (size_t i = 0; i < sizeof MEMBERS / sizeof *MEMBERS; i++) {
        const cJSON *m = cJSON_GetObjectItemCaseSensitive(o, MEMBERS[i].name);
        if (m && !(m->type & (MEMBERS[i].types | cJSON_NULL)))
            return error_set(err, "%s is not %s", MEMBERS[i].name, MEMBERS[i].wanted);
    }
    return 0;
}

static bool is_off(const cJSON *m, double neutral)
{
    if (cJSON_IsNumber(m)) return m->valuedouble == neutral;
    return cJSON_IsNull(m) || cJSON_IsFalse(m) || (cJSON_IsArray(m) && !m->child);
}

/* Members of models that are almost one of these families: transformers would pass them over in one that calls
 * itself by the family's name, and the weights were not trained without them. */
static int refuse_relatives(const cJSON *o, Error *err)
{
    static const struct {
        const char *name;
        double neutral;
    } MEMBERS[] = {{"attention_chunk_size", 0},
                   {"attention_multiplier", NAN},
                   {"attn_logit_softcapping", 0},
                   {"clip_qkv", 0},
                   {"cross_attention_layers", 0},
                   {"embedding_multiplier", 1},
                   {"final_logit_softcapping", 0},
                   {"is_encoder_decoder", 0},
                   {"logit_scale", 1},
                   {"logits_scaling", 1},
                   {"n_routed_experts", 0},
                   {"no_rope_layers", 0},
                   {"num_experts", 0},
                   {"num_local_experts", 0},
                   {"qk_layernorm", 0},
                   {"query_pre_attn_scalar", NAN},
                   {"residual_multiplier", 1},
                   {"scale_emb", 1},
                   {"use_parallel_residual", 0},
                   {"use_qk_norm", 0}};
    for (size_t i = 0; i < sizeof MEMBERS / sizeof *MEMBERS; i++) {
        const cJSON *m = cJSON_GetObjectItemCaseSensitive(o, MEMBERS[i].name);
        if (m && !is_off(m, MEMBERS[i].neutral))
            return error_set(err, "%s is of another kind of model and not supported",
                             MEMBERS[i].name);
    }
    return 0;
}

/* What no family here has, or has only switched off. */
static int refuse_unknown(const cJSON *o, Error *err)
{
    static const char *const OFF[] = {"use_sliding_window", "add_cross_attention", "use_mrope",
                                      "rope_interleaved"};
    for (size_t i = 0; i < sizeof OFF / sizeof *OFF; i++)
        if (json_bool(o, OFF[i], false))
            return error_set(err, "%s true is not supported (false)", OFF[i]);
    if (json_number(o, "partial_rotary_factor", 1) != 1)
        return error_set(err, "partial_rotary_factor other than 1 is not supported");
    if (cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(o, "quantization_config")))
        return error_set(err, "quantization_config: quantized weights are not supported");
    const cJSON *layer;
    cJSON_ArrayForEach(layer, cJSON_GetObjectItemCaseSensitive(o, "layer_types"))
    {
        if (!cJSON_IsString(layer) || strcmp(layer->valuestring, "full_attention") != 0)
            return error_set(err, "layer_types other than \"full_attention\" are not supported");
    }
    return refuse_relatives(o, err);
}

static int read_gpt2(ModelConfig *c, const cJSON *o, Error *err)
{
    static const char *const ACTIVATIONS[] = {"gelu_new", "gelu_pytorch_tanh", NULL};
    if (whole(&c->n_layer, o, "n_layer", REQUIRED, err) != 0 ||
        whole(&c->NH, o, "n_head", REQUIRED, err) != 0 ||
        whole(&c->C, o, "n_embd", REQUIRED, err) != 0 ||
        whole(&c->max_T, o, "n_positions", REQUIRED, err) != 0 ||
        whole(&c->F, o, "n_inner", 4 * c->C, err) != 0 ||
        require_word(o, "activation_function", ACTIVATIONS, err) != 0)
        return -1;
    if (json_bool(o, "scale_attn_by_inverse_layer_idx", false) ||
        !json_bool(o, "scale_attn_weights", true))
        return error_set(err, "attention scaling other than 1/sqrt(head width) is not supported");
    c->NKV = c->NH;
    c->HD = c->NH > 0 ? c->C / c->NH : 0;
    c->norm_eps = json_number(o, "layer_norm_epsilon", 1e-5);
    c->learned_positions = c->attention_bias = c->out_bias = c->mlp_bias = true;
    c->tied = json_bool(o, "tie_word_embeddings", true);
    return 0;
}

static void read_biases(ModelConfig *c, const cJSON *o)
{
    c->attention_bias = c->family == FAMILY_QWEN2;
    if (c->family == FAMILY_QWEN2 || c->family == FAMILY_MISTRAL) return;
    c->attention_bias = c->out_bias = json_bool(o, "attention_bias", false);
    c->mlp_bias = c->family == FAMILY_LLAMA && json_bool(o, "mlp_bias", false);
}

static int read_window(ModelConfig *c, const cJSON *o, Error *err)
{
    enum { UNSAID = 4096 };
    if (c->family != FAMILY_MISTRAL) return 0; /* Qwen's is off, and Llama has none */
    if (!cJSON_HasObjectItem(o, "sliding_window")) c->window = UNSAID;
    else if (whole(&c->window, o, "sliding_window", 0, err) != 0) return -1;
    return c->window < 0 ? error_set(err, "sliding_window is below 0") : 0;
}

/* Where head_dim is absent. */
static int head_width(const ModelConfig *c)
{
    enum { QWEN3_HEAD = 128 };
    if (c->family == FAMILY_QWEN3) return QWEN3_HEAD;
    return c->NH > 0 ? c->C / c->NH : 0;
}

/* Llama and those that came after it.  Sizes that transformers would fill in are asked for, but of
 * Llama, whose early files lack some. */
static int read_llama(ModelConfig *c, const cJSON *o, Error *err)
{
    const bool llama = c->family == FAMILY_LLAMA;
    static const char *const ACTIVATIONS[] = {"silu", NULL};
    if (whole(&c->n_layer, o, "num_hidden_layers", REQUIRED, err) != 0 ||
        whole(&c->NH, o, "num_attention_heads", REQUIRED, err) != 0 ||
        whole(&c->NKV, o, "num_key_value_heads", llama ? c->NH : REQUIRED, err) != 0 ||
        whole(&c->C, o, "hidden_size", REQUIRED, err) != 0 ||
        whole(&c->F, o, "intermediate_size", REQUIRED, err) != 0 ||
        whole(&c->max_T, o, "max_position_embeddings", llama ? 2048 : REQUIRED, err) != 0 ||
        whole(&c->HD, o, "head_dim", head_width(c), err) != 0 ||
        require_word(o, "hidden_act", ACTIVATIONS, err) != 0)
        return -1;
    if (read_window(c, o, err) != 0) return -1;
    if (rope_read(&c->rope_theta, &c->rope_scaling, o, err) != 0) return -1;
    c->rms_norm = c->gated_mlp = true;
    c->qk_norm = c->family == FAMILY_QWEN3;
    c->norm_eps = json_number(o, "rms_norm_eps", 1e-6);
    read_biases(c, o);
    c->tied = json_bool(o, "tie_word_embeddings", false);
    return 0;
}

static int read_family(Family *out, const cJSON *o, Error *err)
{
    const char *type = json_text(o, "model_type", "");
    for (int i = 0; i < N_FAMILIES; i++)
        if (strcmp(type, FAMILIES[i].type) == 0) {
            *out = (Family)i;
            return 0;
        }
    Text known = {0};
    for (int i = 0; i < N_FAMILIES; i++)
        text_format(&known, "%s%s", i ? ", " : "", FAMILIES[i].type);
    error_set(err, "model_type \"%s\" is not supported (%s)", type, known.bytes);
    text_free(&known);
    return -1;
}

int model_config_check(const ModelConfig *c, Error *err)
{
    if (c->n_layer < 1 || c->NH < 1 || c->NKV < 1 || c->C < 1 || c->F < 1 || c->V < 1 ||
        c->max_T < 1)
        return error_set(err, "a size is below 1");
    if (c->n_layer > 1024 || c->max_T > DIMENSION_MAX)
        return error_set(err, "%d layers of context %d: more than this program takes", c->n_layer,
                         c->max_T);
    if (c->F > DIMENSION_MAX)
        return error_set(err, "an MLP of width %d: more than this program takes", c->F);
    if ((int64_t)c->NH * c->HD > DIMENSION_MAX)
        return error_set(err, "%d heads of width %d: more than this program takes", c->NH, c->HD);
    if (c->NH % c->NKV != 0)
        return error_set(err, "%d query heads cannot share %d key/value heads", c->NH, c->NKV);
    if (c->HD < 1 || (c->family == FAMILY_GPT2 && c->NH * c->HD != c->C))
        return error_set(err, "%d heads do not divide the width %d", c->NH, c->C);
    if (!c->learned_positions && c->HD % 2 != 0)
        return error_set(err, "rotary positions need an even head width, not %d", c->HD);
    if (!c->learned_positions && (int64_t)c->max_T * c->HD > ROPE_MAX)
        return error_set(err, "%d positions with heads of width %d: more than this program takes",
                         c->max_T, c->HD);
    if (!c->learned_positions && rope_check(c->rope_theta, &c->rope_scaling, err) != 0) return -1;
    if (!(c->norm_eps > 0)) return error_set(err, "the norm's epsilon must be positive");
    return 0;
}

/* Classes of a classifier: as many as id2label names, else num_labels, else transformers' two. */
static int read_labels(ModelConfig *c, const cJSON *o, Error *err)
{
    enum { UNSAID = 2 };
    const cJSON *labels = cJSON_GetObjectItemCaseSensitive(o, "id2label");
    const cJSON *class =
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(o, "architectures"), 0);
    if (!cJSON_IsString(class) || !strstr(class->valuestring, "ForSequenceClassification"))
        return 0;
    const bool named = cJSON_IsObject(labels);
    if (named) c->n_labels = cJSON_GetArraySize(labels);
    else if (whole(&c->n_labels, o, "num_labels", UNSAID, err) != 0) return -1;
    if (c->n_labels >= 1) return 0;
    return error_set(err, "%s speaks of a classifier without classes",
                     named ? "id2label" : "num_labels");
}

/* It can never be drawn.  Small copies of large models keep such ids, so it is no error. */
static void tell_of_token(const char *name, int id, int V, const char *path)
{
    if (id >= V) log_line("%s: %s %d is none of %d tokens", path, name, id, V);
}

static void tell_of_tokens(const ModelConfig *c, const char *path)
{
    tell_of_token("bos_token_id", c->bos, c->V, path);
    tell_of_token("eos_token_id", c->eos, c->V, path);
    for (int i = 0; i < c->n_eos_more; i++)
        tell_of_token("eos_token_id", c->eos_more[i], c->V, path);
}

static int read_compute(Compute *out, const cJSON *o, Error *err)
{
    const cJSON *said = cJSON_GetObjectItemCaseSensitive(o, COMPUTE_KEY);
    if (!said || (cJSON_IsString(said) && kernels_find_compute(out, said->valuestring) == 0))
        return 0;
    return error_set(err, "%s is neither \"f32\" nor \"bf16\"", COMPUTE_KEY);
}

int model_config_read(ModelConfig *out, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    cJSON *o = NULL;
    int rc = -1;
    ModelConfig c = {.bos = -1, .eos = -1, .init_std = 0.02};

    if (path_join(path, dir, "config.json", err) != 0) return -1;
    if (!file_exists(path))
        return error_set(err,
                         "%s: no config.json there; a model is a folder with config.json, "
                         "model.safetensors and tokenizer.json",
                         dir);
    if (json_read(&o, path, CONFIG_LIMIT, false, err) != 0) return -1;
    rc = read_family(&c.family, o, err);
    if (rc == 0) rc = check_types(o, err);
    if (rc == 0) rc = refuse_unknown(o, err);
    if (rc == 0) rc = c.family == FAMILY_GPT2 ? read_gpt2(&c, o, err) : read_llama(&c, o, err);
    if (rc == 0) rc = whole(&c.V, o, "vocab_size", REQUIRED, err);
    if (rc == 0) rc = whole(&c.bos, o, "bos_token_id", -1, err);
    if (rc == 0) rc = read_eos(&c, o, err);
    if (rc == 0) rc = read_compute(&c.compute, o, err);
    c.init_std = json_number(o, "initializer_range", c.init_std);
    if (rc == 0) rc = read_labels(&c, o, err);
    if (rc == 0) rc = model_config_check(&c, err);
    cJSON_Delete(o);
    if (rc != 0) return error_wrap(err, "%s", path);
    tell_of_tokens(&c, path);
    *out = c;
    return 0;
}

/* ---- writing ------------------------------------------------------------------------------------ */

/* A number that decides bits reads back as it was. */
static void put_number(Text *t, const char *name, double x)
{
    text_format(t, "  \"%s\": ", name);
    json_put_number(t, x);
    text_add(t, ",\n");
}

static void put_gpt2(Text *t, const ModelConfig *c)
{
    text_add(t, "  \"activation_function\": \"gelu_new\",\n");
    text_format(t, "  \"n_layer\": %d,\n  \"n_head\": %d,\n  \"n_embd\": %d,\n  \"n_inner\": %d,\n",
                c->n_layer, c->NH, c->C, c->F);
    text_format(t, "  \"n_positions\": %d,\n  \"n_ctx\": %d,\n", c->max_T, c->max_T);
    put_number(t, "layer_norm_epsilon", c->norm_eps);
    text_add(t, "  \"attn_pdrop\": 0.0,\n  \"embd_pdrop\": 0.0,\n  \"resid_pdrop\": 0.0,\n");
}

/* What one family's config has and another's takes as given. */
static void put_family(Text *t, const ModelConfig *c)
{
    if (c->family == FAMILY_LLAMA || c->family == FAMILY_QWEN3)
        text_format(t, "  \"attention_bias\": %s,\n", c->attention_bias ? "true" : "false");
    if (c->family == FAMILY_LLAMA)
        text_format(t, "  \"mlp_bias\": %s,\n", c->mlp_bias ? "true" : "false");
    if (c->family == FAMILY_QWEN2 || c->family == FAMILY_QWEN3)
        text_add(t, "  \"use_sliding_window\": false,\n");
    if (c->family != FAMILY_MISTRAL) return;
    if (c->window) text_format(t, "  \"sliding_window\": %d,\n", c->window);
    else text_add(t, "  \"sliding_window\": null,\n");
}

static void put_llama(Text *t, const ModelConfig *c)
{
    text_add(t, "  \"hidden_act\": \"silu\",\n");
    text_format(t, "  \"num_hidden_layers\": %d,\n  \"num_attention_heads\": %d,\n", c->n_layer,
                c->NH);
    text_format(t, "  \"num_key_value_heads\": %d,\n  \"head_dim\": %d,\n", c->NKV, c->HD);
    text_format(t, "  \"hidden_size\": %d,\n  \"intermediate_size\": %d,\n", c->C, c->F);
    text_format(t, "  \"max_position_embeddings\": %d,\n", c->max_T);
    put_number(t, "rms_norm_eps", c->norm_eps);
    rope_write(t, c->rope_theta, &c->rope_scaling);
    put_family(t, c);
    text_add(t, "  \"attention_dropout\": 0.0,\n");
}

int model_config_write(const ModelConfig *c, const char *dir, Error *err)
{
    char path[FILE_PATH_MAX];
    const bool gpt2 = c->family == FAMILY_GPT2;
    Text t = {0};
    text_format(&t, "{\n  \"architectures\": [\"%s%s\"],\n", FAMILIES[c->family].class,
                c->n_labels > 0 ? "ForSequenceClassification"
                : gpt2          ? "LMHeadModel"
                                : "ForCausalLM");
    text_format(&t, "  \"model_type\": \"%s\",\n", FAMILIES[c->family].type);
    gpt2 ? put_gpt2(&t, c) : put_llama(&t, c);
    if (c->n_labels > 0) {
        text_add(&t, "  \"id2label\": {");
        for (int i = 0; i < c->n_labels; i++)
            text_format(&t, "%s\"%d\": \"LABEL_%d\"", i ? ", " : "", i, i);
        text_add(&t, "},\n  \"label2id\": {");
        for (int i = 0; i < c->n_labels; i++)
            text_format(&t, "%s\"LABEL_%d\": %d", i ? ", " : "", i, i);
        text_add(&t, "},\n");
    }
    if (c->bos >= 0) text_format(&t, "  \"bos_token_id\": %d,\n", c->bos);
    if (c->eos >= 0) {
        text_format(&t, "  \"eos_token_id\": %s%d", c->n_eos_more ? "[" : "", c->eos);
        for (int i = 0; i < c->n_eos_more; i++) text_format(&t, ", %d", c->eos_more[i]);
        text_format(&t, "%s,\n  \"pad_token_id\": %d,\n", c->n_eos_more ? "]" : "", c->eos);
    }
    put_number(&t, "initializer_range", c->init_std);
    if (c->compute != COMPUTE_F32)
        text_format(&t, "  \"%s\": \"%s\",\n", COMPUTE_KEY, kernels_compute_name(c->compute));
    text_format(&t, "  \"tie_word_embeddings\": %s,\n", c->tied ? "true" : "false");
    text_format(&t, "  \"torch_dtype\": \"%s\",\n  \"vocab_size\": %d\n}\n",
                dtype_torch_name(c->type), c->V);

    int rc = path_join(path, dir, "config.json", err);
    if (rc == 0) rc = file_write(path, t.bytes, t.n, err);
    text_free(&t);
    return rc;
}
