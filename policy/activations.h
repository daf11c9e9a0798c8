/* What the trunk keeps of a pass: the memory of its activations and gradients, cut from one buffer.  For
 * trunk.c, activations.c, attention_map.c and layer_trace.c alone. */
#ifndef POLICY_ACTIVATIONS_H
#define POLICY_ACTIVATIONS_H

#include "policy/trunk.h"

/* What one block leaves behind for its backward; widths in the margin, all times N. */
typedef struct {
    real *x; /* C        block input */
    real *n1, *mean1, *rstd1;
    real *qkv;          /* Q + 2 KV, turned */
    real *qk, *qk_rstd; /* Q + KV, NH + NKV    heads before their norm; only with one */
    real *mixed, *lse;  /* Q, NH    attention output before the projection */
    real *mid;          /* C        after attention */
    real *n2, *mean2, *rstd2;
    real *up, *act; /* F or 2F, F */
    real *low;      /* low      what an adapter's A give; only with one */
} BlockActivations;

/* What the gradient of one block is made of, after the tensor it is the gradient of. */
typedef struct {
    real *out; /* C        block output */
    real *act, *up, *n2, *mid;
    real *mixed, *qkv, *n1, *x;
    real *qk;  /* of the heads after their norm */
    real *low; /* only with an adapter */
} BlockGradients;

/* Consecutive whole sequences of the batch, which go through the layers on one thread. */
typedef struct {
    int row, N, first_span, n_spans;
} Part;

struct Activations {
    ModelConfig config;
    int low; /* columns of an adapter; 0: none */
    int max_N;
    Keep keep;
    BlockActivations *block;  /* (n_layer); the same memory for what is not kept */
    real *last, *mean, *rstd; /* input and statistics of the final norm */
    real *hidden, *dhidden;   /* C */
    BlockGradients d;         /* of one block at a time; x of one is out of the one before */
    Part *part;
    Span *span;             /* rows counted from the part's first */
    int n_parts, parts_max; /* part and span have places for parts_max */
    real *memory;           /* its own, or NULL */
};

typedef struct {
    size_t q, kv, qkv, up;
} Widths; /* of one row */

Widths activations_widths(const ModelConfig *c);
/* The same from `row` on. */
BlockActivations activations_block_from(const Activations *a, int layer, int row);
BlockGradients activations_gradients_from(const Activations *a, int row);

#endif
