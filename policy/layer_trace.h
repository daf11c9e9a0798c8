/* What every layer makes of one sequence: the residual stream between the blocks, and the units of the MLPs.
 *
 * They are what the trunk itself computed, to the bit, not made again. */
#ifndef POLICY_LAYER_TRACE_H
#define POLICY_LAYER_TRACE_H

#include "policy/adapter.h"

typedef enum { TRACE_RESIDUAL = 1, TRACE_UNITS = 2 } TracePart;

/* Residual level 0 is what the embedding gives, level l + 1 what layer l leaves; level n_layer enters the final
 * norm.  A unit is a row of what the MLP's down projection reads: after GELU, or after SwiGLU's product. */
typedef struct {
    int T, n_layer, C, F;
    real *residual; /* (n_layer+1, T, C), a buffer; NULL unless asked for */
    real *units;    /* (n_layer, T, F), a buffer; NULL unless asked for */
} LayerTrace;

/* A pass of T tokens, at most the context, through the model as seen through an adapter, or NULL.  `parts` are
 * of TracePart. */
LayerTrace *layer_trace_new(Model *m, Adapter *adapter, unsigned parts, const int *token, int T);
void layer_trace_free(LayerTrace *t);
/* Bytes that it takes while it is made. */
size_t layer_trace_bytes(const ModelConfig *c, const Adapter *adapter, unsigned parts, int T);

/* out (T,C) and out (T,F), on the host. */
void layer_trace_read_residual(real *out, const LayerTrace *t, int level);
void layer_trace_read_units(real *out, const LayerTrace *t, int layer);

#endif
