#include "labeling/session.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "labeling/clock.h"
#include "labeling/session_state.h"

static int64_t now(const Session *s)
{
    return s->options.now(s->options.context);
}

/* ---- beginning and end ----------------------------------------------------------------------------- */

static int64_t lessons_to_go(const Session *s)
{
    const int64_t limit = s->options.limit, left = lessons_left(&s->lessons);
    return limit && limit - s->pace.n < left ? limit - s->pace.n : left;
}

static int count(Session *s, Error *err)
{
    if (s->options.practice) {
        s->left = lessons_to_go(s);
        return 0;
    }
    if (s->options.review) return disputes_left(&s->disputes, &s->left, err);
    if (store_count_claimable(s->store, s->annotator_id, s->options.imported, &s->left, &s->decided,
                              err) != 0)
        return -1;
    if (s->options.only) s->left = s->options.n_only - s->taken;
    if (store_count_skipped(s->store, s->annotator_id, &s->passed, err) != 0) return -1;
    return store_count_since(s->store, s->annotator_id, clock_day_begin_us(), &s->today, err);
}

static int begin(Session *s, Error *err)
{
    const SessionOptions *o = &s->options;
    StoreSession row = {
        .ui = o->ui, .terminal = o->terminal, .columns = o->columns, .rows = o->rows};
    if (store_get_campaign(s->store, NULL, &s->campaign, err) != 0) return -1;
    if (o->practice && lessons_read(&s->lessons, s->store, err) != 0) return -1;
    if (store_add_annotator(s->store, o->handle, ANNOTATOR_HUMAN, &s->annotator_id, err) != 0)
        return -1;
    if (store_find_guidelines_read(s->store, s->annotator_id, &s->guidelines_read, err) != 0)
        return -1;
    row.annotator_id = s->annotator_id;
    if (store_begin_session(s->store, &row, &s->id, err) != 0) return -1;
    s->disputes = (Disputes){.store = s->store,
                             .session_id = s->id,
                             .annotator_id = s->annotator_id,
                             .scale = s->campaign.scale};
    return count(s, err);
}

static void session_free(Session *s)
{
    for (int i = 0; i < s->n_held; i++) store_claim_free(&s->held[i].claim);
    free(s->held);
    store_campaign_free(&s->campaign);
    store_draft_free(&s->draft);
    text_free(&s->readable);
    text_free(&s->recalled);
    pace_free(&s->pace);
    lessons_free(&s->lessons);
    disputes_free(&s->disputes);
    free(s);
}

int session_begin(Session **out, Store *store, const SessionOptions *options, Error *err)
{
    if (strchr(options->handle, ':'))
        return error_usage(err, "annotator '%.60s': a person's name has no colon", options->handle);
    Session *s = mem_calloc(1, sizeof *s);
    s->store = store;
    s->options = *options;
    if (!s->options.now) s->options.now = clock_now_us;
    if (begin(s, err) != 0) {
        session_free(s);
        return -1;
    }
    *out = s;
    return 0;
}

int session_end(Session *s, const char *reason, Error *err)
{
    if (!s) return 0;
    const int rc = store_end_session(s->store, s->id, reason, err);
    session_free(s);
    return rc;
}

bool session_is_practice(const Session *s)
{
    return s->options.practice;
}

bool session_is_review(const Session *s)
{
    return s->options.review;
}

/* ---- the pair in hand ------------------------------------------------------------------------------ */

static Held *in_hand(const Session *s)
{
    return s->n_held ? &s->held[s->n_held - 1] : NULL;
}

const SessionPair *session_pair(const Session *s)
{
    return s->n_held ? &s->pair : NULL;
}

static const char *readable(const Session *s, Text *room, const char *prompt, const char *template)
{
    text_clear(room);
    const bool turns =
        template && s->options.readable && s->options.readable(room, prompt, template);
    return turns ? room->bytes : prompt;
}

/* What an earlier sitting, or this one, had begun on the pair. */
static int take_draft(Session *s, Error *err)
{
    bool found = false;
    store_draft_free(&s->draft);
    if (s->options.practice || in_hand(s)->amended) return 0;
    if (store_get_draft(s->store, in_hand(s)->claim.assignment_id, &s->draft, &found, err) != 0)
        return -1;
    if (!found) return 0;
    const StoreDraft *d = &s->draft;
    s->pair.note = d->note;
    s->pair.place =
        (SessionPlace){(size_t)d->prompt_top, {(size_t)d->first_top, (size_t)d->second_top}};
    s->shown_us = d->shown_us;
    s->first_us = d->first_input_us;
    s->active_us = d->active_ms * 1000;
    return 0;
}

/* Start on the claim on top: afresh, or where a draft of it ends. */
static int take_up(Session *s, bool again, Error *err)
{
    const Held *held = in_hand(s);
    const StoreClaim *claim = &held->claim;
    s->pair = (SessionPair){.comparison_id = claim->comparison_id,
                            .prompt = readable(s, &s->readable, claim->prompt, claim->template),
                            .left = claim->first,
                            .right = claim->second,
                            .again = again,
                            .amended = held->amended,
                            .same_prompt = !again && claim->prompt_id == s->last_prompt_id};
    s->uuid_for = INT_MIN;
    s->layout = NULL;
    s->shown_us = s->guarded_us = s->early_us = s->first_us = s->input_us = s->active_us = 0;
    s->seen[0] = s->seen[1] = 0;
    return take_draft(s, err);
}

