#include "policy/sequences.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void reserve(Sequences *s, int n)
{
    assert(s->tokens <= INT_MAX - n);
    if (s->n + 2 > s->room_n) {
        s->room_n = 2 * s->room_n + 16;
        s->start = mem_realloc(s->start, (size_t)s->room_n, sizeof *s->start);
        if (s->n == 0) s->start[0] = 0;
    }
    if (s->tokens + n > s->room_tokens) {
        s->room_tokens = s->tokens + n + s->room_tokens / 2 + 64;
        s->token = mem_realloc(s->token, (size_t)s->room_tokens, sizeof *s->token);
    }
}

void sequences_add(Sequences *s, const int *token, int n)
{
    reserve(s, n);
    if (n > 0) memcpy(s->token + s->tokens, token, (size_t)n * sizeof *s->token);
    s->tokens += n;
}

void sequences_end(Sequences *s)
{
    reserve(s, 0);
    s->start[++s->n] = s->tokens;
}

int sequences_pending(const Sequences *s)
{
    return s->tokens - (s->start ? s->start[s->n] : 0);
}

int sequences_longest(const Sequences *s)
{
    int longest = 0;
    for (int i = 0; i < s->n; i++)
        if (s->start[i + 1] - s->start[i] > longest) longest = s->start[i + 1] - s->start[i];
    return longest;
}

static void clear(Sequences *s)
{
    s->n = s->tokens = 0;
}

void sequences_free(Sequences *s)
{
    free(s->token);
    free(s->start);
    *s = (Sequences){0};
}

int sequences_item(const SequenceItems *b, int at)
{
    return b->item ? b->item[at] : at;
}

static int item_start(const SequenceItems *b, int at)
{
    return b->start[sequences_item(b, at) * b->width];
}

static int item_length(const SequenceItems *b, int at)
{
    return b->start[(sequences_item(b, at) + 1) * b->width] - item_start(b, at);
}

int sequences_cut(const SequenceItems *b, int first, int max_tokens)
{
    assert(first < b->n);
    int last = first + 1, tokens = item_length(b, first);
    for (; last < b->n && item_length(b, last) <= max_tokens - tokens; last++)
        tokens += item_length(b, last);
    return last;
}

int sequences_take(Sequences *out, const SequenceItems *b, int first, int max_tokens)
{
    const int last = sequences_cut(b, first, max_tokens);
    clear(out);
    for (int at = first; at < last; at++)
        for (int w = 0; w < b->width; w++) {
            const int i = sequences_item(b, at) * b->width + w;
            sequences_add(out, b->token + b->start[i], b->start[i + 1] - b->start[i]);
            sequences_end(out);
        }
    return last;
}
