#include "cli/completion.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"

/* ---- what the tables say ---- */

/* What may stand behind an option: words, one of the kinds FILE, DIR, MODEL and SETTING, "" for anything; NULL
 * when nothing does. */
static const char *option_value(const Option *o)
{
    static const char *const kinds[][2] = {
        {"FILE", "FILE"},   {"DIR", "DIR"},
        {"MODEL", "MODEL"}, {"SPLIT", "train valid test"},
        {"WHAT", ""},       {"SECTION.KEY=VALUE", "SETTING"},
    };
    if (o->type == OPTION_SWITCH || o->type == OPTION_MAYBE) return NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (o->value && strcmp(o->value, kinds[i][0]) == 0) return kinds[i][1];
    return "";
}

/* "reward|zero" -> "reward zero"; "" for what is no choice, NULL for a bool, which needs no value. */
static const char *setting_value(Text *words, const ConfigField *f)
{
    if (f->type == CONFIG_bool) return NULL;
    text_clear(words);
    text_add(words, f->type == CONFIG_choice ? f->words : "");
    for (size_t i = 0; i < words->n; i++)
        if (words->bytes[i] == '|') words->bytes[i] = ' ';
    return words->n ? words->bytes : "";
}

/* The setting as an option: "kl-coef", and "no-whiten" for what is on unless told otherwise. */
static void setting_option(Text *out, const ConfigField *f)
{
    text_clear(out);
    text_format(out, "%s%s", f->type == CONFIG_bool && f->fallback != 0 ? "no-" : "", f->name);
    for (size_t i = 0; i < out->n; i++)
        if (out->bytes[i] == '_') out->bytes[i] = '-';
}

typedef void Visit(FILE *to, const char *called, const Command *first, const Command *c);

static void visit_all(FILE *to, Visit *visit)
{
    for (const Command *const *c = COMMANDS; *c; c++) {
        visit(to, (*c)->name, NULL, *c);
        for (const Command *const *s = (*c)->seconds; s && *s; s++) {
            char called[CALLED_MAX];
            snprintf(called, sizeof called, "%s %s", (*c)->name, (*s)->name);
            visit(to, called, *c, *s);
        }
    }
}

static void put_names(FILE *to, const Command *const *commands)
{
    for (const Command *const *c = commands; *c; c++)
        fprintf(to, "%s%s", c == commands ? "" : " ", (*c)->name);
}

/* ---- bash and zsh: the tables as functions that both understand ---- */

static void case_seconds(FILE *to, const char *called, const Command *first, const Command *c)
{
    if (first || !c->seconds) return;
    fprintf(to, "    %s) echo '", called);
    put_names(to, c->seconds);
    fputs("' ;;\n", to);
}

static void case_options(FILE *to, const char *called, const Command *first, const Command *c)
{
    (void)first;
    Text name = {0};
    fprintf(to, "    '%s') echo '", called);
    for (const Option *o = c->options; o && o->name; o++)
        if (o->help) fprintf(to, "--%s ", o->name);
    for (const ConfigTable *const *t = c->sections; t && *t; t++)
        for (int i = 0; i < (*t)->n; i++) {
            setting_option(&name, &(*t)->fields[i]);
            fprintf(to, "--%s ", name.bytes);
        }
    fputs("' ;;\n", to);
    text_free(&name);
}

static void case_settings(FILE *to, const char *called, const Command *first, const Command *c)
{
    (void)first;
    if (!c->sections) return;
    fprintf(to, "    '%s') echo '", called);
    for (const ConfigTable *const *t = c->sections; *t; t++)
        for (int i = 0; i < (*t)->n; i++) fprintf(to, "%s.%s ", (*t)->name, (*t)->fields[i].name);
    fputs("' ;;\n", to);
}

static void case_values(FILE *to, const char *called, const Command *first, const Command *c)
{
    (void)first;
    Text name = {0}, words = {0};
    for (const Option *o = c->options; o && o->name; o++) {
        const char *value = option_value(o);
        if (value && o->help) fprintf(to, "    '%s --%s') echo '%s' ;;\n", called, o->name, value);
    }
    for (const ConfigTable *const *t = c->sections; t && *t; t++)
        for (int i = 0; i < (*t)->n; i++) {
            const ConfigField *f = &(*t)->fields[i];
            const char *value = setting_value(&words, f);
            if (!value) continue;
            setting_option(&name, f);
            fprintf(to, "    '%s --%s' | '%s %s.%s') echo '%s' ;;\n", called, name.bytes, called,
                    (*t)->name, f->name, value);
        }
    text_free(&name);
    text_free(&words);
}

static void put_function(FILE *to, const char *name, const char *of, Visit *visit)
{
    fprintf(to, "%s() {\n    case $%s in\n", name, of);
    visit_all(to, visit);
}

