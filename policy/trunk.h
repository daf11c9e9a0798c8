/* The trunk: rows of tokens in, hidden states out, and back.
 *
 * There is one forward for everything.  A row is a token at a position of a sequence whose earlier keys
 * are in a KvCache: in training and scoring a Span is a whole sequence, in decoding it is one token (or
 * a prompt), and the bits of a row are the same. */
#ifndef POLICY_TRUNK_H
#define POLICY_TRUNK_H

#include "policy/adapter.h"

/* N rows; spans cover them in order. */
typedef struct {
    int N, n_spans;
    const int *token, *position; /* (N) */
    const Span *span;            /* (n_spans) */
} Rows;

typedef struct Activations Activations;

/* What a forward leaves for the backward: nothing; the input of every block, from which the backward computes the
 * rest of it again (Chen et al. 2016), to the same bits; or all. */
typedef enum { KEEP_NOTHING, KEEP_INPUTS, KEEP_ALL } Keep;

/* Room for max_N rows; `low` is an adapter's, or 0.  Layers share the memory of what is not kept. */
Activations *activations_new(const ModelConfig *c, int low, int max_N, Keep keep);
void activations_free(Activations *a);
/* Without memory, until activations_lay gives it some, borrowed: activations_bytes, at a cache line. */
Activations *activations_open(const ModelConfig *c, int low);
void activations_lay(Activations *a, real *memory, int max_N, Keep keep);
/* Bytes that activations_new would take. */
size_t activations_bytes(const ModelConfig *c, int low, int max_N, Keep keep);

/* (N, C), after the final norm. */
real *activations_hidden(Activations *a);
/* Its gradient, zeroed by trunk_forward when kept. */
real *activations_dhidden(Activations *a);

/* The model as seen through an adapter, or NULL.  cache[layer], or the same one for every layer where
 * nothing is read again later. */
void trunk_forward(Model *m, Adapter *adapter, Activations *a, KvCache *const *cache,
                   const Rows *rows);
/* Adds into the gradients that the model and the adapter have; of the forward just done, with the same cache, whole
 * sequences only. */
void trunk_backward(Model *m, Adapter *adapter, Activations *a, KvCache *const *cache,
                    const Rows *rows);

#endif
