/* rlhf show pair: the prompt, both answers and what made them, and every label with its history. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/facts.h"
#include "cli/readable.h"
#include "cli/show.h"
#include "labeling/shown.h"

/* ---- what was said of it --------------------------------------------------------------------------- */

/* Standing labels of people who are no reviewers, by side; and the reviewer's that stands. */
typedef struct {
    int a, b, tie, none; /* none: skipped or flagged; tie: both bad too */
    const StoreLabelRecord *verdict;
} Votes;

static Votes count_votes(const StoreLabelRecordList *labels)
{
    Votes v = {0};
    for (size_t i = 0; i < labels->n; i++) {
        const StoreLabelRecord *l = &labels->row[i];
        if (!l->stands || l->kind != ANNOTATOR_HUMAN) continue;
        if (l->reviewer) v.verdict = l;
        else if (l->outcome == OUTCOME_PREF) *(l->preferred < 0 ? &v.a : &v.b) += 1;
        else if (l->outcome == OUTCOME_TIE || l->outcome == OUTCOME_BOTH_BAD) v.tie++;
        else v.none++;
    }
    return v;
}

/* ---- as an object ---------------------------------------------------------------------------------- */

static cJSON *answer_json(const StoreAnswerRecord *a)
{
    cJSON *o = cJSON_CreateObject(), *model = cJSON_CreateObject();
    char seed[24];
    facts_json_number(o, "id", a->response.id);
    facts_json_text(o, "text", a->response.text);
    cJSON_AddBoolToObject(o, "redacted", a->redacted);
    cJSON_AddItemToObject(o, "model", model);
    facts_json_text(model, "name", a->model.name);
    facts_json_text(model, "role", a->model.role);
    facts_json_text(model, "path", a->model.path);
    facts_json_text(model, "weights", a->model.weights_sha256);
    facts_json_text(model, "run", a->model.run);
    facts_json_number(model, "step", a->model.step);
    cJSON_AddRawToObject(o, "sampling",
                         a->response.sampling_json ? a->response.sampling_json : "null");
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)a->response.seed);
    cJSON_AddRawToObject(o, "seed", seed);
    cJSON_AddNumberToObject(o, "sample_no", a->response.sample_no);
    cJSON_AddNumberToObject(o, "tokens", a->response.n_tokens);
    if (isnan(a->response.sum_logprob)) cJSON_AddNullToObject(o, "logprob");
    else cJSON_AddNumberToObject(o, "logprob", a->response.sum_logprob);
    facts_json_text(o, "finish", a->response.finish);
    facts_json_number(o, "created_us", a->created_us);
    facts_json_number(o, "up", a->up);
    facts_json_number(o, "down", a->down);
    return o;
}

static void print_json(const StorePairRecord *p, const StorePromptRecord *prompt,
                       const StoreLabelRecordList *labels, const StoreGold *gold)
{
    const Votes v = count_votes(labels);
    cJSON *o = cJSON_CreateObject();
    facts_json_number(o, "pair", p->id);
    facts_json_text(o, "campaign", p->campaign);
    facts_json_text(o, "purpose", purpose_name(p->purpose));
    facts_json_text(o, "origin", p->origin);
    facts_json_number(o, "created_us", p->created_us);
    facts_json_number(o, "prompt_id", p->prompt_id);
    facts_json_text(o, "split", split_name(prompt->prompt.split));
    facts_json_text(o, "prompt", prompt->prompt.text);
    cJSON_AddItemToObject(o, "a", answer_json(&p->answer[0]));
    cJSON_AddItemToObject(o, "b", answer_json(&p->answer[1]));
    cJSON *list = cJSON_AddArrayToObject(o, "labels"), *votes = cJSON_AddObjectToObject(o, "votes");
    for (size_t i = 0; i < labels->n; i++)
        cJSON_AddItemToArray(list, show_label_json(&labels->row[i]));
    cJSON_AddNumberToObject(votes, "a", v.a);
    cJSON_AddNumberToObject(votes, "b", v.b);
    cJSON_AddNumberToObject(votes, "tie", v.tie);
    cJSON_AddNumberToObject(votes, "undecided", v.none);
    facts_json_id(o, "settled_by", v.verdict ? v.verdict->id : 0);
    cJSON *expected = gold ? cJSON_AddObjectToObject(o, "expected") : NULL;
    if (!gold) cJSON_AddNullToObject(o, "expected");
    else {
        facts_json_text(expected, "outcome", outcome_name(gold->outcome));
        cJSON_AddNumberToObject(expected, "pref", gold->preferred);
        facts_json_text(expected, "why", gold->why);
    }
    facts_json_text(o, "held_by", p->held_by);
    facts_json_print(o);
}

/* ---- for people ------------------------------------------------------------------------------------ */

static void print_model(const StoreModel *m)
{
    char weights[32] = "";
    if (m->weights_sha256) snprintf(weights, sizeof weights, ", weights %.12s", m->weights_sha256);
    if (m->run)
        facts_print("", "by %s: %s, run %s at step %lld%s", m->name, m->role, m->run,
                    (long long)m->step, weights);
    else
        facts_print("", "by %s: %s%s%s%s", m->name, m->role, m->path ? ", " : "",
                    m->path ? m->path : "", weights);
}

