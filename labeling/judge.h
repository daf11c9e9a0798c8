/* A rule labels every comparison that it has not labeled yet.
 *
 * Its labels are a rule's and stay so: annotator kind `rule`, handle "rule:NAME" ("rule:coin" for coin
 * tosses), the reason as comment. */
#ifndef LABELING_JUDGE_H
#define LABELING_JUDGE_H

#include "labeling/rule.h"
#include "base/log.h"
#include "store/store.h"

enum { JUDGE_SHOWN = 5, JUDGE_HANDLE = 64 };

/* What the reason of a label ends with that is not what the rule says, and the reason of a coin's. */
#define JUDGE_TURNED_ROUND "; turned round on purpose"
#define JUDGE_COIN         "coin toss"

/* The first few decisions, to be read by a person. */
typedef struct {
    int64_t comparison_id;
    char *prompt, *a, *b;
    char *reason_a, *reason_b; /* rule_explain */
    double score_a, score_b;
    RuleChoice choice;
    bool flipped;
} JudgeDecision;

typedef struct {
    char handle[JUDGE_HANDLE];
    int64_t decided; /* labels saved, ties included */
    int64_t ties;
    int64_t flipped; /* turned round on purpose */
    int64_t longer;  /* the longer answer, in words, is preferred; ties left out */
    int n_shown;
    JudgeDecision shown[JUDGE_SHOWN];
} JudgeResult;

/* "rule:kind": whose labels they are. */
void judge_handle(char out[JUDGE_HANDLE], const Rule *rule, const RuleNoise *noise);
/* Saves in pages of some thousand labels, each page one transaction; what was saved before a failure or a
 * signal, which ends it after a page, stays, and the same call takes up the rest.  `bar` may be NULL. */
int judge_by_rule(Store *store, const Rule *rule, const RuleNoise *noise, Progress *bar,
                  JudgeResult *out, Error *err);
void judge_result_free(JudgeResult *result);

#endif
