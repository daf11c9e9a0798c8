#include "policy/score_head.h"

#include <stdlib.h>

#include "base/mem.h"

int score_head_read(StoredHead *out, const Safetensors *file, ScoreNames names, int n_labels, int C,
                    Error *err)
{
    const int at = safetensors_find(file, names[0]), bias = safetensors_find(file, names[1]);
    *out = (StoredHead){0};
    if (at < 0) return error_set(err, "tensor %s is missing", names[0]);
    const SafetensorsEntry *e = safetensors_entry(file, at);
    const int64_t K = n_labels ? n_labels : e->shape[0];
    if (e->n_dims != 2 || e->shape[0] != K || e->shape[1] != C || K < 1 || K > SCORE_LABELS_MAX)
        return error_set(err, "tensor %s has another shape than config.json says", names[0]);
    if (bias >= 0 && safetensors_entry(file, bias)->count != K)
        return error_set(err, "tensor %s has another shape than %s", names[1], names[0]);
    out->n_labels = (int)K;
    out->weight = mem_calloc((size_t)(K * C), sizeof *out->weight);
    out->bias = mem_calloc((size_t)K, sizeof *out->bias);
    out->type = dtype_named(e->dtype);
    if (out->type == DTYPE_F64) out->type = DTYPE_F32; /* what we hold of it */
    out->biased = bias >= 0;
    if (safetensors_read(file, at, out->weight, err) != 0) return -1;
    return bias >= 0 ? safetensors_read(file, bias, out->bias, err) : 0;
}

void score_head_free(StoredHead *h)
{
    free(h->weight), free(h->bias);
    *h = (StoredHead){0};
}

int score_head_list(SafetensorsTensor list[2], const StoredHead *read, ScoreNames names,
                    int n_labels, int C, const float *weight, const float *bias)
{
    bool biased = read->biased;
    for (int k = 0; k < n_labels; k++) biased = biased || bias[k] != 0;
    const bool holds = dtype_holds(read->type, weight, (size_t)n_labels * (size_t)C);
    list[0] = (SafetensorsTensor){.name = names[0],
                                  .type = holds ? read->type : DTYPE_F32,
                                  .n_dims = 2,
                                  .shape = {n_labels, C},
                                  .values = weight};
    list[1] =
        (SafetensorsTensor){.name = names[1], .n_dims = 1, .shape = {n_labels}, .values = bias};
    return biased ? 2 : 1;
}