static void push(Session *s, const StoreClaim *claim, bool amended)
{
    if (s->n_held == s->held_room) {
        s->held_room = s->held_room * 2 + 4;
        s->held = mem_realloc(s->held, (size_t)s->held_room, sizeof *s->held);
    }
    s->held[s->n_held++] = (Held){*claim, amended};
}

/* The pair on top is done with: the one below comes back, if there is one.  A draft of that which cannot be read
 * is no failure of what was done. */
static void drop(Session *s)
{
    Error late = {0};
    store_claim_free(&in_hand(s)->claim);
    s->n_held--;
    if (s->n_held) take_up(s, true, &late);
    s->guarded_us = s->early_us = 0;
    s->dropped_us = now(s);
}

bool session_at_limit(const Session *s)
{
    return s->options.limit > 0 && s->pace.n >= s->options.limit;
}

static int claim_next(Session *s, StoreClaim *out, bool *found, Error *err)
{
    const SessionOptions *o = &s->options;
    if (o->practice) return lessons_next(&s->lessons, out, found, err);
    if (o->review) return disputes_next(&s->disputes, out, found, err);
    if (!o->only) return store_claim_comparison(s->store, s->id, o->imported, out, found, err);
    *found = s->taken < o->n_only;
    if (!*found) return 0;
    if (store_hold_comparison(s->store, s->id, o->only[s->taken], out, err) != 0) return -1;
    s->taken++;
    return 0;
}

int session_next(Session *s, Error *err)
{
    if (s->n_held || session_at_limit(s)) return 0;
    StoreClaim claim = {0};
    bool found = false;
    if (claim_next(s, &claim, &found, err) != 0) return -1;
    if (found) push(s, &claim, false);
    if (session_read_terms(s, err) != 0) return -1;
    if (!found) return count(s, err);
    if (take_up(s, false, err) != 0) return -1;
    return s->options.review ? count(s, err) : 0;
}

void session_shown(Session *s, const char *layout)
{
    assert(s->n_held);
    const int64_t t = now(s);
    s->layout = layout;
    s->guarded_us = t;
    if (s->shown_us == 0) s->shown_us = t;
    if (s->input_us == 0) s->input_us = t;
}

void session_seen(Session *s, const int seen[2])
{
    for (int i = 0; i < 2; i++)
        if (seen[i] > s->seen[i]) s->seen[i] = seen[i];
}

/* No key can have been on its way before the view changed. */
static bool settled(const Session *s)
{
    if (s->options.unguarded) return true;
    const int64_t t = now(s), since = s->guarded_us ? s->guarded_us : s->dropped_us;
    return t - since >= SESSION_GUARD_US && t - s->early_us >= SESSION_QUIET_US;
}

bool session_ready(const Session *s)
{
    return s->n_held && s->guarded_us != 0 && settled(s);
}

void session_touch(Session *s)
{
    if (!s->n_held || s->guarded_us == 0) return;
    const int64_t t = now(s), gap = t - s->input_us;
    s->active_us += gap < SESSION_IDLE_US ? gap : SESSION_IDLE_US;
    s->input_us = t;
    if (s->first_us == 0 && session_ready(s)) s->first_us = t;
}

/* ---- deciding -------------------------------------------------------------------------------------- */

static int save(Session *s, const Decision *d, int64_t *label_id, Error *err)
{
    static const Outcome OUTCOME[CHOICE_N] = {OUTCOME_PREF,     OUTCOME_PREF, OUTCOME_TIE,
                                              OUTCOME_BOTH_BAD, OUTCOME_SKIP, OUTCOME_FLAG};
    const int side = d->choice == CHOICE_LEFT ? -1 : d->choice == CHOICE_RIGHT;
    StoreDecision row = {.assignment_id = in_hand(s)->claim.assignment_id,
                         .outcome = OUTCOME[d->choice],
                         .preferred = side * d->strength,
                         .shown_us = s->shown_us,
                         .first_input_us = s->first_us,
                         .active_ms = s->active_us / 1000,
                         .layout = s->layout,
                         .comment = d->note && *d->note ? d->note : NULL,
                         .reasons = d->reasons,
                         .seen = s->seen[0] + s->seen[1] > 0,
                         .seen_first = s->seen[0],
                         .seen_second = s->seen[1]};
    const int asked = side * d->strength + (int)d->choice * 2 * DECISION_SCALE_MAX;
    if (s->uuid_for != asked) store_make_uuid(s->uuid);
    s->uuid_for = asked;
    memcpy(row.uuid, s->uuid, sizeof s->uuid);
    return store_save_label(s->store, &row, label_id, err);
}

