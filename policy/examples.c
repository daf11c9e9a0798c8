#include "policy/examples.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int examples_count(const Examples *e, int i)
{
    const int n = e->start[i + 1] - e->start[i];
    if (!e->learned) return n > 1 ? n - 1 : 0;
    int count = 0;
    for (int t = e->start[i]; t < e->start[i + 1]; t++) count += e->learned[t];
    return count;
}

void example_set_add(ExampleSet *s, const int *token, int n, int prompt)
{
    const size_t at = (size_t)s->sequences.tokens;
    assert(prompt >= 1 && prompt <= n);
    sequences_add(&s->sequences, token, n);
    sequences_end(&s->sequences);
    if (at + (size_t)n > s->room) {
        s->room = at + (size_t)n + s->room / 2;
        s->learned = mem_realloc(s->learned, s->room, 1);
    }
    memset(s->learned + at, 0, (size_t)prompt);
    memset(s->learned + at + prompt, 1, (size_t)(n - prompt));
}

Examples example_set_examples(const ExampleSet *s)
{
    return (Examples){s->sequences.n, s->sequences.token, s->sequences.start, s->learned};
}

void example_set_free(ExampleSet *s)
{
    sequences_free(&s->sequences);
    free(s->learned);
    *s = (ExampleSet){0};
}

/* ---- folding --------------------------------------------------------------------------------------- */

static int length(const Sequences *s, int i)
{
    return s->start[i + 1] - s->start[i];
}

/* Whether b begins with a. */
static bool begins_with(const Sequences *s, int b, int a)
{
    return length(s, b) >= length(s, a) && memcmp(s->token + s->start[b], s->token + s->start[a],
                                                  (size_t)length(s, a) * sizeof *s->token) == 0;
}

/* Token by token, a beginning before what it begins, equal ones as they came. */
static int in_order(const void *x, const void *y, void *sequences)
{
    const Sequences *s = sequences;
    const int a = *(const int *)x, b = *(const int *)y;
    const int n = length(s, a) < length(s, b) ? length(s, a) : length(s, b);
    for (int t = 0; t < n; t++) {
        const int by = s->token[s->start[a] + t] - s->token[s->start[b] + t];
        if (by != 0) return by;
    }
    return length(s, a) != length(s, b) ? length(s, a) - length(s, b) : a - b;
}

/* Tokens of example i before the first that is learned. */
static int read_first(const ExampleSet *s, int i)
{
    const int at = s->sequences.start[i], n = length(&s->sequences, i);
    const unsigned char *first = memchr(s->learned + at, 1, (size_t)n);
    return first ? (int)(first - (s->learned + at)) : n;
}

/* What is left of the set: the examples that are not gone. */
static void compact(ExampleSet *s, const bool *gone)
{
    Sequences *q = &s->sequences, left = {0};
    for (int i = 0, to = 0; i < q->n; i++) {
        if (gone[i]) continue;
        memmove(s->learned + to, s->learned + q->start[i], (size_t)length(q, i));
        to += length(q, i);
        sequences_add(&left, q->token + q->start[i], length(q, i));
        sequences_end(&left);
    }
    sequences_free(q);
    *q = left;
}

/* In that order what a sequence begins stands right behind it, so each one is held against its neighbour alone, and
 * takes along what has become part of it. */
int example_set_fold(ExampleSet *s)
{
    const Sequences *q = &s->sequences;
    const int n = q->n;
    int *order = mem_calloc((size_t)n + 1, sizeof *order), folded = 0;
    bool *gone = mem_calloc((size_t)n + 1, sizeof *gone);
    for (int i = 0; i < n; i++) order[i] = i;
    qsort_r(order, (size_t)n, sizeof *order, in_order, (void *)q);
    for (int i = 0; i + 1 < n; i++) {
        const int a = order[i], b = order[i + 1];
        if (!begins_with(q, b, a) || length(q, a) > read_first(s, b)) continue;
        memcpy(s->learned + q->start[b], s->learned + q->start[a], (size_t)length(q, a));
        gone[a] = true;
        folded++;
    }
    if (folded) compact(s, gone);
    free(order);
    free(gone);
    return folded;
}
