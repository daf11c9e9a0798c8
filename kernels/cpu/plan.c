/* How a team divides a product of matrices. */
#include "kernels/cpu/cpu.h"

#include <omp.h>

enum {
    TASKS = 4,        /* per thread, so that a busy core does not hold up the others */
    GROUP_PANELS = 3, /* a task has so many at least, if that makes enough tasks */
};

/* By groups of panels first, so that each panel comes from memory once, and by as few blocks of rows as there can
 * be; more of those where panels are too few to go round.  A left operand that lies across is dear to pack, and
 * each group packs it again: then as few groups as there can be. */
Plan cpu_plan(const Product *p, size_t work, int rows, int unit, size_t floats)
{
    const bool across = p->left.step != 1;
    const int threads = kernels_thread_count(work), panels = cpu_quotient_up(p->N, WIDTH),
              units = cpu_quotient_up(p->M, unit);
    const int wanted = threads == 1 ? 1
                       : across     ? threads
                                    : TASKS * threads,
              most_groups = across ? 1 : cpu_quotient_up(panels, GROUP_PANELS);
    int blocks = cpu_quotient_up(p->M, rows);
    if (blocks * most_groups < wanted)
        blocks = at_most(cpu_quotient_up(wanted, most_groups), units);
    if (across && blocks > threads) blocks = (int)round_up(blocks, threads);
    return (Plan){.threads = threads,
                  .blocks = blocks,
                  .groups = at_most(cpu_quotient_up(wanted, blocks), panels),
                  .unit = unit,
                  .room = floats ? cpu_workspace(WORK_LEFT, floats * (size_t)threads) : NULL,
                  .floats = floats};
}

static int block_start(const Product *p, const Plan *plan, int r)
{
    const int units = cpu_quotient_up(p->M, plan->unit);
    return at_most((int)((int64_t)units * r / plan->blocks) * plan->unit, p->M);
}

static int group_start(const Product *p, const Plan *plan, int g)
{
    const int panels = cpu_quotient_up(p->N, WIDTH);
    return at_most((int)((int64_t)panels * g / plan->groups) * WIDTH, p->N);
}

void cpu_share(const Product *p, const Plan *plan,
               void (*block_product)(const Product *p, Block b, float *room))
{
    float *room = plan->room ? plan->room + plan->floats * (size_t)omp_get_thread_num() : NULL;
#pragma omp for schedule(dynamic, 1) collapse(2)
    for (int r = 0; r < plan->blocks; r++)
        for (int g = 0; g < plan->groups; g++)
            block_product(p,
                          (Block){block_start(p, plan, r), block_start(p, plan, r + 1),
                                  group_start(p, plan, g), group_start(p, plan, g + 1)},
                          room);
}
