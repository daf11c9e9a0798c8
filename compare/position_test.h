/* Whether judges choose by the side on which an answer is shown.  Sides are drawn by lot, so a habit adds noise and
 * does not move a win rate; but a judge who has one reads less than is thought. */
#ifndef COMPARE_POSITION_TEST_H
#define COMPARE_POSITION_TEST_H

typedef struct {
    int first, n;     /* decisions for the answer that was shown first, of all that are no ties */
    double share;     /* first / n; 0.5 when n is 0 */
    double low, high; /* 95% Wilson interval */
    double p;         /* exact, two-sided, against fair coins */
} PositionTest;

PositionTest position_test(int first, int second);

#endif
