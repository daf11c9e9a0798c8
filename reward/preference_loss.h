/* Bradley-Terry loss on scored pairs.    Bradley & Terry 1952; Stiennon et al. 2020, eq. 1
 *
 *   delta = chosen - rejected
 *   loss  = -target log sigmoid(delta) - (1 - target) log sigmoid(-delta)
 *
 * A tie is a target of 1/2: half a win for either side, which pulls the two scores together.
 *
 * `noise` is the share of labels taken to be coin tosses: noise/2 + (1 - noise) sigmoid(delta) stands for
 * sigmoid(delta), so that a label against all evidence is put down to chance instead of bending the
 * scores.                                                     Christiano et al. 2017, section 2.2.3 */
#ifndef REWARD_PREFERENCE_LOSS_H
#define REWARD_PREFERENCE_LOSS_H

/* log(1 / (1 + exp(-x))) and 1 / (1 + exp(-x)), exact for any finite x. */
double log_sigmoid(double x);
double sigmoid(double x);

/* All arrays are (n): scores of the reward model, P(chosen is better) in [0,1], weights >= 0.
 * noise in [0,1).  target NULL: every chosen is better; weight NULL: every pair weighs 1.
 * dchosen and drejected are written, not added to, and may be NULL: the gradient of the result.
 * Returns the mean over the weights in nats; without any weight, 0 with gradients of 0. */
double preference_loss(double *dchosen, double *drejected, const double *chosen,
                       const double *rejected, const double *target, const double *weight, int n,
                       double noise);

#endif
