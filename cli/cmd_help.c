/* rlhf help, rlhf version, and what `rlhf` alone prints. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config_key.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/manual.h"
#include "cli/options.h"
#include "cli/wrap.h"
#include "kernels/kernels.h"

static const char *const HEADINGS[] = {"data", "models", "people", "train", "watch", "other"};
enum { N_HEADINGS = 6, NAME_COLUMN = 12, OPTION_COLUMN = 26 };
/* What is broken to the width of the terminal goes on so far in. */
enum { SETTING_HANG = 4, USAGE_HANG = 4, USAGE_COLUMN = 11, USAGE_INDENT = 7, DETAIL_HANG = 2 };

static int count_commands(void)
{
    int n = 0;
    while (COMMANDS[n]) n++;
    return n;
}

static double memory_gb(void)
{
    return (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGE_SIZE) / 1e9;
}

/* "start    init  import        a project, prompts", of the commands that are there. */
static void welcome_row(const char *label, const char *const *names, const char *about)
{
    Text row = {0};
    for (; *names; names++)
        if (command_find(*names)) text_format(&row, "%s%s", row.n ? "  " : "", *names);
    if (row.n) printf("%-8s %-25s %s\n", label, row.bytes, about);
    text_free(&row);
}

void help_welcome(void)
{
    printf("rlhf: align a language model with people's preferences, on this machine\n\n");
    if (command_find("demo"))
        printf("  rlhf demo                 watch the whole loop once (some minutes, no "
               "download)\n\n");
    welcome_row("start", (const char *const[]){"init", "import", "pretrain", NULL},
                "a project, prompts, a base model");
    welcome_row("ask", (const char *const[]){"sample", "label", "judge", NULL},
                "paired answers, people's choices");
    welcome_row("train", (const char *const[]){"sft", "reward", "ppo", NULL},
                "from the choices to a better model");
    welcome_row("look", (const char *const[]){"compare", "runs", "watch", NULL},
                "base against aligned");
    printf("%-8s %-25s all %d commands   rlhf help words   the terms\n\n", "more", "rlhf help",
           count_commands());
    printf("version %s, %s, %d cores, %.0f GB. Only pull and import of a URL use the network.\n",
           RLHF_VERSION, kernels_name(), (int)sysconf(_SC_NPROCESSORS_ONLN), memory_gb());
}

void help_list(void)
{
    printf("usage: rlhf <command> [options]\n");
    for (int h = 0; h < N_HEADINGS; h++) {
        bool said = false;
        for (const Command *const *c = COMMANDS; *c; c++) {
            if (strcmp((*c)->heading, HEADINGS[h]) != 0) continue;
            if (!said) printf("\n%s\n", HEADINGS[h]);
            said = true;
            wrap_print(NAME_COLUMN, "  %-*s%s\n", NAME_COLUMN, (*c)->name, (*c)->summary);
        }
    }
    printf("\nrlhf help COMMAND   its options and settings      rlhf help words   the terms\n");
}

static void print_options(const char *title, const Option *options)
{
    if (!options || !options->name) return;
    printf("\n%s\n", title);
    for (const Option *o = options; o->name; o++) {
        if (!o->help) continue;
        char left[80];
        const bool maybe = o->type == OPTION_MAYBE;
        snprintf(left, sizeof left, "--%s%s%s%s", o->name,
                 maybe      ? "[="
                 : o->value ? " "
                            : "",
                 o->value ? o->value : "", maybe ? "]" : "");
        wrap_print(OPTION_COLUMN, "  %-*s%s\n", OPTION_COLUMN, left, o->help);
    }
}

/* Defaults live in a struct that nobody reads; a preset is part of the program, and so has no errors.  Of a KEY
 * (NULL: all) its line alone. */
static void print_table(const Command *c, const ConfigTable *t, const char *key)
{
    Config config = {0};
    void *values = mem_calloc(1, t->size);
    Error ignored;
    config_bind(&config, t, values);
    context_preset(&config, c, &ignored);
    char *lines = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&lines, &n);
    if (!to) abort();
    if (key) config_help_key(&config, key, to);
    else config_help(&config, to);
    fclose(to);
    /* A line each where a program reads them. */
    if (isatty(STDOUT_FILENO)) wrap_text(SETTING_HANG, lines);
    else fputs(lines, stdout);
    free(lines);
    free(values);
}

