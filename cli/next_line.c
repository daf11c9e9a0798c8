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

/* The word of the command that stands for a name of the reader's; NULL: none does. */
static const char *placeholder(const char *command)
{
    static const char *const WORD[] = {"FILE...", "FILE", "MORE", "DIR"};
    for (size_t i = 0; i < sizeof WORD / sizeof *WORD; i++) {
        const char *at = strstr(command, WORD[i]);
        const char end = at ? at[strlen(WORD[i])] : 0;
        if (at && at[-1] == ' ' && (end == 0 || end == ' ')) return WORD[i];
    }
    return NULL;
}

/* A shell takes the whole line.  It is not wrapped: a remark that is broken would be a command. */
void next_line_format(Text *t, const char *command, const char *why)
{
    const char *name = placeholder(command);
    text_format(t, "%s   # ", command);
    if (name && !strstr(why, "FILE")) text_format(t, "%s is yours to name: ", name);
    text_add(t, why);
}

void next_line_put(const ProjectStatus *s)
{
    Text line = {0};
    if (!s->next[0]) return;
    next_line_format(&line, s->next, s->why);
    printf("next: %s\n", line.bytes);
    text_free(&line);
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
