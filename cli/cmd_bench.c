/* rlhf bench: how fast this machine does the work. */
#include "cli/commands.h"

static const Command *const SECONDS[] = {&bench_matmul, &bench_train, &bench_generate, &bench_ppo,
                                         NULL};

const Command cmd_bench = {
    .name = "bench",
    .heading = "other",
    .summary = "how fast this machine does the work, beside what it could do at most",
    .usage = "matmul|train|generate|ppo [options]",
    .details = "Weights are drawn and tokens too: a shape is all that speed depends on.  The "
               "machine's own limits\n"
               "are measured between the calls, since other programs take their share; figures are "
               "medians.",
    .seconds = SECONDS,
    .project = PROJECT_OPTIONAL,
};
