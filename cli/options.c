#include "cli/options.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_key.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/project.h"
#include "kernels/kernels.h"
#include "policy/model_settings.h"

#define MEMBER(name) offsetof(Context, name)
enum { THREADS_MAX = 1024, NAMES_MAX = 640, NAME_LENGTH = 64 };

/* --set, --seed, --compute and --project are read by hand: a list, a 64-bit number, two words, and what main keeps. */
const Option GLOBAL_OPTIONS[] = {
    {"config", OPTION_TEXT, MEMBER(config_file), 0, 0, "FILE",
     "settings from a JSON file, or from a run's settings.json"},
    {"set", OPTION_TEXT, 0, 0, 0, "SECTION.KEY=VALUE", "one setting; may be given again"},
    {"project", OPTION_TEXT, 0, 0, 0, "DIR", "the project; else RLHF_PROJECT, else here or above"},
    {"seed", OPTION_TEXT, 0, 0, 0, "N", "of everything random (1)"},
    {"threads", OPTION_INT, MEMBER(threads), 1, THREADS_MAX, "N", "as many as cores unless given"},
    {"compute", OPTION_TEXT, MEMBER(compute), 0, 0, "TYPE",
     "of products of matrices: f32, or bf16, several times as fast on machines with AMX (what the "
     "project says, else each model)"},
    {"json", OPTION_SWITCH, MEMBER(json), 0, 0, NULL, "the result as JSON on standard output"},
    {"quiet", OPTION_SWITCH, MEMBER(quiet), 0, 0, NULL, "no log, no progress"},
    {"offline", OPTION_SWITCH, MEMBER(offline), 0, 0, NULL, "refuse whatever needs the network"},
    {0},
};

/* The option of an argument like --name or --name=value, hyphens and underscores alike. */
static const Option *find_option(const Option *options, const char *argument)
{
    if (strncmp(argument, "--", 2) != 0) return NULL;
    const char *name = argument + 2;
    const size_t n = strcspn(name, "=");
    for (const Option *o = options; o && o->name; o++) {
        size_t i = 0;
        while (i < n && o->name[i] &&
               (o->name[i] == name[i] || (o->name[i] == '-' && name[i] == '_')))
            i++;
        if (i == n && !o->name[i]) return o;
    }
    return NULL;
}

int options_parse_id(int64_t *id, const char *word, const char *what, Error *err)
{
    char *end;
    errno = 0;
    *id = strtoll(word, &end, 10);
    return *id > 0 && !*end && !errno
               ? 0
               : error_usage(err, "'%.40s' is no number of a %s", word, what);
}

bool options_takes_next(const Option *options, const char *argument)
{
    const Option *o = find_option(options, argument);
    return o && o->type != OPTION_SWITCH && o->type != OPTION_MAYBE && !strchr(argument, '=');
}

/* The value of the option at argv[*i], behind its = or in the next argument; NULL for a switch. */
static int take_value(const char **value, const Option *o, int argc, char **argv, int *i,
                      Error *err)
{
    const char *equals = strchr(argv[*i], '=');
    *value = equals ? equals + 1 : NULL;
    if (o->type == OPTION_SWITCH)
        return equals ? error_usage(err, "--%s takes no value", o->name) : 0;
    if (equals) return 0;
    if (o->type == OPTION_MAYBE) return *value = "", 0;
    if (*i + 1 >= argc) return error_usage(err, "--%s needs a value (%s)", o->name, o->value);
    *value = argv[++*i];
    return 0;
}

static int add_word(Words *words, const Option *o, const char *value, Error *err)
{
    if (words->n == WORDS_MAX)
        return error_usage(err, "more than %d times --%s", WORDS_MAX, o->name);
    words->word[words->n++] = value;
    return 0;
}