static const char LIVE[] = "(live) may be another value when a run is resumed: rlhf stop, then "
                           "--resume --KEY VALUE\n";

static bool can_resume(const Command *c)
{
    for (const Option *o = c->options; o && o->name; o++)
        if (strcmp(o->name, "resume") == 0) return true;
    return false;
}

static bool any_live(const Command *c)
{
    for (const ConfigTable *const *t = c->sections; t && *t; t++)
        for (int i = 0; i < (*t)->n; i++)
            if ((*t)->fields[i].live) return true;
    return false;
}

static void print_settings(const Command *c)
{
    if (!c->sections) return;
    wrap_print(0,
               "\nsettings with default, range, meaning and source; given as --KEY VALUE or --set "
               "SECTION.KEY=VALUE\n");
    if (can_resume(c) && any_live(c)) wrap_text(0, LIVE);
    for (const ConfigTable *const *t = c->sections; *t; t++) print_table(c, *t, NULL);
}

static bool has_key(const ConfigTable *t, const char *plain)
{
    for (int i = 0; i < t->n; i++)
        if (config_key_is(t, i, plain)) return true;
    return false;
}

/* Whether a command before this one has the table too, and so has told its settings. */
static bool told_before(const Command *const *command, const ConfigTable *table)
{
    for (const Command *const *c = COMMANDS; c < command; c++)
        for (const ConfigTable *const *t = (*c)->sections; t && *t; t++)
            if (*t == table) return true;
    return false;
}

/* A setting of that name, of every section that has one; false when none has. */
static bool help_setting(const char *key)
{
    bool said = false;
    char plain[CONFIG_KEY_MAX];
    if (strlen(key) >= CONFIG_KEY_MAX) return false;
    config_plain_key(plain, key);
    for (const Command *const *c = COMMANDS; *c; c++)
        for (const ConfigTable *const *t = (*c)->sections; t && *t; t++) {
            if (!has_key(*t, plain) || told_before(c, *t)) continue;
            printf("rlhf %s\n", (*c)->name);
            print_table(*c, *t, plain);
            said = true;
        }
    return said;
}

/* Where the options of the second words are told. */
static void print_seconds(const Command *c)
{
    if (!c->seconds) return;
    printf("\noptions after a second word\n");
    for (const Command *const *s = c->seconds; *s; s++)
        printf("  rlhf help %s %s\n", c->name, (*s)->name);
}

/* Where the second column of a row begins; of a sentence, which has none, a small indent. */
static int second_column(const char *line, int indent)
{
    const char *gap = strstr(line + indent, "  ");
    const bool sentence = indent == 0 || !gap || (gap > line && gap[-1] == '.');
    return sentence ? DETAIL_HANG : (int)(gap - line) + (int)strspn(gap, " ") - indent;
}

/* Sentences that follow each other are one paragraph, and what is indented deeper goes on with the row above it,
 * so that all of it fits any width. */
static void print_details(const char *details)
{
    Text line = {0};
    int above = 0;
    putchar('\n');
    for (const char *at = details; *at; at += *at == '\n') {
        const size_t n = strcspn(at, "\n");
        const int indent = (int)strspn(at, " ");
        const bool goes_on =
            line.n > 0 && n > 0 && (indent > above ? above > 0 : indent + above == 0);
        if (goes_on) {
            text_format(&line, " %.*s", (int)n - indent, at + indent);
        } else {
            if (line.n)
                wrap_print(above ? second_column(line.bytes, above) : 0, "%s\n", line.bytes);
            text_clear(&line);
            text_format(&line, "%.*s", (int)n, at);
            above = indent;
            if (n == 0) putchar('\n');
        }
        at += n;
    }
    if (line.n) wrap_print(above ? second_column(line.bytes, above) : 0, "%s\n", line.bytes);
    text_free(&line);
}

