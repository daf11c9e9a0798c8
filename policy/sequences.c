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

void sequences_clear(Sequences *s)
{
    s->n = s->tokens = 0;
}

void sequences_free(Sequences *s)
{
    free(s->token);
    free(s->start);
    *s = (Sequences){0};
}
