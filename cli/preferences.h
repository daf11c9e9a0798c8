/* Judged pairs of the store, or of a file, as tokens: what the reward model learns from. */
#ifndef CLI_PREFERENCES_H
#define CLI_PREFERENCES_H

#include "cli/loaded.h"
#include "reward/reward.h"

/* Fewer labels than this train nothing, and measure nothing. */
enum { PREFERENCES_TRAIN_MIN = 20, PREFERENCES_HELD_OUT_MIN = 10 };

typedef struct {
    Sequences sequences;     /* chosen and rejected of each label, prompt included */
    double *target, *weight; /* (n) */
    int n;                   /* labels; those of the same pair stand side by side */
    int ties, people;        /* labels that are ties; labels by people */
    int too_long;            /* labels left out: their pair exceeds the context */
    int first_better;        /* labels without tie that prefer the first stored answer */
    char sha256[SHA256_HEX]; /* of all that is learned from: tokens, targets, weights */
} PreferenceSet;

/* What brings so many labels more of a split: choosing between the pairs that are there, pairs of the prompts
 * that have none, or nothing but more prompts. */
typedef enum { LABELS_BY_LABELING, LABELS_BY_SAMPLING, LABELS_BY_IMPORTING } LabelSource;
LabelSource preferences_source(const StoreStatus *there, Split split, int64_t lacking);

int preferences_read(PreferenceSet *out, Store *store, const StorePreferenceFilter *filter,
                     const Tokenizer *t, int max_T, Error *err);
/* JSON lines with prompt, chosen, rejected.  Rows of the same pair, whichever answer was chosen, are put
 * beside the first of them. */
int preferences_read_file(PreferenceSet *out, const char *path, const Tokenizer *t, int max_T,
                          Error *err);
/* Refuses fewer labels of the valid split than measure anything, and says what brings more. */
int preferences_check_held_out(const PreferenceSet *train, const PreferenceSet *valid, Store *store,
                               Error *err);
Pairs preferences_pairs(const PreferenceSet *p);
void preferences_free(PreferenceSet *p);

#endif
