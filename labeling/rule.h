/* Documented rules that compare two answers in place of a person.
 *
 * A rule is a sum of points for traits of an answer, printed in words before it is used, so that whoever
 * reads a result knows what was asked for.  Its labels are recorded as a rule's.  Rules with traits read
 * answers of the repair counter; the others take any text. */
#ifndef LABELING_RULE_H
#define LABELING_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "labeling/repair_counter.h"

typedef struct {
    const char *name;
    double points;
    bool (*holds)(const RepairFacts *);
    bool needed;  /* an answer without it is not all right */
    bool deepens; /* comes on top of the trait before it, which it implies */
} RuleTrait;

typedef struct {
    const char *name;
    const char *text; /* the rule in words, a few lines */
    double (*score)(const char *prompt, const char *response);
    const RuleTrait *traits; /* NULL for a rule on any text */
    int n_traits;
    int min_words;   /* an answer below this, or one that breaks off, is unusable: */
    double unusable; /* its score, whatever else it has */
} Rule;

/* NULL when there is none of that name. */
const Rule *rule_find(const char *name);
/* Number i, or NULL at the end. */
const Rule *rule_at(int i);
/* The rule that --rule NAME asks for; the error guesses one or lists them.  name may be NULL. */
int rule_choose(const Rule **rule, const char *name, Error *err);

/* Every needed trait, no unwanted one, and usable. */
bool rule_all_right(const Rule *rule, const RepairFacts *facts);
/* Append the reasons of a score: "right first step +2, kind opener +1.5, selling -1.5". */
void rule_explain(Text *out, const Rule *rule, const char *prompt, const char *response);

typedef enum { RULE_A, RULE_B, RULE_TIE } RuleChoice;

/* How far the labels of a rule are spoilt on purpose. */
typedef struct {
    double flip; /* this share of the decisions is turned round; ties stay ties */
    bool coin;   /* every label is a coin toss between A and B: a placebo */
    uint64_t seed;
} RuleNoise;

/* The better of two answers; equal scores are a tie.  The noise depends only on the seed and on
 * `comparison`, a number of the pair.  *flipped (may be NULL): the label is not what the rule says. */
RuleChoice rule_judge(const Rule *rule, const char *prompt, const char *a, const char *b,
                      const RuleNoise *noise, int64_t comparison, bool *flipped);

#endif
