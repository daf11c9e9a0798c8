/* The angle between vectors, as its cosine; 0 where one of them is all 0. */
#ifndef POLICY_COSINE_H
#define POLICY_COSINE_H

#include "kernels/kernels.h"

/* Of two rows (C), on the host. */
double cosine(const real *a, const real *b, int C);
/* The mean over all pairs of a row of a (Ta,C) and one of b (Tb,C): how near vectors of these texts are anyway, to
 * hold one pair against.                                                                  Ethayarajh 2019 */
double cosine_mean(const real *a, int Ta, const real *b, int Tb, int C);

#endif
