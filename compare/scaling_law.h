/* How the loss falls with the size of a model and with what it reads.              Hoffmann et al. 2022, eq. 2
 *
 *     L(N, D) = E + a / N^p + b / D^q
 *
 * fitted by least squares: for exponents on a grid E, a and b are a linear problem, and from the best of these
 * Levenberg and Marquardt's steps go on in (E, ln a, p, ln b, q).  E is at least 0, since no loss is less; where the
 * fit ends there, the intervals are still those of five free numbers. */
#ifndef COMPARE_SCALING_LAW_H
#define COMPARE_SCALING_LAW_H

#include "base/error.h"

typedef struct {
    double N, D; /* weights, training tokens */
    double loss; /* held out, nats per token */
} ScalingPoint;

/* In this order everywhere. */
typedef enum { LAW_E, LAW_LN_A, LAW_P, LAW_LN_B, LAW_Q, LAW_TERMS } ScalingTerm;

typedef struct {
    double value[LAW_TERMS];
    /* of the 95% interval, from the Jacobian and Student's t: value +- half */
    double half[LAW_TERMS];
    double residual; /* deviation of the points, n - 5 degrees of freedom */
} ScalingLaw;

/* Fails with fewer than 6 points, with one size or one amount of data alone, and where the loss does not fall with
 * both. */
int scaling_law_fit(ScalingLaw *out, const ScalingPoint *point, int n, Error *err);
double scaling_law_loss(const ScalingLaw *law, double N, double D);
/* The two-sided 95% point of Student's t. */
double scaling_law_student(int freedom);

#endif