static void print_answer(const char *name, const StoreAnswerRecord *a)
{
    const StoreResponse *r = &a->response;
    char logprob[64] = "";
    /* An answer's own leading blank would put it a column off; --json has it. */
    size_t n;
    const char *text = shown_answer(r->text, &n);
    facts_text(name, text, n);
    if (a->redacted) facts_print("", "redacted: its text was taken out");
    print_model(&a->model);
    if (r->sampling_json) {
        if (!isnan(r->sum_logprob))
            snprintf(logprob, sizeof logprob, ", log-probability %.4g", r->sum_logprob);
        facts_print("", "sampled: number %d, seed %llu, %s", r->sample_no,
                    (unsigned long long)r->seed, r->sampling_json);
        facts_print("", "%s, %s%s", text_count(r->n_tokens, "token"),
                    !r->finish                         ? "no word of how it ended"
                    : strcmp(r->finish, "length") == 0 ? "cut there"
                                                       : "ended by itself",
                    logprob);
    } else {
        facts_print("", "not drawn by this program");
    }
    if (a->up + a->down > 0)
        facts_print("", "thumbs: %lld up, %lld down", (long long)a->up, (long long)a->down);
}

static void print_label(const StoreLabelRecord *l, int scale)
{
    char name[32], when[FACTS_TIME], words[SHOW_DECISION], took[48] = "", fate[64] = "";
    const char *order = l->kind != ANNOTATOR_HUMAN ? "" : l->swapped ? ", b first" : ", a first";
    snprintf(name, sizeof name, "label %lld", (long long)l->id);
    if (l->active_ms) snprintf(took, sizeof took, ", %.1f s", (double)l->active_ms / 1e3);
    if (!l->stands && !l->retract)
        snprintf(fate, sizeof fate, "; replaced by label %lld", (long long)l->superseded_by);
    facts_print(name, "%s%s: %s (%s%s%s)%s", l->annotator, l->reviewer ? ", reviewer" : "",
                show_decision(words, l, scale), facts_time(when, l->submitted_us), took, order,
                fate);
    if (l->reasons) facts_print("", "reasons: %s", l->reasons);
    if (l->comment) facts_print("", "comment: %s", l->comment);
}

static void print_votes(const StoreLabelRecordList *labels, int scale)
{
    const Votes v = count_votes(labels);
    char words[SHOW_DECISION];
    if (labels->n == 0) facts_print("labels", "none yet");
    if (v.a + v.b + v.tie + v.none > 0)
        facts_print("people say", "a %d, b %d, neither %d%s", v.a, v.b, v.tie,
                    v.none ? "; others skipped or flagged it" : "");
    if (v.verdict)
        facts_print("settled", "%s, by %s (label %lld)", show_decision(words, v.verdict, scale),
                    v.verdict->annotator, (long long)v.verdict->id);
    else if (v.a && v.b) facts_print("to settle", "they differ: rlhf label --review disagree");
}

static void print_prompt(const StorePromptRecord *r)
{
    Text turns = {0};
    const StorePrompt *p = &r->prompt;
    if (p->template && !r->redacted_by && readable_turns(&turns, p->text, p->template))
        facts_text("prompt", turns.bytes, turns.n);
    else facts_text("prompt", p->text, strlen(p->text));
    text_free(&turns);
}

static void print_pair(const StorePairRecord *p, const StorePromptRecord *prompt,
                       const StoreLabelRecordList *labels, const StoreGold *gold)
{
    char when[FACTS_TIME];
    facts_line("pair %lld: two answers to prompt %lld", (long long)p->id, (long long)p->prompt_id);
    facts_print("campaign", "%s, to %s", p->campaign, purpose_name(p->purpose));
    facts_print("made", "%s, %s", facts_time(when, p->created_us), p->origin);
    facts_print("split", "%s", split_name(prompt->prompt.split));
    print_prompt(prompt);
    print_answer("a", &p->answer[0]);
    print_answer("b", &p->answer[1]);
    for (size_t i = 0; i < labels->n; i++) print_label(&labels->row[i], p->scale);
    print_votes(labels, p->scale);
    if (gold)
        facts_print("expected", "%s%s%s",
                    gold->outcome != OUTCOME_PREF ? outcome_name(gold->outcome)
                    : gold->preferred < 0         ? "a"
                                                  : "b",
                    gold->why ? ": " : "", gold->why ? gold->why : "");
    if (p->held_by) facts_print("on the screen", "of %s", p->held_by);
}

int show_pair(const Context *ctx, Store *store, int64_t id, Error *err)
{
    StorePairRecord pair = {0};
    StorePromptRecord prompt = {0};
    StoreLabelRecordList labels = {0};
    StoreGold gold = {0};
    bool expected = false;
    int rc = -1;
    if (store_get_pair_record(store, id, &pair, err) != 0) goto done;
    if (store_get_prompt_record(store, pair.prompt_id, &prompt, err) != 0) goto done;
    if (store_list_label_records(store, 0, id, &labels, err) != 0) goto done;
    if (store_get_gold(store, id, &gold, &expected, err) != 0) goto done;
    if (ctx->json) print_json(&pair, &prompt, &labels, expected ? &gold : NULL);
    else print_pair(&pair, &prompt, &labels, expected ? &gold : NULL);
    rc = 0;

done:
    store_pair_record_free(&pair);
    store_prompt_record_free(&prompt);
    store_label_records_free(&labels);
    store_gold_free(&gold);
    return rc;
}
