/* One sentence about a comparison.
 *
 * A win rate, the KL and the fluency can all look fine while the answers are rubbish: a policy that found a
 * flaw of its reward model breaks off, repeats one answer, or recites.  So an answer must first be sound. */
#ifndef COMPARE_VERDICT_H
#define COMPARE_VERDICT_H

#include "base/text.h"
#include "compare/win_rate.h"

typedef enum {
    VERDICT_BETTER,
    VERDICT_NO_DIFFERENCE,
    VERDICT_CANNOT_TELL,
    VERDICT_BROKEN,
    VERDICT_WORSE
} Verdict;

/* Shares of the answers on the test prompts; NAN where not known. */
typedef struct {
    WinRate wins;                   /* of the aligned model against the base */
    double finished, base_finished; /* ended by themselves, with at least one word */
    double distinct, base_distinct; /* different from each other */
    double verbatim, base_verbatim; /* found as a whole in the corpus */
} VerdictFacts;

/* An interval that holds one half is no difference when it lies within [.4, .6], and else cannot tell: few
 * prompts prove nothing, neither that the models differ nor that they do not.  At a win rate of one half
 * 93 prompts suffice; the 300 of `compare` give [.444, .556].
 * `reasons`, when not NULL, gets what is broken, or the interval that decided, in words. */
Verdict verdict_of(const VerdictFacts *facts, Text *reasons);
/* What the interval and the answers say, and what to do next, in a sentence or two. */
const char *verdict_meaning(Verdict verdict);
/* "better", "no difference", "cannot tell", "better by the score but broken", "worse" */
const char *verdict_name(Verdict verdict);

#endif
