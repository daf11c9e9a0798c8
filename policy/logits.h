/* Logits as numbers, for looking at a model.  No trainer needs them: a log-probability never has all of
 * them in memory. */
#ifndef POLICY_LOGITS_H
#define POLICY_LOGITS_H

#include "policy/policy.h"

/* out (n, V): of what comes after tokens first..first+n-1 of the batch just evaluated, which must have
 * fitted into max_tokens. */
void policy_logits(double *out, Policy *p, int first, int n);

#endif
