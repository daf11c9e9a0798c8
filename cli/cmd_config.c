/* rlhf config COMMAND: the settings that a command would run with, and where each came from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/options.h"

static void list(const Command *c, const char *before)
{
    if (c->sections) { printf("  rlhf config %s%s%s\n", before, before[0] ? " " : "", c->name); }
    for (const Command *const *s = c->seconds; s && *s; s++) list(*s, c->name);
}

/* Finds the command in argv and takes its name out; the rest are its options. */
static int find_target(const Command **target, char called[CALLED_MAX], int *argc, char **argv,
                       Error *err)
{
    const Command *c = command_find(argv[0]);
    if (!c) return command_unknown(NULL, argv[0], err);
    int taken = 1;
    if (*argc > 1 && c->seconds && argv[1][0] != '-') {
        const Command *first = c;
        c = command_second(first, argv[1]);
        if (!c) return command_unknown(first, argv[1], err);
        taken = 2;
    }
    snprintf(called, CALLED_MAX, "%s%s%s", taken == 2 ? argv[0] : "", taken == 2 ? " " : "",
             c->name);
    *argc -= taken;
    memmove(argv, argv + taken, (size_t)*argc * sizeof *argv);
    if (!c->sections) {
        error_usage(err, "%s has no settings", c->name);
        return error_hint(err, "commands that have some: rlhf config");
    }
    *target = c;
    return 0;
}

static void print_value_line(const Config *c, int s, int i)
{
    Text value = {0};
    char name[128];
    config_value(&value, c, s, i);
    snprintf(name, sizeof name, "%s.%s", c->table[s]->name, c->table[s]->fields[i].name);
    const char *shown = value.n ? value.bytes : "\"\"";
    printf("%-32s %-16s %s\n", name, shown, config_origin_name(c->origin[s][i]));
    text_free(&value);
}

static void print(const Context *ctx, const Config *c)
{
    if (!ctx->json) {
        for (int s = 0; s < c->n; s++)
            for (int i = 0; i < c->table[s]->n; i++) print_value_line(c, s, i);
        return;
    }
    Text text = {0};
    config_json(c, &text);
    fputs(text.bytes, stdout);
    text_free(&text);
}

static int config(Context *ctx, int argc, char **argv, Error *err)
{
    const Command *target = NULL;
    if (argc == 0) {
        printf("settings of which command?\n");
        for (const Command *const *c = COMMANDS; *c; c++) list(*c, "");
        return 0;
    }
    if (find_target(&target, ctx->called, &argc, argv, err) != 0) return -1;
    ctx->command = target;
    if (options_parse(ctx, NULL, NULL, NULL, 0, 0, argc, argv, err) != 0) return -1;

    Config c = {0};
    for (const ConfigTable *const *t = target->sections; *t; t++)
        config_bind(&c, *t, mem_calloc(1, (*t)->size));
    int rc = context_preset(&c, target, err);
    if (rc == 0) rc = context_settings(ctx, &c, NULL, err);
    if (rc == 0) print(ctx, &c);
    for (int s = 0; s < c.n; s++) free(c.values[s]);
    return rc;
}

const Command cmd_config = {
    .name = "config",
    .heading = "other",
    .summary = "the settings a command would run with, and where each came from",
    .usage = "\nCOMMAND [its settings] [--json]",
    .details =
        "Later wins: default, preset, --config FILE, the project's (project.json), --set, option.\n"
        "With --json the output is a file that --config takes.\n",
    .project = PROJECT_OPTIONAL,
    .run = config,
};
