/* A Model is one set of base weights in memory, with the names its tensors have in files. */
#ifndef POLICY_MODEL_H
#define POLICY_MODEL_H

#include <stdint.h>

#include "base/error.h"
#include "policy/dtype.h"
#include "policy/score_head.h"
#include "policy/model_config.h"
#include "policy/parameters.h"

/* One tensor of a checkpoint and where it lies in the flat weights. */
typedef struct {
    char name[96];  /* as transformers names it */
    size_t at;      /* first weight */
    int rows, cols; /* as we hold it, row-major; rows is 1 for a vector */
    bool vector;
    bool transposed; /* the file holds (cols, rows): GPT-2's Conv1D */
    Dtype type;      /* in the file it was read from */
    double init_std; /* 0: constant `init` */
    double init;
} Tensor;

/* A linear layer's place in the flat weights. */
typedef struct {
    int OUT, IN;
    size_t at, bias_at; /* bias_at is 0 when there is none (the embedding is at 0) */
    int index;          /* 4 * layer + its place in the block: qkv, out, up, down */
    Weight *weight;
} Linear;

typedef struct {
    size_t at, bias_at;
} Norm;

typedef struct {
    Norm attention_norm, mlp_norm;
    Norm q_norm, k_norm;  /* one head wide, the same for all heads */
    Linear qkv;           /* query, key and value rows one after the other */
    Linear out, up, down; /* up: gate rows, then up rows, in a gated MLP */
} Block;

typedef struct Model {
    ModelConfig config;
    Parameters parameters;
    Tensor *tensor;
    int n_tensors;
    size_t wpe_at; /* learned positions */
    Block *block;  /* (n_layer) */
    Norm final_norm;
    Linear head; /* (V, C): the embedding itself when tied */
    real *rope;  /* (max_T, HD) or NULL */
    /* one block's weights, packed for its backward; NULL before the first, or frozen */
    real *backward;
    bool bare_names;  /* of a file whose names lack the prefix: h.0..., not transformer.h.0... */
    char *companions; /* folder whose tokenizer goes with every save; NULL: none */
    char *left_out;   /* for the log: tensors of the file that are none of its own; NULL: none */
    bool finite;      /* no weight that was read is infinite or not a number */
    bool tied_head;   /* the file has the embedding once more, as lm_head.weight */
    /* of a classification checkpoint; else none */
    StoredHead score;
} Model;

/* Weights of such a model, gaps for alignment included. */
size_t model_size(const ModelConfig *config);
/* Every tensor has its place, and there is no memory for any: for counting, and for what is planned. */
Model *model_outline(const ModelConfig *config);
/* The weights of an outline, all 0. */
void model_take_memory(Model *m);
/* A model with every weight 0, for model_copy. */
Model *model_like(const ModelConfig *config);
/* Random weights: N(0, init_std), residual projections divided by sqrt(2 n_layer) (Radford et al.
 * 2019), norms 1, biases 0; keyed by seed. */
Model *model_new(const ModelConfig *config, uint64_t seed);
/* An outline of a Hugging Face folder: config.json and model.safetensors, or shards with an index, of which
 * only the headers are read. */
int model_open_outline(Model **out, const char *dir, Error *err);
/* The weights of the folder that the outline is of; on failure it is good for model_free alone. */
int model_read(Model *m, const char *dir, Error *err);
/* Both. */
int model_open(Model **out, const char *dir, Error *err);
void model_free(Model *m);
/* Whether it can predict tokens: a ...ForSequenceClassification with untied embeddings has no output
 * projection; the error says so. */
int model_check_predicts(const Model *m, Error *err);
/* tokenizer.json (or vocab.json and merges.txt), tokenizer_config.json, chat_template.jinja and
 * generation_config.json of `dir` are copied by every model_save from now on; model_open sets the folder it
 * read. */
void model_set_companions(Model *m, const char *dir);
/* Write config.json, model.safetensors and the companions into an existing folder.  Weights that are as they
 * were read are written as they were: names, shapes, F16 and BF16.  One that such a type does not hold, as
 * after training, makes all of them F32, so nothing is ever lost.  n_labels and `score` (n_labels, C),
 * `score_bias` (n_labels) are a ...ForSequenceClassification's head, or 0 and NULL. */
int model_save(const Model *m, const char *dir, int n_labels, const float *score,
               const float *score_bias, Error *err);
/* The companions alone; what is there already stays. */
int model_save_companions(const Model *m, const char *dir, Error *err);
/* A copy of the weights into another model of the same shape. */
void model_copy(Model *to, const Model *from);
/* Weights have changed: packed forms are made again before their next use. */
void model_changed(Model *m);
/* Make those of the blocks now, so that tasks can share them.  Of weights that are trained, the backward's are made
 * block by block, in the same memory: */
void model_pack(Model *m, bool backward);
/* by the first of these, to be left to the next block by the second. */
void model_pack_block(Model *m, int layer);
void model_leave_block(Model *m, int layer);
/* Give back all packed forms, until they are next used. */
void model_release(Model *m);
/* SHA-256 (hex) of the weights as they are, in file order: which model this is. */
void model_hash(char out[65], const Model *m);

#endif
