/* Answers of models that think before they speak: <think>, a thought, </think>, what is said. */
#ifndef POLICY_CHAT_THOUGHT_H
#define POLICY_CHAT_THOUGHT_H

#include <stddef.h>

/* Stretches of the answer's text. */
typedef struct {
    const char *text; /* (n) the thought */
    size_t n;         /* 0: there is none, or an empty one */
    /* all that the answer ends with; the whole answer when no thought ends in it */
    const char *said;
} ChatThought;

/* The thought ends at the first </think> and begins behind the last <think> before that, or where the answer
 * begins; what is said stands behind the last </think>.  Line ends around both belong to neither.  So Qwen3's
 * template reads an answer. */
ChatThought chat_thought_apart(const char *answer);

#endif
