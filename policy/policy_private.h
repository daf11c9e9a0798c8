/* What a Policy is made of, for the files that implement policy.h. */
#ifndef POLICY_POLICY_PRIVATE_H
#define POLICY_POLICY_PRIVATE_H

#include "policy/policy.h"
#include "policy/trunk.h"

/* Tokens of one micro-batch at which something is asked, and the hidden row that answers. */
typedef struct {
    int n;
    int *at; /* (n) index of the token in the micro-batch */
    /* (n) row of the hidden state: the token before for logp, the token itself for values */
    int *row;
    int *target; /* (n) the token, for logp */
} Asked;

struct Policy {
    Model *model;
    PolicyOptions options;
    Parameters head; /* (K, C) weights, then (K) biases, aligned */
    size_t head_bias;
    Weight *head_weight;
    int64_t step;

    int room; /* tokens of a micro-batch; what follows is sized by it */
    Activations *acts;
    KvCache *cache;
    int cache_capacity;
    KvCache **layer_cache; /* (n_layer) the one cache, again and again */
    int *position;         /* (room) */
    Span *span;            /* (room) */
    Rows rows;             /* of the micro-batch just evaluated */
    Asked logp_asked, value_asked;
    bool entropy_asked;
    double temperature;

    real *h, *dh;               /* (room, C) gathered hidden states */
    real *logp, *entropy, *lse; /* (room) */
    real *value;                /* (room, K) */
    real *host;                 /* (room * max(K,1)) for what crosses */
};

/* Columns of the adapter's activations; 0 without one. */
static inline int policy_low(const Policy *p)
{
    return p->options.adapter ? p->options.adapter->low : 0;
}
static inline Keep policy_keeps(const PolicyOptions *o)
{
    return !o->train ? KEEP_NOTHING : o->recompute ? KEEP_INPUTS : KEEP_ALL;
}
/* What it trains beside its heads. */
static inline Parameters *policy_parameters(const Policy *p)
{
    return p->options.adapter ? &p->options.adapter->parameters : &p->model->parameters;
}

#endif
