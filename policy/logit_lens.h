/* What each layer would say next if it were the last one: the final norm and the output projection, put on the
 * residual stream as a layer leaves it.                                                  nostalgebraist 2020
 *
 * At the last level that is what the model says, to the bit. */
#ifndef POLICY_LOGIT_LENS_H
#define POLICY_LOGIT_LENS_H

#include "policy/layer_trace.h"
#include "policy/token_ranking.h"

/* The K <= V likeliest tokens to come after token `at` as level 0..n_layer of a trace with TRACE_RESIDUAL has it,
 * likeliest first; values are log-probabilities at temperature 1.  The model predicts tokens, and is the trace's. */
void logit_lens(RankedToken *out, Model *m, const LayerTrace *t, int level, int at, int K);

#endif
