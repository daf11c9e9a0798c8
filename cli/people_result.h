/* What people have found so far in the campaign of a `compare --by people`, counted from the labels that stand now. */
#ifndef CLI_PEOPLE_RESULT_H
#define CLI_PEOPLE_RESULT_H

#include <cjson/cJSON.h>

#include "compare/position_test.h"
#include "compare/verdict.h"
#include "store/store.h"

/* The evaluations that hold what was asked. */
#define PEOPLE_RECORD "compare people"

typedef struct {
    char *handle;
    int labels;
} PeopleLabels;

typedef struct {
    WinRate wins;          /* of the aligned model, one decision per pair, equal answers as ties */
    PositionTest position; /* one decision per label */
    int pairs, labeled;    /* pairs to label, and those with a label that counts */
    int equal;             /* prompts that both gave the same answer to: not asked, ties */
    int64_t labels;
    PeopleLabels *person; /* (n_people) who gave them, those with most first */
    int n_people;
    /* How often the labels of two people on one pair agree: 1 for the same side, 0.5 where one of the two is
     * undecided, 0 for the other side; each pair of answers counts once, with the mean over its labels by twos. */
    double agreement, agreement_low, agreement_high; /* share, with its 95% interval by Wilson */
    int shared;                                      /* pairs that several people labeled */
    int64_t first_us, last_us; /* of the labels' times; 0 where there is none */
    Verdict verdict;
    Text reasons;
} PeopleResult;

/* By the record that PEOPLE_RECORD holds. */
int people_result_read(PeopleResult *out, Store *store, const cJSON *record, Error *err);
void people_result_free(PeopleResult *r);

/* "ada 12, ben 4" */
void people_result_put_who(Text *out, const PeopleResult *r);
/* "two people agree on 0.62 [0.36, 0.83] of the 12 pairs that several labeled", or that none were. */
void people_result_put_agreement(Text *out, const PeopleResult *r);
/* How often what was shown first was chosen; nothing where all were ties. */
void people_result_put_position(Text *out, const PeopleResult *r);

#endif
