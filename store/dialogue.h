/* Conversations as data sets write them: lists of messages, {"role", "content"} or {"from", "value"}.
 * Private to store/. */
#ifndef STORE_DIALOGUE_H
#define STORE_DIALOGUE_H

#include "base/json.h"
#include "store/store.h"

enum { DIALOGUE_MAX = 1000 }; /* messages */

typedef struct {
    StoreMessage *message; /* (n) contents are owned, roles are not */
    int n;
} Dialogue;

/* Add what `value` says, a message or a list of them.  Names of roles are those of TRL and ShareGPT ("human",
 * "gpt", "developer"); other roles, and contents that are no text, are errors. */
int dialogue_read(Dialogue *d, const cJSON *value, Error *err);
/* `role` is one of STORE_ROLES. */
void dialogue_say(Dialogue *d, const char *role, const char *content);
/* Moves the messages of `from` behind those of d. */
void dialogue_append(Dialogue *d, Dialogue *from);
/* Forget all but the first n messages. */
void dialogue_cut(Dialogue *d, int n);
/* How many messages both begin with. */
int dialogue_shared(const Dialogue *a, const Dialogue *b);
void dialogue_free(Dialogue *d);

#endif
