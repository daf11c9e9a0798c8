#include "policy/vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "policy/bpe.h"

/* The slot of the spelling, or the empty one where it belongs. */
static int *slot_of(const Vocabulary *v, const char *token, size_t n)
{
    for (size_t i = bpe_hash(token, n) & (v->room - 1);; i = (i + 1) & (v->room - 1)) {
        const int id = v->slots[i];
        if (id < 0 || (strncmp(v->token[id], token, n) == 0 && v->token[id][n] == 0))
            return &v->slots[i];
    }
}

int vocabulary_find(const Vocabulary *v, const char *token, size_t n)
{
    return memchr(token, 0, n) ? -1 : *slot_of(v, token, n);
}

int vocabulary_find_in_model(const Vocabulary *v, const char *token, size_t n)
{
    const int id = vocabulary_find(v, token, n);
    return id >= 0 && v->in_model[id] ? id : -1;
}

int vocabulary_new(Vocabulary **out, char **tokens, int n, Error *err)
{
    Vocabulary *v = mem_calloc(1, sizeof *v);
    v->token = tokens;
    v->n = n;
    v->special = mem_calloc((size_t)n, sizeof *v->special);
    v->in_model = mem_calloc((size_t)n, sizeof *v->in_model);
    v->room = 64;
    while (v->room < 2 * (size_t)n) v->room *= 2;
    v->slots = mem_calloc(v->room, sizeof *v->slots);
    for (size_t i = 0; i < v->room; i++) v->slots[i] = -1;
    for (int id = 0; id < n; id++) {
        int *slot = slot_of(v, tokens[id], strlen(tokens[id]));
        if (*slot >= 0) {
            error_set(err, "tokens %d and %d are both \"%.80s\"", *slot, id, tokens[id]);
            vocabulary_free(v);
            return -1;
        }
        *slot = id;
        v->in_model[id] = true;
    }
    *out = v;
    return 0;
}

void vocabulary_free(Vocabulary *v)
{
    if (!v) return;
    for (int i = 0; i < v->n; i++) free(v->token[i]);
    free(v->token);
    free(v->special);
    free(v->in_model);
    free(v->slots);
    free(v);
}
