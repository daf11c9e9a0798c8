/* What picking the best of n answers gives, from N candidates: the other way to a higher score, which costs no
 * training.  Stiennon et al. 2020; Nakano et al. 2021 */
#ifndef COMPARE_BEST_OF_N_H
#define COMPARE_BEST_OF_N_H

/* Mean over all choices of n of the N scores of the highest among them: sum over k of
 * C(k-1, n-1) / C(N, n) times the k-th lowest score.  Unbiased for fresh candidates.  1 <= n <= N; score (N) is put in
 * ascending order. */
double best_of_n_mean(double *score, int N, int n);

#endif
