/* rlhf: one program, one command per stage of the pipeline. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/detach.h"
#include "cli/options.h"
#include "cli/project.h"
#include "kernels/kernels.h"

/* One line per command, in the order of `rlhf help`. */
/* clang-format off */
const Command *const COMMANDS[] = {
    &cmd_init,
    &cmd_import,
    &cmd_export,
    &cmd_status,
    &cmd_verify,
    &cmd_backup,
    &cmd_redact,
    &cmd_pull,
    &cmd_models,
    &cmd_tokenize,
    &cmd_generate,
    &cmd_chat,
    &cmd_logprobs,
    &cmd_inspect,
    &cmd_sample,
    &cmd_label,
    &cmd_write,
    &cmd_judge,
    &cmd_annotators,
    &cmd_campaign,
    &cmd_pretrain,
    &cmd_sft,
    &cmd_reward,
    &cmd_classify,
    &cmd_ppo,
    &cmd_loop,
    &cmd_sweep,
    &cmd_compare,
    &cmd_runs,
    &cmd_watch,
    &cmd_stop,
    &cmd_report,
    &cmd_show,
    &cmd_demo,
    &cmd_config,
    &cmd_bench,
    &cmd_doctor,
    &cmd_help,
    &cmd_version,
    NULL,
};
/* clang-format on */

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_SIGNAL = 128 };

const Command *command_find(const char *word)
{
    for (const Command *const *c = COMMANDS; *c; c++)
        if (strcmp((*c)->name, word) == 0) return *c;
    return NULL;
}

const Command *command_second(const Command *first, const char *word)
{
    for (const Command *const *c = first->seconds; c && *c; c++)
        if (strcmp((*c)->name, word) == 0) return *c;
    return NULL;
}

enum { NAMES_MAX = 64, LIST_MAX = 256 };

/* The words that may come after `first` (NULL: all commands), also as one list; returns how many. */
static int list_words(const char *names[NAMES_MAX], char list[LIST_MAX], const Command *first)
{
    int n = 0;
    list[0] = 0;
    for (const Command *const *c = first ? first->seconds : COMMANDS; c && *c && n < NAMES_MAX;
         c++) {
        const size_t used = strlen(list);
        snprintf(list + used, LIST_MAX - used, "%s%s", n ? ", " : "", (*c)->name);
        names[n++] = (*c)->name;
    }
    return n;
}

int command_unknown(const Command *first, const char *word, Error *err)
{
    const char *names[NAMES_MAX] = {0};
    char list[LIST_MAX];
    const int n = list_words(names, list, first);
    const char *near = text_nearest(word, names, n);
    if (near) return error_usage(err, "unknown command '%.60s'; did you mean: %s", word, near);
    error_usage(err, "unknown command '%.60s'", word);
    if (first) return error_hint(err, "after %s may come: %s", first->name, list);
    return error_hint(err, "all commands: rlhf help");
}

/* What the command line comes to. */
typedef struct {
    const Command *first, *command; /* the same, unless there is a second word */
    bool help, version;
    int argc;
    char **argv; /* what is left for the command; room for all arguments */
} Line;

/* One argument of the line; *i moves on over the values that belong to it. */
static int read_argument(Line *line, Context *ctx, int argc, char **argv, int *i, Error *err)
{
    char *word = argv[*i];
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) return line->help = true, 0;
    if (strcmp(word, "--project") == 0 || strncmp(word, "--project=", 10) == 0) {
        if (word[9] == 0 && *i + 1 >= argc)
            return error_usage(err, "--project needs a value (DIR)");
        ctx->project_given = word[9] ? word + 10 : argv[++*i];
        return 0;
    }
    const int global = options_global(ctx, argc, argv, i, err);
    if (global != 0) return global < 0 ? -1 : 0;

    if (!line->command) {
        if (strcmp(word, "--version") == 0) return line->version = true, 0;
        if (word[0] == '-') {
            error_usage(err, "unknown option %.60s", word);
            return error_hint(err, "an option of a command stands after its name: rlhf help");
        }
        line->first = line->command = command_find(word);
        return line->command ? 0 : command_unknown(NULL, word, err);
    }
    const bool may_be_second = line->first == line->command && line->argc == 0 && word[0] != '-';
    if (line->first->seconds && may_be_second) {
        line->command = command_second(line->first, word);
        return line->command ? 0 : command_unknown(line->first, word, err);
    }
    line->argv[line->argc++] = word;
    if (options_takes_next(line->command->options, word) && *i + 1 < argc)
        line->argv[line->argc++] = argv[++*i];
    return 0;
}

static int read_line(Line *line, Context *ctx, int argc, char **argv, Error *err)
{
    for (int i = 1; i < argc; i++) {
        if (line->command && strcmp(argv[i], "--") == 0) {
            while (i < argc) line->argv[line->argc++] = argv[i++];
            break;
        }
        if (read_argument(line, ctx, argc, argv, &i, err) != 0) return -1;
    }
    return 0;
}

