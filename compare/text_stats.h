/* Whether a model's answers are still answers: different from each other, its own, of a sane length. */
#ifndef COMPARE_TEXT_STATS_H
#define COMPARE_TEXT_STATS_H

/* Different texts / n; 1 when n is 0. */
double text_stats_distinct(const char *const *texts, int n);
/* Different runs of `order` words / all such runs, over all texts together: distinct-n.  NAN when no text has
 * one.  Li et al. 2016 */
double text_stats_distinct_runs(const char *const *texts, int n, int order);
/* The share of texts that occur as a whole in the corpus; space at both ends does not count. */
double text_stats_verbatim(const char *const *texts, int n, const char *const *corpus,
                           int n_corpus);
/* Words as base/text.h counts them. */
double text_stats_mean_words(const char *const *texts, int n);

#endif