static void put_tables(FILE *to)
{
    fputs("__rlhf_commands='", to);
    put_names(to, COMMANDS);
    fputs("'\n__rlhf_everywhere='", to);
    for (const Option *o = GLOBAL_OPTIONS; o->name; o++) fprintf(to, "--%s ", o->name);
    fputs("--help'\n", to);
    put_function(to, "__rlhf_seconds", "1", case_seconds);
    fputs("    help) echo \"$__rlhf_commands words\" ;;\n"
          "    config) echo \"$__rlhf_commands\" ;;\n    esac\n}\n",
          to);
    put_function(to, "__rlhf_options", "1", case_options);
    fputs("    esac\n}\n", to);
    put_function(to, "__rlhf_settings", "1", case_settings);
    fputs("    esac\n}\n", to);
    /* Of an option of a command; fails when nothing stands behind it. */
    fputs("__rlhf_value() {\n    case \"$1 $2\" in\n", to);
    visit_all(to, case_values);
    for (const Option *o = GLOBAL_OPTIONS; o->name; o++) {
        const char *value = option_value(o);
        if (value) fprintf(to, "    *' --%s') echo '%s' ;;\n", o->name, value);
    }
    fputs("    *) return 1 ;;\n    esac\n}\n"
          "__rlhf_models() {\n    echo base reward aligned\n"
          "    rlhf models 2>/dev/null | sed -n 's/^\\([^ ]*\\)  .*/\\1/p'\n}\n",
          to);
}

static const char BASH[] =
    "_rlhf() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' i kind\n"
    "    [ \"$cur\" != = ] || cur=''\n"
    "    [ \"$prev\" != = ] || prev=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        case ${COMP_WORDS[i]} in\n"
    "        -*)\n"
    "            __rlhf_value '' \"${COMP_WORDS[i]}\" >/dev/null || continue\n"
    "            [ \"${COMP_WORDS[++i]}\" != = ] || ((i++))\n"
    "            ;;\n"
    "        *) command=${COMP_WORDS[i]} && break ;;\n"
    "        esac\n"
    "    done\n"
    "    if [ -n \"$command\" ] && ((i + 1 < COMP_CWORD)); then\n"
    "        case \" $(__rlhf_seconds \"$command\") \" in\n"
    "        *\" ${COMP_WORDS[i + 1]} \"*) command=\"$command ${COMP_WORDS[++i]}\" ;;\n"
    "        esac\n"
    "    fi\n"
    "    if kind=$(__rlhf_value \"$command\" \"$prev\"); then\n"
    "        :\n"
    "    elif [ \"${cur#-}\" != \"$cur\" ]; then\n"
    "        kind=\"$(__rlhf_options \"$command\") $__rlhf_everywhere\"\n"
    "    elif [ -z \"$command\" ]; then\n"
    "        kind=$__rlhf_commands\n"
    "    else\n"
    "        ((i + 1 < COMP_CWORD)) || kind=$(__rlhf_seconds \"$command\")\n"
    "        kind=${kind:-FILE}\n"
    "    fi\n"
    "    case $kind in\n"
    "    FILE) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") "
    ";;\n"
    "    DIR) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") "
    ";;\n"
    "    MODEL) mapfile -t COMPREPLY < <(compgen -W \"$(__rlhf_models)\" -- \"$cur\"; compgen -d "
    "-- \"$cur\") ;;\n"
    "    SETTING)\n"
    "        compopt -o nospace 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -S = -W \"$(__rlhf_settings \"$command\")\" -- "
    "\"$cur\")\n"
    "        ;;\n"
    "    *) mapfile -t COMPREPLY < <(compgen -W \"$kind\" -- \"$cur\") ;;\n"
    "    esac\n"
    "}\n"
    "complete -F _rlhf rlhf\n";

/* A file of $fpath is the body of the function _rlhf; sourced, it is none. */
static const char ZSH[] =
    "_rlhf() {\n"
    "    local command='' kind prev=${words[CURRENT - 1]}\n"
    "    local -i i\n"
    "    for ((i = 2; i < CURRENT; i++)); do\n"
    "        if [[ ${words[i]} != -* ]]; then command=${words[i]} && break; fi\n"
    "        ! __rlhf_value '' \"${words[i]}\" >/dev/null || ((i++))\n"
    "    done\n"
    "    if [[ -n $command ]] && ((i + 1 < CURRENT)); then\n"
    "        case \" $(__rlhf_seconds $command) \" in\n"
    "        *\" ${words[i + 1]} \"*) command=\"$command ${words[++i]}\" ;;\n"
    "        esac\n"
    "    fi\n"
    "    if kind=$(__rlhf_value \"$command\" \"$prev\"); then\n"
    "        :\n"
    "    elif [[ ${words[CURRENT]} == -* ]]; then\n"
    "        kind=\"$(__rlhf_options \"$command\") $__rlhf_everywhere\"\n"
    "    elif [[ -z $command ]]; then\n"
    "        kind=$__rlhf_commands\n"
    "    else\n"
    "        ((i + 1 < CURRENT)) || kind=$(__rlhf_seconds $command)\n"
    "        kind=${kind:-FILE}\n"
    "    fi\n"
    "    case $kind in\n"
    "    FILE) _files ;;\n"
    "    DIR) _files -/ ;;\n"
    "    MODEL) compadd -- $(__rlhf_models); _files -/ ;;\n"
    "    SETTING) compadd -S = -- $(__rlhf_settings \"$command\") ;;\n"
    "    *) compadd -- ${=kind} ;;\n"
    "    esac\n"
    "}\n"
    "if [[ ${funcstack[1]} == _rlhf ]]; then _rlhf \"$@\"; else compdef _rlhf rlhf; fi\n";

