/* Low-rank adapters: a frozen Model seen through small trained updates.               Hu et al. 2021
 *
 *     W' = W + alpha/R B A      A (R,IN) random, B (OUT,R) 0 at first: a new adapter changes nothing
 *
 * One Model can be seen through several adapters, and through none: policy, reference, reward model and
 * value model in the memory of one.  Files are PEFT's: adapter_config.json, adapter_model.safetensors. */
#ifndef POLICY_ADAPTER_H
#define POLICY_ADAPTER_H

#include "base/config.h"
#include "policy/model.h"

/* clang-format off */
/*    type    name           default  min   max    source                meaning */
#define LORA_CONFIG(X) \
    X(int,    rank,          0,       0,    4096,  "Hu et al. 2021",     "rank of low-rank adapters over frozen weights; 0: all weights are trained") \
    X(double, alpha,         32,      0.001, 1e6,  "Hu et al. 2021",     "updates are scaled by alpha / rank") \
    X(choice, targets,       "all",   "all|attention", 0, "Dettmers et al. 2023", "linear layers that get one: all in the blocks, or those of attention")

typedef struct { LORA_CONFIG(CONFIG_MEMBER) } LoraConfig;
/* clang-format on */
extern const ConfigTable LORA_TABLE;

/* Kinds of linear layers, as sets of bits. */
enum {
    TARGET_QUERY = 1,
    TARGET_KEY = 2,
    TARGET_VALUE = 4,
    TARGET_OUT = 8,
    TARGET_GATE = 16,
    TARGET_UP = 32,
    TARGET_DOWN = 64,
    TARGET_QKV = 128, /* GPT-2's three in one */
    TARGETS_ATTENTION = TARGET_QUERY | TARGET_KEY | TARGET_VALUE | TARGET_OUT | TARGET_QKV,
    TARGETS_ALL = 255
};

typedef struct {
    int rank; /* 0: no adapter */
    double alpha;
    unsigned targets;
    bool rank_stabilized; /* alpha / sqrt(R) in place of alpha / R       Kalajdzievski 2023 */
} AdapterConfig;

/* The update of one tensor: of some columns of what a linear layer gives. */
typedef struct {
    const Tensor *tensor;
    int at;            /* first such column */
    int low_at;        /* first of its R columns in the block's (N, low) activations */
    size_t a_at, b_at; /* in the flat parameters */
    Weight *a, *b;     /* (R,IN), (rows,R) */
} Update;

typedef struct Adapter {
    AdapterConfig config;
    double scale;
    int low; /* columns of a block's activations: the ranks of all its updates */
    Parameters parameters;
    Update *update;
    int *first; /* (4 n_layer + 1) updates of linear i are [first[i], first[i+1]) */
    int n_updates;
    char base[4096]; /* folder or name of the model under it, as the files say; "" when not known */
    char base_hash[65]; /* model_hash of it, or "" */
    Dtype type;         /* that its matrices had in their file */
    StoredHead score;   /* of a classifier; else none */
} Adapter;

AdapterConfig adapter_config(const LoraConfig *settings);
/* A new adapter of m, which must outlive it; keyed by seed. */
Adapter *adapter_new(const Model *m, const AdapterConfig *c, uint64_t seed);
/* One without memory for its weights: for counting, and for what is planned. */
Adapter *adapter_outline(const Model *m, const AdapterConfig *c);
void adapter_free(Adapter *a);
/* The kind of linear layer that a tensor belongs to; 0 for all others. */
unsigned adapter_target(const Tensor *t);
/* How PEFT calls that kind, with ".weight" behind: "q_proj.weight". */
const char *adapter_target_name(const Tensor *t);
/* The heads of a model as seen through an adapter (NULL: none): the adapter's own, else the model's. */
typedef struct {
    int n;                      /* 0: none */
    const float *weight, *bias; /* NULL of an outline */
} ScoreHead;
ScoreHead adapter_score(const Adapter *a, const Model *m);
/* Updates of a linear layer of the model. */
const Update *adapter_updates(const Adapter *a, const Linear *of, int *n);
/* Weights have changed: packed forms are made again before their next use. */
void adapter_changed(Adapter *a);
/* Make them now, so that tasks can share them. */
void adapter_pack(Adapter *a, bool backward);
/* SHA-256 (hex) of its weights as they are. */
void adapter_hash(char out[65], const Adapter *a);
/* Add the updates to the weights of m itself, which needs no adapter from then on. */
void adapter_merge(Model *m, const Adapter *a);

/* ---- files --------------------------------------------------------------------------------------- */

/* Whether a folder holds an adapter and no whole model. */
bool adapter_in(const char *dir);
/* The model that the adapter in `dir` is of: a folder or a repository's name. */
int adapter_base(char base[4096], const char *dir, Error *err);
/* Read PEFT's files for m.  What is not a plain LoRA of linear layers is refused by name. */
int adapter_open(Adapter **out, const Model *m, const char *dir, Error *err);
/* Write them into an existing folder; the model's tokenizer goes with them.  n_labels and `score` as in
 * model_save. */
int adapter_save(const Adapter *a, const Model *m, const char *dir, int n_labels,
                 const float *score, const float *score_bias, Error *err);

#endif
