/* The facts of an architecture: everything the arithmetic needs to know about a config.json.
 *
 * Families differ only in these fields, so there is one forward and one backward.  A fact that would
 * change the mathematics and is not known here is refused by name. */
#ifndef POLICY_MODEL_CONFIG_H
#define POLICY_MODEL_CONFIG_H

#include <stdbool.h>

#include "base/error.h"
#include "kernels/kernels.h"
#include "policy/dtype.h"
#include "policy/rope.h"

typedef enum { FAMILY_GPT2, FAMILY_LLAMA, FAMILY_MISTRAL, FAMILY_QWEN2, FAMILY_QWEN3 } Family;

enum { EOS_MORE = 15 };

typedef struct {
    Family family; /* decides the words and names in files, nothing else */
    int n_layer, NH, NKV, HD;
    int C, F, V;
    int max_T;     /* longest sequence taken */
    int window;    /* keys a token sees, itself included (Beltagy et al. 2020); 0: all */
    bool rms_norm; /* otherwise LayerNorm */
    double norm_eps;
    bool learned_positions; /* otherwise rotary */
    double rope_theta;
    RopeScaling rope_scaling;
    bool qk_norm;        /* RMSNorm of every query and key head before it turns */
    bool gated_mlp;      /* SwiGLU; otherwise GELU */
    bool attention_bias; /* of query, key and value */
    bool out_bias;       /* of the projection after attention */
    bool mlp_bias;
    bool tied;                          /* the output projection is the embedding */
    int bos, eos;                       /* token ids, -1 when absent */
    int eos_more[EOS_MORE], n_eos_more; /* a list of them goes on so */
    double init_std;
    Dtype type; /* of the weights: BF16 where all of a file's are, else F32; when written, any */
    Compute compute; /* of the products with matrices; adapters and heads are computed in floats */
    int n_labels;    /* heads of a ...ForSequenceClassification; 0 for a language model */
} ModelConfig;

/* Read dir/config.json; dropout is ignored (there is none here). */
int model_config_read(ModelConfig *out, const char *dir, Error *err);
/* As transformers reads it; n_labels > 0 names the ...ForSequenceClassification class. */
int model_config_write(const ModelConfig *c, const char *dir, Error *err);
/* As config.json's model_type calls it: "gpt2". */
const char *model_config_family(Family family);
/* Sizes that fit each other: positive, heads divide, even head width. */
int model_config_check(const ModelConfig *c, Error *err);

#endif
