#include "policy/parameter_count.h"

/* A linear layer's, with or without bias. */
static int64_t linear(int64_t OUT, int64_t IN, bool bias)
{
    return OUT * IN + (bias ? OUT : 0);
}

static void count_layer(int64_t *layer, const ModelConfig *c)
{
    const int64_t C = c->C, F = c->F, q = (int64_t)c->NH * c->HD, kv = (int64_t)c->NKV * c->HD;
    const int64_t norm = c->rms_norm ? C : 2 * C;
    layer[PART_ATTENTION] = linear(q + 2 * kv, C, c->attention_bias) + linear(C, q, c->out_bias);
    layer[PART_MLP] = linear(c->gated_mlp ? 2 * F : F, C, c->mlp_bias) + linear(C, F, c->mlp_bias);
    layer[PART_NORMS] = 2 * norm + (c->qk_norm ? 2 * c->HD : 0);
}

void parameter_count(ParameterCount *out, const ModelConfig *c, int heads)
{
    const int64_t C = c->C, V = c->V;
    *out = (ParameterCount){0};
    count_layer(out->layer, c);
    for (int i = 0; i < MODEL_PARTS; i++) out->all[i] = c->n_layer * out->layer[i];
    out->all[PART_EMBEDDING] = V * C + (c->learned_positions ? c->max_T * C : 0);
    out->all[PART_NORMS] += c->rms_norm ? C : 2 * C;
    out->all[PART_OUTPUT] = c->tied || heads > 0 ? 0 : V * C;
    out->all[PART_SCORE] = linear(heads, C, true);
    for (int i = 0; i < MODEL_PARTS; i++) out->total += out->all[i];
}

int64_t parameter_count_adapter(const Adapter *a)
{
    int64_t n = 0;
    for (int i = 0; i < a->n_updates; i++)
        n += (int64_t)a->config.rank * (a->update[i].tensor->rows + a->update[i].tensor->cols);
    return n;
}

const char *parameter_count_part(ModelPart part)
{
    static const char *const NAME[MODEL_PARTS] = {"embedding", "attention", "mlp",
                                                  "norms",     "output",    "score"};
    return NAME[part];
}
