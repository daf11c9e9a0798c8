/* Which tokens a model takes for much the same: the angle between their rows of the embedding, or of the output
 * projection.                                                                  Mikolov et al. 2013 */
#ifndef POLICY_NEAREST_TOKENS_H
#define POLICY_NEAREST_TOKENS_H

#include "policy/model.h"
#include "policy/token_ranking.h"

typedef enum { TOKENS_READ, TOKENS_SAID } TokenRows; /* the embedding; the output projection */

/* The at most `count` of tokens 0..n-1 nearest to `token`, itself left out: values are cosines, highest first,
 * the lower of two equal tokens before the other.  A row of zeros has a cosine of 0 with every other.  Returns
 * how many. */
int nearest_tokens(RankedToken *out, int count, const Model *m, TokenRows rows, int token, int n);

#endif
