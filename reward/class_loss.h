/* Softmax cross-entropy: texts of K classes, one logit for each.
 *
 *   p    = softmax(logit)
 *   loss = -sum_k q[k] log p[k],   q = (1 - smoothing) [k = label] + smoothing / K
 *
 * Smoothing: Szegedy et al. 2016, section 7. */
#ifndef REWARD_CLASS_LOSS_H
#define REWARD_CLASS_LOSS_H

/* logit, dlogit are (n,K), label and weight (n); weights >= 0, NULL: every text weighs 1; smoothing in [0,1).
 * dlogit is written, not added to, and may be NULL: the gradient of the result.
 * Returns the mean over the weights in nats; without any weight, 0 with gradients of 0. */
double class_loss(double *dlogit, const double *logit, const int *label, const double *weight,
                  int n, int K, double smoothing);

/* p (K) of one text; p may be logit. */
void class_probabilities(double *p, const double *logit, int K);
/* log p[c] - log(1 - p[c]) of one text, K > 1, without forming p: logit[c] less the log of the others' sum. */
double class_log_odds(const double *logit, int K, int c);
/* The likeliest; the first of equals. */
int class_likeliest(const double *logit, int K);

typedef struct {
    double accuracy, loss; /* plain, whatever was trained: no weights, no smoothing */
    /* of the likeliest class's probability; Guo et al. 2017, eq. 3, ten bins */
    double calibration_error;
    double commonest; /* accuracy of "always the commonest class" */
} ClassScores;
/* n > 0.  confusion (K,K), may be NULL: how many texts of each class (row) were put into each (column). */
ClassScores class_scores(long *confusion, const double *logit, const int *label, int n, int K);

#endif
