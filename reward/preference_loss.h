/* Losses on scored pairs.      Bradley & Terry 1952; Davidson 1970; Stiennon et al. 2020, eq. 1
 *
 *   delta = chosen - rejected - margin
 *   loss  = -target log sigmoid(delta) - (1 - target) log sigmoid(-delta)
 *
 * A tie is a target of 1/2.  Without `tie_nu` it is half a win for either side, which pulls the two scores together.
 * With nu it is an outcome of its own (Davidson 1970):
 *
 *   P(win) = e^(delta/2) / Z    P(tie) = nu / Z    P(loss) = e^(-delta/2) / Z
 *   Z      = e^(delta/2) + nu + e^(-delta/2)
 *
 * `noise` is the share of labels taken to be coin tosses: noise/2 + (1 - noise) P stands for the P of either
 * side, so that a label against all evidence is put down to chance instead of bending the scores; no toss is a
 * tie.                                                        Christiano et al. 2017, section 2.2.3
 *
 * `smoothing` is the share of every target that goes to the other side, which keeps the scores from growing without
 * bound.                                                      Szegedy et al. 2016; Mitchell 2023 */
#ifndef REWARD_PREFERENCE_LOSS_H
#define REWARD_PREFERENCE_LOSS_H

/* log(1 / (1 + exp(-x))) and 1 / (1 + exp(-x)), exact for any finite x. */
double log_sigmoid(double x);
double sigmoid(double x);

/* All arrays are (n). */
typedef struct {
    int n;
    const double *chosen, *rejected; /* scores of the reward model */
    const double *target;            /* P(chosen is better) in [0,1]; NULL: 1 */
    const double *weight;            /* >= 0; NULL: every label weighs 1 */
    const double *margin;            /* by which chosen has to lead; NULL: 0 */
} ScoredPairs;

typedef struct {
    double noise;     /* in [0,1) */
    double smoothing; /* in [0,1/2) */
    double tie_nu;    /* >= 0; with it a target of exactly 1/2 is a tie */
} PreferenceModel;

/* The gradient of the result: chosen, rejected (n) are written, not added to, and may be NULL. */
typedef struct {
    double *chosen, *rejected;
    double log_nu;
} PreferenceGradient;

/* Returns the mean over the weights in nats; without any weight, 0 with gradients of 0.  grad may be NULL. */
double preference_loss(PreferenceGradient *grad, const ScoredPairs *pairs,
                       const PreferenceModel *m);

/* The nu at which two answers of equal score tie with this probability, in [0,1). */
double davidson_nu(double tie_share);

#endif
