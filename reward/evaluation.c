#include "reward/evaluation.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "reward/calibration.h"
#include "reward/preference_loss.h"

/* The sequences a and b of pairs. */
static bool same_sequence(const Pairs *pairs, int a, int b)
{
    const int *start = pairs->start;
    const int n = start[a + 1] - start[a];
    return n == start[b + 1] - start[b] && memcmp(pairs->token + start[a], pairs->token + start[b],
                                                  (size_t)n * sizeof *pairs->token) == 0;
}

/* The labels i and i - 1 judge the same two responses, whichever was chosen. */
static bool same_pair(const Pairs *pairs, int i)
{
    const int here = 2 * i, there = here - 2;
    return (same_sequence(pairs, here, there) && same_sequence(pairs, here + 1, there + 1)) ||
           (same_sequence(pairs, here, there + 1) && same_sequence(pairs, here + 1, there));
}

RewardEvaluation reward_evaluate(Policy *p, const Pairs *pairs, double *chosen, double *rejected)
{
    const size_t n = (size_t)pairs->n;
    double *score = mem_calloc(2 * n, sizeof *score), *c = mem_calloc(n, sizeof *c),
           *r = mem_calloc(n, sizeof *r);
    int *length = mem_calloc(2 * n, sizeof *length), *long_c = mem_calloc(n, sizeof *long_c),
        *long_r = mem_calloc(n, sizeof *long_r), *pair = mem_calloc(n, sizeof *pair);
    RewardEvaluation e = {.labels = pairs->n, .all_equal = true};

    reward_score(score, p, pairs->token, pairs->start, 2 * pairs->n);
    for (size_t i = 0; i < 2 * n; i++) length[i] = pairs->start[i + 1] - pairs->start[i];
    for (size_t i = 0; i < n; i++) {
        c[i] = score[2 * i], r[i] = score[2 * i + 1];
        long_c[i] = length[2 * i], long_r[i] = length[2 * i + 1];
        e.n += i == 0 || !same_pair(pairs, (int)i);
        pair[i] = e.n;
        e.margin += (c[i] - r[i]) / (double)n;
        e.all_equal = e.all_equal && c[i] == r[i];
    }
    e.accuracy = preference_accuracy(c, r, pairs->target, pair, pairs->n);
    e.loss = preference_loss(NULL,
                             &(ScoredPairs){.n = pairs->n,
                                            .chosen = c,
                                            .rejected = r,
                                            .target = pairs->target,
                                            .weight = pairs->weight},
                             &(PreferenceModel){0});
    e.calibration_error = calibration_error(c, r, pairs->target, pairs->n);
    e.longer_wins = longer_wins_accuracy(long_c, long_r, pairs->target, pair, pairs->n);
    e.length_correlation = score_length_correlation(score, length, 2 * pairs->n);
    if (chosen) memcpy(chosen, c, n * sizeof *c);
    if (rejected) memcpy(rejected, r, n * sizeof *r);
    free(score), free(c), free(r), free(length), free(long_c), free(long_r), free(pair);
    return e;
}
