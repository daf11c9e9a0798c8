/* Which words of two texts are in one of them alone: what is left when a longest common subsequence of words
 * is taken out.  Hirschberg 1975, so that the memory grows with the lengths and not with their product. */
#ifndef LABELING_WORD_DIFF_H
#define LABELING_WORD_DIFF_H

#include <stddef.h>

/* only_a (n) and only_b (m) become 1 at the bytes of words that the other text lacks there, and at the
 * spaces between two such words; else 0.  A word is a run of letters and digits; a sign, and a character two
 * columns wide, is one of its own.  A single common word with differences on all sides, in both texts,
 * counts as one of them: "the" in two unlike sentences tells the eye nothing.  Texts whose lengths in words
 * multiply to more than 10^8, equal beginnings and ends apart, count as different in between. */
void word_diff(unsigned char *only_a, const char *a, size_t n, unsigned char *only_b, const char *b,
               size_t m);

#endif
