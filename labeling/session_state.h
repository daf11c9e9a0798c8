/* What a session is made of, for the files that are it: session.c, session_counts.c
 * and session_terms.c. */
#ifndef LABELING_SESSION_STATE_H
#define LABELING_SESSION_STATE_H

#include "labeling/lessons.h"
#include "labeling/pace.h"
#include "labeling/session.h"

typedef struct {
    StoreClaim claim;
    bool amended;
} Held;

struct Session {
    Store *store;
    SessionOptions options;
    StoreCampaign campaign;
    int64_t annotator_id, id;

    Held *held; /* the last is in hand; those below wait until it is decided or put back */
    int n_held, held_room;
    SessionPair pair;
    Text readable; /* its prompt, when that is written in a chat template */
    Text recalled; /* likewise of a label of the history */
    StoreDraft draft;
    int64_t last_prompt_id;

    uint8_t uuid[16]; /* of the decision being made, so that a second try is not a second label */
    int uuid_for;     /* the choice and strength that it was made for; INT_MIN: none yet */
    const char *layout;
    int64_t shown_us;   /* first view; 0 before */
    int64_t guarded_us; /* start of the 250 ms: the newest view; 0: not in view yet */
    /* when the newest pair went out of hand: what comes then has not been in view */
    int64_t dropped_us;
    int64_t early_us; /* the newest key that came too early */
    int64_t first_us; /* the first key that counted */
    int64_t input_us; /* the newest key */
    int64_t active_us;
    int seen[2];

    Pace pace;
    Lessons lessons;                      /* in practice */
    Disputes disputes;                    /* in review */
    int64_t decided, passed, today, left; /* passed: of those decided, the skips */
    int64_t taken;                        /* of options.only */
    int64_t guidelines_read; /* the newest version that this person has been shown; 0: none */
    bool disabled;           /* this person labels no more */
};

/* What the campaign says now, and whether this person may still label: somebody may have changed it since the
 * last pair. */
int session_read_terms(Session *s, Error *err);

#endif
