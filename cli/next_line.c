#include "cli/next_line.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/project_config.h"

/* Another run of its kind has the settings that the project trains with, which no default is: see project_config.h.
 * What is resumed has its own. */
static void add_config(ProjectStatus *s, const Context *ctx)
{
    static const char *const TRAINING[] = {"pretrain", "sft", "reward", "ppo", "classify"};
    char file[FILE_PATH_MAX];
    bool trains = false;
    for (size_t i = 0; i < sizeof TRAINING / sizeof *TRAINING; i++)
        trains = trains || (s->command && strcmp(s->command, TRAINING[i]) == 0);
    if (!trains || strstr(s->next, "--resume") || !project_config_find(ctx, file, s->command))
        return;
    Text typed = {0};
    text_format(&typed, "%s --config ", s->next);
    text_add_word(&typed, file);
    snprintf(s->next, sizeof s->next, "%s", typed.bytes);
    text_free(&typed);
}

/* Who looked with --project is not in its folder. */
static void add_project(ProjectStatus *s, const Context *ctx)
{
    if (!s->next[0] || !ctx->project_given) return;
    Text typed = {0};
    text_format(&typed, "%s --project ", s->next);
    text_add_word(&typed, ctx->project_given);
    snprintf(s->next, sizeof s->next, "%s", typed.bytes);
    text_free(&typed);
}

void next_line_complete(ProjectStatus *s, const Context *ctx)
{
    add_config(s, ctx);
    add_project(s, ctx);
}

void next_line_put(const ProjectStatus *s)
{
    if (s->next[0]) printf("next: %-20s   %s\n", s->next, s->why);
}

int next_line_print(const Context *ctx, Store *store, Error *err)
{
    ProjectStatus s = {0};
    if (ctx->json || ctx->led || ctx->observer || ctx->made) return 0;
    if (project_status_read(&s, ctx, store, err) != 0) return -1;
    next_line_put(&s);
    project_status_free(&s);
    return 0;
}
