/* Logits as numbers, for looking at a model.  No trainer needs them: a log-probability never has all of
 * them in memory. */
#ifndef POLICY_LOGITS_H
#define POLICY_LOGITS_H

#include "policy/policy.h"
#include "policy/token_ranking.h"

/* out (n, V): of what comes after tokens first..first+n-1 of the batch just evaluated, which must have
 * fitted into max_tokens. */
void policy_logits(double *out, Policy *p, int first, int n);
/* The K <= V likeliest tokens to come after token `at` of that batch, likeliest first, of equal ones the lower
 * token; values are log-probabilities at the batch's temperature, to the bit those of policy_evaluate. */
void policy_likeliest(RankedToken *out, Policy *p, int at, int K);
/* The same of one row of logits (V), a buffer. */
void logits_likeliest(RankedToken *out, const real *logits, int V, int K, double temperature);

#endif
