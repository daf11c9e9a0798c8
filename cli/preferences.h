/* Judged pairs of the store, or of a file, as tokens: what the reward model learns from. */
#ifndef CLI_PREFERENCES_H
#define CLI_PREFERENCES_H

#include "cli/loaded.h"
#include "reward/reward.h"

/* Fewer labels than this train nothing, and measure nothing. */
enum { PREFERENCES_TRAIN_MIN = 20, PREFERENCES_HELD_OUT_MIN = 10 };

/* Which labels, and what each counts for. */
typedef struct {
    StorePreferenceFilter filter;
    double strength_weight, margin; /* as in RewardConfig */
    bool drop_ties;
    bool keep; /* the rows as well */
} PreferenceReading;

/* Labels of several people for the same two answers, two people at a time, ties left out. */
typedef struct {
    int pairs, agreed;
} Overlap;

typedef struct {
    Sequences sequences;     /* chosen and rejected of each label, prompt included */
    double *target, *weight; /* (n) */
    double *margin;          /* (n); NULL: none has any */
    StorePreference *row;    /* (n) when they are kept; texts and all, else NULL */
    int n;                   /* labels; those of the same pair stand side by side */
    int ties, people;        /* labels that are ties; labels by people */
    int dropped;             /* ties left out */
    int too_long;            /* labels left out: their pair exceeds the context */
    int decided, left; /* labels by people without ties; those that prefer what was shown first */
    int by_rules;      /* labels by rules */
    /* of these, what the rules themselves think: errors on purpose 0, ties 1/2 */
    double rules_right;
    Overlap overlap;
    char sha256[SHA256_HEX]; /* of all that is learned from: tokens, targets, weights, margins */
} PreferenceSet;

/* What brings so many labels more of a split: choosing between the pairs that are there, pairs of the prompts
 * that have none, or nothing but more prompts. */
typedef enum { LABELS_BY_LABELING, LABELS_BY_SAMPLING, LABELS_BY_IMPORTING } LabelSource;
LabelSource preferences_source(const StoreStatus *there, Split split, int64_t lacking);

int preferences_read(PreferenceSet *out, Store *store, const PreferenceReading *reading,
                     const Tokenizer *t, int max_T, Error *err);
/* JSON lines with prompt, chosen, rejected.  Rows of the same pair, whichever answer was chosen, are put
 * beside the first of them.  `keep` as above. */
int preferences_read_file(PreferenceSet *out, const char *path, bool keep, const Tokenizer *t,
                          int max_T, Error *err);
/* Refuses labels that nothing can be learned from: ties alone, or, of people, the same side of the screen
 * every time. */
int preferences_check_sides(const PreferenceSet *p, Error *err);
/* Refuses fewer labels of the valid split than measure anything, and says what brings more. */
int preferences_check_held_out(const PreferenceSet *train, const PreferenceSet *valid, Store *store,
                               Error *err);
Pairs preferences_pairs(const PreferenceSet *p);
void preferences_free(PreferenceSet *p);

#endif
