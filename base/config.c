#include "base/config.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_key.h"
#include "base/json.h"

enum { FILE_MAX = 1 << 20, SECTIONS_GUESSED = 64 };

/* ---- values ---- */

/* The index of a word in "a|b|c", or -1. */
static int choice_index(const char *words, const char *word)
{
    const size_t n = strlen(word);
    int index = 0;
    for (const char *w = words; n > 0;) {
        const size_t length = strcspn(w, "|");
        if (length == n && strncasecmp(w, word, n) == 0) return index;
        if (!w[length]) break;
        w += length + 1, index++;
    }
    return -1;
}

static int choice_word(const char **word, const char *words, int index)
{
    for (; index > 0; index--) words += strcspn(words, "|") + 1;
    *word = words;
    return (int)strcspn(words, "|");
}

static void *member(const Config *c, int section, int field)
{
    return (char *)c->values[section] + c->table[section]->fields[field].offset;
}

static void set_number(void *at, ConfigType type, double x)
{
    if (type == CONFIG_int) *(int *)at = (int)x;
    else if (type == CONFIG_double) *(double *)at = x;
    else *(bool *)at = x != 0;
}

void config_bind(Config *c, const ConfigTable *table, void *values)
{
    assert(c->n < CONFIG_SECTIONS_MAX && table->n <= CONFIG_FIELDS_MAX);
    const int s = c->n++;
    c->table[s] = table;
    c->values[s] = values;
    memset(values, 0, table->size);
    for (int i = 0; i < table->n; i++) {
        const ConfigField *f = &table->fields[i];
        void *at = member(c, s, i);
        c->origin[s][i] = CONFIG_FROM_DEFAULT;
        if (f->type == CONFIG_choice) {
            *(int *)at = choice_index(f->words, f->word);
            assert(*(int *)at >= 0);
        } else if (f->type == CONFIG_text) {
            snprintf(at, CONFIG_TEXT_MAX, "%s", f->word);
        } else {
            set_number(at, f->type, f->fallback);
        }
    }
}

static int parse_number(double *out, const ConfigField *f, const char *key, const char *value,
                        Error *err)
{
    char *end;
    const double x = strtod(value, &end);
    /* strtod also takes "nan", "inf" and hexadecimal. */
    const bool plain = strspn(value, "+-.0123456789eE") == strlen(value);
    if (end == value || *end || !plain)
        return error_usage(err, "%s: '%.60s' is not a number", key, value);
    if (!(x >= f->min && x <= f->max))
        return error_usage(err, "%s: %s is outside [%.10g, %.10g]", key, value, f->min, f->max);
    if (f->type == CONFIG_int && x != floor(x))
        return error_usage(err, "%s: %s is not a whole number", key, value);
    *out = x;
    return 0;
}

static int parse_bool(double *out, const char *key, const char *value, Error *err)
{
    static const char *const yes[] = {"true", "yes", "on", "1"}, *const no[] = {"false", "no",
                                                                                "off", "0"};
    for (int i = 0; i < 4; i++) {
        if (strcasecmp(value, yes[i]) == 0) return *out = 1, 0;
        if (strcasecmp(value, no[i]) == 0) return *out = 0, 0;
    }
    return error_usage(err, "%s: '%.60s' is neither true nor false", key, value);
}

static int parse_choice(int *out, const ConfigField *f, const char *key, const char *value,
                        Error *err)
{
    *out = choice_index(f->words, value);
    if (*out >= 0) return 0;
    char list[256] = "";
    for (const char *w = f->words; *w;) {
        const size_t n = strcspn(w, "|"), used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%.*s", used ? ", " : "", (int)n, w);
        w += n + (w[n] == '|');
    }
    return error_usage(err, "%s: '%.60s' is none of %s", key, value, list);
}

static int set_member(Config *c, int s, int i, const char *key, const char *value, Error *err)
{
    const ConfigField *f = &c->table[s]->fields[i];
    void *at = member(c, s, i);
    double x = 0;
    switch (f->type) {
    case CONFIG_int:
    case CONFIG_double:
        if (parse_number(&x, f, key, value, err) != 0) return -1;
        set_number(at, f->type, x);
        return 0;
    case CONFIG_bool:
        if (parse_bool(&x, key, value, err) != 0) return -1;
        set_number(at, f->type, x);
        return 0;
    case CONFIG_choice: return parse_choice(at, f, key, value, err);
    case CONFIG_text:
        if (strlen(value) >= CONFIG_TEXT_MAX)
            return error_usage(err, "%s: text of more than %d bytes", key, CONFIG_TEXT_MAX - 1);
        snprintf(at, CONFIG_TEXT_MAX, "%s", value);
        return 0;
    }
    return -1;
}

