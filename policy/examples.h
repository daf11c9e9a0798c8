/* Examples to learn from: sequences of tokens, of which some are learned and the others only read. */
#ifndef POLICY_EXAMPLES_H
#define POLICY_EXAMPLES_H

#include "policy/sequences.h"

/* End to end, borrowed. */
typedef struct {
    int n;
    const int *token;
    const int *start; /* (n+1) */
    /* (start[n]) 1: learned, which no first token is, as nothing comes before it; NULL: all but
     * those */
    const unsigned char *learned;
} Examples;

/* Tokens of example i that are learned. */
int examples_count(const Examples *e, int i);

/* Examples in the making. */
typedef struct {
    Sequences sequences;
    unsigned char *learned; /* of every token */
    size_t room;
} ExampleSet;

/* One more of n tokens, the first `prompt` of them (at least 1) only read. */
void example_set_add(ExampleSet *s, const int *token, int n, int prompt);
/* An example that another begins with, and only reads, becomes part of that one: its tokens are learned there, after
 * the same tokens as before, in the one pass.  So of a conversation that came as one example for each answer one is
 * left that learns them all.  What is left keeps its order.  Returns how many became part of others. */
int example_set_fold(ExampleSet *s);
Examples example_set_examples(const ExampleSet *s);
void example_set_free(ExampleSet *s);

#endif
