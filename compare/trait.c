#include "compare/trait.h"

#include "compare/win_rate.h"

TraitChange trait_change(const TraitCount *t)
{
    TraitChange c = {0};
    if (t->n_base) c.base = (double)t->base / t->n_base;
    if (t->n_aligned) c.aligned = (double)t->aligned / t->n_aligned;
    c.difference = c.aligned - c.base;
    share_difference_interval(&c.low, &c.high, t->aligned, t->n_aligned, t->base, t->n_base);
    const bool up = c.low > 0, down = c.high < 0;
    c.better = t->wanted ? up : down;
    c.worse = t->wanted ? down : up;
    return c;
}