/* ---- fish: a line for each word ---- */

static void fish_quoted(FILE *to, const char *text)
{
    fputc('\'', to);
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') fputc('\\', to);
        fputc(*text, to);
    }
    fputc('\'', to);
}

static void fish_option(FILE *to, const char *when, const char *name, const char *value,
                        const char *help)
{
    const bool path = value && (strcmp(value, "FILE") == 0 || strcmp(value, "DIR") == 0);
    fprintf(to, "complete -c rlhf%s -l %s -d ", when, name);
    fish_quoted(to, help);
    if (path) fputs(" -r", to);
    else if (value && strcmp(value, "MODEL") == 0) fputs(" -r -a '(__rlhf_models)'", to);
    else if (value && strcmp(value, "SETTING") == 0) fputs(" -x -a '(__rlhf_settings)'", to);
    else if (value) fprintf(to, " -x -a '%s'", value);
    fputc('\n', to);
}

static void fish_command(FILE *to, const char *called, const Command *first, const Command *c)
{
    char when[3 * CALLED_MAX];
    if (first)
        snprintf(when, sizeof when,
                 " -n '__fish_seen_subcommand_from %s; and __fish_seen_subcommand_from %s'",
                 first->name, c->name);
    else snprintf(when, sizeof when, " -n '__fish_seen_subcommand_from %s'", called);
    if (first) fprintf(to, "complete -c rlhf -n '__fish_seen_subcommand_from %s'", first->name);
    else fputs("complete -c rlhf -n __fish_use_subcommand", to);
    fprintf(to, " -f -a %s -d ", c->name);
    fish_quoted(to, c->summary);
    fputc('\n', to);

    Text name = {0}, words = {0};
    for (const Option *o = c->options; o && o->name; o++)
        if (o->help) fish_option(to, when, o->name, option_value(o), o->help);
    for (const ConfigTable *const *t = c->sections; t && *t; t++)
        for (int i = 0; i < (*t)->n; i++) {
            const ConfigField *f = &(*t)->fields[i];
            setting_option(&name, f);
            fish_option(to, when, name.bytes, setting_value(&words, f), f->help);
        }
    text_free(&name);
    text_free(&words);
}

static void fish_settings(FILE *to, const char *called, const Command *first, const Command *c)
{
    (void)called, (void)first;
    for (const ConfigTable *const *t = c->sections; t && *t; t++)
        for (int i = 0; i < (*t)->n; i++)
            fprintf(to, "        echo %s.%s=\n", (*t)->name, (*t)->fields[i].name);
}

static void put_fish(FILE *to)
{
    fputs("function __rlhf_models\n    printf '%s\\n' base reward aligned\n"
          "    rlhf models 2>/dev/null | sed -n 's/^\\([^ ]*\\)  .*/\\1/p'\nend\n"
          "function __rlhf_settings\n",
          to);
    for (const Command *const *c = COMMANDS; *c; c++) {
        if (!(*c)->sections) continue;
        fprintf(to, "    if __fish_seen_subcommand_from %s\n", (*c)->name);
        fish_settings(to, (*c)->name, NULL, *c);
        fputs("    end\n", to);
    }
    fputs("end\n", to);
    for (const Option *o = GLOBAL_OPTIONS; o->name; o++)
        fish_option(to, "", o->name, option_value(o), o->help);
    visit_all(to, fish_command);
}

int completion_print(const char *shell, FILE *to, Error *err)
{
    if (strcmp(shell, "zsh") == 0) fputs("#compdef rlhf\n", to);
    if (strcmp(shell, "fish") == 0) return put_fish(to), 0;
    if (strcmp(shell, "bash") != 0 && strcmp(shell, "zsh") != 0)
        return error_usage(err, "--completion: '%.40s' is none of bash, zsh, fish", shell);
    put_tables(to);
    fputs(strcmp(shell, "bash") == 0 ? BASH : ZSH, to);
    return 0;
}
