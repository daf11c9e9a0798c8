/* Token sequences laid end to end, growing: what every batch is made from. */
#ifndef POLICY_SEQUENCES_H
#define POLICY_SEQUENCES_H

#include <stddef.h>

typedef struct {
    int n; /* finished sequences */
    int *token;
    int *start; /* (n+1); start[n] tokens in all */
    int tokens, room_n, room_tokens;
} Sequences;

/* Append tokens to the sequence being made; sequences_end finishes it, even an empty one. */
void sequences_add(Sequences *s, const int *token, int n);
void sequences_end(Sequences *s);
/* Tokens of the sequence being made so far. */
int sequences_pending(const Sequences *s);
void sequences_clear(Sequences *s);
void sequences_free(Sequences *s);

#endif
