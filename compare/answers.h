/* Answers of a model to a set of prompts, with what can be measured of each. */
#ifndef COMPARE_ANSWERS_H
#define COMPARE_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/generate.h"
#include "policy/sequences.h"
#include "policy/tokenizer.h"

typedef struct {
    int n;
    int *token, *start; /* answers end to end, start (n+1) */
    char **text;        /* (n) without the stop token */
    bool *finished;     /* (n) ended by themselves */
    double *logp;       /* (n) summed over the answer, by the model that gave it, nats */
    double *score;      /* (n) by a reward model, or 0 */
} Answers;

/* One answer to each prompt; key (n) with s->seed decides the random numbers. */
int answers_sample(Answers *out, Policy *p, const Tokenizer *t, const Sequences *prompts,
                   const uint64_t *key, const SamplingConfig *s, Error *err);
/* Scores by a reward model. */
void answers_score(Answers *a, Policy *reward, const Sequences *prompts);
/* sum (n): log-probability of each answer under p. */
void answers_logp(double *sum, const Answers *a, Policy *p, const Sequences *prompts,
                  double temperature);
/* candidates holds `of` answers to each prompt, side by side; copies the one with the highest score, the
 * first of several; chosen (n): which of all it is.  Returns for how many prompts the scores differ: elsewhere nothing was chosen. */
int answers_best(Answers *out, int *chosen, const Answers *candidates, int of);
void answers_free(Answers *a);

#endif
