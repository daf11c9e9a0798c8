/* One person's labeling session: claim a pair, show it, decide, undo.  It knows no terminal; the screen and
 * line mode are views of it.
 *
 * Its rule: a key that arrives before a pair has been in view for 250 ms never chooses, saves or undoes.
 * With slow lines and quick fingers the next key is often on its way before the next pair is painted; a
 * label made by such a key is about a pair nobody has read. */
#ifndef LABELING_SESSION_H
#define LABELING_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "labeling/decision.h"
#include "labeling/disputes.h"
#include "store/store.h"

enum {
    SESSION_GUARD_US = 250000, /* a pair is this long in view before a key can decide */
    SESSION_QUIET_US = 120000, /* and this long without such keys: one held down repeats faster */
    SESSION_IDLE_US = 60000000 /* longer without a key is a pause, not reading */
};

typedef struct {
    const char *handle;   /* who labels */
    const char *ui;       /* tui, line */
    const char *terminal; /* $TERM; may be NULL */
    int columns, rows;
    /* (n_only) these comparisons in this order, and no others, labeled or not; NULL: any that
     * are open.  Borrowed until the end */
    const int64_t *only;
    int64_t n_only;
    bool imported; /* pairs that came with a data set are offered too, last */
    bool practice; /* gold pairs alone, with the answer after each; nothing is saved */
    bool review;   /* what people differ on alone, as a reviewer, who sees their votes after each */
    int64_t limit; /* end after so many decisions; 0 is none */
    int64_t goal;  /* decisions a day; 0: the campaign's */
    bool unguarded; /* answers come from a file or a pipe, where no key can be too early */
    /* A prompt written in a chat template as the turns it was made from; false when it cannot be told.  NULL:
     * all are shown as they are. */
    bool (*readable)(Text *out, const char *prompt, const char *template);
    int64_t (*now)(void *context); /* microseconds UTC, never going back; NULL is the real clock */
    void *context;
} SessionOptions;

/* Where a reader was in the three texts, in bytes of each. */
typedef struct {
    size_t prompt, answer[2];
} SessionPlace;

typedef struct {
    int64_t comparison_id;
    const char *prompt, *left,
        *right;         /* as shown: which of the stored two stands left is drawn by the store */
    bool again;         /* back on the screen after an undo */
    bool same_prompt;   /* as the pair before it */
    bool amended;       /* out of the history: its label stands until another is given */
    const char *note;   /* begun earlier; may be NULL */
    SessionPlace place; /* likewise */
} SessionPair;

typedef struct {
    int64_t done,
        left; /* this annotator's standing labels, skips apart; pairs still open.  In review: what
                              was settled in this sitting; what is not settled */
    int64_t passed;        /* her standing skips */
    int64_t today;         /* of those done, since midnight here */
    int64_t goal;          /* for today; 0: none */
    int64_t now;           /* decisions of this session that stand, skips included */
    int64_t skipped, ties; /* of those of this session */
    double seconds;        /* active time per decision: mean of the last 20; 0 before the first */
    double median;         /* of all of this session */
    double last;           /* of the newest */
} SessionCounts;

/* What stands of today, over all sittings of this person. */
typedef struct {
    int64_t labels, skipped, ties; /* labels: without the skipped */
    int64_t timed;          /* of all of these: from elsewhere they may come without a time */
    double seconds, median; /* active, of those timed: of all; of one */
} SessionDay;

/* What a practice pair teaches. */
typedef struct {
    Decision given, expected; /* sides as shown */
    bool agreed;              /* the same side, or none on both; by how much is not asked */
    const char *why;          /* may be NULL */
    int right, of;            /* so far */
} SessionLesson;

typedef struct Session Session;

/* A handle with a colon is an error: those are of rules, judges and data sets.  So is practice without gold. */
int session_begin(Session **out, Store *store, const SessionOptions *options, Error *err);
/* What the campaign offers and says, as of the last session_next; the texts are the session's. */
Offer session_offer(const Session *s);
const char *session_guidelines(const Session *s); /* NULL: none */
int session_guidelines_version(const Session *s);
/* True once for each version that this person has not seen yet: it is to be read before the pair in hand. */
bool session_guidelines_new(Session *s);
/* Why no pair comes any more: the campaign was closed, this person disabled.  A label in the making is still saved. */
bool session_is_closed(const Session *s);
bool session_is_disabled(const Session *s);
bool session_is_practice(const Session *s);
bool session_is_review(const Session *s);

/* The pair in hand; NULL before the first session_next, and when nothing is left or the limit reached. */
const SessionPair *session_pair(const Session *s);
/* Take up the next pair when none is in hand.  Its clock starts with session_shown. */
int session_next(Session *s, Error *err);
/* The pair now stands before the reader: at its first view, and again whenever something covered it
 * (help, a resize, a suspended program).  Starts the 250 ms. */
void session_shown(Session *s, const char *layout); /* side, stack, line */
/* How much of each answer has been in view, in thousandths. */
void session_seen(Session *s, const int seen[2]);
/* A key that does not decide, such as scrolling. */
void session_touch(Session *s);
/* Would a key arriving now count? */
bool session_ready(const Session *s);
/* A deciding key arrives now, with something that is offered.  *label_id is the label, on the disk, and the
 * pair is no longer in hand; or 0 when the key came too early and nothing happened.  After a failure the pair
 * is still in hand.  In practice *label_id is positive and means nothing. */
int session_decide(Session *s, const Decision *d, int64_t *label_id, Error *err);
/* Of the practice pair decided last. */
const SessionLesson *session_lesson(const Session *s);
/* In review, of the pair decided last: what people said, n votes. */
const Vote *session_votes(const Session *s, int *n);
/* In review, a key arrives that leaves the pair in hand for another time; *done is false when it came too early. */
int session_put_aside(Session *s, bool *done, Error *err);
/* How many were, and offer them again. */
int64_t session_aside(const Session *s);
void session_begin_again(Session *s);
/* The undo key arrives now: takes back this annotator's newest standing label and takes its pair in hand;
 * the pair that was in hand comes after it.  *undone is false when there is none, or the key too early.  In review:
 * of this sitting alone, with the votes known by then. */
int session_undo(Session *s, bool *undone, Error *err);

/* Labels of this person that stand, newest first, at most `limit`, of any sitting; in review those of a reviewer. */
int session_history(Session *s, int64_t limit, StoreOwnLabelList *out, Error *err);
/* Its prompt as people read it; the string is the session's until the next call. */
const char *session_prompt_of(Session *s, const StoreOwnLabel *label);
/* Take a pair of the history in hand; what was in hand comes after it. */
int session_amend(Session *s, const StoreOwnLabel *label, Error *err);
/* Leave it as it is labeled. */
void session_put_back(Session *s);

/* Keep the note and the place for whoever opens this pair again: this person, after a lost line, a signal, a
 * killed program. */
int session_keep(Session *s, const char *note, const SessionPlace *place, Error *err);

/* Pairs that may still come: how many other people hold, and in how many seconds the first is free at the
 * latest. */
int session_awaited(Session *s, int64_t *n, double *seconds, Error *err);
SessionCounts session_counts(const Session *s);
int session_day(Session *s, SessionDay *out, Error *err);
/* True once, after so much active time that a break is due. */
bool session_break_due(Session *s);
/* True when --limit decisions stand. */
bool session_at_limit(const Session *s);
/* Gives back what is held, but after STORE_HANG_UP and STORE_SIGNAL, and notes why; the session is freed
 * whatever the result.  s may be NULL. */
int session_end(Session *s, const char *reason, Error *err);

#endif
