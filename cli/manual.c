#include "cli/manual.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"

/* Of what roff would obey: a line that begins with a dot or a quote, backslashes, and the signs that it sets as
 * typographers do, which nobody could copy into a shell. */
static void put(FILE *to, const char *text, size_t n)
{
    if (n > 0 && (text[0] == '.' || text[0] == '\'')) fputs("\\&", to);
    for (size_t i = 0; i < n; i++) {
        switch (text[i]) {
        case '\\': fputs("\\e", to); break;
        case '-': fputs("\\-", to); break;
        case '\'': fputs("\\(aq", to); break;
        case '`': fputs("\\(ga", to); break;
        case '^': fputs("\\(ha", to); break;
        case '~': fputs("\\(ti", to); break;
        default: fputc(text[i], to);
        }
    }
}

static void put_line(FILE *to, const char *macro, const char *text)
{
    fputs(macro, to);
    put(to, text, strlen(text));
    fputc('\n', to);
}

/* Prose is filled; a line that begins with spaces is a row and stays one. */
static void put_details(FILE *to, const char *text)
{
    bool row = false;
    fputs(".PP\n", to);
    while (*text) {
        const size_t n = strcspn(text, "\n");
        if (n == 0) fputs(".PP", to);
        else if (row || text[0] == ' ') fputs(".br\n", to);
        row = text[0] == ' ';
        put(to, text, n);
        fputc('\n', to);
        text += n + (text[n] == '\n');
    }
}

static void put_options(FILE *to, const Option *options)
{
    for (const Option *o = options; o && o->name; o++) {
        if (!o->help) continue;
        fputs(".TP\n\\fB\\-\\-", to);
        put(to, o->name, strlen(o->name));
        fputs("\\fR", to);
        if (o->value) {
            fputs(o->type == OPTION_MAYBE ? "[=\\fI" : " \\fI", to);
            put(to, o->value, strlen(o->value));
            fputs(o->type == OPTION_MAYBE ? "\\fR]" : "\\fR", to);
        }
        fputc('\n', to);
        put_line(to, "", o->help);
    }
}

static void put_usage(FILE *to, const char *called, const Command *c)
{
    for (const char *line = c->usage; c->run && line;) {
        const size_t n = strcspn(line, "\n");
        fputs(".br\n\\fBrlhf ", to);
        put(to, called, strlen(called));
        fputs("\\fR ", to);
        put(to, line, n);
        fputc('\n', to);
        line = line[n] ? line + n + 1 : NULL;
    }
}

static void put_sections(FILE *to, const Command *c)
{
    if (!c->sections) return;
    fputs(".PP\nSettings:", to);
    for (const ConfigTable *const *t = c->sections; *t; t++)
        fprintf(to, "%s \\fB%s\\fR", t == c->sections ? "" : ",", (*t)->name);
    fprintf(to, ".\n");
    if (c->preset) fprintf(to, "Some have other defaults here: \\fBrlhf config %s\\fR.\n", c->name);
}

static void put_command(FILE *to, const Command *first, const Command *c)
{
    char called[CALLED_MAX];
    snprintf(called, sizeof called, "%s%s%s", first ? first->name : "", first ? " " : "", c->name);
    put_line(to, ".SS rlhf ", called);
    put_line(to, "", c->summary);
    fputs(".PP\n", to);
    put_usage(to, called, c);
    if (c->details) put_details(to, c->details);
    put_options(to, c->options);
    put_sections(to, c);
    for (const Command *const *s = c->seconds; s && *s; s++) put_command(to, c, *s);
}

/* Each section once, however many commands have it. */
enum { TABLES_MAX = 64 };
static int gather(const ConfigTable **tables, int n, const Command *const *commands)
{
    for (; commands && *commands; commands++) {
        for (const ConfigTable *const *t = (*commands)->sections; t && *t; t++) {
            bool there = false;
            for (int i = 0; i < n; i++) there |= tables[i] == *t;
            if (!there && n < TABLES_MAX) tables[n++] = *t;
        }
        n = gather(tables, n, (*commands)->seconds);
    }
    return n;
}

static void put_settings(FILE *to, const ConfigTable *t)
{
    Config config = {0};
    void *values = mem_calloc(1, t->size);
    config_bind(&config, t, values);
    put_line(to, ".SS ", t->name);
    for (int i = 0; i < t->n; i++) {
        const ConfigField *f = &t->fields[i];
        Text value = {0}, range = {0}, line = {0};
        config_value(&value, &config, 0, i);
        config_range(&range, f);
        text_format(&line, "%s (%s%s%s", f->help, value.n ? value.bytes : "empty",
                    range.n ? "; " : "", range.n ? range.bytes : "");
        text_format(&line, "%s)%s%s%s", f->live ? "; live" : "", f->source[0] ? " [" : "",
                    f->source, f->source[0] ? "]" : "");
        fprintf(to, ".TP\n\\fB%s.%s\\fR\n", t->name, f->name);
        put_line(to, "", line.bytes);
        text_free(&value);
        text_free(&range);
        text_free(&line);
    }
    free(values);
}

void manual_print(FILE *to)
{
    const ConfigTable *tables[TABLES_MAX];
    const int n = gather(tables, 0, COMMANDS);
    fprintf(to, ".TH RLHF 1 \"\" \"rlhf %s\" \"User Commands\"\n.ad l\n.nh\n", RLHF_VERSION);
    fputs(".SH NAME\nrlhf \\- align a language model with people\\(aqs preferences\n"
          ".SH SYNOPSIS\n\\fBrlhf\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n"
          ".SH DESCRIPTION\nOne program, one command for each stage: a project and its prompts, "
          "paired "
          "answers, people\\(aqs choices, a reward model, PPO, and the comparison of the aligned "
          "model "
          "with the base.  \\fBrlhf\\fR alone, inside a project, says what is there and which "
          "command "
          "comes next.\n.SH COMMANDS\n",
          to);
    for (const Command *const *c = COMMANDS; *c; c++) put_command(to, NULL, *c);
    fputs(".SH OPTIONS OF EVERY COMMAND\n", to);
    put_options(to, GLOBAL_OPTIONS);
    fputs(
        ".SH SETTINGS\nGiven as \\fB\\-\\-\\fIKEY VALUE\\fR, as \\fB\\-\\-set "
        "\\fISECTION.KEY=VALUE\\fR, or in a JSON file, \\fB\\-\\-config \\fIFILE\\fR.  In brackets "
        "stand default and range.  What is live may be changed when a run is resumed.\n",
        to);
    for (int i = 0; i < n; i++) put_settings(to, tables[i]);
    fputs(".SH EXIT STATUS\n0 done; 1 failed; 2 a command line that is not understood; 128 and the "
          "signal\\(aqs number when a signal stopped it.\n",
          to);
}
