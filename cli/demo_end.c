#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/comparison.h"
#include "cli/demo.h"
#include "cli/wrap.h"

static double at(const cJSON *tree, const char *section, const char *name)
{
    return json_number(cJSON_GetObjectItemCaseSensitive(tree, section), name, 0);
}

void demo_print_result(const Demo *d, const char *summary)
{
    cJSON *t = NULL;
    char kl[48];
    Error ignored;
    if (json_parse(&t, summary, strlen(summary), &ignored) == 0)
        wrap_print(3,
                   "\n8  Taste %s, seed %llu: aligned beats base %.2f (unseen %.2f, best of %d "
                   "%.2f), KL %s nats, reward model %.2f; %.0f seconds.\n",
                   json_text(t, "taste", ""), (unsigned long long)d->state.seed,
                   at(t, "compare", "win_rate"), at(t, "unseen", "win_rate"), DEMO_BEST_OF,
                   at(t, "best_of_16", "win_rate"),
                   comparison_kl_text(kl, at(t, "compare", "kl"), d->state.kl_error),
                   at(t, "reward", "accuracy"), at(t, "seconds", "total"));
    cJSON_Delete(t);
    wrap_print(3,
               "   %s/report.html    the page to look at\n"
               "   %s/summary.json   the numbers; %s/rlhf.db holds every answer and label\n",
               d->dir, d->dir, d->dir);
    printf("   Go on there:\n"
           "     cd %s\n"
           "     %s status\n"
           "     %s label\n"
           "     %s chat --template qa --compare \"my kettle wobbles . what helps ?\"\n"
           "   The same base with another customer, from here:\n"
           "     %s demo --taste salesman --dir seller\n",
           d->dir, d->there, d->there, d->there, d->ctx->program);
}

void demo_find_program(Demo *d)
{
    const char *program = d->ctx->program;
    Text there = {0};
    bool below = d->dir[0] != '/';
    for (const char *part = d->dir; below && *part;) {
        const size_t n = strcspn(part, "/");
        below = strncmp(part, "..", n > 2 ? n : 2) != 0 && !(n == 1 && *part == '.');
        if (n > 0) text_add(&there, "../");
        part += n + (part[n] == '/');
    }
    text_add(&there, strncmp(program, "./", 2) == 0 ? program + 2 : program);
    char *full = realpath(program, NULL);
    const char *typed = !strchr(program, '/') || program[0] == '/' ? program
                        : below                                    ? there.bytes
                        : full                                     ? full
                                                                   : program;
    snprintf(d->there, sizeof d->there, "%s", typed);
    free(full);
    text_free(&there);
}
