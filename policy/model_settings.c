#include "policy/model_settings.h"

#define ENTRY(...) CONFIG_ENTRY_OF(ModelSettings, __VA_ARGS__)
static const ConfigField FIELDS[] = {MODEL_CONFIG(ENTRY)};
const ConfigTable MODEL_TABLE = {"model", FIELDS, sizeof FIELDS / sizeof *FIELDS,
                                 sizeof(ModelSettings)};

int model_settings_config(ModelConfig *out, const ModelSettings *s, int V, int eos, Error *err)
{
    const bool llama = s->family == 0;
    ModelConfig c = {.family = llama ? FAMILY_LLAMA : FAMILY_GPT2,
                     .n_layer = s->layers,
                     .NH = s->heads,
                     .NKV = s->kv_heads ? s->kv_heads : s->heads,
                     .C = s->width,
                     .V = V,
                     .max_T = s->context,
                     .rms_norm = llama,
                     .norm_eps = 1e-5,
                     .learned_positions = !llama,
                     .rope_theta = s->rope_theta,
                     .gated_mlp = llama,
                     .attention_bias = !llama,
                     .out_bias = !llama,
                     .mlp_bias = !llama,
                     .tied = true,
                     .bos = eos,
                     .eos = eos,
                     .init_std = s->init_std,
                     .compute = (Compute)s->compute};
    c.HD = c.C / c.NH;
    if (s->mlp) c.F = s->mlp;
    else c.F = llama ? (8 * c.C / 3 + 31) / 32 * 32 : 4 * c.C;
    if (c.C % c.NH != 0)
        return error_set(err, "model.heads %d does not divide model.width %d", c.NH, c.C);
    if (!llama && s->kv_heads && s->kv_heads != s->heads)
        return error_set(err,
                         "model.kv_heads: GPT-2 has as many key and value heads as query heads");
    if (model_config_check(&c, err) != 0) return error_wrap(err, "model");
    *out = c;
    return 0;
}
