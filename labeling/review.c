#include "labeling/review.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "labeling/disputes.h"
#include "labeling/shown.h"
#include "labeling/typed.h"
#include "labeling/visible.h"

enum { IDLE_US = 60000000 }; /* longer is a pause, not reading */

typedef struct {
    Store *store;
    int64_t session_id;
    Disputes disputes;
    int in;
    FILE *out;
    StoreClaim claim;
    bool held;
    int64_t shown_us;
    char *note; /* for the next choice; NULL: none */
    ReviewCounts counts;
    bool quit;
} Review;

static void print_safe(FILE *out, const char *bytes, size_t n)
{
    Text safe = {0};
    visible_append(&safe, bytes, n);
    fputs(safe.n ? safe.bytes : "(nothing)", out);
    text_free(&safe);
}

static void print_part(FILE *out, const char *name, const char *bytes, size_t n)
{
    fprintf(out, "%s:\n", name);
    print_safe(out, bytes, n);
    fputs("\n\n", out);
}

static void print_pair(Review *r)
{
    size_t n;
    fprintf(r->out, "\nPair %lld; %s to settle\n\n", (long long)r->claim.comparison_id,
            text_thousands(r->counts.left));
    const char *text = shown_prompt(r->claim.prompt, &n);
    print_part(r->out, "Prompt", text, n);
    text = shown_answer(r->claim.first, &n);
    print_part(r->out, "Answer A", text, n);
    text = shown_answer(r->claim.second, &n);
    print_part(r->out, "Answer B", text, n);
    fputs("Better: a, b, t (tie), 0 (both bad), s (skip); n NOTE, u (undo), q (quit): ", r->out);
    fflush(r->out);
    /* What was typed until here was typed at something else. */
    if (isatty(r->in)) tcflush(r->in, TCIFLUSH);
    r->shown_us = store_time_us();
}

/* Sides as they stood before the reviewer. */
static const char *words_of(Outcome outcome, int preferred, bool swapped)
{
    switch (outcome) {
    case OUTCOME_PREF: return (preferred > 0) != swapped ? "B is better" : "A is better";
    case OUTCOME_TIE: return "tie";
    case OUTCOME_BOTH_BAD: return "both bad";
    case OUTCOME_FLAG: return "flagged";
    case OUTCOME_SKIP: break;
    }
    return "skipped";
}

static void print_votes(const Review *r)
{
    const Disputes *d = &r->disputes;
    char words[DECISION_WORDS];
    for (size_t i = 0; i < d->list.n; i++) {
        const Vote *v = &d->vote[i];
        fputs("  ", r->out);
        print_safe(r->out, v->handle, strlen(v->handle));
        fprintf(r->out, ": %s", decision_words(words, &v->said, d->scale));
        if (v->said.note) {
            fputs("; ", r->out);
            print_safe(r->out, v->said.note, strlen(v->said.note));
        }
        fputs("\n", r->out);
    }
}

static void set_note(Review *r, const char *text)
{
    free(r->note);
    r->note = text && *text ? mem_strdup(text) : NULL;
}

static void put_down(Review *r)
{
    store_claim_free(&r->claim);
    r->held = false;
    set_note(r, NULL);
}

static int decide(Review *r, Outcome outcome, int preferred, Error *err)
{
    const int64_t spent = store_time_us() - r->shown_us;
    StoreDecision d = {.assignment_id = r->claim.assignment_id,
                       .outcome = outcome,
                       .preferred = preferred,
                       .shown_us = r->shown_us,
                       .active_ms = (spent < 0         ? 0
                                     : spent < IDLE_US ? spent
                                                       : IDLE_US) /
                                    1000,
                       .layout = "line",
                       .comment = r->note};
    int64_t label = 0;
    store_make_uuid(d.uuid);
    if (disputes_read_votes(&r->disputes, &r->claim, err) != 0) return -1;
    if (store_save_label(r->store, &d, &label, err) != 0) return -1;
    fprintf(r->out, "saved: %s (label %lld)\n",
            words_of(outcome, r->claim.swapped ? -preferred : preferred, r->claim.swapped),
            (long long)label);
    print_votes(r);
    fflush(r->out);
    r->counts.settled++;
    put_down(r);
    return 0;
}

/* Left for another time: no label, and somebody else may settle it. */
static int skip(Review *r, Error *err)
{
    if (disputes_put_aside(&r->disputes, &r->claim, err) != 0) return -1;
    fputs("left for another time\n", r->out);
    r->counts.skipped++;
    put_down(r);
    return 0;
}

