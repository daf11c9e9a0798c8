/* The command line: global options, a command's own options, and settings given as options. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/command.h"

/* Words of the command line that are not options. */
enum { WORDS_MAX = 256 };
typedef struct {
    const char *word[WORDS_MAX];
    int n;
} Words;

/* The global option at argv[*i]: 1 when it was one (and *i stands on its last word), 0 when not, -1. */
int options_global(Context *ctx, int argc, char **argv, int *i, Error *err);
/* Names and meanings of the global options, for help. */
extern const Option GLOBAL_OPTIONS[];

/* Read the arguments of ctx->command: `options` go into the struct `values`, `--kl-coef 0.1` for a setting
 * of the command's sections goes to ctx->flag, all else into `words`, of which there may be `min` to `max`.
 * Options may be given as --name VALUE or --name=VALUE; after -- all is words. */
int options_parse(Context *ctx, const Option *options, void *values, Words *words, int min, int max,
                  int argc, char **argv, Error *err);
/* Whether argv[i] is an option whose value is the next argument. */
bool options_takes_next(const Option *options, const char *argument);

/* Take over the preset of the command, if it has one. */
int context_preset(Config *c, const Command *command, Error *err);
/* The effective settings of the sections bound in `c`.  Later wins: defaults, `preset` (a file, or NULL),
 * --config, the project's settings, --set, options. */
int context_settings(const Context *ctx, Config *c, const char *preset, Error *err);

#endif