static int set_option(const Option *o, void *values, const char *value, Error *err)
{
    void *at = (char *)values + o->offset;
    if (o->type == OPTION_SWITCH) return *(bool *)at = true, 0;
    if (o->type == OPTION_TEXT || o->type == OPTION_MAYBE) return *(const char **)at = value, 0;
    if (o->type == OPTION_WORDS) return add_word(at, o, value, err);

    char *end;
    const double x = strtod(value, &end);
    const bool plain = end != value && !*end && strspn(value, "+-.0123456789eE") == strlen(value);
    if (!plain) return error_usage(err, "--%s: '%.60s' is not a number", o->name, value);
    if (!(x >= o->min && x <= o->max))
        return error_usage(err, "--%s: %s is outside [%.10g, %.10g]", o->name, value, o->min,
                           o->max);
    if (o->type == OPTION_INT && x != floor(x))
        return error_usage(err, "--%s: %s is not a whole number", o->name, value);
    if (o->type == OPTION_INT) *(int *)at = (int)x;
    else *(double *)at = x;
    return 0;
}

static int set_seed(Context *ctx, const char *value, Error *err)
{
    char *end;
    errno = 0;
    ctx->seed = strtoull(value, &end, 10);
    ctx->seed_given = true;
    if (value[0] < '0' || value[0] > '9' || *end || errno)
        return error_usage(err, "--seed: '%.60s' is not a whole number from 0 to 2^64-1", value);
    return 0;
}

static int set_compute(Context *ctx, const char *value, Error *err)
{
    Compute known;
    ctx->compute = value;
    ctx->compute_given = ctx->compute_settled = true;
    if (kernels_find_compute(&known, value) == 0) return 0;
    return error_usage(err, "--compute: '%.40s' is neither f32 nor bf16", value);
}

int options_global(Context *ctx, int argc, char **argv, int *i, Error *err)
{
    const Option *o = find_option(GLOBAL_OPTIONS, argv[*i]);
    const char *value;
    if (!o) return 0;
    if (take_value(&value, o, argc, argv, i, err) != 0) return -1;
    if (strcmp(o->name, "seed") == 0) return set_seed(ctx, value, err) == 0 ? 1 : -1;
    if (strcmp(o->name, "compute") == 0) return set_compute(ctx, value, err) == 0 ? 1 : -1;
    if (strcmp(o->name, "set") != 0) return set_option(o, ctx, value, err) == 0 ? 1 : -1;
    if (ctx->n_set == CONTEXT_SETTINGS_MAX)
        return error_usage(err, "more than %d times --set", CONTEXT_SETTINGS_MAX);
    ctx->set[ctx->n_set++] = value;
    return 1;
}

/* ---- settings as options ---- */

/* "--kl-coef=1" -> "kl_coef" */
static void setting_name(char out[NAME_LENGTH], const char *argument)
{
    snprintf(out, NAME_LENGTH, "%.*s", (int)strcspn(argument + 2, "="), argument + 2);
    for (char *c = out; *c; c++)
        if (*c == '-') *c = '_';
}

/* The field that a name, or section.name, means; its type is all that is asked here. */
static const ConfigField *find_setting(const ConfigTable *const *sections, const char *name)
{
    const char *dot = strchr(name, '.');
    for (; sections && *sections; sections++) {
        const ConfigTable *t = *sections;
        const size_t n = strlen(t->name);
        if (dot && ((size_t)(dot - name) != n || strncmp(t->name, name, n) != 0)) continue;
        for (int i = 0; i < t->n; i++)
            if (strcmp(t->fields[i].name, dot ? dot + 1 : name) == 0) return &t->fields[i];
    }
    return NULL;
}

static bool is_truth_word(const char *word)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off"};
    for (int i = 0; i < 6; i++)
        if (strcmp(word, words[i]) == 0) return true;
    return false;
}

/* 1 when argv[*i] sets a setting: --kl-coef 0.1, --packed, --no-packed.  The value is checked with all the
 * others in context_settings. */
static int take_setting(Context *ctx, int argc, char **argv, int *i, Error *err)
{
    char name[NAME_LENGTH];
    if (strncmp(argv[*i], "--", 2) != 0) return 0;
    setting_name(name, argv[*i]);
    const char *key = name, *equals = strchr(argv[*i], '='), *value = equals ? equals + 1 : NULL;
    const ConfigField *f = find_setting(ctx->command->sections, name);
    if (!f && strncmp(name, "no_", 3) == 0 && !equals) {
        f = find_setting(ctx->command->sections, key = name + 3);
        if (!f || f->type != CONFIG_bool) return 0;
        value = "false";
    }
    if (!f) return 0;
    if (!value && f->type == CONFIG_bool)
        value = *i + 1 < argc && is_truth_word(argv[*i + 1]) ? argv[++*i] : "true";
    if (!value && *i + 1 >= argc) return error_usage(err, "%s needs a value", argv[*i]);
    if (!value) value = argv[++*i];
    if (ctx->n_flag == CONTEXT_SETTINGS_MAX) return error_usage(err, "too many settings");
    ctx->flag[ctx->n_flag++] = mem_format("%s=%s", key, value);
    return 1;
}

