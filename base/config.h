/* Settings.  A section is one table: the struct, its defaults, ranges, help, the JSON reader, --set and
 * `rlhf config` all come from it.
 *
 *     #define SFT_CONFIG(X) \
 *         X(int,    steps,    1000,     1, 1e9,                       "", "optimizer steps") \
 *         X(double, lr,       1e-3,     0, 1,         "Kingma 2015",      "step size") \
 *         X(bool,   packed,   true,     0, 1,                         "", "...") \
 *         X(choice, schedule, "cosine", "constant|linear|cosine", 0,  "", "...") \
 *         X(text,   data,     "",       0, 0,                         "", "...")
 *     typedef struct { SFT_CONFIG(CONFIG_MEMBER) } SftConfig;
 *     extern const ConfigTable SFT_TABLE;
 *
 *     in the .c file:
 *     #define ENTRY(...) CONFIG_ENTRY_OF(SftConfig, __VA_ARGS__)
 *     static const ConfigField FIELDS[] = {SFT_CONFIG(ENTRY)};
 *     const ConfigTable SFT_TABLE = {"sft", FIELDS, sizeof FIELDS / sizeof *FIELDS, sizeof(SftConfig)};
 *
 * Members are int, double, bool, int (a choice: the index of its word) and char[CONFIG_TEXT_MAX].  int_live and
 * double_live are the same types for settings that may be changed when a run is resumed. */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "base/text.h"

enum { CONFIG_TEXT_MAX = 256 };

typedef enum { CONFIG_int, CONFIG_double, CONFIG_bool, CONFIG_choice, CONFIG_text } ConfigType;
/* stdbool.h's bool is a macro, and is _Bool by the time that CONFIG_ENTRY_OF sees it. */
#define CONFIG__Bool       CONFIG_bool
#define CONFIG_int_live    CONFIG_int
#define CONFIG_double_live CONFIG_double

typedef struct {
    const char *name;
    ConfigType type;
    size_t offset;
    double fallback, min, max; /* numbers and bool */
    const char *word, *words;  /* choice: default and "a|b|c"; text: default */
    const char *source, *help;
    /* a resumed run may go on with another value; what it learned so far stays as it is */
    bool live;
} ConfigField;

typedef struct {
    const char *name; /* of the section */
    const ConfigField *fields;
    int n;
    size_t size; /* of the struct */
} ConfigTable;

#define CONFIG_C_int(name)    int name;
#define CONFIG_C_double(name) double name;
#define CONFIG_C_bool(name)   bool name;
#define CONFIG_C__Bool        CONFIG_C_bool
#define CONFIG_C_choice(name) int name;
#define CONFIG_C_text(name)   char name[CONFIG_TEXT_MAX];
#define CONFIG_C_int_live     CONFIG_C_int
#define CONFIG_C_double_live  CONFIG_C_double

#define CONFIG_MEMBER(type, name, fallback, min, max, source, help) CONFIG_C_##type(name)

#define CONFIG_V_int(f, lo, hi)         .fallback = (f), .min = (lo), .max = (hi)
#define CONFIG_V_double(f, lo, hi)      .fallback = (f), .min = (lo), .max = (hi)
#define CONFIG_V_bool(f, lo, hi)        .fallback = (f), .min = 0, .max = 1
#define CONFIG_V__Bool                  CONFIG_V_bool
#define CONFIG_V_choice(f, ws, no)      .word = (f), .words = (ws)
#define CONFIG_V_text(f, no, no2)       .word = (f)
#define CONFIG_V_int_live(f, lo, hi)    CONFIG_V_int(f, lo, hi), .live = true
#define CONFIG_V_double_live(f, lo, hi) CONFIG_V_double(f, lo, hi), .live = true
#define CONFIG_ENTRY_OF(Struct, type_, name_, fallback_, min_, max_, source_, help_) \
    {.name = #name_,                                                                 \
     .type = CONFIG_##type_,                                                         \
     .offset = offsetof(Struct, name_),                                              \
     CONFIG_V_##type_(fallback_, min_, max_),                                        \
     .source = source_,                                                              \
     .help = help_},

/* Where a value came from; a later source wins. */
typedef enum {
    CONFIG_FROM_DEFAULT,
    CONFIG_FROM_PRESET,
    CONFIG_FROM_FILE,
    CONFIG_FROM_PROJECT,
    CONFIG_FROM_SET,
    CONFIG_FROM_FLAG
} ConfigOrigin;

/* The sections one command uses, bound to their structs. */
enum { CONFIG_SECTIONS_MAX = 8, CONFIG_FIELDS_MAX = 96 };
typedef struct {
    const ConfigTable *table[CONFIG_SECTIONS_MAX];
    void *values[CONFIG_SECTIONS_MAX];
    ConfigOrigin origin[CONFIG_SECTIONS_MAX][CONFIG_FIELDS_MAX];
    int n;
} Config;

/* Bind a section and fill its struct with defaults. */
void config_bind(Config *c, const ConfigTable *table, void *values);
/* `key` is section.name, or a name that is unique over the sections; hyphens are underscores.  An
 * unknown key guesses a near miss and says its default and range; junk and ranges are errors. */
int config_set(Config *c, const char *key, const char *value, ConfigOrigin origin, Error *err);
/* What a setting is called here that other programs call `name` ("lr"); `name` itself when nothing is known.
 * For guesses alone: such a name is never taken. */
const char *config_full_name(const char *name);
/* "key=value" */
int config_assign(Config *c, const char *assignment, ConfigOrigin origin, Error *err);
/* A JSON file {"section": {"name": value}} with // comments; sections of `known` (NULL-terminated, may
 * be NULL) that this command does not use are skipped, any other is an error naming the line.  The
 * settings.json of a run is taken for the settings in it. */
int config_read(Config *c, const char *path, ConfigOrigin origin, const ConfigTable *const *known,
                Error *err);
/* The same from a parsed object, which has no lines to name. */
int config_take(Config *c, const cJSON *tree, ConfigOrigin origin, const ConfigTable *const *known,
                Error *err);
/* Effective settings as JSON that config_read takes, two-space indented. */
void config_json(const Config *c, Text *out);
/* "from 0 to 10" */
void config_range(Text *out, const ConfigField *f);
/* The value as the text that config_set takes. */
void config_value(Text *out, const Config *c, int section, int field);
/* "default", "preset", "file", "project", "--set", "flag" */
const char *config_origin_name(ConfigOrigin origin);
/* "ppo.kl_coef" is a setting of a table bound here that a resumed run may change. */
bool config_is_live(const Config *c, const char *key);
/* And one that nobody has set. */
bool config_is_default(const Config *c, const char *key);
/* One line per setting: section.name, value, range, meaning, source, `live` where it is that, and origin unless
 * that is the default. */
void config_help(const Config *c, FILE *to);
/* Those lines alone whose setting is KEY or SECTION.KEY (config_key_is). */
void config_help_key(const Config *c, const char *plain, FILE *to);

#endif
