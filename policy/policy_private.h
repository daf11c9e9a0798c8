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

    int limit;             /* tokens that a micro-batch may have */
    int rows_max;          /* that any had so far: what is on the host is for so many */
    int *position;         /* (rows_max) */
    Span *span;            /* (rows_max) */
    real *host;            /* (rows_max * max(K,1)) for what crosses */
    KvCache **layer_cache; /* (n_layer) the one cache, again and again */
    Rows rows;             /* of the micro-batch just evaluated */
    Asked logp_asked, value_asked;
    bool entropy_asked;
    double temperature;

    /* what lies in the room, of a pass of N tokens */
    Room *room;
    Activations *acts;
    real *h, *dh; /* (N, C) gathered hidden states; dh: only where a gradient is to follow */
    real *logp, *entropy, *lse; /* (N) */
    real *value;                /* (N, K) */
};

/* Numbers that a pass of N tokens takes in the room: its activations, each gathered (N, C) and (N), and all. */
typedef struct {
    size_t activations, hidden, row, all;
} PassSizes;
PassSizes pass_sizes(const ModelConfig *c, const PolicyOptions *o, int N, bool gradient);

/* Columns of the adapter's activations; 0 without one. */
static inline int policy_low(const Policy *p)
{
    return p->options.adapter ? p->options.adapter->low : 0;
}
/* What a pass leaves behind where a gradient is to follow, or not. */
static inline Keep policy_keeps(const PolicyOptions *o, bool gradient)
{
    return !gradient ? KEEP_NOTHING : o->recompute ? KEEP_INPUTS : KEEP_ALL;
}
/* What it trains beside its heads. */
static inline Parameters *policy_parameters(const Policy *p)
{
    return p->options.adapter ? &p->options.adapter->parameters : &p->model->parameters;
}

#endif
