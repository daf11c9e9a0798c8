#include "compare/text_stats.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* A text without the space around it. */
typedef struct {
    const char *bytes;
    size_t n;
} Core;

static Core core_of(const char *text)
{
    Core c = {text, strlen(text)};
    while (c.n && isspace((unsigned char)c.bytes[c.n - 1])) c.n--;
    while (c.n && isspace((unsigned char)*c.bytes)) c.bytes++, c.n--;
    return c;
}

static int compare_cores(const void *left, const void *right)
{
    const Core *a = left, *b = right;
    const int order = memcmp(a->bytes, b->bytes, a->n < b->n ? a->n : b->n);
    return order ? order : (a->n > b->n) - (a->n < b->n);
}

static Core *sorted_cores(const char *const *texts, int n)
{
    Core *cores = mem_calloc((size_t)n + 1, sizeof *cores);
    for (int i = 0; i < n; i++) cores[i] = core_of(texts[i]);
    qsort(cores, (size_t)n, sizeof *cores, compare_cores);
    return cores;
}

double text_stats_distinct(const char *const *texts, int n)
{
    if (n == 0) return 1;
    Core *cores = sorted_cores(texts, n);
    int different = 1;
    for (int i = 1; i < n; i++) different += compare_cores(&cores[i - 1], &cores[i]) != 0;
    free(cores);
    return (double)different / n;
}

/* ---- runs of words -------------------------------------------------------------------------------- */

/* The hash of the `order` words at *text, which moves to the second of them; false when there are fewer.  FNV-1a: among
 * a million runs two different ones share 64 bits once in thirty million cases. */
static bool next_run(uint64_t *hash, const char **text, const char *end, int order)
{
    const char *at = *text;
    uint64_t h = 0xcbf29ce484222325u;
    for (int k = 0; k < order; k++) {
        size_t n;
        const char *word = text_next_word(&at, end, &n);
        if (!word) return false;
        for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)word[i]) * 0x100000001b3u;
        h = (h ^ ' ') * 0x100000001b3u;
        if (k == 0) *text = at;
    }
    *hash = h;
    return true;
}

static int compare_hashes(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

double text_stats_distinct_runs(const char *const *texts, int n, int order)
{
    size_t words = 0, runs = 0, different = 0;
    for (int i = 0; i < n; i++) words += (size_t)text_words(texts[i], strlen(texts[i]));
    uint64_t *hash = mem_calloc(words + 1, sizeof *hash);
    for (int i = 0; i < n; i++)
        for (const char *at = texts[i], *end = at + strlen(at);
             next_run(&hash[runs], &at, end, order);)
            runs++;
    qsort(hash, runs, sizeof *hash, compare_hashes);
    for (size_t i = 0; i < runs; i++) different += i == 0 || hash[i] != hash[i - 1];
    free(hash);
    return runs ? (double)different / (double)runs : NAN;
}

/* ---- copies and lengths --------------------------------------------------------------------------- */

double text_stats_verbatim(const char *const *texts, int n, const char *const *corpus, int n_corpus)
{
    if (n == 0 || n_corpus == 0) return 0;
    Core *cores = sorted_cores(corpus, n_corpus);
    int copied = 0;
    for (int i = 0; i < n; i++) {
        const Core text = core_of(texts[i]);
        copied += bsearch(&text, cores, (size_t)n_corpus, sizeof *cores, compare_cores) != NULL;
    }
    free(cores);
    return (double)copied / n;
}

double text_stats_mean_words(const char *const *texts, int n)
{
    double words = 0;
    for (int i = 0; i < n; i++) words += text_words(texts[i], strlen(texts[i]));
    return n ? words / n : 0;
}
