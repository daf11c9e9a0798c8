#include "reward/calibration.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

#include "reward/preference_loss.h"

static double share_right(double delta, double better)
{
    if (delta > 0) return better;
    if (delta < 0) return 1 - better;
    return 0.5;
}

/* A mean over pairs, taken up label by label. */
typedef struct {
    double sum, pair_sum;
    int pairs, labels; /* labels: of the pair at hand */
} PairMean;

static void end_pair(PairMean *m)
{
    if (m->labels > 0) m->sum += m->pair_sum / m->labels;
    m->pair_sum = 0, m->labels = 0;
}

static void add_label(PairMean *m, double right, const int *pair, int i)
{
    if (i == 0 || !pair || pair[i] != pair[i - 1]) {
        end_pair(m);
        m->pairs++;
    }
    m->pair_sum += right, m->labels++;
}

static double mean_of(PairMean *m)
{
    end_pair(m);
    return m->sum / m->pairs;
}

double preference_accuracy(const double *chosen, const double *rejected, const double *target,
                           const int *pair, int n)
{
    assert(n > 0);
    PairMean right = {0};
    for (int i = 0; i < n; i++)
        add_label(&right, share_right(chosen[i] - rejected[i], target ? target[i] : 1), pair, i);
    return mean_of(&right);
}

double longer_wins_accuracy(const int *chosen_length, const int *rejected_length,
                            const double *target, const int *pair, int n)
{
    assert(n > 0);
    PairMean right = {0};
    for (int i = 0; i < n; i++)
        add_label(
            &right,
            share_right((double)chosen_length[i] - rejected_length[i], target ? target[i] : 1),
            pair, i);
    return mean_of(&right);
}

typedef struct {
    double count, predicted, observed;
} Bin;

static void bin_add(Bin *bins, double p, double outcome)
{
    const int i = (int)fmin(p * CALIBRATION_BINS, CALIBRATION_BINS - 1);
    bins[i].count += 1;
    bins[i].predicted += p;
    bins[i].observed += outcome;
}

double calibration_error(const double *chosen, const double *rejected, const double *target, int n)
{
    assert(n > 0);
    Bin bins[CALIBRATION_BINS] = {0};
    for (int i = 0; i < n; i++) {
        const double delta = chosen[i] - rejected[i], better = target ? target[i] : 1;
        bin_add(bins, sigmoid(delta), better);
        bin_add(bins, sigmoid(-delta), 1 - better);
    }
    /* A bin's weight times its gap is |sum of p - sum of outcomes| over all. */
    double error = 0;
    for (int i = 0; i < CALIBRATION_BINS; i++) error += fabs(bins[i].predicted - bins[i].observed);
    return error / (2.0 * n);
}

double agreement_ceiling(double agreement)
{
    return agreement > 0.5 ? (1 + sqrt(2 * agreement - 1)) / 2 : 0.5;
}

ScoreScale score_scale(const double *score, int n)
{
    assert(n > 0);
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++) sum += score[i];
    const double mean = sum / n;
    for (int i = 0; i < n; i++) squares += (score[i] - mean) * (score[i] - mean);
    const double deviation = sqrt(squares / n);
    const double gain = deviation > 0 ? 1 / deviation : 1;
    return (ScoreScale){.mean = mean, .deviation = deviation, .gain = gain, .bias = -gain * mean};
}

static const double Z_95 = 1.959964; /* 95% of a normal distribution lie this near its mean */

double score_shrinkage(const double *chosen, const double *rejected, const double *target, int n)
{
    assert(n > 0);
    double agreement = 0, squares = 0;
    for (int i = 0; i < n; i++) {
        const double delta = chosen[i] - rejected[i];
        agreement += (target ? 2 * target[i] - 1 : 1) * delta;
        squares += delta * delta;
    }
    if (agreement <= 0) return 0;
    return fmax(0, 1 - Z_95 * sqrt(squares) / agreement);
}

double score_length_correlation(const double *score, const int *length, int n)
{
    assert(n > 0);
    double score_mean = 0, length_mean = 0;
    for (int i = 0; i < n; i++) {
        score_mean += score[i] / n;
        length_mean += (double)length[i] / n;
    }
    double both = 0, score_squares = 0, length_squares = 0;
    for (int i = 0; i < n; i++) {
        const double s = score[i] - score_mean, l = length[i] - length_mean;
        both += s * l;
        score_squares += s * s;
        length_squares += l * l;
    }
    if (score_squares <= 0 || length_squares <= 0) return 0;
    return both / sqrt(score_squares * length_squares);
}