/* "--ppo.kl_ceof": the nearest in the section that was written, as it is typed; false when none is near. */
static bool guess_in_section(char out[NAME_LENGTH], const ConfigTable *const *sections,
                             const char *name)
{
    const char *dot = strchr(name, '.');
    for (; dot && sections && *sections; sections++) {
        const ConfigTable *t = *sections;
        const char *names[NAMES_MAX];
        int n = 0;
        if (strlen(t->name) != (size_t)(dot - name) || strncmp(t->name, name, strlen(t->name)) != 0)
            continue;
        for (int i = 0; i < t->n && n < NAMES_MAX; i++) names[n++] = t->fields[i].name;
        const char *near = text_nearest(config_full_name(dot + 1), names, n);
        if (near) snprintf(out, NAME_LENGTH, "%s.%s", t->name, near);
        return near != NULL;
    }
    return false;
}

static int unknown_option(const Context *ctx, const Option *options, const char *argument,
                          Error *err)
{
    const char *names[NAMES_MAX];
    int n = 0;
    char name[NAME_LENGTH];
    setting_name(name, argument);
    for (const Option *o = options; o && o->name && n < NAMES_MAX; o++)
        if (o->help) names[n++] = o->name;
    for (const Option *o = GLOBAL_OPTIONS; o->name && n < NAMES_MAX; o++) names[n++] = o->name;
    for (const ConfigTable *const *t = ctx->command->sections; t && *t; t++)
        for (int i = 0; i < (*t)->n && n < NAMES_MAX; i++) names[n++] = (*t)->fields[i].name;
    char inside[NAME_LENGTH];
    const char *near = guess_in_section(inside, ctx->command->sections, name)
                           ? inside
                           : text_nearest(config_full_name(name), names, n);
    if (!near) {
        error_usage(err, "unknown option %.60s", argument);
        return error_hint(err, "its options: rlhf help %s", ctx->called);
    }
    char typed[NAME_LENGTH];
    snprintf(typed, sizeof typed, "%s", near);
    for (char *c = typed; *c; c++)
        if (*c == '_') *c = '-';
    return error_usage(err, "unknown option %.60s; did you mean --%s", argument, typed);
}

static int parse_argument(Context *ctx, const Option *options, void *values, int argc, char **argv,
                          int *i, Error *err)
{
    const Option *o = find_option(options, argv[*i]);
    if (o) {
        const char *value;
        if (take_value(&value, o, argc, argv, i, err) != 0) return -1;
        return set_option(o, values, value, err);
    }
    const int setting = take_setting(ctx, argc, argv, i, err);
    if (setting != 0) return setting < 0 ? -1 : 0;
    return unknown_option(ctx, options, argv[*i], err);
}

/* A text that is given as an option is easily given without it. */
static int unexpected_word(const Context *ctx, const Option *options, const char *word, Error *err)
{
    error_usage(err, "unexpected '%.60s'", word);
    for (const Option *o = options; o && o->name; o++)
        if (o->type == OPTION_TEXT && o->help &&
            (strcmp(o->name, "prompt") == 0 || strcmp(o->name, "text") == 0))
            return error_hint(err,
                              "a text to read is given with --%s; how it is used: rlhf help %s",
                              o->name, ctx->called);
    return error_hint(err, "how it is used: rlhf help %s", ctx->called);
}

