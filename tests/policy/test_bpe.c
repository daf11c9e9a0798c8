/* The fast trainer and encoder against plain ones that recount and rescan everything at each
 * step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "policy/bpe.h"
#include "policy/bpe_train.h"

enum { WORDS = 40, LENGTH_MAX = 12, MERGES = 60, FIRST = 256 };

typedef struct {
    int ids[LENGTH_MAX], n, weight;
} Word;

static int byte_id[256];
static Word words[WORDS];

/* Words over a small alphabet, so that pairs overlap, tie and spell the same in several ways. */
static void make_words(uint64_t seed)
{
    for (int i = 0; i < 256; i++) byte_id[i] = i;
    for (int w = 0; w < WORDS; w++) {
        words[w].n = 1 + rng_below(LENGTH_MAX, seed, RNG_TEST, (uint64_t)w, 0);
        words[w].weight = 1 + rng_below(4, seed, RNG_TEST, (uint64_t)w, 1);
        for (int i = 0; i < words[w].n; i++)
            words[w].ids[i] =
                'a' + rng_below(2 + (int)(seed % 3), seed, RNG_TEST, (uint64_t)w, 2 + (uint64_t)i);
    }
}

static void merge_plainly(int *ids, int *n, Merge m)
{
    int kept = 0;
    for (int i = 0; i < *n; i++) {
        const bool hit = i + 1 < *n && ids[i] == m.left && ids[i + 1] == m.right;
        ids[kept++] = hit ? m.result : ids[i];
        i += hit;
    }
    *n = kept;
}

static int learn_plainly(Merge *merges, char (*spelled)[LENGTH_MAX + 1])
{
    static int count[FIRST + MERGES][FIRST + MERGES], passed[FIRST + MERGES][FIRST + MERGES];
    int n = 0;
    memset(passed, 0, sizeof passed);
    for (int i = 0; i < FIRST; i++) snprintf(spelled[i], LENGTH_MAX + 1, "%c", i);
    while (n < MERGES) {
        memset(count, 0, sizeof count);
        for (int w = 0; w < WORDS; w++)
            for (int i = 0; i + 1 < words[w].n; i++)
                count[words[w].ids[i]][words[w].ids[i + 1]] += words[w].weight;
        int most = 1, left = 0, right = 0;
        for (int a = 0; a < FIRST + n; a++)
            for (int b = 0; b < FIRST + n; b++)
                if (count[a][b] > most && !passed[a][b]) most = count[left = a][right = b];
        if (most < 2) break;
        char both[2 * LENGTH_MAX + 1];
        snprintf(both, sizeof both, "%s%s", spelled[left], spelled[right]);
        for (int i = 0; i < FIRST + n; i++) passed[left][right] |= strcmp(spelled[i], both) == 0;
        if (passed[left][right]) continue;
        merges[n] = (Merge){left, right, FIRST + n};
        memcpy(spelled[FIRST + n], both, LENGTH_MAX + 1);
        for (int w = 0; w < WORDS; w++) merge_plainly(words[w].ids, &words[w].n, merges[n]);
        n++;
    }
    return n;
}

static int train(Merge **merges)
{
    BpeTrainer *t = bpe_trainer_new();
    Error err;
    int n;
    for (int w = 0; w < WORDS; w++) {
        char bytes[LENGTH_MAX];
        for (int i = 0; i < words[w].n; i++) bytes[i] = (char)words[w].ids[i];
        for (int k = 0; k < words[w].weight; k++) bpe_trainer_add(t, bytes, (size_t)words[w].n);
    }
    assert_int_equal(bpe_trainer_learn(t, merges, &n, MERGES, FIRST, byte_id, &err), 0);
    bpe_trainer_free(t);
    return n;
}

static void training_equals_recounting_at_every_step(void **state)
{
    (void)state;
    static char spelled[FIRST + MERGES][LENGTH_MAX + 1];
    for (uint64_t seed = 1; seed <= 60; seed++) {
        Merge plain[MERGES], *fast;
        make_words(seed);
        const int n_fast = train(&fast), n_plain = learn_plainly(plain, spelled);
        assert_int_equal(n_fast, n_plain);
        assert_memory_equal(fast, plain, (size_t)n_fast * sizeof *fast);
        free(fast);
    }
}

/* Merge the pair of lowest rank, the leftmost of equal ones, until none is left. */
static int encode_plainly(int *ids, int n, const Merge *merges, int n_merges)
{
    for (;;) {
        int best = n_merges, at = -1;
        for (int i = 0; i + 1 < n; i++)
            for (int r = 0; r < best; r++)
                if (merges[r].left == ids[i] && merges[r].right == ids[i + 1]) best = r, at = i;
        if (at < 0) return n;
        ids[at] = merges[best].result;
        memmove(ids + at + 1, ids + at + 2, (size_t)(n - at - 2) * sizeof *ids);
        n--;
    }
}

static void encoding_equals_merging_one_pair_at_a_time(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        Merge *merges;
        make_words(seed);
        const int n_merges = train(&merges);
        Bpe *b = bpe_new(merges, n_merges);
        for (uint64_t item = 0; item < 40; item++) {
            int units[100], ids[100], n = 1 + rng_below(100, seed, RNG_TEST, 1000 + item, 0);
            for (int i = 0; i < n; i++) {
                units[i] = 'a' + rng_below(3, seed, RNG_TEST, 1000 + item, 1 + (uint64_t)i);
                ids[i] = units[i];
            }
            IdList list = {0};
            bpe_merge(b, &list, units, (size_t)n);
            const int expected = encode_plainly(ids, n, merges, n_merges);
            assert_int_equal(list.n, expected);
            assert_memory_equal(list.ids, ids, (size_t)expected * sizeof *ids);
            free(list.ids);
        }
        bpe_free(b);
        free(merges);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(training_equals_recounting_at_every_step),
        cmocka_unit_test(encoding_equals_merging_one_pair_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
