#include "labeling/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "base/text.h"
#include "labeling/shown.h"

enum { PAGE = 2000 };

static void show(JudgeResult *out, const Rule *rule, const StorePair *pair, RuleChoice choice,
                 bool flipped)
{
    if (out->n_shown == JUDGE_SHOWN) return;
    Text a = {0}, b = {0};
    rule_explain(&a, rule, pair->prompt, pair->a);
    rule_explain(&b, rule, pair->prompt, pair->b);
    out->shown[out->n_shown++] = (JudgeDecision){.comparison_id = pair->comparison_id,
                                                 .prompt = mem_strdup(pair->prompt),
                                                 .a = mem_strdup(pair->a),
                                                 .b = mem_strdup(pair->b),
                                                 .reason_a = text_take(&a),
                                                 .reason_b = text_take(&b),
                                                 .score_a = rule->score(pair->prompt, pair->a),
                                                 .score_b = rule->score(pair->prompt, pair->b),
                                                 .choice = choice,
                                                 .flipped = flipped};
}

/* Why, for whoever looks at the label later. */
static char *reason(const Rule *rule, const RuleNoise *noise, const StorePair *pair, bool flipped)
{
    Text t = {0};
    if (noise->coin) {
        text_add(&t, JUDGE_COIN);
        return text_take(&t);
    }
    text_add(&t, "A: ");
    rule_explain(&t, rule, pair->prompt, pair->a);
    text_add(&t, "; B: ");
    rule_explain(&t, rule, pair->prompt, pair->b);
    if (flipped) text_add(&t, JUDGE_TURNED_ROUND);
    return text_take(&t);
}

static void judge_pair(JudgeResult *out, StoreVerdict *verdict, const Rule *rule,
                       const RuleNoise *noise, const StorePair *pair)
{
    bool flipped = false;
    const RuleChoice choice =
        rule_judge(rule, pair->prompt, pair->a, pair->b, noise, pair->comparison_id, &flipped);
    if (noise->coin) flipped = false; /* a coin has no better knowledge to turn round */
    *verdict = (StoreVerdict){.comparison_id = pair->comparison_id,
                              .outcome = choice == RULE_TIE ? OUTCOME_TIE : OUTCOME_PREF,
                              .preferred = choice == RULE_TIE ? 0
                                           : choice == RULE_A ? -1
                                                              : 1,
                              .comment = reason(rule, noise, pair, flipped)};
    show(out, rule, pair, choice, flipped);
    out->decided++;
    out->ties += choice == RULE_TIE;
    out->flipped += flipped;
    const int a = shown_words(pair->a), b = shown_words(pair->b);
    out->longer += (choice == RULE_A && a > b) || (choice == RULE_B && b > a);
}

static int judge_page(Store *store, int64_t session_id, const Rule *rule, const RuleNoise *noise,
                      const StorePairList *pairs, JudgeResult *out, Error *err)
{
    StoreVerdict *verdict = mem_calloc(pairs->n, sizeof *verdict);
    for (size_t i = 0; i < pairs->n; i++) {
        judge_pair(out, &verdict[i], rule, noise, &pairs->row[i]);
        progress_pulse(NULL);
    }
    const int rc = store_add_labels(store, session_id, verdict, pairs->n, NULL, err);
    for (size_t i = 0; i < pairs->n; i++) free((char *)verdict[i].comment);
    free(verdict);
    return rc;
}

void judge_handle(char out[JUDGE_HANDLE], const Rule *rule, const RuleNoise *noise)
{
    snprintf(out, JUDGE_HANDLE, "rule:%s", noise->coin ? "coin" : rule->name);
}

int judge_by_rule(Store *store, const Rule *rule, const RuleNoise *noise, Progress *bar,
                  JudgeResult *out, Error *err)
{
    JudgeResult result = {0};
    StorePairList pairs = {0};
    StoreSession session = {.ui = "rule"};
    int64_t session_id = 0;
    int rc = -1;
    judge_handle(result.handle, rule, noise);
    if (store_add_annotator(store, result.handle, ANNOTATOR_RULE, &session.annotator_id, err) != 0)
        goto done;
    if (store_begin_session(store, &session, &session_id, err) != 0) goto done;
    for (bool more = true; more && !interrupt_pending();) {
        if (store_list_unlabeled(store, session.annotator_id, PAGE, &pairs, err) != 0) goto done;
        more = pairs.n > 0;
        if (more && judge_page(store, session_id, rule, noise, &pairs, &result, err) != 0)
            goto done;
        store_pairs_free(&pairs);
        pairs = (StorePairList){0};
        if (bar) progress_update(bar, result.decided, NULL);
    }
    if (store_end_session(store, session_id, interrupt_pending() ? "signal" : "done", err) != 0)
        goto done;
    *out = result;
    result = (JudgeResult){0};
    rc = 0;

done:
    store_pairs_free(&pairs);
    judge_result_free(&result);
    return rc;
}

void judge_result_free(JudgeResult *result)
{
    for (int i = 0; i < result->n_shown; i++) {
        JudgeDecision *d = &result->shown[i];
        free(d->prompt);
        free(d->a);
        free(d->b);
        free(d->reason_a);
        free(d->reason_b);
    }
    *result = (JudgeResult){0};
}
