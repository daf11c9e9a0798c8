#include "labeling/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

enum { PACE_OVER = 20 };

/* A decision of this session, kept so that an undo can take it out of the counts. */
typedef struct {
    int64_t comparison_id;
    Choice choice;
    double seconds;
} Past;

struct Session {
    Store *store;
    SessionOptions options;
    int64_t annotator_id, id;

    StoreClaim
        *held; /* the last is in hand; those below wait until the pair after an undo is decided */
    int n_held, held_room;
    SessionPair pair;
    int64_t last_prompt_id;

    uint8_t uuid[16]; /* of the decision being made, so that a second try is not a second label */
    int uuid_choice;  /* that it was made for, or -1 */
    const char *layout;
    int64_t shown_us;   /* first view; 0 before */
    int64_t guarded_us; /* start of the 250 ms: the newest view */
    int64_t early_us;   /* the newest key that came too early */
    int64_t first_us;   /* the first key that counted */
    int64_t input_us;   /* the newest key */
    int64_t active_us;

    Past *past;
    int n_past, past_room;
    int64_t decided, passed, today, left; /* passed: of those decided, the skips */
    int64_t taken;                        /* of options.only */
};

const char *choice_words(Choice choice)
{
    static const char *const WORDS[CHOICE_N] = {"A is better", "B is better", "tie", "skipped"};
    return WORDS[choice];
}

/* UTC that follows the monotonic clock: a corrected wall clock must not make a label older than its
 * first view. */
static int64_t real_clock(void *context)
{
    static int64_t offset;
    (void)context;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    const int64_t monotonic = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
    if (offset == 0) offset = store_time_us() - monotonic;
    return offset + monotonic;
}

static int64_t now(const Session *s)
{
    return s->options.now(s->options.context);
}

/* Midnight by the clock on the annotator's wall. */
static int64_t day_begin_us(void)
{
    const time_t t = (time_t)(store_time_us() / 1000000);
    struct tm day;
    if (!localtime_r(&t, &day)) return 0;
    day.tm_hour = day.tm_min = day.tm_sec = 0;
    day.tm_isdst = -1;
    return (int64_t)mktime(&day) * 1000000;
}

static int count(Session *s, Error *err)
{
    if (store_count_claimable(s->store, s->annotator_id, s->options.imported, &s->left, &s->decided,
                              err) != 0)
        return -1;
    if (s->options.only) s->left = s->options.n_only - s->taken;
    if (store_count_skipped(s->store, s->annotator_id, &s->passed, err) != 0) return -1;
    return store_count_since(s->store, s->annotator_id, day_begin_us(), &s->today, err);
}

int session_begin(Session **out, Store *store, const SessionOptions *options, Error *err)
{
    if (strchr(options->handle, ':'))
        return error_usage(err, "annotator '%.60s': a person's name has no colon", options->handle);
    Session *s = mem_calloc(1, sizeof *s);
    s->store = store;
    s->options = *options;
    if (!s->options.now) s->options.now = real_clock;
    StoreSession row = {.ui = options->ui,
                        .terminal = options->terminal,
                        .columns = options->columns,
                        .rows = options->rows};
    if (store_add_annotator(store, options->handle, ANNOTATOR_HUMAN, &s->annotator_id, err) != 0)
        goto failed;
    row.annotator_id = s->annotator_id;
    if (store_begin_session(store, &row, &s->id, err) != 0) goto failed;
    if (count(s, err) != 0) goto failed;
    *out = s;
    return 0;

failed:
    free(s);
    return -1;
}

static StoreClaim *in_hand(const Session *s)
{
    return s->n_held ? &s->held[s->n_held - 1] : NULL;
}

const SessionPair *session_pair(const Session *s)
{
    return s->n_held ? &s->pair : NULL;
}

/* Start afresh on the claim on top, as if it were seen for the first time. */
static void take_up(Session *s, bool again)
{
    const StoreClaim *claim = in_hand(s);
    s->pair = (SessionPair){.comparison_id = claim->comparison_id,
                            .prompt = claim->prompt,
                            .left = claim->first,
                            .right = claim->second,
                            .again = again,
                            .same_prompt = !again && claim->prompt_id == s->last_prompt_id};
    s->uuid_choice = -1;
    s->layout = NULL;
    s->shown_us = s->guarded_us = s->early_us = s->first_us = s->input_us = s->active_us = 0;
}

static void push(Session *s, const StoreClaim *claim)
{
    if (s->n_held == s->held_room) {
        s->held_room = s->held_room * 2 + 4;
        s->held = mem_realloc(s->held, (size_t)s->held_room, sizeof *s->held);
    }
    s->held[s->n_held++] = *claim;
}

bool session_at_limit(const Session *s)
{
    return s->options.limit > 0 && s->n_past >= s->options.limit;
}

static int claim_next(Session *s, StoreClaim *out, bool *found, Error *err)
{
    const SessionOptions *o = &s->options;
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
    if (!found) return count(s, err);
    push(s, &claim);
    take_up(s, false);
    return 0;
}

void session_shown(Session *s, const char *layout)
{
    assert(s->n_held);
    const int64_t t = now(s);
    s->layout = layout;
    s->guarded_us = t;
    if (s->shown_us == 0) s->shown_us = s->input_us = t;
}

