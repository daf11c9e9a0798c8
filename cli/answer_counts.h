/* How many of the answers to one prompt say the same. */
#ifndef CLI_ANSWER_COUNTS_H
#define CLI_ANSWER_COUNTS_H

#include "policy/generate.h"
#include "policy/tokenizer.h"

/* Answers are equal whose texts are, but for white space at both ends, where all of them ended by themselves or all
 * were cut: a cut one might have said more. */
typedef struct {
    char *text; /* as people and the store have it */
    bool cut;
    int first, count; /* the first such answer, and how many there are */
} AnswerCount;

/* The *n different ones, the most frequent first, of equally frequent ones the one that came first. */
AnswerCount *answer_counts_new(int *n, const Responses *r, const Tokenizer *t);
void answer_counts_free(AnswerCount *counts, int n);

/* A row for each, its text in visible characters, and a line about all of them. */
void answer_counts_print(const AnswerCount *counts, int n, int answers);
void answer_counts_print_json(const AnswerCount *counts, int n, int answers);

#endif
