#include "cli/talk_record.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

/* Longer over one pair is a pause, not reading. */
enum { READING_MAX_MS = 600000 };

static int begin(TalkRecord *r, Error *err)
{
    int64_t annotator = 0;
    if (r->session) return 0;
    if (!r->ctx->project[0]) {
        error_set(err, "there is no project to save it in");
        return error_hint(err, "make one with: rlhf init");
    }
    if (strchr(r->who, ':'))
        return error_set(err, "annotator '%.60s': a person's name has no colon", r->who);
    if (!r->store && open_store(&r->store, r->ctx, err) != 0) return -1;
    if (store_add_annotator(r->store, r->who, ANNOTATOR_HUMAN, &annotator, err) != 0) return -1;
    const StoreSession session = {
        .annotator_id = annotator, .ui = "line", .terminal = getenv("TERM")};
    return store_begin_session(r->store, &session, &r->session, err);
}

static int check(const Answer *a, Error *err)
{
    if (a->end == ANSWER_STOPPED)
        return error_set(err,
                         "not saved: the answer was stopped, and says nothing about the model");
    if (a->spells)
        return error_set(err,
                         "not saved: somebody's words spell a special token of the model, which "
                         "training would take for one of the template");
    return 0;
}

static int save_prompt(TalkRecord *r, const Answer *a, int64_t *id, Error *err)
{
    const Chat *chat = &a->by->chat;
    const bool control = chat_template_control(chat->template, &chat->variables, 0) != NULL;
    StorePrompt prompt = {.text = a->prompt,
                          .source = "chat",
                          .template = control ? chat_template_name(chat->template) : NULL};
    const int rc = store_add_prompts(r->store, &prompt, 1, NULL, err);
    *id = prompt.id;
    return rc;
}

static int save_answer(TalkRecord *r, const Answer *a, int64_t *prompt_id, int64_t *id, Error *err)
{
    const TalkSettings *s = &r->settings;
    if (check(a, err) != 0 || begin(r, err) != 0) return -1;
    if (save_prompt(r, a, prompt_id, err) != 0) return -1;
    if (!a->by->model_id && (loaded_read(&a->by->loaded, err) != 0 ||
                             loaded_record(&a->by->loaded, r->store, &a->by->model_id, err) != 0))
        return -1;
    char *sampling = mem_format(
        "{\"temperature\":%.17g,\"max_new_tokens\":%d,\"top_k\":%d,\"top_p\":%.17g,\"greedy\":%s,"
        "\"purpose\":\"chat\"}",
        s->temperature, s->max_new_tokens, s->top_k, s->top_p, s->greedy ? "true" : "false");
    StoreResponse row = {.prompt_id = *prompt_id,
                         .model_id = a->by->model_id,
                         .text = a->text,
                         .tokens = a->token,
                         .n_tokens = a->n,
                         .sum_logprob = a->logprob,
                         .finish = a->end == ANSWER_ENDED ? "stop" : "length",
                         .seed = s->seed,
                         .sample_no = a->number,
                         .sampling_json = sampling};
    const int rc = store_add_responses(r->store, &row, 1, NULL, err);
    *id = row.id;
    free(sampling);
    return rc;
}

int talk_record_thumb(TalkRecord *r, const Answer *answer, bool good, int64_t *id, Error *err)
{
    StoreJudgement judgement = {.good = good};
    int64_t prompt_id = 0;
    if (save_answer(r, answer, &prompt_id, &judgement.response_id, err) != 0) return -1;
    judgement.session_id = r->session;
    store_make_uuid(judgement.uuid);
    return store_save_judgement(r->store, &judgement, id, err);
}

int talk_record_pair(TalkRecord *r, const Answer *a, const Answer *b, StoreClaim *out, bool *equal,
                     Error *err)
{
    StoreComparison pair = {.origin = "active"};
    StoreAdded added = {0};
    int64_t prompt_of_b = 0;
    if (save_answer(r, a, &pair.prompt_id, &pair.a_id, err) != 0) return -1;
    if (save_answer(r, b, &prompt_of_b, &pair.b_id, err) != 0) return -1;
    if (pair.prompt_id != prompt_of_b)
        return error_set(err, "not saved: the two models read the conversation in different "
                              "templates, so their answers are no pair");
    if (store_add_comparisons(r->store, &pair, 1, &added, err) != 0) return -1;
    *equal = added.refused > 0;
    return *equal ? 0 : store_hold_comparison(r->store, r->session, pair.id, out, err);
}

int talk_record_choice(TalkRecord *r, const StoreClaim *held, int better, int64_t shown_us,
                       int64_t *label_id, Error *err)
{
    const int64_t ms = (store_time_us() - shown_us) / 1000;
    StoreDecision decision = {.assignment_id = held->assignment_id,
                              .outcome = better ? OUTCOME_PREF : OUTCOME_TIE,
                              .preferred = better,
                              .shown_us = shown_us,
                              .active_ms = ms < 0                ? 0
                                           : ms > READING_MAX_MS ? READING_MAX_MS
                                                                 : ms,
                              .layout = "line"};
    store_make_uuid(decision.uuid);
    return store_save_label(r->store, &decision, label_id, err);
}

int talk_record_release(TalkRecord *r, const StoreClaim *held, Error *err)
{
    return store_release_claim(r->store, held->assignment_id, err);
}

int talk_record_close(TalkRecord *r, const char *reason, Error *err)
{
    const int rc = r->session ? store_end_session(r->store, r->session, reason, err) : 0;
    store_close(r->store);
    r->store = NULL;
    r->session = 0;
    return rc;
}
