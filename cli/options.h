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

/* Rows that several commands have; `at` is offsetof the command's own member. */
/* clang-format off */
#define MODEL_OPTION(at, unless) \
    {"model", OPTION_TEXT, at, 0, 0, "MODEL", "base, aligned, a run, a folder or what was pulled: org/name (" unless ")"}
#define SPECIAL_OPTION(at) \
    {"special", OPTION_SWITCH, at, 0, 0, NULL, "special tokens spelled out in the text become their ids"}
#define SOURCE_OPTION(at) \
    {"source", OPTION_TEXT, at, 0, 0, "NAME", "prompts of one source only"}
#define TEMPERATURE_OPTION(at) \
    {"temperature", OPTION_DOUBLE, at, 0.01, 100, "T", "divides the logits (1)"}
#define BATCH_OPTION(at) \
    {"batch", OPTION_INT, at, 1, 4096, "N", "answers decoded together; changes speed alone (64)"}
#define TRUNCATION_OPTIONS(k, p, greedy) \
    {"top-k", OPTION_INT, k, 0, 1 << 24, "K", "only the K likeliest tokens (off)"}, \
    {"top-p", OPTION_DOUBLE, p, 0, 1, "P", "only the likeliest tokens that reach P (off)"}, \
    {"greedy", OPTION_SWITCH, greedy, 0, 0, NULL, "always the likeliest token"}
/* clang-format on */

/* The global option at argv[*i]: 1 when it was one (and *i stands on its last word), 0 when not, -1. */
int options_global(Context *ctx, int argc, char **argv, int *i, Error *err);
/* Names and meanings of the global options, for help. */
extern const Option GLOBAL_OPTIONS[];

/* Read the arguments of ctx->command: `options` go into the struct `values`, `--kl-coef 0.1` for a setting
 * of the command's sections goes to ctx->flag, all else into `words`, of which there may be `min` to `max`.
 * Options may be given as --name VALUE or --name=VALUE; after -- all is words. */
int options_parse(Context *ctx, const Option *options, void *values, Words *words, int min, int max,
                  int argc, char **argv, Error *err);
/* The number of a row of the store, from 1 on; `what` (pair, prompt ...) is for the message. */
int options_parse_id(int64_t *id, const char *word, const char *what, Error *err);
/* Whether argv[i] is an option whose value is the next argument. */
bool options_takes_next(const Option *options, const char *argument);

/* Take over the preset of the command, if it has one. */
int context_preset(Config *c, const Command *command, Error *err);
/* The effective settings of the sections bound in `c`.  Later wins: defaults, `preset` (a file, or NULL),
 * --config, the project's settings, --set, options. */
int context_settings(const Context *ctx, Config *c, const char *preset, Error *err);

#endif
