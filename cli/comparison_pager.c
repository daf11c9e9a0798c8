#include "cli/comparison_pager.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "labeling/pager.h"

enum { TITLE = 512, NAME = 32 };

typedef struct {
    const ComparisonPages *pages;
    Text why[PAGER_ANSWERS]; /* of the item read last */
} Source;

static void read_answer(PagerAnswer *out, Text *why, const ComparisonPages *pages,
                        const Answers *answers, const double *points, int i)
{
    const Comparison *c = pages->result;
    text_clear(why);
    *out = (PagerAnswer){.text = answers->text[i],
                         .finished = answers->finished[i],
                         .score = comparison_points(c, answers)[i]};
    if (!points) return;
    text_add(why, "");
    rule_explain(why, pages->options->rule, c->prompt[i], answers->text[i]);
    out->why = why->bytes;
}

static void read_item(PagerItem *out, int i, void *context)
{
    Source *s = context;
    const Comparison *c = s->pages->result;
    *out = (PagerItem){.prompt_id = c->prompt_id[i], .prompt = comparison_prompt(c, i)};
    read_answer(&out->answer[PAGER_BASE], &s->why[PAGER_BASE], s->pages, &c->base, c->base_points,
                i);
    read_answer(&out->answer[PAGER_ALIGNED], &s->why[PAGER_ALIGNED], s->pages, &c->aligned,
                c->aligned_points, i);
    if (c->best.n)
        read_answer(&out->answer[PAGER_BEST], &s->why[PAGER_BEST], s->pages, &c->best,
                    c->best_points, i);
}

static void order_items(int *item, PagerOrder order, int draw, void *context)
{
    static const ShowOrder SHOW[] = {[PAGER_FIRST] = SHOW_FIRST,
                                     [PAGER_WORST] = SHOW_WORST,
                                     [PAGER_BEST_FIRST] = SHOW_BEST,
                                     [PAGER_RANDOM] = SHOW_RANDOM};
    const ComparisonPages *pages = ((Source *)context)->pages;
    /* The first draw is the one that is printed where there is no terminal. */
    comparison_show_order(item, pages->result, SHOW[order],
                          pages->options->seed + (uint64_t)(draw ? draw - 1 : 0));
}

bool comparison_page(const ComparisonPages *pages)
{
    static const PagerOrder ORDER[] = {[SHOW_FIRST] = PAGER_FIRST,
                                       [SHOW_WORST] = PAGER_WORST,
                                       [SHOW_BEST] = PAGER_BEST_FIRST,
                                       [SHOW_RANDOM] = PAGER_RANDOM};
    const Comparison *c = pages->result;
    char title[TITLE], best[NAME];
    Source source = {.pages = pages};
    Error unable = {0};
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || c->n == 0) return false;
    snprintf(title, sizeof title, "%s against %s", pages->aligned, pages->base);
    snprintf(best, sizeof best, "best of %d", pages->options->best_of);
    const PagerSource pager = {.title = title,
                               .name = {[PAGER_BASE] = "base",
                                        [PAGER_ALIGNED] = "aligned",
                                        [PAGER_BEST] = c->best.n ? best : NULL},
                               .note = c->scored && !c->aligned_points
                                           ? comparison_caution(&c->by_reward, CONTEST_ALIGNED_BASE)
                                           : NULL,
                               .n = c->n,
                               .read = read_item,
                               .order = order_items,
                               .context = &source};
    const int rc = pager_run(&pager, ORDER[pages->order], &unable);
    for (int i = 0; i < PAGER_ANSWERS; i++) text_free(&source.why[i]);
    return rc == 0;
}