/* Of this sitting alone: what was settled before stays. */
static int undo(Review *r, Error *err)
{
    StoreClaim back = {0};
    bool found = false;
    if (r->counts.settled == 0) {
        fputs("nothing of this sitting to take back; choose: ", r->out);
        return 0;
    }
    if (r->held && store_release_claim(r->store, r->claim.assignment_id, err) != 0) return -1;
    put_down(r);
    if (store_undo_review(r->store, r->session_id, &back, &found, err) != 0) return -1;
    if (!found) return 0;
    fputs("taken back\n", r->out);
    r->claim = back;
    r->held = true;
    r->counts.settled--;
    print_pair(r);
    return 0;
}

static int obey(Review *r, char *line, Error *err)
{
    static const char HELP[] =
        "a: A is better, b: B is better, t: equally good, 0: both bad, s: leave it to another "
        "time,\n"
        "n NOTE: goes with your choice, u: take the last one back, q: quit. Choose: ";
    char *word = text_trim(line);
    const char key = (char)tolower((unsigned char)*word);
    if (key == 'n' && isspace((unsigned char)word[1])) {
        set_note(r, text_trim(word + 1));
        fputs("noted; choose: ", r->out);
    } else if (word[0] && !word[1]) {
        switch (key) {
        case 'a': return decide(r, OUTCOME_PREF, -1, err);
        case 'b': return decide(r, OUTCOME_PREF, 1, err);
        case 't':
        case '=': return decide(r, OUTCOME_TIE, 0, err);
        case '0': return decide(r, OUTCOME_BOTH_BAD, 0, err);
        case 's': return skip(r, err);
        case 'u': return undo(r, err);
        case 'q': r->quit = true; return 0;
        default: fputs(HELP, r->out);
        }
    } else {
        fputs(HELP, r->out);
    }
    fflush(r->out);
    return 0;
}

/* The next pair is before the reviewer, or none is left. */
static int take_next(Review *r, bool *found, Error *err)
{
    *found = true;
    if (r->held) return 0;
    if (disputes_left(&r->disputes, &r->counts.left, err) != 0) return -1;
    if (disputes_next(&r->disputes, &r->claim, found, err) != 0) return -1;
    r->held = *found;
    if (*found) print_pair(r);
    return 0;
}

/* The last one may be taken back as well. */
static void say_end(const Review *r)
{
    fputs("\nNothing is left to settle; u takes the last one back, Enter ends: ", r->out);
    fflush(r->out);
}

static int loop(Review *r, TypedLines *reader, Text *line, const char **reason, Error *err)
{
    bool found = true;
    for (*reason = NULL; !*reason;) {
        if (take_next(r, &found, err) != 0) return -1;
        if (!found && r->counts.settled == 0) {
            *reason = "done";
            break;
        }
        if (!found) say_end(r);
        switch (typed_next(reader, line)) {
        case TYPED_END: *reason = "input ended"; break;
        case TYPED_SIGNAL: *reason = "signal"; break;
        case TYPED_HANG_UP: *reason = STORE_HANG_UP; break;
        case TYPED_LINE:
            if (found || strcmp(text_trim(line->bytes), "u") == 0) {
                if (obey(r, line->bytes, err) != 0) return -1;
                if (r->quit) *reason = "quit";
            } else {
                *reason = "done";
            }
        }
    }
    fputs("\n", r->out);
    return 0;
}

int review_run(ReviewCounts *counts, Store *store, int64_t session_id, int64_t annotator_id, int in,
               FILE *out, const char **reason, Error *err)
{
    Review r = {.store = store, .session_id = session_id, .in = in, .out = out};
    TypedLines reader = {.fd = in, .terminal = isatty(in)};
    Text line = {0};
    StoreCampaign campaign = {0};
    if (store_get_campaign(store, NULL, &campaign, err) != 0) return -1;
    r.disputes = (Disputes){.store = store,
                            .session_id = session_id,
                            .annotator_id = annotator_id,
                            .scale = campaign.scale};
    store_campaign_free(&campaign);
    int rc = loop(&r, &reader, &line, reason, err);
    if (r.held) put_down(&r);
    if (rc == 0) rc = disputes_left(&r.disputes, &r.counts.left, err);
    if (rc == 0) *counts = r.counts;
    set_note(&r, NULL);
    disputes_free(&r.disputes);
    typed_free(&reader);
    text_free(&line);
    return rc;
}
