#include "labeling/pairing.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/rng.h"

static bool same_texts(const char *const *text, StorePairing p, StorePairing q)
{
    return (strcmp(text[p.a], text[q.a]) == 0 && strcmp(text[p.b], text[q.b]) == 0) ||
           (strcmp(text[p.a], text[q.b]) == 0 && strcmp(text[p.b], text[q.a]) == 0);
}

static bool is_asked(const StorePairing *pair, int n, const char *const *text, StorePairing p)
{
    for (int i = 0; i < n; i++)
        if (same_texts(text, pair[i], p)) return true;
    return false;
}

/* The place of a pair among all, whatever K is. */
static uint64_t place_of(StorePairing p)
{
    return (uint64_t)(p.b * (p.b - 1) / 2 + p.a);
}

static int keep_lowest(StorePairing *pair, int n, int most, uint64_t seed, int64_t prompt_id)
{
    uint64_t drawn[PAIRING_MAX];
    int kept = 0;
    for (int i = 0; i < n; i++)
        drawn[i] = rng_bits(seed, RNG_PAIR, (uint64_t)prompt_id, place_of(pair[i]));
    for (int i = 0; i < n; i++) {
        int lower = 0;
        for (int k = 0; k < n; k++) lower += drawn[k] < drawn[i] || (drawn[k] == drawn[i] && k < i);
        if (lower < most) pair[kept++] = pair[i];
    }
    return kept;
}

int pairing_choose(StorePairing *out, int *equal, const char *const *text, int K, int models,
                   int most, uint64_t seed, int64_t prompt_id)
{
    int n = 0;
    assert(K >= 2 && K <= PAIRING_ANSWERS && models >= 1);
    *equal = 0;
    for (int b = 1; b < K; b++)
        for (int a = 0; a < b; a++) {
            const StorePairing p = {a, b};
            if (models > 1 && a % models == b % models) continue;
            if (strcmp(text[a], text[b]) == 0 || is_asked(out, n, text, p)) ++*equal;
            else out[n++] = p;
        }
    return keep_lowest(out, n, most, seed, prompt_id);
}
