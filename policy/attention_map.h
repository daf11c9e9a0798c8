/* Which tokens the heads of a layer look at.                             Vaswani et al. 2017, eq. 1
 *
 *     p[t][s] = softmax over s <= t of q_t . k_s / sqrt(HD)
 *
 * or, with a window, over t - window < s <= t.                                   Beltagy et al. 2020
 *
 * Made again in double from the queries and keys that the trunk itself left behind: those of any other pass over
 * these tokens, to the bit. */
#ifndef POLICY_ATTENTION_MAP_H
#define POLICY_ATTENTION_MAP_H

#include "policy/adapter.h"

/* One layer over one sequence, on the host.  Rows are query, key and value heads side by side, as they met:
 * normed where the model norms heads, and turned. */
typedef struct {
    int T, NH, NKV, HD;
    int window;  /* keys a token sees, itself included; 0: all */
    real *qkv;   /* (T, (NH + 2 NKV) HD) */
    real *mixed; /* (T, NH HD): what the kernels made of them, before the projection */
} AttentionMap;

/* A pass of T tokens, at most the context, through the model as seen through an adapter, or NULL. */
AttentionMap *attention_map_new(Model *m, Adapter *adapter, int layer, const int *token, int T);
void attention_map_free(AttentionMap *a);
/* p (T,T) of query head `head`, which uses key head head / (NH/NKV); 0 for keys that are not
 * seen. */
void attention_map_head(double *p, const AttentionMap *a, int head);

#endif