/* A name that is mistyped, or of another machine, must not choose other kernels in silence. */
static int check_kernels(Error *err)
{
    const char *forced = getenv("RLHF_KERNELS"), *name;
    char names[128] = "";
    if (!forced || !*forced || kernels_use(forced) == 0) return 0;
    for (int i = 0; (name = kernels_available(i)); i++) {
        const size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", name);
    }
    return error_usage(err, "RLHF_KERNELS: no '%.40s' here; this machine runs %s", forced, names);
}

/* What the program plans with, where others need memory, too. */
static int take_memory_limit(Error *err)
{
    const char *given = getenv("RLHF_MEMORY_MB");
    char *end;
    if (!given || !*given) return 0;
    const unsigned long long mb = strtoull(given, &end, 10);
    if (*end || *given == '-' || mb == 0 || mb > SIZE_MAX >> 20)
        return error_usage(err, "RLHF_MEMORY_MB: '%.40s' is no number of megabytes", given);
    mem_limit((size_t)mb * 1000000);
    return 0;
}

static int second_missing(const Command *c, Error *err)
{
    const char *names[NAMES_MAX] = {0};
    char list[LIST_MAX];
    list_words(names, list, c);
    error_usage(err, "a second word is missing, one of: %s", list);
    return error_hint(err, "what they do: rlhf help %s", c->name);
}

static int run(Line *line, Context *ctx, Error *err)
{
    const Command *c = line->command;
    if (line->help) {
        if (c) help_command(c == line->first ? NULL : line->first, c);
        else help_list();
        return 0;
    }
    if (!c && line->version) c = &cmd_version;
    if (!c) {
        if (project_find(ctx, ctx->project_given, false, err) != 0) return -1;
        const Command *status = ctx->project[0] ? command_find("status") : NULL;
        if (!status) {
            help_welcome();
            return 0;
        }
        c = status;
    }
    ctx->command = c;
    snprintf(ctx->called, sizeof ctx->called, "%s%s%s",
             c == line->command && c != line->first ? line->first->name : "",
             c == line->command && c != line->first ? " " : "", c->name);
    if (!c->run) return second_missing(c, err);
    if (!c->sections && c != &cmd_config && (ctx->n_set > 0 || ctx->config_file))
        return error_usage(err, "%s has no settings to set", c->name);
    if (c->project != PROJECT_IGNORED &&
        project_find(ctx, ctx->project_given, c->project == PROJECT_NEEDED, err) != 0)
        return -1;
    if (check_kernels(err) != 0 || take_memory_limit(err) != 0) return -1;
    ctx->threads = kernels_threads(ctx->threads);
    if (c->filter) signal(SIGPIPE, SIG_DFL);
    if (detach_asked(c, line->argc, line->argv))
        return detach_run(ctx, line->argc, line->argv, err);
    return c->run(ctx, line->argc, line->argv, err);
}

static void print_error(const Line *line, const Error *err)
{
    const bool second = line->command && line->command != line->first;
    fprintf(stderr, "rlhf%s%s%s%s: %s\n", line->first ? " " : "",
            line->first ? line->first->name : "", second ? " " : "",
            second ? line->command->name : "", err->message);
    if (err->hint[0]) fprintf(stderr, "  %s\n", err->hint);
}

static bool nobody_reads(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR);
}

/* A result that did not get out is a failure like any other; a reader that has had enough is none, and
 * a command that failed has said why. */
static int close_stdout(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    if (nobody_reads() || status == EXIT_FAILED) return status;
    fprintf(stderr, "rlhf: cannot write to standard output: %s\n",
            errno ? strerror(errno) : "write error");
    return EXIT_FAILED;
}

int main(int argc, char **argv)
{
    kernels_wait_gently(argv);
    Context *ctx = calloc(1, sizeof *ctx);
    char **rest = calloc((size_t)argc + 1, sizeof *rest);
    if (!ctx || !rest) return EXIT_FAILED;
    ctx->seed = 1;
    ctx->program = argc > 0 ? argv[0] : "rlhf";
    Line line = {.argv = rest};
    Error err = {0};
    interrupt_install();

    int rc = read_line(&line, ctx, argc, argv, &err);
    log_quiet(ctx->quiet);
    if (rc == 0) rc = run(&line, ctx, &err);

    int status = EXIT_DONE;
    if (rc != 0) {
        print_error(&line, &err);
        status = err.usage ? EXIT_USAGE : EXIT_FAILED;
    }
    if (interrupt_pending() && (rc == 0 || err.stopped)) status = EXIT_SIGNAL + interrupt_pending();
    status = close_stdout(status);
    for (int i = 0; i < ctx->n_flag; i++) free(ctx->flag[i]);
    free(ctx);
    free(rest);
    return status;
}
