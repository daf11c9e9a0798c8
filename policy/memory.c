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

static size_t at_a_line(size_t n)
{
    return (n + 15) / 16 * 16;
}

PassSizes pass_sizes(const ModelConfig *c, const PolicyOptions *o, int N, bool gradient)
{
    const size_t n = (size_t)N, K = (size_t)(o->heads > 0 ? o->heads : 1);
    const int low = o->adapter ? o->adapter->low : 0;
    PassSizes s = {.activations =
                       activations_bytes(c, low, N, policy_keeps(o, gradient)) / sizeof(real),
                   .hidden = at_a_line(n * (size_t)c->C),
                   .row = at_a_line(n)};
    s.all = s.activations + (gradient ? 2 : 1) * s.hidden + 3 * s.row + at_a_line(n * K);
    return s;
}

size_t pass_memory(const ModelConfig *c, const PolicyOptions *o, int tokens, bool gradient)
{
    const size_t N = (size_t)tokens, C = (size_t)c->C, F = (size_t)c->F;
    const size_t K = (size_t)(o->heads > 0 ? o->heads : 1);
    const size_t wide = F > C ? F : C;
    const size_t kv = (size_t)(2 * c->NKV * c->HD);
    const size_t scratch = gradient ? packed(wide, 1) : 0; /* rows packed for weight gradients */
    return sizeof(real) * (pass_sizes(c, o, tokens, gradient).all + N * (kv + K + scratch));
}

size_t policy_weights_memory(const ModelConfig *c, const PolicyOptions *o)
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
    return sizeof(real) * weights;
}

size_t policy_memory(const ModelConfig *c, const PolicyOptions *o)
{
    return policy_weights_memory(c, o) + pass_memory(c, o, o->max_tokens, o->train);
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