/* No key can have been on its way before the view changed. */
static bool settled(const Session *s)
{
    if (s->options.unguarded) return true;
    const int64_t t = now(s);
    return t - s->guarded_us >= SESSION_GUARD_US && t - s->early_us >= SESSION_QUIET_US;
}

bool session_ready(const Session *s)
{
    return s->n_held && s->shown_us != 0 && settled(s);
}

void session_touch(Session *s)
{
    if (!s->n_held || s->shown_us == 0) return;
    const int64_t t = now(s), gap = t - s->input_us;
    s->active_us += gap < SESSION_IDLE_US ? gap : SESSION_IDLE_US;
    s->input_us = t;
    if (s->first_us == 0 && session_ready(s)) s->first_us = t;
}

static void drop(Session *s)
{
    store_claim_free(in_hand(s));
    s->n_held--;
    if (s->n_held) take_up(s, true);
    else s->guarded_us = now(s), s->early_us = 0;
}

static void remember(Session *s, int64_t comparison_id, Choice choice)
{
    if (s->n_past == s->past_room) {
        s->past_room = s->past_room * 2 + 64;
        s->past = mem_realloc(s->past, (size_t)s->past_room, sizeof *s->past);
    }
    s->past[s->n_past++] = (Past){comparison_id, choice, (double)s->active_us / 1e6};
}

int session_decide(Session *s, Choice choice, int64_t *label_id, Error *err)
{
    assert(s->n_held);
    *label_id = 0;
    if (!session_ready(s)) {
        s->early_us = now(s);
        return 0;
    }
    session_touch(s);
    if (s->uuid_choice != (int)choice) store_make_uuid(s->uuid);
    s->uuid_choice = (int)choice;

    static const Outcome OUTCOME[CHOICE_N] = {OUTCOME_PREF, OUTCOME_PREF, OUTCOME_TIE,
                                              OUTCOME_SKIP};
    const StoreClaim *claim = in_hand(s);
    StoreDecision decision = {.assignment_id = claim->assignment_id,
                              .outcome = OUTCOME[choice],
                              .preferred = choice == CHOICE_LEFT ? -1 : choice == CHOICE_RIGHT,
                              .shown_us = s->shown_us,
                              .active_ms = s->active_us / 1000,
                              .layout = s->layout};
    memcpy(decision.uuid, s->uuid, sizeof s->uuid);
    if (store_save_label(s->store, &decision, label_id, err) != 0) {
        *label_id = 0;
        return -1;
    }
    remember(s, claim->comparison_id, choice);
    s->last_prompt_id = claim->prompt_id;
    s->decided++;
    if (choice == CHOICE_SKIP) s->passed++;
    else s->today++;
    if (s->left > 0) s->left--;
    drop(s);
    return 0;
}

/* An undone label may be from an earlier session; then it was never counted here. */
static void forget(Session *s, int64_t comparison_id)
{
    for (int i = s->n_past - 1; i >= 0; i--) {
        if (s->past[i].comparison_id != comparison_id) continue;
        memmove(&s->past[i], &s->past[i + 1], (size_t)(s->n_past - 1 - i) * sizeof *s->past);
        s->n_past--;
        return;
    }
}

int session_undo(Session *s, bool *undone, Error *err)
{
    *undone = false;
    if (s->n_held ? !session_ready(s) : !settled(s)) {
        s->early_us = now(s);
        return 0;
    }
    StoreClaim claim = {0};
    if (store_undo_label(s->store, s->id, &claim, undone, err) != 0) return -1;
    if (!*undone) return 0;
    forget(s, claim.comparison_id);
    s->decided--, s->left++;
    push(s, &claim);
    take_up(s, true);
    /* What was undone may be of yesterday, and a skip. */
    if (store_count_skipped(s->store, s->annotator_id, &s->passed, err) != 0) return -1;
    return store_count_since(s->store, s->annotator_id, day_begin_us(), &s->today, err);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

SessionCounts session_counts(const Session *s)
{
    SessionCounts c = {.done = s->decided - s->passed,
                       .passed = s->passed,
                       .today = s->today,
                       .left = s->left,
                       .now = s->n_past};
    if (s->n_past == 0) return c;
    double *seconds = mem_calloc((size_t)s->n_past, sizeof *seconds), sum = 0;
    const int recent = s->n_past < PACE_OVER ? s->n_past : PACE_OVER;
    for (int i = 0; i < s->n_past; i++) {
        c.skipped += s->past[i].choice == CHOICE_SKIP;
        c.ties += s->past[i].choice == CHOICE_TIE;
        seconds[i] = s->past[i].seconds;
        if (i >= s->n_past - recent) sum += seconds[i];
    }
    c.seconds = sum / recent;
    c.last = seconds[s->n_past - 1];
    qsort(seconds, (size_t)s->n_past, sizeof *seconds, ascending);
    c.median = (seconds[(s->n_past - 1) / 2] + seconds[s->n_past / 2]) / 2;
    free(seconds);
    return c;
}

int session_end(Session *s, const char *reason, Error *err)
{
    if (!s) return 0;
    const int rc = store_end_session(s->store, s->id, reason, err);
    for (int i = 0; i < s->n_held; i++) store_claim_free(&s->held[i]);
    free(s->held);
    free(s->past);
    free(s);
    return rc;
}
