/* How good a reward model's scores are, and on which scale: pure functions of scored pairs.
 *
 * target (n) is P(chosen is better): 1, or 1/2 where the labeler called a tie; NULL means all 1.  Such a
 * tie is half right whatever the scores say, and equal scores are half right whatever the label says. */
#ifndef REWARD_CALIBRATION_H
#define REWARD_CALIBRATION_H

enum { CALIBRATION_BINS = 10 };

/* Share of pairs whose order the scores get right.  pair (n), ascending, is the number of the pair that
 * each label judges: the labels of one pair are averaged and count as one, since the scores are right or
 * wrong about it once, however many people looked.  NULL: each label judges a pair of its own. */
double preference_accuracy(const double *chosen, const double *rejected, const double *target,
                           const int *pair, int n);

/* The same for "the longer answer wins": what a model must beat to have learned more than length. */
double longer_wins_accuracy(const int *chosen_length, const int *rejected_length,
                            const double *target, const int *pair, int n);

/* Expected calibration error of sigmoid(delta).         Guo et al. 2017, eq. 3
 * Each pair counts in both orders, (p, target) and (1 - p, 1 - target), else the outcome of every
 * chosen-first pair would be 1; ten bins of equal width over [0,1]; 0 is perfect. */
double calibration_error(const double *chosen, const double *rejected, const double *target, int n);

/* The accuracy, on the labels of one person, of somebody who never errs, where two people agree this often.  Both
 * err with one probability e, whatever the pair, so that they agree with 1 - 2 e (1 - e), and the ceiling is
 * 1 - e; 1/2 where they agree no more often than by chance. */
double agreement_ceiling(double agreement);

/* Where score would be on a scale of mean 0 and standard deviation 1: gain * score + bias.
 * Ziegler et al. 2019, section 2.1; population deviation.  Equal scores keep a gain of 1. */
typedef struct {
    double mean, deviation; /* of the scores given */
    double gain, bias;
} ScoreScale;
ScoreScale score_scale(const double *score, int n);

/* What a model's scores are worth by the evidence of n held-out pairs: the factor to shrink them by.
 *
 *   z = sum_i (2 target_i - 1) delta_i / sqrt(sum_i delta_i^2)     delta = chosen - rejected
 *   factor = max(0, 1 - 1.96 / z)                                  0 for z <= 0
 *
 * z is the score test of the logistic regression of the labels on delta, at a slope of 0: N(0,1) if the
 * labels are coin tosses.  What remains is the share of the slope above its 95% interval's half-width,
 * so a model that cannot be told from chance is left with nothing. */
double score_shrinkage(const double *chosen, const double *rejected, const double *target, int n);

/* Pearson's correlation of score and response length; 0 when either does not vary. */
double score_length_correlation(const double *score, const int *length, int n);

#endif
