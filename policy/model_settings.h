/* The shape of a new model, as settings. */
#ifndef POLICY_MODEL_SETTINGS_H
#define POLICY_MODEL_SETTINGS_H

#include "base/config.h"
#include "policy/model_config.h"

/* clang-format off */
/*    type    name           default  min   max      source   meaning */
#define MODEL_CONFIG(X) \
    X(choice, family,        "llama", "llama|gpt2", 0, "",    "rotary positions, RMSNorm and SwiGLU, or GPT-2's forms") \
    X(int,    layers,        4,       1,    1024,    "",      "blocks") \
    X(int,    width,         128,     8,    65536,   "",      "of the residual stream") \
    X(int,    heads,         4,       1,    1024,    "",      "query heads; they divide the width") \
    X(int,    kv_heads,      0,       0,    1024,    "Ainslie et al. 2023", "key and value heads; 0: as many as heads") \
    X(int,    mlp,           0,       0,    1048576, "",      "MLP width; 0: 8/3 of the width with a gate, else 4 times") \
    X(int,    context,       256,     8,    1048576, "",      "longest sequence in tokens") \
    X(int,    vocabulary,    1024,    258,  1048576, "",      "tokens of a new tokenizer") \
    X(double, rope_theta,    10000,   1,    1e9,     "Su et al. 2021", "base of the rotary frequencies") \
    X(double, init_std,      0.02,    0,    1,       "Radford et al. 2019", "deviation of the initial weights") \
    X(choice, compute,       "f32",   "f32|bf16", 0, "",     "of the products of matrices: bf16 rounds what is multiplied to bfloat16")

typedef struct { MODEL_CONFIG(CONFIG_MEMBER) } ModelSettings;
/* clang-format on */
extern const ConfigTable MODEL_TABLE;

/* The architecture for V tokens; refuses sizes that do not fit each other. */
int model_settings_config(ModelConfig *out, const ModelSettings *s, int V, int eos, Error *err);

#endif