/* Counts of what was just saved.  A label that was amended was counted when it was given. */
static int note_saved(Session *s, const Decision *d, Error *err)
{
    const Held *held = in_hand(s);
    if (held->amended) return count(s, err);
    if (s->options.review) {
        pace_add(&s->pace, held->claim.comparison_id, d->choice, (double)s->active_us / 1e6);
        return count(s, err);
    }
    pace_add(&s->pace, held->claim.comparison_id, d->choice, (double)s->active_us / 1e6);
    s->last_prompt_id = held->claim.prompt_id;
    s->decided++;
    if (d->choice == CHOICE_SKIP) s->passed++;
    else s->today++;
    if (s->left > 0) s->left--;
    return 0;
}

int session_decide(Session *s, const Decision *d, int64_t *label_id, Error *err)
{
    assert(s->n_held);
    *label_id = 0;
    if (!session_ready(s)) {
        s->early_us = now(s);
        return 0;
    }
    session_touch(s);
    int64_t id = 1;
    if (s->options.practice) {
        lessons_answer(&s->lessons, d);
        pace_add(&s->pace, in_hand(s)->claim.comparison_id, d->choice, (double)s->active_us / 1e6);
        s->left = lessons_to_go(s);
    } else if (s->options.review &&
               disputes_read_votes(&s->disputes, &in_hand(s)->claim, err) != 0) {
        return -1;
    } else if (save(s, d, &id, err) != 0 || note_saved(s, d, err) != 0) {
        return -1;
    }
    *label_id = id;
    drop(s);
    return 0;
}

const SessionLesson *session_lesson(const Session *s)
{
    return &s->lessons.lesson;
}

const Vote *session_votes(const Session *s, int *n)
{
    *n = (int)s->disputes.list.n;
    return s->disputes.vote;
}

int session_put_aside(Session *s, bool *done, Error *err)
{
    assert(s->n_held && s->options.review);
    *done = session_ready(s);
    if (!*done) {
        s->early_us = now(s);
        return 0;
    }
    if (disputes_put_aside(&s->disputes, &in_hand(s)->claim, err) != 0) return -1;
    drop(s);
    return 0;
}

int64_t session_aside(const Session *s)
{
    return s->disputes.n_aside;
}

void session_begin_again(Session *s)
{
    disputes_begin_again(&s->disputes);
}

/* The counts that an undone label changes. */
static int note_undone(Session *s, Error *err)
{
    if (s->options.review) return count(s, err);
    s->decided--, s->left++;
    /* What was undone may be of yesterday, and a skip. */
    if (store_count_skipped(s->store, s->annotator_id, &s->passed, err) != 0) return -1;
    return store_count_since(s->store, s->annotator_id, clock_day_begin_us(), &s->today, err);
}

int session_undo(Session *s, bool *undone, Error *err)
{
    const bool review = s->options.review;
    *undone = false;
    if (s->options.practice) return 0;
    if (s->n_held && s->guarded_us ? !session_ready(s) : !settled(s)) {
        s->early_us = now(s);
        return 0;
    }
    if (review && s->pace.n == 0) return 0;
    StoreClaim claim = {0};
    if ((review ? store_undo_review : store_undo_label)(s->store, s->id, &claim, undone, err) != 0)
        return -1;
    if (!*undone) return 0;
    /* It may be the very pair that was being looked at again. */
    if (s->n_held && in_hand(s)->claim.comparison_id == claim.comparison_id) {
        store_claim_free(&in_hand(s)->claim);
        s->n_held--;
    }
    pace_forget(&s->pace, claim.comparison_id);
    push(s, &claim, false);
    if (take_up(s, true, err) != 0) return -1;
    return note_undone(s, err);
}

/* ---- the history ----------------------------------------------------------------------------------- */

int session_history(Session *s, int64_t limit, StoreOwnLabelList *out, Error *err)
{
    if (s->options.review)
        return store_list_own_reviews(s->store, s->annotator_id, limit, out, err);
    return store_list_own_labels(s->store, s->annotator_id, 0, limit, out, err);
}

const char *session_prompt_of(Session *s, const StoreOwnLabel *label)
{
    return readable(s, &s->recalled, label->prompt, label->template);
}

int session_amend(Session *s, const StoreOwnLabel *label, Error *err)
{
    StoreClaim claim = {0};
    if (store_hold_comparison(s->store, s->id, label->comparison_id, &claim, err) != 0) return -1;
    push(s, &claim, true);
    if (take_up(s, false, err) != 0) return -1;
    s->pair.same_prompt = false;
    return 0;
}

void session_put_back(Session *s)
{
    assert(s->n_held && in_hand(s)->amended);
    drop(s);
}

int session_keep(Session *s, const char *note, const SessionPlace *place, Error *err)
{
    if (!s->n_held || s->options.practice || in_hand(s)->amended || s->guarded_us == 0) return 0;
    const StoreDraft draft = {.assignment_id = in_hand(s)->claim.assignment_id,
                              .note = note && *note ? note : NULL,
                              .prompt_top = (int64_t)place->prompt,
                              .first_top = (int64_t)place->answer[0],
                              .second_top = (int64_t)place->answer[1],
                              .shown_us = s->shown_us,
                              .first_input_us = s->first_us,
                              .active_ms = s->active_us / 1000};
    return store_put_draft(s->store, &draft, err);
}