void help_command(const Command *first, const Command *c)
{
    const char *before = first ? first->name : "", *space = first ? " " : "";
    wrap_print(DETAIL_HANG, "rlhf %s%s%s: %s\n\n", before, space, c->name, c->summary);
    const char *lead = "usage: ";
    for (const char *line = c->usage; c->run && line; lead = "       ") {
        const size_t n = strcspn(line, "\n");
        wrap_print(*lead == ' ' ? USAGE_HANG : USAGE_COLUMN, "%srlhf %s%s%s%s%.*s\n", lead, before,
                   space, c->name, n ? " " : "", (int)n, line);
        line = line[n] ? line + n + 1 : NULL;
    }
    for (const Command *const *s = c->seconds; s && *s; s++) {
        const int column = (int)strlen("usage: rlhf  ") + (int)strlen(c->name) + NAME_COLUMN + 1;
        wrap_print(*lead == ' ' ? column - USAGE_INDENT : column, "%srlhf %s %-*s %s\n", lead,
                   c->name, NAME_COLUMN, (*s)->name, (*s)->summary);
        lead = "       ";
    }
    if (c->details) print_details(c->details);
    print_options("options", c->options);
    print_seconds(c);
    print_settings(c);
    print_options("everywhere", GLOBAL_OPTIONS);
}

static const char WORDS[] =
    "prompt       what a model is asked\n"
    "response     what it answers; sampled twice, so that there is something to choose\n"
    "comparison   two responses to one prompt, and one choice of which is better\n"
    "judgement    a thumb up or down for one response\n"
    "label        such a choice, by a person or by a rule; never changed, only superseded\n"
    "chosen, rejected   the two sides of a labeled comparison\n"
    "score        what the reward model says of a whole response\n"
    "reward       what PPO pays per token: the score on the last one, less the KL penalty\n"
    "policy       the model that is being trained; the reference is where it began\n"
    "value        what the policy expects to earn from here on; the advantage is how much better "
    "it went\n"
    "logp, KL     log-probability of a token in nats; how far the policy has moved from the "
    "reference\n"
    "rollout      responses sampled from the policy to learn from\n"
    "run          one training, with its settings, record and checkpoints, under runs/NAME\n"
    "base, reward, aligned   the names a project gives its models\n";

typedef struct {
    bool man;
    const char *completion;
} HelpOptions;

static const Option OPTIONS[] = {
    {"man", OPTION_SWITCH, offsetof(HelpOptions, man), 0, 0, NULL,
     "all of it as a man page; to read it: rlhf help --man | man -l -"},
    {"completion", OPTION_TEXT, offsetof(HelpOptions, completion), 0, 0, "SHELL",
     "what bash, zsh or fish completes; in this shell alone: source <(rlhf help --completion "
     "bash)"},
    {0},
};

static int help(Context *ctx, int argc, char **argv, Error *err)
{
    Words words;
    HelpOptions o = {0};
    if (options_parse(ctx, OPTIONS, &o, &words, 0, 2, argc, argv, err) != 0) return -1;
    if (o.man) return manual_print(stdout), 0;
    if (o.completion) return completion_print(o.completion, stdout, err);
    if (words.n == 0) return help_list(), 0;
    if (words.n == 1 && strcmp(words.word[0], "words") == 0)
        return wrap_text(SETTING_HANG, WORDS), 0;
    const Command *first = command_find(words.word[0]);
    if (!first && words.n == 1 && help_setting(words.word[0])) return 0;
    if (!first) return command_unknown(NULL, words.word[0], err);
    if (words.n == 1) return help_command(NULL, first), 0;
    const Command *second = command_second(first, words.word[1]);
    if (!second) return command_unknown(first, words.word[1], err);
    help_command(first, second);
    return 0;
}

const Command cmd_help = {
    .name = "help",
    .heading = "other",
    .summary = "all commands, one command, one setting, or the words used here",
    .usage = "\nCOMMAND\nKEY|SECTION.KEY\nwords\n--man\n--completion bash|zsh|fish",
    .options = OPTIONS,
    .run = help,
};

static int version(Context *ctx, int argc, char **argv, Error *err)
{
    if (options_parse(ctx, NULL, NULL, NULL, 0, 0, argc, argv, err) != 0) return -1;
    if (ctx->json)
        printf("{\"version\":\"%s\",\"instructions\":\"%s\"}\n", RLHF_VERSION, kernels_name());
    else printf("rlhf %s\n", RLHF_VERSION);
    return 0;
}

const Command cmd_version = {
    .name = "version",
    .heading = "other",
    .summary = "the version of this program",
    .usage = "",
    .run = version,
};