void config_value(Text *out, const Config *c, int section, int field)
{
    const ConfigField *f = &c->table[section]->fields[field];
    const void *at = member(c, section, field);
    const char *word;
    switch (f->type) {
    case CONFIG_int: text_format(out, "%d", *(const int *)at); break;
    case CONFIG_double: json_put_number(out, *(const double *)at); break;
    case CONFIG_bool: text_add(out, *(const bool *)at ? "true" : "false"); break;
    case CONFIG_text: text_add(out, at); break;
    case CONFIG_choice: {
        const int n = choice_word(&word, f->words, *(const int *)at);
        text_append(out, word, (size_t)n);
    }
    }
}

void config_range(Text *out, const ConfigField *f)
{
    if (f->type == CONFIG_choice) text_add(out, f->words);
    else if (f->type == CONFIG_text) text_add(out, "text");
    else if (f->type == CONFIG_bool) text_add(out, "true|false");
    else text_format(out, "from %.10g to %.10g", f->min, f->max);
}

/* ---- assignments ---- */

int config_set(Config *c, const char *key, const char *value, ConfigOrigin origin, Error *err)
{
    int s = 0, i = 0;
    if (config_find(&s, &i, c, key, err) != 0) return -1;
    if (set_member(c, s, i, key, value, err) != 0) return -1;
    c->origin[s][i] = origin;
    return 0;
}

int config_assign(Config *c, const char *assignment, ConfigOrigin origin, Error *err)
{
    char key[CONFIG_KEY_MAX];
    const char *equals = strchr(assignment, '=');
    if (!equals || equals == assignment)
        return error_usage(err, "expected section.name=value, not '%.60s'", assignment);
    snprintf(key, sizeof key, "%.*s", (int)(equals - assignment), assignment);
    return config_set(c, text_trim(key), equals + 1, origin, err);
}

bool config_is_live(const Config *c, const char *key)
{
    int s = 0, i = 0;
    Error unknown;
    return config_find(&s, &i, c, key, &unknown) == 0 && c->table[s]->fields[i].live;
}

bool config_is_default(const Config *c, const char *key)
{
    int s = 0, i = 0;
    Error unknown;
    return config_find(&s, &i, c, key, &unknown) == 0 && c->origin[s][i] == CONFIG_FROM_DEFAULT;
}

/* ---- files ---- */

static int count_keys(const cJSON *value)
{
    int n = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, value) n += cJSON_IsObject(value) + count_keys(item);
    return n;
}

static int set_from_json(Config *c, const char *key, const cJSON *value, ConfigOrigin origin,
                         Error *err)
{
    static const char *const wanted[] = {"a whole number", "a number", "true or false",
                                         "a word in quotes", "text in quotes"};
    int s = 0, i = 0;
    if (config_find(&s, &i, c, key, err) != 0) return -1;
    const ConfigType type = c->table[s]->fields[i].type;
    const bool fits = type == CONFIG_int || type == CONFIG_double ? cJSON_IsNumber(value)
                      : type == CONFIG_bool                       ? cJSON_IsBool(value)
                                                                  : cJSON_IsString(value);
    if (!fits) return error_set(err, "%s: expected %s", key, wanted[type]);
    Text text = {0};
    if (cJSON_IsNumber(value)) json_put_number(&text, value->valuedouble);
    else if (cJSON_IsBool(value)) text_add(&text, cJSON_IsTrue(value) ? "true" : "false");
    else text_add(&text, value->valuestring);
    const int rc = config_set(c, key, text.bytes, origin, err);
    text_free(&text);
    return rc;
}

static bool known_section(const ConfigTable *const *known, const char *name)
{
    for (; known && *known; known++)
        if (strcmp((*known)->name, name) == 0) return true;
    return false;
}

static int unknown_section(const Config *c, const ConfigTable *const *known, const char *name,
                           Error *err)
{
    const char *names[SECTIONS_GUESSED];
    int n = 0;
    for (int s = 0; s < c->n; s++) names[n++] = c->table[s]->name;
    for (; known && *known && n < SECTIONS_GUESSED; known++) names[n++] = (*known)->name;
    const char *nearest = text_nearest(name, names, n);
    if (nearest) return error_set(err, "%.60s is no section; did you mean %s", name, nearest);
    return error_set(err, "%.60s is no section of settings", name);
}

/* A setting of a section stands there by itself, or something else than settings. */
static int no_section(const Config *c, const char *name, Error *err)
{
    int s = 0, i = 0;
    Error unknown;
    if (config_section(c, name) >= 0 || config_find(&s, &i, c, name, &unknown) != 0)
        return error_set(err, "%s: expected { settings }", name);
    return error_set(err, "%s: expected { settings }; did you mean \"%s\": {\"%s\": ...}", name,
                     c->table[s]->name, c->table[s]->fields[i].name);
}

