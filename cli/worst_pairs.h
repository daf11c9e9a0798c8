/* The pairs that a reward model orders against their labels, the worst first. */
#ifndef CLI_WORST_PAIRS_H
#define CLI_WORST_PAIRS_H

#include "base/text.h"
#include "cli/preferences.h"

typedef struct {
    int first, labels;       /* place of its first label in the set, and how many it has */
    double chosen, rejected; /* scores, sides as most labels have them */
    bool turned;             /* most labels choose what the first one rejects */
    double agreed;           /* share of the labels that choose it, ties half: above 1/2 */
    /* (2 agreed - 1) (rejected - chosen) > 0: how far off, by how sure the labels are */
    double wrong;
} WorstPair;

typedef struct {
    WorstPair *pair;
    int n;     /* at most as many as asked for */
    int wrong; /* how many there are */
} WorstPairs;

/* chosen, rejected (set->n) are the scores of each label's sides.  Pairs whose labels are undecided are right
 * half of the time whatever the scores, and never among them.  The set keeps its rows. */
WorstPairs worst_pairs_find(const PreferenceSet *set, const double *chosen, const double *rejected,
                            int limit);
void worst_pairs_print(const WorstPairs *w, const PreferenceSet *set);
/* [{"comparison":...,"prompt":...,...}, ...] */
void worst_pairs_json(Text *t, const WorstPairs *w, const PreferenceSet *set);
void worst_pairs_free(WorstPairs *w);

#endif
