#include "reward/class_loss.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/mem.h"
#include "reward/calibration.h"

/* log of the sum of e^logit over all but class `without` (-1: none). */
static double log_sum(const double *logit, int K, int without)
{
    double most = -INFINITY, sum = 0;
    for (int k = 0; k < K; k++)
        if (k != without && logit[k] > most) most = logit[k];
    for (int k = 0; k < K; k++)
        if (k != without) sum += exp(logit[k] - most);
    return most + log(sum);
}

/* dlogit = share (p - q) */
double class_loss(double *dlogit, const double *logit, const int *label, const double *weight,
                  int n, int K, double smoothing)
{
    assert(n > 0 && K > 1 && smoothing >= 0 && smoothing < 1);
    double total = 0, loss = 0;
    for (int i = 0; i < n; i++) total += weight ? weight[i] : 1;
    for (int i = 0; i < n; i++) {
        const double *x = logit + (size_t)i * (size_t)K, z = log_sum(x, K, -1);
        const double share = total > 0 ? (weight ? weight[i] : 1) / total : 0;
        assert(label[i] >= 0 && label[i] < K);
        for (int k = 0; k < K; k++) {
            const double q = (k == label[i] ? 1 - smoothing : 0) + smoothing / K;
            if (share > 0 && q > 0) loss += share * q * (z - x[k]);
            if (dlogit) dlogit[(size_t)i * (size_t)K + (size_t)k] = share * (exp(x[k] - z) - q);
        }
    }
    return loss;
}

void class_probabilities(double *p, const double *logit, int K)
{
    const double z = log_sum(logit, K, -1);
    for (int k = 0; k < K; k++) p[k] = exp(logit[k] - z);
}

double class_log_odds(const double *logit, int K, int c)
{
    assert(K > 1 && c >= 0 && c < K);
    return logit[c] - log_sum(logit, K, c);
}

int class_likeliest(const double *logit, int K)
{
    int best = 0;
    for (int k = 1; k < K; k++)
        if (logit[k] > logit[best]) best = k;
    return best;
}

static double commonest_share(const int *label, int n, int K)
{
    int *count = mem_calloc((size_t)K, sizeof *count), most = 0;
    for (int i = 0; i < n; i++)
        if (++count[label[i]] > most) most = count[label[i]];
    free(count);
    return (double)most / n;
}

/* A bin's weight times its gap is |sum of confidences - number right| over all. */
ClassScores class_scores(long *confusion, const double *logit, const int *label, int n, int K)
{
    assert(n > 0 && K > 1);
    double gap[CALIBRATION_BINS] = {0};
    double *p = mem_calloc((size_t)K, sizeof *p);
    ClassScores s = {.loss = class_loss(NULL, logit, label, NULL, n, K, 0),
                     .commonest = commonest_share(label, n, K)};
    int right = 0;
    for (int i = 0; confusion && i < K * K; i++) confusion[i] = 0;
    for (int i = 0; i < n; i++) {
        const double *x = logit + (size_t)i * (size_t)K;
        const int said = class_likeliest(x, K);
        class_probabilities(p, x, K);
        gap[(int)fmin(p[said] * CALIBRATION_BINS, CALIBRATION_BINS - 1)] +=
            p[said] - (said == label[i]);
        right += said == label[i];
        if (confusion) confusion[label[i] * K + said]++;
    }
    for (int b = 0; b < CALIBRATION_BINS; b++) s.calibration_error += fabs(gap[b]) / n;
    s.accuracy = (double)right / n;
    free(p);
    return s;
}
