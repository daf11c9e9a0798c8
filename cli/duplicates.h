/* Documents that say the same, or nearly.
 *
 * What is compared are words: runs of letters, digits and bytes beyond ASCII, in lower case (of ASCII).  Two
 * documents of equal words are the same.  Two are nearly the same when of all runs of five words in either,
 * about four in five are in both (Jaccard similarity 0.8, as in Lee et al. 2022).  That similarity is estimated
 * by MinHash (Broder 1997): of 128 hash functions, the share of those whose smallest value over a document's
 * runs is equal.  Only documents that agree in one of 16 bands of 8 such values are looked at, which finds a pair
 * of similarity s with probability 1 - (1 - s^8)^16: 0.95 at 0.8, more than 0.999 at 0.9. */
#ifndef CLI_DUPLICATES_H
#define CLI_DUPLICATES_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Duplicates Duplicates;

Duplicates *duplicates_new(void);
void duplicates_free(Duplicates *d);
/* The number of the document, among those kept before, that this one repeats: in the same words, or as alike as
 * *similarity estimates.  -1 when there is none: then it is kept, and gets the next number, from 0. */
int duplicates_add(Duplicates *d, const char *text, bool *same, double *similarity);
/* What identifies a document: a keyed hash of its words, the same in every project. */
uint64_t duplicates_key(const char *text);

#endif
