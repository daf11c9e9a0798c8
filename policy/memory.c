#include "policy/memory.h"

#include "policy/policy_private.h"

/* Both packed forms are filled up to panels of so many columns (kernels.h does not say, and need not). */
static size_t packed(size_t columns, size_t depth)
{
    enum { PANEL = 32 };
    return (columns + PANEL - 1) / PANEL * PANEL * depth;
}

/* Of one linear layer, forward and, when trained, backward. */
static size_t linear_packed(size_t OUT, size_t IN, bool backward)
{
    return packed(OUT, IN) + (backward ? packed(IN, OUT) : 0);
}

/* Of a block's four. */
static size_t block_packed(const ModelConfig *c, bool backward)
{
    const size_t C = (size_t)c->C, F = (size_t)c->F, up = c->gated_mlp ? 2 * F : F;
    const size_t q = (size_t)(c->NH * c->HD), kv = (size_t)(c->NKV * c->HD);
    return linear_packed(q + 2 * kv, C, backward) + linear_packed(C, q, backward) +
           linear_packed(up, C, backward) + linear_packed(C, F, backward);
}

/* Of weights that are trained themselves the backward's are there for one block at a time. */
static size_t blocks_packed(const ModelConfig *c, const ModelUse *use)
{
    const size_t layers = (size_t)c->n_layer;
    const size_t one = block_packed(c, false), both = block_packed(c, true);
    if (!use->trained) return layers * one;
    return use->changed ? layers * one + (both - one) : layers * both;
}

size_t model_memory(const ModelConfig *c, const ModelUse *use)
{
    const size_t C = (size_t)c->C, V = (size_t)c->V;
    const size_t rope = c->learned_positions ? 0 : (size_t)c->max_T * (size_t)c->HD;
    if (!use) return sizeof(real) * (model_size(c) + rope);
    const size_t head = use->predicts ? linear_packed(V, C, use->predictions_trained) : 0;
    const size_t forms = blocks_packed(c, use) + head;
    const bool pairs = c->compute == COMPUTE_BF16 || (c->type == DTYPE_BF16 && !use->changed);
    return sizeof(real) * (model_size(c) + rope + (pairs ? forms / 2 : forms));
}

/* The rows of a micro-batch: activations, one layer's keys and values, what heads read and say. */
static size_t room_memory(const ModelConfig *c, const PolicyOptions *o)
{
    const size_t N = (size_t)o->max_tokens, C = (size_t)c->C, F = (size_t)c->F;
    const size_t K = (size_t)(o->heads > 0 ? o->heads : 1);
    const size_t wide = F > C ? F : C;
    const size_t kv = (size_t)(2 * c->NKV * c->HD);
    const size_t rows = kv + C * (o->train ? 2 : 1) + 3 + 2 * K;
    const size_t scratch = o->train ? packed(wide, 1) : 0; /* rows packed for weight gradients */
    return activations_bytes(c, o->adapter ? o->adapter->low : 0, o->max_tokens, policy_keeps(o)) +
           sizeof(real) * N * (rows + scratch);
}

size_t policy_memory(const ModelConfig *c, const PolicyOptions *o)
{
    enum { LEARNING = 3 }; /* gradient and two moments */
    const Adapter *a = o->adapter;
    size_t weights = 0;
    if (a) {
        weights += a->parameters.n;
        for (int i = 0; i < a->n_updates; i++) {
            const Tensor *t = a->update[i].tensor;
            const size_t R = (size_t)a->config.rank;
            weights += linear_packed(R, (size_t)t->cols, o->train) +
                       linear_packed((size_t)t->rows, R, o->train);
        }
    }
    if (o->train) weights += LEARNING * (a ? a->parameters.n : model_size(c));
    return sizeof(real) * weights + room_memory(c, o);
}

size_t decoding_memory(const ModelConfig *c, int low, int batch, int longest)
{
    enum { PROMPTS = 512 }; /* rows of prompts beside one of each response, or the longest prompt */
    const size_t slot = (size_t)(longest + KV_ALIGN - 1) / KV_ALIGN * KV_ALIGN;
    const size_t kv = (size_t)(2 * c->NKV * c->HD) * (size_t)c->n_layer;
    const int rows = batch + (longest > PROMPTS ? longest : PROMPTS);
    return sizeof(real) * (size_t)batch * (slot * kv + (size_t)c->C + (size_t)c->V) +
           activations_bytes(c, low, rows, KEEP_NOTHING);
}