int options_parse(Context *ctx, const Option *options, void *values, Words *words, int min, int max,
                  int argc, char **argv, Error *err)
{
    bool only_words = false;
    Words none;
    if (!words) words = &none;
    words->n = 0;
    for (int i = 0; i < argc; i++) {
        /* A single hyphen is standard input; a negative number is a word too. */
        const bool option =
            argv[i][0] == '-' && argv[i][1] && !(argv[i][1] >= '0' && argv[i][1] <= '9');
        if (!only_words && strcmp(argv[i], "--") == 0) only_words = true;
        else if (!only_words && option) {
            if (parse_argument(ctx, options, values, argc, argv, &i, err) != 0) return -1;
        } else if (words->n == max || words->n == WORDS_MAX) {
            return unexpected_word(ctx, options, argv[i], err);
        } else {
            words->word[words->n++] = argv[i];
        }
    }
    if (words->n < min) {
        error_usage(err, "too few arguments");
        return error_hint(err, "usage: rlhf %s %.*s", ctx->called,
                          (int)strcspn(ctx->command->usage, "\n"), ctx->command->usage);
    }
    return 0;
}

/* ---- effective settings ---- */

enum { SECTIONS_MAX = 64 };

static void gather(const ConfigTable **known, int *n, const Command *c)
{
    for (const ConfigTable *const *t = c->sections; t && *t; t++)
        if (*n < SECTIONS_MAX) known[(*n)++] = *t;
    for (const Command *const *s = c->seconds; s && *s; s++) gather(known, n, *s);
}

int context_preset(Config *c, const Command *command, Error *err)
{
    cJSON *tree = NULL;
    if (!command->preset) return 0;
    if (json_parse_commented(&tree, command->preset, err) != 0) return -1;
    const int rc = config_take(c, tree, CONFIG_FROM_PRESET, command->sections, err);
    cJSON_Delete(tree);
    return rc;
}

/* A key that names a setting of another command is no misspelling of one of this. */
static bool is_elsewhere(const ConfigTable *const *known, const char *assignment)
{
    char key[CONFIG_KEY_MAX], plain[CONFIG_KEY_MAX];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(assignment, "="), assignment);
    config_plain_key(plain, key);
    for (; *known; known++)
        for (int i = 0; i < (*known)->n; i++)
            if (strchr(plain, '.') && config_key_is(*known, i, plain)) return true;
    return false;
}

static int assign(Config *c, const char *assignment, const ConfigTable *const *known,
                  const Context *ctx, Error *err)
{
    const int length = (int)strcspn(assignment, "=");
    if (config_assign(c, assignment, CONFIG_FROM_SET, err) == 0) return 0;
    if (!strstr(err->message, " is no setting") || !is_elsewhere(known, assignment)) return -1;
    error_usage(err, "%.*s is a setting, but not of rlhf %s", length, assignment, ctx->called);
    return error_hint(err, "whose it is: rlhf help %.*s", length, assignment);
}

int context_settings(const Context *ctx, Config *c, const char *preset, Error *err)
{
    const ConfigTable *known[SECTIONS_MAX + 1];
    int n = 0, rc = 0;
    for (const Command *const *command = COMMANDS; *command; command++) gather(known, &n, *command);
    known[n] = NULL;

    if (preset && config_read(c, preset, CONFIG_FROM_PRESET, known, err) != 0) return -1;
    if (ctx->config_file && config_read(c, ctx->config_file, CONFIG_FROM_FILE, known, err) != 0)
        return -1;
    if (ctx->project[0]) {
        cJSON *project = NULL;
        if (project_read(ctx, &project, err) != 0) return -1;
        const cJSON *settings = cJSON_GetObjectItemCaseSensitive(project, "settings");
        if (settings && config_take(c, settings, CONFIG_FROM_PROJECT, known, err) != 0)
            rc = error_wrap(err, "project.json: settings");
        cJSON_Delete(project);
    }
    for (int i = 0; i < ctx->n_set && rc == 0; i++) rc = assign(c, ctx->set[i], known, ctx, err);
    for (int i = 0; i < ctx->n_flag && rc == 0; i++)
        rc = config_assign(c, ctx->flag[i], CONFIG_FROM_FLAG, err);
    if (rc == 0 && ctx->compute_given && config_section(c, MODEL_TABLE.name) >= 0) {
        char assignment[64];
        snprintf(assignment, sizeof assignment, "%s.compute=%s", MODEL_TABLE.name, ctx->compute);
        rc = config_assign(c, assignment, CONFIG_FROM_FLAG, err);
    }
    if (rc != 0 && text_ends(err->message, " is no setting"))
        error_hint(err, "its settings: rlhf help %s", ctx->called);
    return rc;
}
