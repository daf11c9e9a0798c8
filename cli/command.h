/* What a command is, and what every command gets to know.
 *
 * To add a command: write cli/cmd_NAME.c that defines `const Command cmd_NAME`, declare it in
 * cli/commands.h, and put its name into the table of main.c.  Its options, help, settings and second
 * words all come from the Command; nothing else has to be told about it. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/error.h"
#include "base/file.h"

typedef struct Command Command;

/* The global options, and the project. */
enum { CONTEXT_SETTINGS_MAX = 128, CALLED_MAX = 64 };
typedef struct {
    const Command *command;
    const char *program;     /* as this one was started: "rlhf", "build/release/rlhf" */
    char called[CALLED_MAX]; /* "reward eval", for messages */
    bool json, quiet, offline;
    uint64_t seed; /* 1 unless given */
    bool seed_given;
    int threads; /* as used */
    /* How all models of this command multiply; NULL: each as it says itself.  Settled by --compute, by the run that is
     * resumed, or when a training begins; else the project may say it (project_compute). */
    const char *compute;
    bool compute_given, compute_settled;
    const char *config_file;
    const char *set[CONTEXT_SETTINGS_MAX]; /* "section.key=value" of --set */
    int n_set;
    char *flag[CONTEXT_SETTINGS_MAX]; /* the same from --key value, by options_parse; owned */
    int n_flag;
    char project[FILE_PATH_MAX];             /* the folder that holds rlhf.db, or "" */
    const char *project_given;               /* --project as typed, or NULL */
    const struct TrainingObserver *observer; /* sees every training step (the demo), or NULL */
    /* (FILE_PATH_MAX) gets the folder of what a finished run made, which then takes no name of
     * the project's (the loop); NULL: it does */
    char *made;
    bool led;   /* by a command that says itself how to go on (the loop) */
    int detach; /* where a detached command tells that it is ready (cli/detach.h); 0: nowhere */
} Context;

/* OPTION_MAYBE is a text that may be left out (--name, --name=TEXT), then "". */
/* OPTION_WORDS may be given again: each is one more of a Words (cli/options.h). */
typedef enum {
    OPTION_SWITCH,
    OPTION_INT,
    OPTION_DOUBLE,
    OPTION_TEXT,
    OPTION_MAYBE,
    OPTION_WORDS
} OptionType;

/* One option of a command.  `offset` is that of a bool, int, double, const char * or Words in the command's own
 * struct, which holds the default before options_parse. */
typedef struct {
    const char *name; /* as typed, without the two hyphens; NULL ends a table */
    OptionType type;
    size_t offset;
    double min, max;   /* of numbers */
    const char *value; /* what help calls the value: "FILE" */
    const char *help;  /* NULL: not in help; taken only to say what to type instead */
} Option;

/* Whether a command works without a project; before it runs, main looks for one and refuses if need be. */
typedef enum { PROJECT_IGNORED, PROJECT_OPTIONAL, PROJECT_NEEDED } ProjectNeed;

struct Command {
    const char *name;
    const char *heading;   /* data, models, people, train, watch, other; NULL for a second word */
    const char *summary;   /* one line of `rlhf help` */
    const char *usage;     /* synopsis without "rlhf NAME", one per line: "FILE... [--kind KIND]" */
    const char *details;   /* some lines for `rlhf help NAME`; may be NULL */
    const Option *options; /* may be NULL */
    const ConfigTable *const *sections; /* settings it uses, NULL-terminated; may be NULL */
    const char *preset; /* settings as in a file, which come before --config; may be NULL */
    const Command *const *seconds; /* second words (reward eval), NULL-terminated; may be NULL */
    ProjectNeed project;
    bool filter; /* prints as it goes: a reader that has had enough ends it, as it ends cat */
    /* The arguments after the command word, global options taken out.  NULL: a second word is needed.
     * 0 is done (or stopped by a signal after saving), -1 failed (or stopped: err->stopped); the result goes to stdout. */
    int (*run)(Context *ctx, int argc, char **argv, Error *err);
};

#endif
