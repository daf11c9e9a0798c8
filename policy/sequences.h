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
/* Tokens of the longest finished one. */
int sequences_longest(const Sequences *s);
void sequences_free(Sequences *s);

/* What a batch is made of: n items of a set of sequences, in the order of `item`.  Item i is the `width`
 * sequences from i * width on: one, or a pair, which is never parted. */
typedef struct {
    const int *token, *start; /* of the set */
    int width;
    const int *item; /* (n); NULL: 0, 1, 2, ... */
    int n;
} SequenceItems;

/* Which item stands at place `at` of the batch. */
int sequences_item(const SequenceItems *b, int at);
/* A batch is worked through in micro-batches: from place `first` on as many whole items as fit into
 * max_tokens, and one at least, however long.  Returns the place after them. */
int sequences_cut(const SequenceItems *b, int first, int max_tokens);
/* The same, with the micro-batch laid end to end in `out` in place of what was there. */
int sequences_take(Sequences *out, const SequenceItems *b, int first, int max_tokens);

#endif
