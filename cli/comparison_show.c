#include "cli/comparison_show.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

enum { SHOWN = 3, SHOWN_MAX = 100000 };

static const char *const NAMES[] = {
    [SHOW_FIRST] = "first", [SHOW_WORST] = "worst", [SHOW_BEST] = "best", [SHOW_RANDOM] = "random"};

/* A number that is all of the text. */
static int read_count(int *out, const char *text)
{
    char *end;
    const long n = strtol(text, &end, 10);
    if (end == text || *end || n < 0 || n > SHOWN_MAX) return -1;
    *out = (int)n;
    return 0;
}

int comparison_show_parse(Show *out, const char *text, Error *err)
{
    Show show = {SHOW_FIRST, SHOWN};
    if (read_count(&show.n, text) == 0) {
        *out = show;
        return 0;
    }
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        const size_t n = strlen(NAMES[i]);
        if (strncmp(text, NAMES[i], n) != 0 || (text[n] && text[n] != ':')) continue;
        if (text[n] && read_count(&show.n, text + n + 1) != 0) break;
        show.order = (ShowOrder)i;
        *out = show;
        return 0;
    }
    return error_usage(err,
                       "--show %s: a number, or worst, best, random or first, then :N for how "
                       "many (worst:10)",
                       text);
}

typedef struct {
    double loss;
    int item;
} Loss;

static int by_loss(const void *left, const void *right)
{
    const Loss *a = left, *b = right;
    if (a->loss != b->loss) return a->loss > b->loss ? -1 : 1;
    return a->item - b->item;
}

static void sort_by_loss(int *item, const Comparison *c, int sign)
{
    Loss *loss = mem_calloc((size_t)c->n + 1, sizeof *loss);
    for (int i = 0; i < c->n; i++) loss[i] = (Loss){-sign * comparison_gain(c, i), i};
    qsort(loss, (size_t)c->n, sizeof *loss, by_loss);
    for (int i = 0; i < c->n; i++) item[i] = loss[i].item;
    free(loss);
}

void comparison_show_order(int *item, const Comparison *c, ShowOrder order, uint64_t seed)
{
    switch (order) {
    case SHOW_FIRST:
        for (int i = 0; i < c->n; i++) item[i] = i;
        break;
    case SHOW_WORST: sort_by_loss(item, c, 1); break;
    case SHOW_BEST: sort_by_loss(item, c, -1); break;
    case SHOW_RANDOM: rng_permutation(item, c->n, seed, RNG_SHUFFLE, 0); break;
    }
}
