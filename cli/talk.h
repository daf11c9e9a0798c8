/* A conversation with a model, turn by turn. */
#ifndef CLI_TALK_H
#define CLI_TALK_H

#include "cli/loaded.h"
#include "policy/chat.h"

/* A model that can answer: opened, and its weights read, when it is first asked. */
typedef struct {
    Loaded loaded;
    Chat chat;
    int64_t model_id; /* in the store; 0 until an answer of it is judged */
} Speaker;

int speaker_open(Speaker *s, const Context *ctx, const char *name, const char *template,
                 const Loaded *beside, Error *err);
int speaker_read(Speaker *s, Error *err);
void speaker_close(Speaker *s);

typedef struct {
    ChatMessage *message; /* (n) user and assistant by turns; contents are owned */
    int n;
    char *system; /* or NULL */
} Talk;

void talk_say(Talk *t, ChatRole role, const char *content);
/* Takes back the newest message. */
void talk_drop(Talk *t);
void talk_free(Talk *t);

typedef struct {
    double temperature, top_p;
    int max_new_tokens, top_k;
    bool greedy;
    uint64_t seed;
} TalkSettings;

typedef enum {
    ANSWER_ENDED,  /* by the model itself */
    ANSWER_CUT,    /* at max_new_tokens, or where the context ends */
    ANSWER_STOPPED /* by the person */
} AnswerEnd;

typedef struct {
    Speaker *by;    /* borrowed; NULL: there is no answer */
    char *prompt;   /* the conversation as the model read it, what was left out left out */
    bool spells;    /* somebody's words in it spell a special token */
    char *text;     /* what the model said, up to the end of its turn */
    int *token;     /* (n) as sampled; NULL when the answer ended by a text and not by a token */
    double logprob; /* of all tokens, nats; NAN without tokens */
    int n, number;  /* number: of the sitting; with the seed the key of its random numbers */
    AnswerEnd end;
    int left_out; /* oldest messages that did not fit into the context */
} Answer;

/* The answer of `by` to the conversation, whose newest message is the user's.  What does not fit into the context
 * is left out turn by turn, the oldest first, and never the system prompt.  on_text gets the answer piece by piece;
 * NULL: in silence.  Ctrl-C stops the answer alone. */
int talk_answer(Answer *out, const Talk *t, Speaker *by, const TalkSettings *settings, int number,
                void (*on_text)(void *context, const char *bytes, size_t n), void *context,
                Error *err);
void answer_free(Answer *a);

#endif
