/* The way back from a chat template: a prompt that was written in one, as the turns it was made from, for
 * people to read.  What stands between two turns is found by rendering a conversation of known words, so that
 * there is no second table of templates. */
#ifndef POLICY_CHAT_TURNS_H
#define POLICY_CHAT_TURNS_H

#include "policy/chat_template.h"

typedef struct {
    ChatRole role;
    const char *text; /* into the prompt */
    size_t n;
} ChatTurn;

typedef struct {
    ChatTurn *turn;
    int n;
} ChatTurns;

/* False, and *out is left alone, when the prompt does not read as one that the template, with the tokens of its
 * family, renders to be answered.  A system prompt that the template has of its own is left out; one that the
 * template puts into a turn of the user stays there.  The turns point into `prompt`. */
bool chat_turns_split(ChatTurns *out, const ChatTemplate *t, const char *prompt);
void chat_turns_free(ChatTurns *turns);

#endif