/* *order counts the keys of the whole file; on failure it is the offending one. */
static int read_section(Config *c, const cJSON *section, int *order, ConfigOrigin origin,
                        const ConfigTable *const *known, Error *err)
{
    char name[CONFIG_KEY_MAX], key[2 * CONFIG_KEY_MAX];
    config_plain_key(name, section->string);
    if (!cJSON_IsObject(section)) return no_section(c, name, err);
    if (config_section(c, name) < 0) {
        if (!known_section(known, name)) return unknown_section(c, known, name, err);
        *order += 1 + count_keys(section);
        return 0;
    }
    *order += 1;
    const cJSON *value;
    cJSON_ArrayForEach(value, section)
    {
        snprintf(key, sizeof key, "%s.%.63s", name, value->string);
        if (set_from_json(c, key, value, origin, err) != 0) return -1;
        *order += 1;
    }
    return 0;
}

/* *order: as in read_section. */
static int read_tree(Config *c, const cJSON *tree, int *order, ConfigOrigin origin,
                     const ConfigTable *const *known, Error *err)
{
    if (!cJSON_IsObject(tree)) return error_set(err, "expected {\"section\": {\"name\": value}}");
    const cJSON *section;
    cJSON_ArrayForEach(section, tree)
    {
        if (read_section(c, section, order, origin, known, err) == 0) continue;
        /* What stands in a file is not a mistyped command line. */
        err->usage = false;
        return -1;
    }
    return 0;
}

int config_take(Config *c, const cJSON *tree, ConfigOrigin origin, const ConfigTable *const *known,
                Error *err)
{
    int order = 0;
    return read_tree(c, tree, &order, origin, known, err);
}

/* The settings.json of a run has them inside, beside what else decides its bits; *order goes there. */
static const cJSON *sections_of(const cJSON *file, int *order)
{
    const cJSON *settings = cJSON_GetObjectItemCaseSensitive(file, "settings");
    if (!cJSON_IsObject(settings) || !cJSON_GetObjectItemCaseSensitive(file, "inputs")) return file;
    for (const cJSON *member = file->child; member != settings; member = member->next)
        *order += 1 + count_keys(member);
    *order += 1;
    return settings;
}

int config_read(Config *c, const char *path, ConfigOrigin origin, const ConfigTable *const *known,
                Error *err)
{
    cJSON *tree = NULL;
    int *line_of_key = NULL, order = 0;
    if (json_read_lines(&tree, &line_of_key, path, FILE_MAX, true, err) != 0) return -1;
    const cJSON *sections = sections_of(tree, &order);
    const int rc = read_tree(c, sections, &order, origin, known, err);
    if (rc != 0) error_wrap(err, "%s:%d", path, line_of_key ? line_of_key[order] : 1);
    cJSON_Delete(tree);
    free(line_of_key);
    return rc;
}

/* ---- printing ---- */

const char *config_origin_name(ConfigOrigin origin)
{
    static const char *const names[] = {"default", "preset", "file", "project", "--set", "flag"};
    return names[origin];
}

void config_json(const Config *c, Text *out)
{
    text_add(out, "{");
    for (int s = 0; s < c->n; s++) {
        text_format(out, "%s\n  \"%s\": {", s ? "," : "", c->table[s]->name);
        for (int i = 0; i < c->table[s]->n; i++) {
            const ConfigField *f = &c->table[s]->fields[i];
            const bool quoted = f->type == CONFIG_choice || f->type == CONFIG_text;
            text_format(out, "%s\n    \"%s\": ", i ? "," : "", f->name);
            Text value = {0};
            config_value(&value, c, s, i);
            if (quoted) json_put_text(out, value.bytes ? value.bytes : "", value.n);
            else text_add(out, value.bytes);
            text_free(&value);
        }
        text_add(out, "\n  }");
    }
    text_add(out, "\n}\n");
}

static void print_field(const Config *c, int s, int i, FILE *to)
{
    const ConfigField *f = &c->table[s]->fields[i];
    Text value = {0}, range = {0};
    char name[2 * CONFIG_KEY_MAX];
    config_value(&value, c, s, i);
    config_range(&range, f);
    snprintf(name, sizeof name, "%s.%s", c->table[s]->name, f->name);
    fprintf(to, "  %-28s %-10s %-22s %s", name, value.n ? value.bytes : "\"\"", range.bytes,
            f->help);
    if (f->source[0]) fprintf(to, " [%s]", f->source);
    if (f->live) fputs(" (live)", to);
    if (c->origin[s][i] != CONFIG_FROM_DEFAULT)
        fprintf(to, " (from %s)", config_origin_name(c->origin[s][i]));
    fputc('\n', to);
    text_free(&value);
    text_free(&range);
}

void config_help(const Config *c, FILE *to)
{
    for (int s = 0; s < c->n; s++)
        for (int i = 0; i < c->table[s]->n; i++) print_field(c, s, i, to);
}

void config_help_key(const Config *c, const char *plain, FILE *to)
{
    for (int s = 0; s < c->n; s++)
        for (int i = 0; i < c->table[s]->n; i++)
            if (config_key_is(c->table[s], i, plain)) print_field(c, s, i, to);
}
