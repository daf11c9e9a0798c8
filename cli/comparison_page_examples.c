#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "cli/comparison_page.h"
#include "cli/comparison_show.h"
#include "labeling/shown.h"

enum { EXTREMES = 2 };

static const char *prompt(Page *p, int i)
{
    size_t n;
    const char *shown = shown_prompt(comparison_prompt(p->c, i), &n);
    return KEEP(p, "%.*s", (int)n, shown);
}

static ReportAnswer answer(Page *p, const Answers *a, int i, bool explained)
{
    const Rule *rule = p->r->options->rule;
    size_t n;
    if (a->n == 0) return (ReportAnswer){NULL, NAN, NULL};
    const char *shown = shown_answer(a->text[i], &n), *reasons = NULL;
    const char *text = KEEP(p, "%.*s%s", (int)n, shown, a->finished[i] ? "" : " \u2026");
    if (explained && p->c->aligned_points) {
        Text why = {0};
        rule_explain(&why, rule, p->c->prompt[i], a->text[i]);
        reasons = page_keep(p, text_take(&why));
    }
    return (ReportAnswer){text, comparison_points(p->c, a)[i], reasons};
}

/* The prompt not yet taken on which aligned gains most (sign 1) or least (sign -1). */
static int extreme(const Comparison *c, const bool *taken, int sign)
{
    int found = -1;
    for (int i = 0; i < c->n; i++)
        if (!taken[i] &&
            (found < 0 || sign * comparison_gain(c, i) > sign * comparison_gain(c, found)))
            found = i;
    return found;
}

/* Which prompts to show, in their order on the page; returns how many. */
static int pick_examples(int chosen[PAGE_EXAMPLES], const Comparison *c, uint64_t seed)
{
    const int random = PAGE_EXAMPLES - 2 * EXTREMES;
    if (c->n <= PAGE_EXAMPLES) {
        for (int i = 0; i < c->n; i++) chosen[i] = i;
        return c->n;
    }
    int *order = mem_calloc((size_t)c->n, sizeof *order), n = 0;
    bool *taken = mem_calloc((size_t)c->n, sizeof *taken);
    rng_permutation(order, c->n, seed, RNG_SHUFFLE, 0);
    for (int i = 0; i < random; i++) taken[chosen[n++] = order[i]] = true;
    for (int i = 0; i < 2 * EXTREMES; i++) {
        chosen[n] = extreme(c, taken, i < EXTREMES ? 1 : -1);
        taken[chosen[n++]] = true;
    }
    free(order);
    free(taken);
    return n;
}

void page_add_examples(Page *p)
{
    const Comparison *c = p->c;
    int chosen[PAGE_EXAMPLES];
    const int n = pick_examples(chosen, c, p->r->options->seed);
    for (int i = 0; i < n; i++)
        p->example[i] = (ReportExample){prompt(p, chosen[i]), answer(p, &c->base, chosen[i], true),
                                        answer(p, &c->best, chosen[i], true),
                                        answer(p, &c->aligned, chosen[i], true)};
    p->data.n_examples = n;
    p->data.examples_lead =
        c->n <= PAGE_EXAMPLES
            ? KEEP(p, "All of %s. Scores by %s.", text_count(c->n, "test prompt"), p->judge)
            : KEEP(p,
                   "Scores by %s. Of %d test prompts: %d drawn at random, then the %d on which the "
                   "aligned answer "
                   "gains most over the base's, then the %d on which it gains least.",
                   p->judge, c->n, PAGE_EXAMPLES - 2 * EXTREMES, EXTREMES, EXTREMES);
}

void page_add_prompts(Page *p)
{
    const Comparison *c = p->c;
    int *item = mem_calloc((size_t)c->n + 1, sizeof *item);
    ReportExample *all = page_keep(p, mem_calloc((size_t)c->n + 1, sizeof *all));
    comparison_show_order(item, c, SHOW_WORST, p->r->options->seed);
    for (int k = 0; k < c->n; k++)
        all[k] = (ReportExample){.prompt = prompt(p, item[k]),
                                 .base = answer(p, &c->base, item[k], false),
                                 .aligned = answer(p, &c->aligned, item[k], false)};
    p->data.prompts = all, p->data.n_prompts = c->n;
    free(item);
}
