/* What a person thinks of the answers of a conversation, in the store: thumbs as judgements, choices as labels of
 * comparisons.  The prompt is the conversation as the model read it, of source "chat", in a split that the store
 * decides as for any other prompt. */
#ifndef CLI_TALK_RECORD_H
#define CLI_TALK_RECORD_H

#include "cli/talk.h"

typedef struct {
    const Context *ctx;
    const char *who; /* the annotator */
    TalkSettings settings;
    Store *store;    /* opened with the first thing to be saved */
    int64_t session; /* likewise */
} TalkRecord;

/* Fails where there is no project, and for an answer that cannot be trained on: one that the person stopped, or
 * whose conversation spells special tokens, which training would take for the template's. */
int talk_record_thumb(TalkRecord *r, const Answer *answer, bool good, int64_t *id, Error *err);
/* Both answers as a comparison that this annotator holds; *out says which to show first.  *equal: they are the
 * same text, and there is none. */
int talk_record_pair(TalkRecord *r, const Answer *a, const Answer *b, StoreClaim *out, bool *equal,
                     Error *err);
/* -1: the first shown is better, 1: the second, 0: neither. */
int talk_record_choice(TalkRecord *r, const StoreClaim *held, int better, int64_t shown_us,
                       int64_t *label_id, Error *err);
/* Gives back a pair that was not decided: rlhf label offers it. */
int talk_record_release(TalkRecord *r, const StoreClaim *held, Error *err);
/* Ends the session, if there is one. */
int talk_record_close(TalkRecord *r, const char *reason, Error *err);

#endif
