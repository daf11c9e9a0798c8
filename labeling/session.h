/* One person's labeling session: claim a pair, show it, decide, undo.  It knows no terminal; the screen,
 * line mode and later a page are views of it.
 *
 * Its rule: a key that arrives before a pair has been in view for 250 ms never chooses, saves or undoes.
 * With slow lines and quick fingers the next key is often on its way before the next pair is painted; a
 * label made by such a key is about a pair nobody has read. */
#ifndef LABELING_SESSION_H
#define LABELING_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
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
    const int64_t *
        only; /* (n_only) these comparisons in this order, and no others, labeled or not; NULL: any that
                            are open.  Borrowed until the end */
    int64_t n_only;
    bool imported;  /* pairs that came with a data set are offered too, last */
    int64_t limit;  /* end after so many decisions; 0 is none */
    bool unguarded; /* answers come from a file or a pipe, where no key can be too early */
    int64_t (*now)(void *context); /* microseconds UTC, never going back; NULL is the real clock */
    void *context;
} SessionOptions;

/* Sides are as shown: which of the stored two stands left is drawn by the store and stays inside. */
typedef enum { CHOICE_LEFT, CHOICE_RIGHT, CHOICE_TIE, CHOICE_SKIP } Choice;
enum { CHOICE_N = 4 };
/* "A is better", "B is better", "tie", "skipped" */
const char *choice_words(Choice choice);

typedef struct {
    int64_t comparison_id;
    const char *prompt, *left, *right;
    bool again;       /* back on the screen after an undo */
    bool same_prompt; /* as the pair before it */
} SessionPair;

typedef struct {
    int64_t done, left;    /* this annotator's standing labels, skips apart; pairs still open */
    int64_t passed;        /* her standing skips */
    int64_t today;         /* of those done, since midnight here */
    int64_t now;           /* decisions of this session that stand, skips included */
    int64_t skipped, ties; /* of those of this session */
    double seconds;        /* active time per decision: mean of the last 20; 0 before the first */
    double median;         /* of all of this session */
    double last;           /* of the newest */
} SessionCounts;

typedef struct Session Session;

/* A handle with a colon is an error: those are of rules, judges and data sets. */
int session_begin(Session **out, Store *store, const SessionOptions *options, Error *err);
/* The pair in hand; NULL before the first session_next, and when nothing is left or the limit reached. */
const SessionPair *session_pair(const Session *s);
/* Take up the next pair when none is in hand.  Its clock starts with session_shown. */
int session_next(Session *s, Error *err);
/* The pair now stands before the reader: at its first view, and again whenever something covered it
 * (help, a resize, a suspended program).  Starts the 250 ms. */
void session_shown(Session *s, const char *layout); /* side, stack, line */
/* A key that does not decide, such as scrolling. */
void session_touch(Session *s);
/* Would a key arriving now count? */
bool session_ready(const Session *s);
/* A deciding key arrives now.  *label_id is the label, on the disk, and the pair is no longer in hand;
 * or 0 when the key came too early and nothing happened.  After a failure the pair is still in hand. */
int session_decide(Session *s, Choice choice, int64_t *label_id, Error *err);
/* The undo key arrives now: takes back this annotator's newest standing label and takes its pair in hand;
 * the pair that was in hand comes after it.  *undone is false when there is none, or the key too early. */
int session_undo(Session *s, bool *undone, Error *err);
SessionCounts session_counts(const Session *s);
/* True when --limit decisions stand. */
bool session_at_limit(const Session *s);
/* Gives back what is held, but after STORE_HANG_UP, and notes why; the session is freed whatever the
 * result.  s may be NULL. */
int session_end(Session *s, const char *reason, Error *err);

#endif
